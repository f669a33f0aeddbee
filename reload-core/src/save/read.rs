//! From a file's text to the live state. Everything is made beside the world as it is, which is replaced in one go when
//! nothing can fail any more, and untouched otherwise.
#![expect(unsafe_code, reason = "makes and drops payloads")]

use super::{
    RestoreReport,
    file::{Body, ClassFile, FORMAT, Head, QueuedFile, VERSION, checksum},
};
use crate::{
    attic::{Attic, AtticChange, Parked},
    boundary::ObjectId,
    dispatch::{Ask, Command, Live, Origin, Payload, Turn, What},
    event::{Discarded, Event, Reloaded},
    instance::Slots,
    migration::{Carried, MadeAs, RestoredPool, Rework, Written},
    registry::{Class, Numbers, Registry, shape_text},
    reload::{bring_back, rework_of_written, tell_one, told},
    report::DroppedEvent,
    schema::{self, Descriptor, NoKeeper, Path, drop_value, value_from_json},
    validation::{Problem, Rejection},
    world::World,
};
use serde_json::value::RawValue;
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

/// Replaces everything in the world by what the file holds.
///
/// # Errors
///
/// Everything that is wrong with the file, or does not become what it should. The world is as before.
pub(crate) fn restore(world: &mut World, text: &str) -> Result<RestoreReport, Rejection> {
    let body = parse(text)?;
    let staged = stage(world.live(), body)?;
    Ok(commit(world, staged))
}

const KEPT: &str = "the file is left as it is, and so is the world: start without it, or put an older one in its place";

fn damaged(message: impl Into<String>) -> Problem {
    Problem::new("save.damaged", "the save file", message, KEPT)
}

fn parse(text: &str) -> Result<Body, Rejection> {
    let head: Head<'_> =
        serde_json::from_str(text).map_err(|error| damaged(format!("it is damaged or no save file: {error}")))?;
    if head.format != FORMAT {
        return Err(damaged(format!("it is a {:?}, not a {FORMAT:?}", head.format)).into());
    }
    if head.version != VERSION {
        let message = format!("it has version {}, and this program reads version {VERSION}", head.version);
        return Err(Problem::new("save.version", "the save file", message, "use the program that wrote it").into());
    }
    let body = head.world.get();
    let found = checksum(body);
    if let Some(expected) = head.checksum
        && expected != found
    {
        return Err(Problem::new(
            "save.damaged",
            "the save file",
            format!("it was changed after it was written: its checksum says {expected}, its content {found}"),
            "if that was you, take the line with the checksum out of the file; otherwise the file is damaged, and is left \
             as it is",
        )
        .into());
    }
    serde_json::from_str(body).map_err(|error| damaged(format!("its world cannot be read: {error}")).into())
}

/// What the world will be.
struct Staged {
    now: u64,
    slots: Slots,
    pools: Vec<RestoredPool>,
    commands: Vec<Command>,
    timers: Vec<(u64, What)>,
    turns: Vec<DueTurn>,
    attic: Attic,
    /// Ids that were promised to objects that will not live.
    unborn: Vec<ObjectId>,
    /// Objects whose class has another shape than in the file, with what they lost.
    told: Vec<Told>,
    report: RestoreReport,
}

/// What the objects of a class are told, each with what it lost.
struct Told {
    class: u16,
    reloaded: Reloaded,
    objects: Vec<(ObjectId, Vec<Discarded>)>,
}

/// A turn with the time that it is due at; none: at the next advance.
type DueTurn = (Option<u64>, Turn);

/// A queued value that was made; dropped unless it is taken.
struct Made {
    payload: Option<Payload>,
    ty: &'static Descriptor,
}

impl Made {
    fn take(mut self) -> Payload {
        self.payload.take().unwrap_or_else(|| unreachable!("taken once, because it consumes"))
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if let Some(payload) = self.payload.take() {
            // SAFETY: `value` below has made a value of the type.
            drop(unsafe { drop_value(self.ty, payload.as_ptr()) });
        }
    }
}

fn value(ty: &'static Descriptor, what: &str, json: &RawValue) -> Result<Made, String> {
    let room = Payload::room(ty);
    // SAFETY: room for a value of the type.
    unsafe { value_from_json(ty, room.as_ptr(), json.get(), &Path::root(what), &NoKeeper) }?;
    Ok(Made { payload: Some(room), ty })
}

/// The classes of a file beside those of the world.
struct Sorted {
    /// Class number, path in the file, and what the file has.
    live: Vec<(u16, String, ClassFile)>,
    gone: Vec<(String, ClassFile)>,
}

/// The class that what is in the attic under this path comes back as: the one with the path, or the one that says it had it.
fn continued_by(registry: &Registry, path: &str) -> Option<u16> {
    let was_this = |class: &Class| class.present && class.was.as_deref() == Some(path);
    registry.find(path).or_else(|| registry.classes.iter().position(was_this).map(|number| number as u16))
}

