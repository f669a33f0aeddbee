//! Turns a validated candidate into a plan: what every class gains and loses, and the registry that
//! will be swapped in. Must never touch the world.

use crate::{
    dispatch::Live,
    registry::{Class, LibraryId, Registry},
    report::{ClassChange, ClassFate},
    schema,
    validation::{Problem, Rejection, Validated},
};

/// What a reload will do. Making one changes nothing.
pub(crate) struct Plan {
    pub(crate) library: LibraryId,
    pub(crate) epoch: u32,
    pub(crate) next: Registry,
    /// One per class of the library, before or then.
    pub(crate) classes: Vec<ClassChange>,
    /// Events whose queued payloads cannot be delivered any more.
    pub(crate) dead_events: Vec<u16>,
    /// Classes without objects whose pool is made anew because their layout changed.
    pub(crate) new_pools: Vec<u16>,
}

/// Works out what entering `epoch` with `validated` means.
///
/// # Errors
///
/// Everything that the world cannot carry over.
pub(crate) fn plan(live: &Live, library: LibraryId, epoch: u32, validated: &Validated) -> Result<Plan, Rejection> {
    let next = live.registry.with(library, epoch, validated)?;
    let mut plan = Plan {
        library,
        epoch,
        classes: Vec::new(),
        dead_events: live.registry.vocabulary.changed(&next.vocabulary),
        new_pools: Vec::new(),
        next,
    };
    let mut problems = Vec::new();
    for (number, new) in plan.next.classes.iter().enumerate().filter(|(_, class)| class.library == library) {
        let old = live.registry.classes.get(number);
        let instances = old.map_or(0, |_| live.store.pool(number as u16).len());
        if let Some(old) = old
            && new.present
            && !schema::same_layout(old.state, new.state)
        {
            if instances == 0 {
                plan.new_pools.push(number as u16);
            } else {
                problems.push(layout_changed(old, new, instances));
            }
        }
        plan.classes.extend(change(&live.registry, &plan.next, old, new, instances, live, number as u16, epoch));
    }
    plan.classes.sort_by(|left, right| left.path.cmp(&right.path));
    Rejection::unless_empty(problems)?;
    Ok(plan)
}

#[expect(clippy::too_many_arguments, reason = "both sides of one class")]
fn change(
    before: &Registry,
    after: &Registry,
    old: Option<&Class>,
    new: &Class,
    instances: usize,
    live: &Live,
    number: u16,
    epoch: u32,
) -> Option<ClassChange> {
    let was_present = old.is_some_and(|old| old.present);
    let fate = match (was_present, new.present) {
        (false, true) => ClassFate::Created,
        (true, true) => ClassFate::Updated,
        (true, false) => ClassFate::Removed,
        (false, false) => return None,
    };
    let old_mask = old.map_or(crate::EventMask::EMPTY, |old| old.mask);
    let old_loops = old.map_or(&[][..], |old| &old.loops[..]);
    let loops_without = |left: &[crate::registry::Loop], right: &[crate::registry::Loop]| {
        left.iter()
            .filter(|entry| !right.iter().any(|other| other.name == entry.name))
            .map(|entry| entry.name.to_string())
            .collect::<Vec<_>>()
    };
    let released = if old.is_some() && new.present {
        let pool = live.store.pool(number);
        pool.len() - pool.active()
    } else {
        0
    };
    Some(ClassChange {
        path: new.path.to_string(),
        fate,
        epoch,
        instances,
        events_added: after.names(new.mask.without(old_mask)),
        events_removed: before.names(old_mask.without(new.mask)),
        loops_added: loops_without(&new.loops, old_loops),
        loops_removed: loops_without(old_loops, &new.loops),
        released,
    })
}

fn layout_changed(old: &Class, new: &Class, instances: usize) -> Problem {
    let differences: Vec<String> = schema::differences(old.state, new.state).iter().map(ToString::to_string).collect();
    Problem::new(
        "layout.changed",
        &*new.path,
        format!("its state has another layout and there are {instances} objects of it: {}", differences.join("; ")),
        format!("take the change of the fields back ({}), or restart the host", new.place),
    )
}
