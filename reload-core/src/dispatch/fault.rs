//! What went wrong while the world ran, kept for whoever asks.

use crate::boundary::{ObjectId, Panicked};
use core::fmt;
use serde::Serialize;

/// Something that went wrong in game code, and was contained.
///
/// It is logged at once, as an error of the target `reload_core::fault`, and kept until
/// [`World::take_faults`](crate::World::take_faults) takes it. The world keeps the newest 1,024; when there are more
/// the oldest go.
#[derive(Clone, Debug, Serialize)]
pub struct Fault {
    /// Path of the class; empty for the host's own code.
    pub class: String,
    /// The object, if there is one.
    #[serde(serialize_with = "ObjectId::serialize_as_text")]
    pub object: ObjectId,
    /// What ran: `event_damaged`, `loop_wander`, `drop`, ..
    pub during: String,
    /// What happened.
    pub kind: FaultKind,
}

/// What kind of fault it was.
#[derive(Clone, Debug, Serialize)]
pub enum FaultKind {
    /// A panic. If `quarantined`, the object [rests](crate::ObjectStatus::Resting) until it is woken.
    Panicked {
        /// Message and place.
        panic: Panicked,
        /// Whether the object no longer receives events.
        quarantined: bool,
    },
    /// Events that cause one another without end; the rest of the chain was dropped.
    EndlessChain {
        /// The last links, oldest first.
        chain: Vec<String>,
        /// Events that were dropped, and objects that were not made.
        dropped: usize,
    },
    /// The world does not know a class or an event that the code uses.
    Unknown {
        /// What it is.
        what: String,
    },
}

impl Fault {
    /// A panic in the host's own code, which nothing has to rest for.
    pub(crate) fn of_host(during: impl Into<String>, panic: Panicked) -> Self {
        let kind = FaultKind::Panicked { panic, quarantined: false };
        Self { class: String::new(), object: ObjectId::NONE, during: during.into(), kind }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = if self.class.is_empty() { "the host" } else { &self.class };
        write!(f, "{whose}")?;
        if !self.object.is_none() {
            write!(f, " {}", self.object)?;
        }
        write!(f, " in `{}`: ", self.during)?;
        match &self.kind {
            FaultKind::Panicked { panic, quarantined } => {
                write!(f, "{panic}")?;
                if *quarantined {
                    write!(f, " (the object rests until the next reload; everything else goes on)")?;
                }
                Ok(())
            }
            FaultKind::EndlessChain { chain, dropped } => write!(
                f,
                "a chain of events that feeds itself was cut, {dropped} events and new objects dropped: .. -> {}",
                chain.join(" -> ")
            ),
            FaultKind::Unknown { what } => write!(f, "{what}"),
        }
    }
}

/// Faults that nobody has asked for yet; the oldest go when there are too many.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    kept: std::collections::VecDeque<Fault>,
    /// All that there ever were.
    count: u64,
}

impl Faults {
    const MOST: usize = 1_024;

    pub(crate) fn report(&mut self, fault: Fault) {
        tracing::error!(target: "reload_core::fault", class = %fault.class, object = %fault.object, "{fault}");
        if self.kept.len() == Self::MOST {
            self.kept.pop_front();
        }
        self.kept.push_back(fault);
        self.count += 1;
    }

    /// How many there have been.
    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    /// Those that came after there had been `count`, as far as they are kept.
    pub(crate) fn since(&self, count: u64) -> impl Iterator<Item = &Fault> {
        let new = usize::try_from(self.count - count).unwrap_or(usize::MAX).min(self.kept.len());
        self.kept.range(self.kept.len() - new..)
    }

    pub(crate) fn take(&mut self) -> Vec<Fault> {
        self.kept.drain(..).collect()
    }
}
