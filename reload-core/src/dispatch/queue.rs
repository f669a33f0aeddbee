//! Everything that has been asked for and not been carried out yet, in order.
#![expect(unsafe_code, reason = "makes commands where they lie")]

use super::payload::Payload;
use crate::{boundary::ObjectId, registry::Running, schema::Descriptor};
use core::ptr::NonNull;

/// How far events may cause one another before the world takes it for a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainBudget {
    /// Longest chain, in links.
    pub depth: u32,
    /// Most events that one outside cause may lead to through at least one other event.
    pub events: usize,
}

impl Default for ChainBudget {
    fn default() -> Self {
        Self { depth: 1_000, events: 1_000_000 }
    }
}

/// Where a command comes from: the link of the chain that asked for it.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin(u32);

impl Origin {
    /// No link.
    pub(crate) const OUTSIDE: Self = Self(u32::MAX);
}

/// What ran and asked for more.
#[derive(Debug)]
struct Link {
    what: Running,
    cause: Origin,
    /// Links of the chain with this one.
    depth: u32,
}

/// One thing to do.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) ask: Ask,
    /// Whom it is about; nobody where an event goes to all.
    pub(crate) id: ObjectId,
    /// The event's payload, or the new object's value; else nothing.
    pub(crate) payload: Payload,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Deliver an event to all or to one.
    Deliver { event: u16, origin: Origin },
    /// Make a value live.
    Spawn { class: u16 },
    /// Construct an object.
    Construct { class: u16 },
    /// End an object.
    Destroy,
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
    links: Vec<Link>,
    pub(crate) budget: ChainBudget,
    pub(crate) caused: usize,
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
        self.current.clear();
        self.begun = 0;
        std::mem::swap(&mut self.current, &mut self.waiting);
    }

    /// What is carried out after the next `ahead` commands.
    #[inline(always)]
    pub(super) fn ahead(&self, ahead: usize) -> &[Command] {
        self.current.get(self.begun + ahead..).unwrap_or_default()
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

    /// The link of what runs, has been caused by `cause`, and asks for something. All that asks one after the other on the
    /// same grounds shares one.
    #[inline(always)]
    pub(crate) fn link(&mut self, what: Running, cause: Origin) -> Origin {
        if self.links.last().is_none_or(|last| (last.what, last.cause) != (what, cause)) {
            self.links.push(Link { what, cause, depth: self.depth(cause) + 1 });
        }
        u32::try_from(self.links.len() - 1).map_or(Origin::OUTSIDE, Origin)
    }

    /// Links of the chain until here; 0 from outside.
    #[inline(always)]
    pub(crate) fn depth(&self, origin: Origin) -> u32 {
        self.links.get(origin.0 as usize).map_or(0, |link| link.depth)
    }

    /// What leads to `origin`, oldest first, at most `most` of them.
    pub(crate) fn chain(&self, mut origin: Origin, most: usize) -> Vec<Running> {
        let mut chain = Vec::new();
        while chain.len() < most
            && let Some(link) = self.links.get(origin.0 as usize)
        {
            chain.push(link.what);
            origin = link.cause;
        }
        chain.reverse();
        chain
    }

    /// Everything has been carried out: the next chain starts from nothing.
    pub(super) fn settled(&mut self) {
        self.turn();
        self.links.clear();
        self.caused = 0;
    }
}
