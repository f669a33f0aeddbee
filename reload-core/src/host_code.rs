//! Code of the host that a world calls: letters of other threads and observers of class changes. A panic in it is a fault,
//! and the next one is called all the same.

use crate::{
    boundary::{ObjectId, guarded},
    dispatch::{Fault, Kind},
    mailbox::{Letter, Mailbox},
    report::ClassChange,
    world::World,
};
use std::sync::Arc;

impl World {
    /// A way in for other threads.
    #[must_use]
    pub fn mailbox(&self) -> Mailbox {
        self.receiver.mailbox()
    }

    /// Carries out what other threads have put into the mailbox; [`World::advance`] does it as well.
    /// Answers how many letters there were. Letters that arrive meanwhile wait for the next time.
    pub fn receive(&mut self) -> usize {
        let letters = self.receiver.letters();
        let count = letters.len();
        for letter in letters {
            self.open_letter(letter);
        }
        count
    }

    /// Calls `observer` for every class that a reload creates, updates or removes, after the reload.
    pub fn on_class_change(&mut self, observer: impl FnMut(&ClassChange) + 'static) {
        self.observers.push(Box::new(observer));
    }

    /// Takes what has gone wrong in game code since the last time: panics, endless chains, unknown classes. The newest
    /// 1,024 are kept; when there are more the oldest go.
    pub fn take_faults(&mut self) -> Vec<Fault> {
        self.live_mut().faults.take()
    }

    pub(crate) fn open_letter(&mut self, letter: Letter) {
        if let Err(panic) = letter.open(self) {
            self.live_mut().faults.report(Fault::of_host("a letter in the mailbox", panic));
        }
    }

    pub(crate) fn tell_observers(&mut self, changes: &[ClassChange]) {
        let pulse = Arc::clone(&self.live().pulse);
        // Taken out, so that nothing refers into the world while they run.
        let mut observers = std::mem::take(&mut self.observers);
        for change in changes {
            for observer in &mut observers {
                let call = || guarded(|| observer(change));
                if let Err(panic) = pulse.during(Kind::Observer, None, None, ObjectId::NONE, call) {
                    let during = format!("observer of class changes, told of {}", change.path);
                    self.live_mut().faults.report(Fault::of_host(during, panic));
                }
            }
        }
        self.observers = observers;
    }

    /// What went wrong since there had been `count` faults, as a report says it: the first few, and how many more.
    pub(crate) fn faults_since(&self, count: u64) -> Vec<String> {
        const MOST: usize = 8;
        let faults = &self.live().faults;
        let mut told: Vec<String> = faults.since(count).take(MOST).map(ToString::to_string).collect();
        let more = usize::try_from(faults.count() - count).unwrap_or(usize::MAX).saturating_sub(told.len());
        if more > 0 {
            told.push(format!("and {more} more faults while the objects were told of the reload"));
        }
        told
    }
}
