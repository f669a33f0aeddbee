//! The numbered vocabulary of events. Knows nothing of classes, instances or libraries.

mod lifecycle;
mod mask;
mod table;
mod text;

pub use lifecycle::{Constructed, Destroyed, Discarded, Lifecycle, Reloaded};
pub use mask::{EVENT_LIMIT, EventMask, FIRST_USER_EVENT, MAX_USER_EVENTS};
pub use table::{
    Event, EventRecord, EventTable, Slot, TableEntry, TableNames, TableRecord, TableRef, check_slot, check_table,
    first_after,
};