/// The classes of now, by the paths of then: as in a reload, where names may be passed on or taken by another class.
fn class_numbers(registry: &Registry, body: &Body) -> Numbers {
    let mut then = body.class_paths();
    if body.paths.is_empty() {
        // Nobody knows which other classes there were: a namesake is taken for the same class.
        let has_namesake = |class: &&Class| class.was.as_deref().is_some_and(|was| registry.find(was).is_some());
        let present = registry.classes.iter().filter(|class| class.present);
        then.extend(present.filter(has_namesake).map(|class| &*class.path));
    }
    registry.since(&then.into_iter().collect::<Vec<_>>())
}

fn sort(numbers: &Numbers, classes: BTreeMap<String, ClassFile>) -> Sorted {
    let mut sorted = Sorted { live: Vec::new(), gone: Vec::new() };
    for (path, file) in classes {
        match numbers.get(&path) {
            Some(number) => sorted.live.push((*number, path, file)),
            None => sorted.gone.push((path, file)),
        }
    }
    sorted
}

fn stage(live: &Live, body: Body) -> Result<Staged, Rejection> {
    let registry = &live.registry;
    let mut problems = Vec::new();
    let slots = claim(&body, &mut problems);
    let events = registry.vocabulary.since(&body.event_paths());
    let numbers = class_numbers(registry, &body);
    let mut attic = body.attic;
    attic.set_limit(live.attic.limit());
    attic.recount();
    let change = RefCell::new(AtticChange::default());
    let unborn = unborn(&body.queue);
    let Sorted { live: living, gone } = sort(&numbers, with_unborn(body.classes, &unborn));
    let mut report = RestoreReport::default();
    for (path, file) in gone {
        let mut group = parked(file);
        let unborn = unborn.get(&*path).into_iter().flatten();
        group.states.extend(unborn.map(|(_, written)| (written.object, written.state.to_owned())));
        report.gone.push((path.clone(), group.states.len()));
        change.borrow_mut().park(path, group);
    }
    let (mut pools, mut births, mut told_later, mut loops) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (number, path, file) in &living {
        let class = registry.class(*number);
        let changed = file.shape != shape_text(class.state);
        let written_as = (&file.types, file.bases.as_ref());
        let rework = if changed { rework_of_written(registry, *number, written_as) } else { Rework::default() };
        let carried = Carried {
            number: *number,
            path: &class.path,
            known_as: path,
            attic: &attic,
            change: &change,
            from_epoch: file.epoch,
            epoch: class.epoch,
        };
        let written: Vec<Written<'_>> =
            file.objects.iter().map(|(object, state)| Written { object: *object, state: state.get() }).collect();
        let made_as = MadeAs { state: class.state, rework: &rework, types: &file.types };
        match RestoredPool::make(&made_as, carried, &written, live.store.memory()) {
            Ok(pool) => pools.push(pool),
            Err(fault) => problems.push(told(fault, registry, *number, written.len())),
        }
        let (positions, newborn): (Vec<usize>, Vec<Written<'_>>) =
            unborn.get(&**path).into_iter().flatten().copied().unzip();
        match RestoredPool::make(&made_as, carried, &newborn, live.store.memory()) {
            Ok(pool) => births.push((positions, pool)),
            Err(fault) => problems.push(told(fault, registry, *number, newborn.len())),
        }
        if path.as_str() != &*class.path {
            change.borrow_mut().rename_class(path.clone(), class.path.to_string());
        }
        if changed {
            report.changed.push((class.path.to_string(), written.len() + newborn.len()));
            let known = |field: &&String| !file.types.contains_key(*field) && !field.contains(['[', ':']);
            let added = schema::field_types(class.state).keys().filter(known).cloned().collect();
            let reloaded = Reloaded { from_epoch: file.epoch, epoch: class.epoch, added, discarded: Vec::new() };
            told_later.push((*number, reloaded, written.iter().map(|written| written.object).collect::<Vec<_>>()));
        }
        report.objects += written.len();
        let new_loops = class.loops.iter().filter(|entry| !file.loops.iter().any(|known| **known == *entry.name));
        for entry in new_loops {
            loops.extend(written.iter().map(|written| {
                let turn = Turn { object: written.object, name: entry.name.clone(), since: entry.since };
                (None, turn)
            }));
        }
    }
    returning(live, &attic, &living, &change, (&mut pools, &mut loops, &mut report), &mut problems);
    Rejection::unless_empty(problems)?;
    let change = change.into_inner();
    report.warnings.extend(change.warnings());
    let told = told_later
        .into_iter()
        .map(|(number, reloaded, ids)| {
            let path = &registry.class(number).path;
            let kept = |id| {
                change.kept_of(path, id).into_iter().map(|(name, ty, value)| Discarded { name, ty, value }).collect()
            };
            Told { class: number, reloaded, objects: ids.into_iter().map(|id| (id, kept(id))).collect() }
        })
        .collect();
    change.apply(&mut attic, 0);
    let births = births.into_iter().flat_map(|(positions, pool)| {
        let class = pool.class;
        positions.into_iter().zip(pool.payloads().into_iter().map(move |payload| (class, payload)))
    });
    let births = births.collect();
    let mut queued = Queued { registry, numbers, events, births, dropped: BTreeMap::new(), unborn: Vec::new() };
    let commands =
        body.queue.iter().enumerate().filter_map(|(position, file)| queued.command(position, file)).collect();
    let timers = body
        .timers
        .into_iter()
        .filter_map(|file| {
            let (event, payload) = queued.event(&file.event, &file.value)?;
            Some((file.at, What::Deliver { event, to: file.to, payload: Box::new(payload.take()) }))
        })
        .collect();
    let class_of: BTreeMap<ObjectId, u16> =
        living.iter().flat_map(|(number, _, file)| file.objects.iter().map(|(object, _)| (*object, *number))).collect();
    let turns = body.turns.into_iter().filter_map(|file| {
        let class = registry.class(*class_of.get(&file.object)?);
        let entry = class.loops.iter().find(|entry| *entry.name == *file.name)?;
        Some((file.at, Turn { object: file.object, name: entry.name.clone(), since: entry.since }))
    });
    loops.splice(0..0, turns);
    let unborn = std::mem::take(&mut queued.unborn);
    report.dropped_events = queued.told();
    Ok(Staged { now: body.now, slots, pools, commands, timers, turns: loops, attic, unborn, told, report })
}

/// The objects that are about to live, by the path of their class: the place in the queue, and what is there.
type Unborn<'a> = BTreeMap<&'a str, Vec<(usize, Written<'a>)>>;

fn unborn(queue: &[QueuedFile]) -> Unborn<'_> {
    let mut unborn = Unborn::new();
    for (position, file) in queue.iter().enumerate() {
        if let (Some(path), Some(value), None, false) = (&file.spawn, &file.value, &file.event, file.destroy) {
            let written = Written { object: file.to, state: value.get() };
            unborn.entry(path).or_default().push((position, written));
        }
    }
    unborn
}

/// The classes of a file. Versions that did not write the shape of a class that has no other objects have not told it: it
/// is taken for another one.
fn with_unborn(mut classes: BTreeMap<String, ClassFile>, unborn: &Unborn<'_>) -> BTreeMap<String, ClassFile> {
    for path in unborn.keys() {
        classes.entry((*path).to_owned()).or_default();
    }
    classes
}

/// Claims the slot of every object in the file.
fn claim(body: &Body, problems: &mut Vec<Problem>) -> Slots {
    if let Some(slot) = body.generations.iter().position(|generation| *generation == 0) {
        problems.push(damaged(format!("the slot {slot} has no generation")));
    }
    let mut slots = Slots::with_generations(body.generations.iter().copied(), body.newest.clone());
    let objects = body.classes.values().flat_map(|class| class.objects.iter().map(|(id, _)| *id));
    let unborn = body.queue.iter().filter(|queued| queued.spawn.is_some()).map(|queued| queued.to);
    for id in objects.chain(body.attic.ids()).chain(unborn) {
        if !slots.claim(id) {
            problems.push(damaged(format!("the object {id} is there twice, or its slot is not")));
        }
    }
    for id in body.attic.ids() {
        slots.put_in_attic(id);
    }
    slots
}

fn parked(file: ClassFile) -> Parked {
    Parked {
        shape: u64::from_str_radix(&file.shape, 16).unwrap_or(0),
        types: file.types,
        bases: file.bases,
        epoch: file.epoch,
        states: file.objects.into_iter().map(|(id, state)| (id, state.get().to_owned())).collect(),
    }
}

/// The objects of the file's attic whose class is there again.
fn returning(
    live: &Live,
    attic: &Attic,
    living: &[(u16, String, ClassFile)],
    change: &RefCell<AtticChange>,
    (pools, loops, report): (&mut Vec<RestoredPool>, &mut Vec<DueTurn>, &mut RestoreReport),
    problems: &mut Vec<Problem>,
) {
    let mut taken: BTreeSet<u16> = living.iter().map(|(number, ..)| *number).collect();
    // Of those who would be of one class, the ones that are called like it come back, and the others stay.
    let (namesakes, others): (Vec<_>, Vec<_>) =
        attic.classes().partition(|known_as| live.registry.find(known_as).is_some());
    for known_as in namesakes.into_iter().chain(others) {
        let Some(number) = continued_by(&live.registry, known_as) else { continue };
        let class = live.registry.class(number);
        let shape = schema::fingerprint(class.state);
        let Some((position, group)) = attic.for_shape(known_as, shape) else { continue };
        if !taken.insert(number) {
            continue;
        }
        let written_as = (&group.types, group.bases.as_ref());
        let rework = if group.shape == shape {
            Rework::default()
        } else {
            rework_of_written(&live.registry, number, written_as)
        };
        let (from_epoch, epoch, path) = (group.epoch, class.epoch, &class.path);
        let carried = Carried { number, path, known_as, attic, change, from_epoch, epoch };
        match bring_back(group, &live.registry, &rework, carried, live.store.memory()) {
            Ok(pool) => pools.push(pool),
            Err(problem) => problems.push(problem),
        }
        report.objects += group.states.len();
        for entry in &class.loops {
            loops.extend(
                group
                    .states
                    .keys()
                    .map(|object| (None, Turn { object: *object, name: entry.name.clone(), since: entry.since })),
            );
        }
        change.borrow_mut().unpark((known_as, position), path);
    }
}

/// Reads what was queued.
struct Queued<'a> {
    registry: &'a Registry,
    /// The classes of now, by the paths of then.
    numbers: Numbers,
    /// The events of now, by the paths of then.
    events: Numbers,
    /// The objects that are about to live, by place in the queue: class and value.
    births: BTreeMap<usize, (u16, Payload)>,
    dropped: BTreeMap<(String, String), usize>,
    unborn: Vec<ObjectId>,
}

