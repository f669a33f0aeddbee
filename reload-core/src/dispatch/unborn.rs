//! Objects that have been asked for with a value and do not live yet: the value waits in the queue.

use super::{Live, queue::Ask};
use crate::boundary::ObjectId;
use std::collections::BTreeMap;

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unborn {
    /// The command's place among those that wait.
    pub(crate) position: usize,
    /// The id that it will have, and that others may know already.
    pub(crate) object: ObjectId,
    /// Where the value is until something is added to the queue or taken from it.
    pub(crate) value: *const u8,
}

impl Live {
    /// All of them, by class, in their order. Those whose id has ended meanwhile will not live.
    pub(crate) fn unborn(&self) -> BTreeMap<u16, Vec<Unborn>> {
        let mut unborn = BTreeMap::<u16, Vec<Unborn>>::new();
        for (position, command) in self.queue.waiting().enumerate() {
            if let Ask::Spawn { class, .. } = command.ask
                && self.store.slots.is_reserved(command.id)
            {
                let value = command.payload.as_ptr();
                unborn.entry(class).or_default().push(Unborn { position, object: command.id, value });
            }
        }
        unborn
    }
}
