//! Everything that has been asked for and not been carried out yet, in order.
#![expect(unsafe_code, reason = "makes commands where they lie")]

use super::{
    chains::{Chains, Origin},
    crowds::Crowds,
    payload::Payload,
    peak::Peak,
};
use crate::{boundary::ObjectId, schema::Descriptor};
use core::ptr::NonNull;

/// After so often everything has been carried out it is looked whether there is too much room.
const WINDOW: u32 = 256;

/// One thing to do.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) ask: Ask,
    /// Whom it is about; nobody where an event goes to all, and a [crowd](Crowds::gather) where it goes to each of one.
    pub(crate) id: ObjectId,
    /// The event's payload, or the new object's value; else nothing.
    pub(crate) payload: Payload,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Deliver an event to all or to one.
    Deliver { event: u16, origin: Origin },
    /// Deliver an event to each of a crowd.
    DeliverEach { event: u16, origin: Origin },
    /// Make a value live.
    Spawn { class: u16, origin: Origin },
    /// Construct an object.
    Construct { class: u16, origin: Origin },
    /// End an object.
    Destroy { origin: Origin },
    /// Nothing: there are [fallen](Queue::fell) ones, who go before everything else.
    Rest,
}

impl Command {
    /// Without a value.
    pub(crate) const fn plain(ask: Ask, id: ObjectId) -> Self {
        Self { ask, id, payload: Payload::nothing() }
    }
}

/// The commands, and the chain of causes of the one that is carried out.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// What waits, in order.
    waiting: Vec<Command>,
    /// What is being carried out, before all that waits. A command stays where it is meanwhile, as nothing is added here.
    current: Vec<Command>,
    /// So many of them have been begun.
    begun: usize,
    /// Whose handler has panicked, and who are to receive nothing more.
    fallen: Vec<ObjectId>,
    pub(crate) chains: Chains,
    pub(crate) crowds: Crowds,
    peak: Peak,
    /// How often everything has been carried out since it was last looked whether there is too much room.
    settlements: u32,
}

impl Queue {
    /// Whether there is nothing to do.
    #[inline(always)]
    pub(crate) const fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// What waits.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &Command> {
        self.waiting.iter()
    }

    pub(crate) fn push(&mut self, command: Command) {
        self.waiting.push(command);
    }

    /// Adds a command whose value is moved to where the command is to lie.
    ///
    /// # Safety
    ///
    /// 1. As for [`Payload::moved`].
    #[inline(always)]
    pub(crate) unsafe fn push_moved(&mut self, ask: Ask, id: ObjectId, value: *const u8, ty: &Descriptor) {
        if self.waiting.len() == self.waiting.capacity() {
            self.grow();
        }
        let place = self.waiting.spare_capacity_mut()[0].as_mut_ptr();
        // SAFETY: (1); the place has room for a command, all parts of which are written before it counts.
        unsafe {
            (&raw mut (*place).ask).write(ask);
            (&raw mut (*place).id).write(id);
            Payload::move_to(&raw mut (*place).payload, value, ty);
            self.waiting.set_len(self.waiting.len() + 1);
        }
    }

    #[cold]
    fn grow(&mut self) {
        self.waiting.reserve(1);
    }

    /// Takes everything out, in order.
    pub(crate) fn take(&mut self) -> Vec<Command> {
        let mut all = self.current.split_off(self.begun);
        all.append(&mut self.waiting);
        all
    }

    /// Begins with the next command, which stays where it is until the one after it begins.
    #[inline(always)]
    pub(super) fn begin(&mut self) -> Option<NonNull<Command>> {
        if self.begun == self.current.len() {
            if self.waiting.is_empty() {
                return None;
            }
            self.turn();
        }
        let command = NonNull::from(&mut self.current[self.begun]);
        self.begun += 1;
        Some(command)
    }

    /// What waits is what is carried out now.
    fn turn(&mut self) {
        self.peak.note(self.waiting.len());
        self.current.clear();
        self.begun = 0;
        std::mem::swap(&mut self.current, &mut self.waiting);
    }

    /// What is carried out after the next `ahead` commands.
    #[inline(always)]
    pub(super) fn ahead(&self, ahead: usize) -> Option<&Command> {
        self.current.get(self.begun + ahead)
    }

    /// The handler of an object has panicked.
    pub(crate) fn fell(&mut self, id: ObjectId) {
        self.fallen.push(id);
        self.push(Command::plain(Ask::Rest, ObjectId::NONE));
    }

    /// One of those who have fallen and do not rest yet.
    #[inline(always)]
    pub(super) fn next_fallen(&mut self) -> Option<ObjectId> {
        self.fallen.pop()
    }

    /// Everything has been carried out.
    pub(super) fn settled(&mut self) {
        self.turn();
        self.chains.settled();
        self.crowds.settled();
        self.settlements += 1;
        if self.settlements == WINDOW {
            self.ebb();
        }
    }

    /// See [`Peak`].
    #[cold]
    fn ebb(&mut self) {
        self.settlements = 0;
        let peak = self.peak.take();
        peak.ebb(&mut self.waiting);
        peak.ebb(&mut self.current);
        self.chains.ebb();
        self.crowds.ebb();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Running;

    fn ask(queue: &mut Queue, commands: usize) {
        for _ in 0..commands {
            let crowd = queue.crowds.gather(&[ObjectId::NONE]);
            let origin = queue.chains.link(Running::IDLE, Origin::OUTSIDE);
            queue.push(Command::plain(Ask::DeliverEach { event: 0, origin }, crowd));
        }
    }

    /// The first one asks for as many again.
    fn settle(queue: &mut Queue, commands: usize) {
        ask(queue, commands);
        assert!(queue.begin().is_some());
        ask(queue, commands);
        while queue.begin().is_some() {}
        queue.settled();
    }

    fn rooms(queue: &Queue) -> [usize; 3] {
        [queue.waiting.capacity(), queue.current.capacity(), queue.crowds.room()]
    }

    #[test]
    fn the_room_of_a_storm_is_given_back_and_that_of_every_day_is_not() {
        let mut queue = Queue::default();
        settle(&mut queue, 100_000);
        assert!(rooms(&queue).iter().all(|room| *room >= 100_000), "{:?}", rooms(&queue));
        for _ in 0..WINDOW * 20 {
            settle(&mut queue, 3);
        }
        assert!(rooms(&queue).iter().all(|room| *room <= 1_024), "{:?}", rooms(&queue));
        // One that comes now and then keeps its room.
        settle(&mut queue, 10_000);
        let before = rooms(&queue);
        for turn in 0..WINDOW * 20 {
            settle(&mut queue, if turn % 100 == 0 { 10_000 } else { 3 });
        }
        assert_eq!(rooms(&queue), before);
    }
}
