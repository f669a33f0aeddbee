//! Everything that has been asked for and not been carried out yet, in order.

use super::payload::Payload;
use crate::{boundary::ObjectId, registry::Running};
use std::collections::VecDeque;

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
pub(crate) enum Command {
    /// Deliver an event to all (`to` is `NONE`) or to one.
    Deliver { event: u16, to: ObjectId, payload: Payload, origin: Origin },
    /// Make a value live.
    Spawn { id: ObjectId, class: u16, value: Payload },
    /// Construct an object.
    Construct { id: ObjectId, class: u16 },
    /// Stop events to an object whose handler has panicked.
    Quarantine { id: ObjectId },
    /// End an object.
    Destroy { id: ObjectId },
}

/// The commands, and the chain of causes of the one that is carried out.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    pub(crate) commands: VecDeque<Command>,
    links: Vec<Link>,
    pub(crate) budget: ChainBudget,
    pub(crate) caused: usize,
}

impl Queue {
    /// The link of what runs, has been caused by `cause`, and asks for something. All that asks one after the other on the
    /// same grounds shares one.
    pub(crate) fn link(&mut self, what: Running, cause: Origin) -> Origin {
        if self.links.last().is_none_or(|last| (last.what, last.cause) != (what, cause)) {
            self.links.push(Link { what, cause, depth: self.depth(cause) + 1 });
        }
        u32::try_from(self.links.len() - 1).map_or(Origin::OUTSIDE, Origin)
    }

    /// Links of the chain until here; 0 from outside.
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
    pub(crate) fn settled(&mut self) {
        self.links.clear();
        self.caused = 0;
    }
}
