//! Everything that has been asked for and not been carried out yet, in order.

use super::payload::Payload;
use crate::boundary::ObjectId;
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

/// Where a command comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    /// The link of the chain that asked for it; `NOBODY` from outside.
    pub(crate) cause: u32,
    /// Links of the chain until here.
    pub(crate) depth: u32,
}

impl Origin {
    pub(crate) const OUTSIDE: Self = Self { cause: NOBODY, depth: 0 };
}

/// No link.
pub(crate) const NOBODY: u32 = u32::MAX;

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
    /// Links of chains: (event or loop that ran, link that caused it).
    links: Vec<(u16, u32)>,
    pub(crate) budget: ChainBudget,
    pub(crate) caused: usize,
}

impl Queue {
    pub(crate) fn link(&mut self, event: u16, cause: u32) -> u32 {
        let link = u32::try_from(self.links.len()).unwrap_or(NOBODY);
        self.links.push((event, cause));
        link
    }

    /// The events that lead to `cause`, oldest first, at most `most` of them.
    pub(crate) fn chain(&self, mut cause: u32, most: usize) -> Vec<u16> {
        let mut chain = Vec::new();
        while chain.len() < most
            && let Some((event, parent)) = self.links.get(cause as usize)
        {
            chain.push(*event);
            cause = *parent;
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
