//! Everything that generated code may name. Not an interface.

pub use crate::{
    boundary::{Outcome, RawSlice, RawStr, guard},
    class::{
        ClassEntry, ClassRecord, GameClass, HandlerRecord, LoopRecord, TheAnnotatedImpl, TheAnnotatedStruct, handler,
        looping,
    },
    dispatch::{Ctx, Next},
    event::{
        Constructed, Destroyed, Event, EventMask, EventRecord, EventTable, Lifecycle, Reloaded, TableEntry, TableNames, TableRecord, TableRef,
        check_table, first_after, index_of, index_of_event,
    },
    library::{Hooks, LibraryEntry, LibraryTable},
    schema::{
        ArrayOps, Carry, Descriptor, DescriptorFn, EnumOps, Field, ListOps, MapOps, NoDefault, OwnerOps, Probe,
        ProxyOps, Scalar, SerdeOps, Shape, State, TextOps, Variant, WriteFn, default_of, default_with, descriptor,
        drop_of, opaque, serde_ops,
    },
};
pub use core;
pub use inventory;
pub use std::string::String;
