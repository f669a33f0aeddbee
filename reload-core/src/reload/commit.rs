//! Swaps a plan in. Cannot fail: there is no `Result` in this file.
#![expect(unsafe_code, reason = "hands the live state's address to dispatch")]

use super::Plan;
use crate::{
    dispatch::{self, Command, Origin, Turn, What},
    event::{Event, Reloaded},
    registry::Registry,
    report::ClassChange,
    world::World,
};

/// What a commit leaves behind.
pub(crate) struct Committed {
    pub(crate) classes: Vec<ClassChange>,
    pub(crate) dropped_events: Vec<(String, usize)>,
    /// What ran before. Dropping it lets go of the old library.
    pub(crate) former: Registry,
}

/// Swaps the plan's registry in, ends and starts loops, wakes what rested, and tells the objects.
pub(crate) fn commit(world: &mut World, plan: Plan, from_epoch: u32) -> Committed {
    let Plan { library, epoch, next, classes, dead_events, new_pools } = plan;
    let live = world.live_mut();
    let dropped_events = drop_dead(live, &dead_events);
    for number in live.store.pools().len()..next.classes.len() {
        let state = next.classes[number].state;
        live.store.add_pool(state.size, state.align);
    }
    for number in new_pools {
        let state = next.class(number).state;
        live.store.replace_pool(number, state.size, state.align);
    }
    let former = std::mem::replace(&mut live.registry, next);
    live.start_loops(&former);
    let numbers: Vec<u16> = (0..live.registry.classes.len() as u16)
        .filter(|number| live.registry.class(*number).library == library && live.registry.class(*number).present)
        .collect();
    for number in &numbers {
        live.store.release_quarantined(*number);
    }
    for turn in std::mem::take(&mut live.resting) {
        live.clock.next_advance(turn);
    }
    live.registry.forget_absent(|number| live.store.pool(number).len() == 0);
    let reloaded = Reloaded { from_epoch, epoch, ..Reloaded::default() };
    for number in numbers {
        tell(world, number, &reloaded, &former);
    }
    world.tell_observers(&classes);
    world.settle();
    Committed { classes, dropped_events, former }
}

/// Sends `event_reloaded` to the objects of a class that ran before.
fn tell(world: &mut World, number: u16, reloaded: &Reloaded, former: &Registry) {
    let live = world.live();
    let handles = live.registry.class(number).mask.contains(Reloaded::INDEX);
    let ran_before = former.classes.get(usize::from(number)).is_some();
    if !handles || !ran_before {
        return;
    }
    let ids: Vec<_> = live.store.ids(number).collect();
    let live = world.live_ptr();
    for id in ids {
        // SAFETY: the world is borrowed exclusively and no reference is held.
        unsafe { dispatch::deliver(live, Reloaded::INDEX, id, core::ptr::from_ref(reloaded).cast(), Origin::OUTSIDE) };
    }
}

/// Drops queued and delayed events that cannot be delivered any more, with the code that still can.
fn drop_dead(live: &mut dispatch::Live, dead: &[u16]) -> Vec<(String, usize)> {
    let mut dropped: Vec<(String, usize)> = Vec::new();
    if dead.is_empty() {
        return dropped;
    }
    let is_dead = |command: &Command| matches!(command, Command::Deliver { event, .. } if dead.contains(event));
    let (gone, kept): (Vec<Command>, Vec<Command>) =
        std::mem::take(&mut live.queue.commands).into_iter().partition(is_dead);
    live.queue.commands = kept.into();
    let mut gone: Vec<(u16, dispatch::Payload)> = gone
        .into_iter()
        .filter_map(|command| match command {
            Command::Deliver { event, payload, .. } => Some((event, payload)),
            _ => None,
        })
        .collect();
    let delayed = live.clock.take_if(|what| matches!(what, What::Deliver { event, .. } if dead.contains(event)));
    gone.extend(delayed.into_iter().filter_map(|what| match what {
        What::Deliver { event, payload, .. } => Some((event, payload)),
        What::Turn(_) => None,
    }));
    for (event, payload) in gone {
        let name = live.registry.vocabulary.name(event).to_owned();
        match dropped.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => dropped.push((name, 1)),
        }
        live.drop_event(event, payload);
    }
    dropped
}

impl dispatch::Live {
    /// Starts, in existing objects, the loops that their class did not have before.
    fn start_loops(&mut self, former: &Registry) {
        for number in 0..self.registry.classes.len() {
            let class = &self.registry.classes[number];
            let before = former.classes.get(number).map_or(&[][..], |class| &class.loops[..]);
            let added = class.loops.iter().filter(|entry| !before.iter().any(|old| old.name == entry.name));
            for entry in added {
                for object in self.store.ids(number as u16) {
                    self.clock.next_advance(Turn { object, name: entry.name.clone(), since: entry.since });
                }
            }
        }
    }
}
