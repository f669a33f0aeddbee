//! Chains of events that cause one another, and when one has gone on for too long.

use super::{
    fault::{Fault, FaultKind},
    live::Live,
    peak::Peak,
    pulse,
    queue::Ask,
};
use crate::{boundary::ObjectId, registry::Running};

/// How far events may cause one another before the world takes it for a mistake: 1,000 links, and a million events.
///
/// A chain begins with what no other event has caused: an event from the engine, a turn of a loop, a delayed event that
/// is due. An event that its code asks for is one link from there, an event that the handlers of that one ask for is
/// two, and so on. An object that a handler makes is a link as well, and what its `event_constructed` asks for comes
/// behind it. When it is too much, the event or object is dropped and with it all that wait at as many links or more,
/// everything else is carried out, and [`FaultKind::EndlessChain`] says what caused what. An object is ended whatever
/// the chain is; what its `event_destroyed` asks for belongs to the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainBudget {
    /// How many links from its beginning an event or a new object may be: 1,000 if not set.
    pub depth: u32,
    /// How many events may be carried out and objects made, from one time that nothing is queued to the next, at two
    /// links or more from the beginning: 1,000,000 if not set. Those at one link are not counted, so that one event may
    /// lead to any number directly. An event to all is one, an event to each of a list is one for each of them.
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

/// The chains of what is carried out and waits.
#[derive(Debug, Default)]
pub(crate) struct Chains {
    links: Vec<Link>,
    peak: Peak,
    pub(crate) budget: ChainBudget,
    /// So many events another one has caused, with a link between.
    caused: usize,
}

impl Chains {
    /// The link of what runs, has been caused by `cause`, and asks for something. All that asks one after the other on the
    /// same grounds shares one.
    #[inline(always)]
    pub(super) fn link(&mut self, what: Running, cause: Origin) -> Origin {
        if self.links.last().is_none_or(|last| (last.what, last.cause) != (what, cause)) {
            self.links.push(Link { what, cause, depth: self.depth(cause) + 1 });
        }
        u32::try_from(self.links.len() - 1).map_or(Origin::OUTSIDE, Origin)
    }

    /// Links of the chain until here; 0 from outside.
    #[inline(always)]
    fn depth(&self, origin: Origin) -> u32 {
        self.links.get(origin.0 as usize).map_or(0, |link| link.depth)
    }

    /// How many of `count` deliveries that `origin` has asked for may be made until its chain is too long: nothing is
    /// carried out meanwhile.
    #[inline(always)]
    pub(super) fn within_budget(&mut self, origin: Origin, count: usize) -> usize {
        let depth = self.depth(origin);
        if depth > self.budget.depth {
            return 0;
        }
        if depth <= 1 {
            return count;
        }
        let count = count.min(self.budget.events.saturating_sub(self.caused));
        self.caused += count;
        count
    }

    /// What leads to `origin`, oldest first, at most `most` of them.
    fn leading_to(&self, mut origin: Origin, most: usize) -> Vec<Running> {
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
        self.peak.note(self.links.len());
        self.links.clear();
        self.caused = 0;
    }

    /// See [`Peak`].
    pub(super) fn ebb(&mut self) {
        self.peak.take().ebb(&mut self.links);
    }
}

impl Live {
    /// Reports a chain that is too long, of which `origin` is the last link, and drops what it has queued, besides `count`
    /// deliveries that come next.
    #[cold]
    pub(super) fn break_chain(&mut self, origin: Origin, mut count: usize) {
        let depth = self.queue.chains.depth(origin);
        let chain = self.queue.chains.leading_to(origin, 8);
        let chain: Vec<String> = chain.into_iter().map(|what| self.running_name(what)).collect();
        // Whatever waits at this depth belongs to the same chain, or to one that is as long.
        for command in self.queue.take() {
            let deliveries = match command.ask {
                Ask::Deliver { origin, .. } if self.queue.chains.depth(origin) >= depth => 1,
                Ask::DeliverEach { origin, .. } if self.queue.chains.depth(origin) >= depth => {
                    self.queue.crowds.members(command.id).len()
                }
                Ask::Spawn { origin, .. } | Ask::Construct { origin, .. }
                    if self.queue.chains.depth(origin) >= depth =>
                {
                    self.store.remove(command.id);
                    1
                }
                _ => {
                    self.queue.push(command);
                    continue;
                }
            };
            count += deliveries;
            self.drop_command(command);
        }
        self.queue.chains.caused = 0;
        let during = chain.last().cloned().unwrap_or_default();
        self.faults.report(Fault {
            class: String::new(),
            object: ObjectId::NONE,
            during,
            kind: FaultKind::EndlessChain { chain, dropped: count },
        });
    }

    /// `event_damaged`, or what else runs.
    pub(super) fn running_name(&self, what: Running) -> String {
        let (kind, name) = pulse::named(&self.registry, what);
        format!("{kind}{name}")
    }
}