impl Queued<'_> {
    fn event(&mut self, path: &str, json: &RawValue) -> Option<(u16, Made)> {
        let entry = self.events.get(path).and_then(|id| Some((*id, self.registry.vocabulary.event(*id)?)));
        let Some((id, entry)) = entry else {
            self.drop(path, "the event is gone");
            return None;
        };
        match value(entry.payload, path, json) {
            Ok(made) => Some((id, made)),
            Err(why) => {
                self.drop(path, &why);
                None
            }
        }
    }

    fn command(&mut self, position: usize, file: &QueuedFile) -> Option<Command> {
        let (to, origin) = (file.to, Origin::OUTSIDE);
        if file.destroy {
            return Some(Command::plain(Ask::Destroy { origin }, to));
        }
        if let (Some(event), Some(json)) = (&file.event, &file.value) {
            let (event, payload) = self.event(event, json)?;
            return Some(Command { ask: Ask::Deliver { event, origin }, id: to, payload: payload.take() });
        }
        let path = file.spawn.as_ref()?;
        if file.value.is_some() {
            // Where it is not, its class is gone, and it is in the attic.
            let (class, payload) = self.births.remove(&position)?;
            return Some(Command { ask: Ask::Spawn { class, origin }, id: to, payload });
        }
        let Some(class) = self.numbers.get(path).copied() else {
            self.drop(&format!("spawn of {path}"), "the class is gone");
            self.unborn.push(to);
            return None;
        };
        Some(Command::plain(Ask::Construct { class, origin }, to))
    }

    fn drop(&mut self, what: &str, why: &str) {
        *self.dropped.entry((what.to_owned(), why.to_owned())).or_default() += 1;
    }

    fn told(self) -> Vec<DroppedEvent> {
        self.dropped.into_iter().map(|((name, why), count)| DroppedEvent { name, count, why }).collect()
    }
}

