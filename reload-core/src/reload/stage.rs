//! Turns a plan into everything it needs, made beside the live state: objects in their new shape, those that come back
//! from the attic, those that go there, and what is queued. Dropped before commit it takes everything back.
#![expect(unsafe_code, reason = "reads live objects through their classes' descriptors")]

use super::plan::{Plan, objects};
use crate::{
    attic::{AtticChange, Parked},
    boundary::ObjectId,
    dispatch::{Live, Unborn},
    instance::Memory,
    migration::{Births, Carried, MadeAs, Olds, RestoredPool, Rework, StageFault, StagedPool, StagedQueue, Written},
    registry::{Class, Registry},
    schema::{self, Reason, Value},
    validation::{Problem, Rejection},
};
use std::cell::RefCell;

/// A plan of which nothing can fail any more.
pub(crate) struct Staged {
    pub(crate) plan: Plan,
    pub(crate) carried: Vec<StagedPool>,
    pub(crate) returned: Vec<RestoredPool>,
    pub(crate) attic: AtticChange,
    pub(crate) queue: StagedQueue,
}

/// Makes everything that the plan needs.
///
/// # Errors
///
/// Everything that does not become what it should: for each class the first object. The world is as before.
pub(crate) fn stage(live: &Live, plan: Plan) -> Result<Staged, Rejection> {
    let mut problems = Vec::new();
    let change = RefCell::new(AtticChange::default());
    for (from, to) in &plan.renamed {
        change.borrow_mut().rename_class(from.clone(), to.clone());
    }
    let id_of = |slot| live.store.id_of(slot);
    let (mut carried, mut births) = (Vec::new(), Vec::new());
    for migration in &plan.migrations {
        let known_as = &live.registry.class(migration.class).path;
        let context = context(&plan, live, &change, migration.class, known_as);
        let pool = live.store.pool(migration.class);
        let unborn = plan.unborn.get(&migration.class).map_or(&[][..], Vec::as_slice);
        let carry_over = |olds| {
            // SAFETY: the objects, and the values of those that are about to live, are of the class as it is registered now,
            // which is the program's old type; nothing changes them, or the queue, before commit, which comes before
            // anything else that could. Both registries keep their images.
            unsafe { StagedPool::carry_over(migration.program.clone(), context, olds, live.store.memory()) }
        };
        let mut told = |fault| problems.push(told(fault, &plan.next, migration.class, pool.len() + unborn.len()));
        if pool.len() > 0 {
            match carry_over(Olds::Live(pool, &id_of)) {
                Ok(staged) => carried.push(staged),
                Err(fault) => {
                    told(fault);
                    continue;
                }
            }
        }
        if !unborn.is_empty() {
            match carry_over(Olds::Unborn(unborn)) {
                Ok(staged) => births.push(Births { positions: positions(unborn), staged }),
                Err(fault) => told(fault),
            }
        }
    }
    let mut returned = Vec::new();
    for returning in &plan.returning {
        let Some(group) = returning.group(&live.attic) else { continue };
        let class = plan.next.class(returning.class);
        let context = context(&plan, live, &change, returning.class, &returning.known_as);
        match bring_back(group, &plan.next, &returning.rework, context, live.store.memory()) {
            Ok(pool) => returned.push(pool),
            Err(problem) => problems.push(problem),
        }
        change.borrow_mut().unpark((&returning.known_as, returning.group), &class.path);
    }
    let mut change = change.into_inner();
    for number in &plan.leaving {
        let unborn = plan.unborn.get(number).map_or(&[][..], Vec::as_slice);
        match park(live, *number, unborn, plan.epoch) {
            Ok(parked) => change.park(live.registry.class(*number).path.to_string(), parked),
            Err(problem) => problems.push(problem),
        }
    }
    problems.extend(does_not_fit(live, &change));
    Rejection::unless_empty(problems)?;
    let queue = StagedQueue::stage(live, &plan.next, &|event| plan.way_of_event(event), births);
    Ok(Staged { plan, carried, returned, attic: change, queue })
}

