//! Everything that generated code may name. Not an interface.

pub use crate::{
    boundary::{Outcome, RawSlice, RawStr, guard},
    class::{
        BaseLink, BatchFn, ClassEntry, ClassRecord, GameClass, HandlerRecord, LoopRecord, Method, MigrateFn, OneFn,
        Plain, Shared, SharedWithBoth, SharedWithCtx, SharedWithEvent, TheAnnotatedImpl, TheAnnotatedStruct, TurnFn,
        WithBoth, WithCtx, WithEvent, handler, handler_of, looping, migration, table_with_base,
    },
    dispatch::{Ctx, HostCalls, Next},
    event::{
        Constructed, Destroyed, Event, EventMask, EventRecord, EventTable, Lifecycle, Reloaded, Slot, TableEntry,
        TableNames, TableRecord, TableRef, check_slot, check_table, first_after,
    },
    library::{Hooks, LibraryTable, LinkedLibrary},
    schema::{
        Addresses, ArrayOps, Carry, Descriptor, DescriptorFn, EnumOps, EnumState, Field, ListOps, MapOps, NoDefault,
        OwnerOps, Parts, Probe, ProxyOps, Scalar, SerdeOps, Shape, Start, State, StructTable, TextOps, Variant,
        WriteFn, default_of, default_with, descriptor, drop_of, enum_descriptor, field, no_such_variant,
        opaque_descriptor, serde_ops, variant,
    },
};
pub use core;
pub use inventory;
pub use std::string::String;