/// Replaces the world. Cannot fail.
fn commit(world: &mut World, staged: Staged) -> RestoreReport {
    let Staged { now, slots, pools, commands, timers, turns, attic, unborn, told, mut report } = staged;
    let live = world.live_mut();
    live.forget_everything();
    let former = std::mem::replace(&mut live.store.slots, slots);
    live.store.slots.follow(&former);
    for restored in pools {
        let class = restored.class;
        let empty = live.store.swap_pool(class, restored.take());
        empty.end();
    }
    live.store.slots.free_unclaimed();
    live.attic = attic;
    live.store.park(live.attic.ids());
    for id in unborn {
        live.store.remove(id);
    }
    live.clock.now = now;
    for command in commands {
        live.queue.push(command);
    }
    for (at, what) in timers {
        live.clock.at(at, what);
    }
    live.clock.returned(|object| live.store.slots.is_in_attic(object));
    for (at, turn) in turns {
        match at {
            Some(at) => live.clock.at(at, What::Turn(turn)),
            None => live.clock.next_advance(turn),
        }
    }
    for Told { class, mut reloaded, objects } in told {
        if !world.live().registry.class(class).mask.contains(Reloaded::INDEX) {
            continue;
        }
        for (id, discarded) in objects {
            reloaded.discarded = discarded;
            if !tell_one(world, id, &reloaded) {
                report.warnings.push(format!("event_reloaded of {id} panicked: it rests until the next reload"));
            }
        }
    }
    report
}