/// The objects of a class that come back from the attic.
///
/// # Errors
///
/// The first object that does not become what it should.
pub(crate) fn bring_back(
    group: &Parked,
    registry: &Registry,
    rework: &Rework,
    carried: Carried<'_>,
    memory: &Memory,
) -> Result<RestoredPool, Problem> {
    let number = carried.number;
    let written: Vec<Written<'_>> =
        group.states.iter().map(|(object, state)| Written { object: *object, state }).collect();
    let made_as = MadeAs { state: registry.class(number).state, rework, types: &group.types };
    RestoredPool::make(&made_as, carried, &written, memory)
        .map_err(|fault| told(fault, registry, number, written.len()))
}

fn context<'a>(
    plan: &'a Plan,
    live: &'a Live,
    change: &'a RefCell<AtticChange>,
    number: u16,
    known_as: &'a str,
) -> Carried<'a> {
    Carried {
        number,
        path: &plan.next.class(number).path,
        known_as,
        attic: &live.attic,
        change,
        from_epoch: plan.from_epoch,
        epoch: plan.epoch,
    }
}

fn positions(unborn: &[Unborn]) -> Vec<usize> {
    unborn.iter().map(|unborn| unborn.position).collect()
}

/// The objects of a class, and those that are about to live, in the form in which the attic keeps them.
fn park(live: &Live, number: u16, unborn: &[Unborn], epoch: u32) -> Result<Parked, Problem> {
    let class = live.registry.class(number);
    let pool = live.store.pool(number);
    let mut parked = Parked {
        shape: schema::fingerprint(class.state),
        types: schema::field_types(class.state),
        bases: Some(live.registry.base_shapes(number)),
        epoch,
        ..Parked::default()
    };
    let living = (0..pool.len()).map(|index| (live.store.id_of(pool.slot(index)), pool.object(index).cast_const()));
    for (id, value) in living.chain(unborn.iter().map(|unborn| (unborn.object, unborn.value))) {
        // SAFETY: an object of the class, which is not changed meanwhile.
        let value = unsafe { Value::new(value, class.state) };
        let state = serde_json::to_string(&value).map_err(|error| {
            Problem::new(
                "attic.unreadable",
                &*class.path,
                format!("the class is gone, and the object {id} cannot be written down for the attic: {error}"),
                "take the removal of the class back, or destroy the object first; until then the old code goes on",
            )
        })?;
        parked.states.insert(id, state);
    }
    Ok(parked)
}

fn does_not_fit(live: &Live, change: &AtticChange) -> Option<Problem> {
    let (held, added, limit) = (live.attic.bytes(), change.bytes(), live.attic.limit());
    (held + added > limit && added > 0).then(|| {
        let largest: Vec<String> = change
            .largest()
            .into_iter()
            .take(3)
            .map(|(what, bytes)| format!("{what} {} KiB", bytes.div_ceil(1024)))
            .collect();
        Problem::new(
            "attic.full",
            "the attic",
            format!(
                "what this change takes away needs {} KiB beside the {} KiB that are there, and the limit is {} KiB: {}",
                added.div_ceil(1024),
                held.div_ceil(1024),
                limit / 1024,
                largest.join(", ")
            ),
            "purge what is not needed any more (`World::purge_attic`), or raise the limit (`World::set_attic_limit`); \
             until then the old code goes on",
        )
    })
}

