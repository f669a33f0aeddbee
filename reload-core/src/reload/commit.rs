//! Swaps in what was staged. Cannot fail: there is no `Result` in this file.
#![expect(unsafe_code, reason = "hands the live state's address to dispatch")]

use super::{
    stage::{Staged, Told},
    untie::untie,
};
use crate::{
    boundary::ObjectId,
    dispatch::{self, Fault, FaultKind, Turn},
    event::{Event, Reloaded},
    registry::Registry,
    report::{ClassChange, DroppedEvent},
    world::World,
};

/// What a commit leaves behind.
pub(crate) struct Committed {
    pub(crate) classes: Vec<ClassChange>,
    pub(crate) dropped_events: Vec<DroppedEvent>,
    pub(crate) warnings: Vec<String>,
    /// What ran before. Dropping it lets go of the old library.
    pub(crate) former: Registry,
}

/// Swaps in the objects and the registry, ends and starts loops, wakes what rested, and tells the objects.
pub(crate) fn commit(world: &mut World, staged: Staged) -> Committed {
    let told = staged.told(world.live());
    let Staged { plan, carried, returned, attic, queue } = staged;
    let live = world.live_mut();
    let dropped_events = queue.dropped();
    let mut warnings = plan.warnings;
    warnings.extend(attic.warnings());
    let queue = queue.apply(&mut live.queue, &mut live.clock, &live.registry);
    live.report_panics("drop of what was queued", queue.panics);
    for (class, id) in queue.unborn {
        live.attic.forget_fields(&live.registry.class(class).path, id);
        live.store.remove(id);
    }
    live.store.park(queue.parked.into_iter());
    for number in live.store.pools().len()..plan.next.classes.len() {
        let state = plan.next.classes[number].state;
        live.store.add_pool(state.size, state.align);
    }
    for number in plan.new_pools {
        let state = plan.next.class(number).state;
        live.store.replace_pool(number, state.size, state.align);
    }
    for number in plan.leaving {
        live.drop_parked(number);
    }
    let former = std::mem::replace(&mut live.registry, plan.next);
    for staged in carried {
        let class = staged.class;
        let (pool, program) = staged.take();
        let old = live.store.swap_pool(class, pool);
        // SAFETY: the objects of the old pool were carried over by this program, and are of its old type.
        let panics = unsafe { program.drop_rest(old) };
        live.report_panics("drop of what a reload left behind", panics);
    }
    let mut come_back = Vec::new();
    for restored in returned {
        let class = restored.class;
        come_back.push(class);
        let empty = live.store.swap_pool(class, restored.take());
        empty.end();
    }
    attic.apply(&mut live.attic, plan.epoch);
    live.start_loops(&former, &come_back);
    let numbers: Vec<u16> = (0..live.registry.classes.len() as u16)
        .filter(|number| live.registry.class(*number).library == plan.library && live.registry.class(*number).present)
        .collect();
    for number in &numbers {
        live.store.release_quarantined(*number);
    }
    for turn in std::mem::take(&mut live.resting) {
        live.clock.next_advance(turn);
    }
    live.clock.returned(|object| live.store.slots.is_in_attic(object));
    live.registry.forget_absent(|number| live.store.pool(number).len() == 0);
    untie(live, &former);
    for told in told {
        warnings.extend(tell(world, told, (plan.from_epoch, plan.epoch)));
    }
    world.tell_observers(&plan.classes);
    world.settle();
    Committed { classes: plan.classes, dropped_events, warnings, former }
}

/// Sends `event_reloaded` to the objects of a class. Answers with those that it was too much for.
fn tell(world: &mut World, told: Told, (from_epoch, epoch): (u32, u32)) -> Vec<String> {
    let mut rest = Vec::new();
    let mut reloaded = Reloaded { from_epoch, epoch, added: told.added, discarded: Vec::new() };
    for (id, discarded) in told.discarded {
        reloaded.discarded = discarded;
        if !tell_one(world, id, &reloaded) {
            rest.push(id.to_string());
        }
    }
    if rest.is_empty() {
        return Vec::new();
    }
    let class = &world.live().registry.class(told.class).path;
    vec![format!(
        "event_reloaded of {class} panicked for {}: they keep their carried state, and rest until the next reload",
        rest.join(", ")
    )]
}

/// Sends `event_reloaded` to one object. Answers false if it panicked, and rests from now on.
pub(crate) fn tell_one(world: &mut World, id: ObjectId, reloaded: &Reloaded) -> bool {
    let event = core::ptr::from_ref(reloaded).cast();
    // SAFETY: the world is borrowed exclusively and no reference is held.
    unsafe { dispatch::deliver(world.live_ptr(), Reloaded::INDEX, id, event) };
    world.live_mut().rest_fallen();
    !world.live().store.slots.is_quarantined(id)
}

impl dispatch::Live {
    /// Starts, in existing objects, the loops that their class did not have before. Those that `come_back` from the attic are all
    /// objects of their class, and none of their loops runs.
    fn start_loops(&mut self, former: &Registry, come_back: &[u16]) {
        for number in 0..self.registry.classes.len() {
            let class = &self.registry.classes[number];
            let before = former.classes.get(number).filter(|_| !come_back.contains(&(number as u16)));
            let before = before.map_or(&[][..], |class| &class.loops[..]);
            let added = class.loops.iter().filter(|entry| !before.iter().any(|old| old.name == entry.name));
            for entry in added {
                for object in self.store.ids(number as u16) {
                    self.clock.next_advance(Turn { object, name: entry.name.clone(), since: entry.since });
                }
            }
        }
    }

    /// Tells of destructors that panicked.
    pub(crate) fn report_panics(&mut self, during: &str, panics: Vec<crate::Panicked>) {
        for panic in panics {
            let kind = FaultKind::Panicked { panic, quarantined: false };
            let (class, object) = (String::new(), crate::ObjectId::NONE);
            self.faults.report(Fault { class, object, during: during.to_owned(), kind });
        }
    }
}
