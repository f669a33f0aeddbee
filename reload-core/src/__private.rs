//! Everything that generated code may name. Not an interface.

pub use crate::{
    boundary::{Outcome, RawSlice, RawStr, guard},
    class::{
        BaseLink, BatchFn, ClassEntry, ClassRecord, GameClass, HandlerRecord, LoopRecord, Method, Methods, MigrateFn,
        NO_CLASS, OneFn, Plain, Shared, SharedWithBoth, SharedWithCtx, SharedWithEvent, TheAnnotatedImpl, TurnFn,
        WithBoth, WithCtx, WithEvent, handler, looping, migration, plain, shared, shared_with_both, shared_with_ctx,
        shared_with_event, with_both, with_ctx, with_event,
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
        WriteFn, default_of, default_with, descriptor, discriminant_i8, discriminant_i16, discriminant_i32,
        discriminant_i64, discriminant_i128, discriminant_isize, discriminant_u8, discriminant_u16, discriminant_u32,
        discriminant_u64, discriminant_u128, discriminant_usize, drop_of, enum_descriptor, field, no_such_variant,
        opaque_descriptor, own_default, serde_ops, variant,
    },
};
pub use core::{self, mem::MaybeUninit};
pub use inventory;
pub use std::string::String;