/// A fault in one of so many objects of the class with this number, for the programmer.
pub(crate) fn told(fault: StageFault, registry: &Registry, number: u16, instances: usize) -> Problem {
    let noun = objects(instances);
    let class = registry.class(number);
    let settle = format!(
        "`#[field(default = ..)]` gives it a value, `#[field(reset)]` lets it start over, `fn migrate` in the annotated \
         `impl` says what it becomes ({}); until then the old code goes on and nothing is lost",
        class.place
    );
    match fault {
        StageFault::Part { object, fault } => {
            let code = match &fault.reason {
                Reason::NoDefault { .. } => "migrate.no_default",
                Reason::Panicked(_) => "migrate.panicked",
                Reason::Unkept(_) => "migrate.unkept",
                _ => "migrate.value",
            };
            let settle = match &fault.reason {
                Reason::Unkept(_) => "let the field stay until its values can be written down: an edit that leaves the field \
                                      there may mend its `Serialize`, or the values; until then the old code goes on and \
                                      nothing is lost"
                    .to_owned(),
                Reason::NoDefault { .. } | Reason::Panicked(_) => settle,
                _ => format!(
                    "`#[field(reset)]` lets it start over; a `fn migrate` in the annotated `impl` that asks for it with `old.get(..)` \
                     says what it becomes ({}); until then the old code goes on and nothing is lost",
                    class.place
                ),
            };
            Problem::new(
                code,
                &fault.place,
                format!("the object {object} (of {instances} {noun}) cannot be carried over: {}", fault.reason),
                settle,
            )
        }
        StageFault::Hook { object, class: of, reason } => {
            let hook = registry.class(of);
            let whose = if of == number { String::new() } else { format!(" of {}", class.path) };
            Problem::new(
                "migrate.hook",
                format!("{}::migrate", hook.path),
                format!("the object {object}{whose} (of {instances} {noun}) is not carried over: {reason}"),
                format!(
                    "mend `migrate` ({}), which runs at each change of the class's shape: if it has done its work take it out, or \
                     let it ask `old.has(..)` first; until then the old code goes on and nothing is lost",
                    hook.place
                ),
            )
        }
        StageFault::Memory(out_of_memory) => Problem::new(
            "migrate.memory",
            &*class.path,
            format!(
                "there is no memory for {instances} {noun} in their new shape: {} bytes could not be had",
                out_of_memory.bytes
            ),
            "free memory and save again; until then the old code goes on and nothing is lost",
        ),
    }
}

/// What `event_reloaded` tells an object of a class.
pub(super) struct Told {
    pub(super) class: u16,
    pub(super) added: Vec<String>,
    pub(super) discarded: Vec<(ObjectId, Vec<crate::event::Discarded>)>,
}

impl Staged {
    /// What the objects of each class that handles `event_reloaded` are to be told.
    pub(super) fn told(&self, live: &Live) -> Vec<Told> {
        use crate::{
            event::{Discarded, Event, Reloaded},
            report::FieldFate,
        };
        let handles =
            |class: &Class| class.library == self.plan.library && class.present && class.mask.contains(Reloaded::INDEX);
        let classes = self.plan.next.classes.iter().enumerate().filter(|(_, class)| handles(class));
        classes
            .map(|(number, class)| {
                let number = number as u16;
                let change = self.plan.classes.iter().find(|change| change.path == *class.path);
                let added = change.into_iter().flat_map(|change| &change.fields);
                let added = added.filter(|field| field.fate == FieldFate::Added).map(|field| field.field.clone());
                let known = usize::from(number) < live.registry.classes.len();
                let live_ids = known.then(|| live.store.ids(number)).into_iter().flatten();
                let group = self.plan.returning.iter().find(|returning| returning.class == number);
                let group = group.and_then(|returning| returning.group(&live.attic));
                let ids = live_ids.chain(group.into_iter().flat_map(|group| group.states.keys().copied()));
                let discarded = ids.map(|id| {
                    let kept = self.attic.kept_of(&class.path, id);
                    let discarded = kept.into_iter().map(|(name, ty, value)| Discarded { name, ty, value });
                    (id, discarded.collect())
                });
                Told { class: number, added: added.collect(), discarded: discarded.collect() }
            })
            .collect()
    }
}
