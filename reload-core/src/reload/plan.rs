//! Turns a validated candidate into a plan: what every class gains and loses, how its objects are carried over, and the
//! registry that will be swapped in. Must never touch the world.

use super::{
    names,
    rework::{rework_of_living, rework_of_written},
};
use crate::{
    attic::{Attic, Parked},
    dispatch::{Live, Unborn},
    migration::{Program, Rework, stays},
    registry::{Class, ClassNumbers, FormerEvents, FormerNumbers, LibraryId, Registry, Vocabulary},
    report::{ClassChange, ClassFate, EventRename, FieldFate},
    schema::{self, Descriptor, Direction},
    validation::{Problem, Rejection, Validated},
};
use rustc_hash::FxHashMap;
use std::{collections::BTreeMap, rc::Rc};

/// What a reload will do. Making one changes nothing.
pub(crate) struct Plan {
    pub(crate) library: LibraryId,
    pub(crate) direction: Direction,
    /// Classes whose objects go another way.
    other_ways: FxHashMap<u16, Direction>,
    /// The same for events.
    event_ways: FxHashMap<u16, Direction>,
    pub(crate) from_epoch: u32,
    pub(crate) epoch: u32,
    pub(crate) next: Registry,
    /// One per class of the library, before or then.
    pub(crate) classes: Vec<ClassChange>,
    /// Classes whose objects are made anew, in another shape.
    pub(crate) migrations: Vec<Migration>,
    /// Objects that are about to live, by class: they are carried over, or go to the attic, with the others.
    pub(crate) unborn: BTreeMap<u16, Vec<Unborn>>,
    /// Classes that are gone, whose objects go to the attic.
    pub(crate) leaving: Vec<u16>,
    /// Classes that are there (again), whose objects come out of the attic.
    pub(crate) returning: Vec<Returning>,
    /// Classes without objects whose pool is made anew because their layout changed.
    pub(crate) new_pools: Vec<u16>,
    /// Paths of classes that were there and have another one now: (old, new).
    pub(crate) renamed: Vec<(String, String)>,
    pub(crate) warnings: Vec<String>,
}

/// How the objects of one class are carried over.
pub(crate) struct Migration {
    pub(crate) class: u16,
    pub(crate) program: Rc<Program>,
}

/// A class whose objects come out of the attic.
pub(crate) struct Returning {
    pub(crate) class: u16,
    /// The path under which the attic knows it, and which group of that path its objects are.
    pub(crate) known_as: String,
    pub(crate) group: usize,
    /// Done to each object where the shape is another one.
    pub(crate) rework: Rework,
}

impl Returning {
    /// The objects.
    pub(super) fn group<'a>(&self, attic: &'a Attic) -> Option<&'a Parked> {
        attic.group(&self.known_as, self.group)
    }
}

/// A version that ran before the one that runs, as it was left for that.
#[derive(Clone, Debug)]
pub(crate) struct Former {
    direction: Direction,
    numbers: ClassNumbers,
    events: Rc<Vocabulary>,
    /// Events whose way led elsewhere.
    event_ways: FxHashMap<u16, Direction>,
    /// By class: the type of its objects, and where their way led.
    classes: FxHashMap<u16, (&'static Descriptor, Direction)>,
}

impl Former {
    /// The version of the library that runs, which `plan` leaves. Its image has to be kept for as long as this is.
    pub(crate) fn left_by(plan: &Plan, registry: &Registry) -> Self {
        let numbers = registry.numbers_of(plan.library);
        let classes = numbers.values().map(|number| (*number, (registry.class(*number).state, plan.way_of(*number))));
        Self {
            direction: plan.direction,
            classes: classes.collect(),
            numbers,
            events: Rc::clone(&registry.vocabulary),
            event_ways: plan.event_ways.clone(),
        }
    }
}

/// How a version comes to run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way<'a> {
    /// It is the next one; the one before the one that runs is known, perhaps.
    Onwards(Option<&'a Former>),
    /// It ran before.
    Back(&'a Former),
}

impl Way<'_> {
    const fn direction(self) -> Direction {
        match self {
            Self::Onwards(_) => Direction::Forwards,
            Self::Back(former) => former.direction.reversed(),
        }
    }

    /// The numbers of the version before.
    fn numbers(&self, library: LibraryId, registry: &Registry, validated: &Validated) -> FormerNumbers<'_> {
        FormerNumbers { classes: self.class_numbers(library, registry, validated), events: self.events() }
    }

    fn former(&self) -> Option<&Former> {
        match self {
            Self::Back(former) => Some(former),
            Self::Onwards(former) => *former,
        }
    }

    fn events(&self) -> Option<FormerEvents<'_>> {
        let is_back = matches!(self, Self::Back(_));
        self.former().map(|former| FormerEvents { vocabulary: &former.events, is_back })
    }

    /// Where the way leads for what an event carries, which becomes `payload`.
    fn of_event(&self, library: LibraryId, event: u16, payload: &'static Descriptor) -> Direction {
        let before = self.former().and_then(|former| {
            let entry = former.events.event(event).filter(|entry| entry.owner == library)?;
            Some((entry.payload, former.event_ways.get(&event).copied().unwrap_or(former.direction)))
        });
        self.of(before, payload)
    }

    /// The numbers that the classes have got back, if they have the paths that they had before. So they do when a
    /// programmer takes back an edit.
    fn class_numbers(&self, library: LibraryId, registry: &Registry, validated: &Validated) -> Option<&ClassNumbers> {
        match self {
            Self::Back(former) => Some(&former.numbers),
            Self::Onwards(former) => {
                let has_all = |numbers: &ClassNumbers| {
                    numbers.len() == validated.classes.len()
                        && validated.classes.iter().all(|class| numbers.contains_key(&*class.path))
                };
                let numbers = &(*former)?.numbers;
                (has_all(numbers) && !has_all(&registry.numbers_of(library))).then_some(numbers)
            }
        }
    }

    /// Where the way leads for objects of a class, which become objects of `state`.
    fn of_class(&self, number: u16, state: &'static Descriptor) -> Direction {
        self.of(self.former().and_then(|former| former.classes.get(&number)).copied(), state)
    }

    /// Where the way leads for what becomes a `state`. `before` is what it was just before, and where its way led then: when it
    /// becomes that again, the edit between has been taken back.
    fn of(&self, before: Option<(&'static Descriptor, Direction)>, state: &'static Descriptor) -> Direction {
        match (self, before) {
            (Self::Back(_), Some((_, left))) => left.reversed(),
            (Self::Onwards(_), Some((before, left))) if schema::same_layout(before, state) => left.reversed(),
            _ => self.direction(),
        }
    }
}

/// Works out what running `validated` means.
///
/// # Errors
///
/// Everything that the world cannot carry over, whatever the values of its objects are.
pub(crate) fn plan(
    live: &Live,
    library: LibraryId,
    (from_epoch, epoch): (u32, u32),
    validated: &Validated,
    way: Way<'_>,
) -> Result<Plan, Rejection> {
    let numbers = way.numbers(library, &live.registry, validated);
    let is_parked = |path: &str| live.attic.number_of(path) > 0;
    let next = live.registry.with(library, epoch, validated, numbers, &is_parked)?;
    let mut plan = Plan {
        library,
        direction: way.direction(),
        other_ways: FxHashMap::default(),
        event_ways: event_ways(live, library, &next, way),
        from_epoch,
        epoch,
        classes: Vec::new(),
        migrations: Vec::new(),
        unborn: live.unborn(),
        leaving: Vec::new(),
        returning: Vec::new(),
        new_pools: Vec::new(),
        renamed: Vec::new(),
        warnings: Vec::new(),
        next,
    };
    let mut problems = Vec::new();
    for number in 0..plan.next.classes.len() as u16 {
        if plan.next.class(number).library == library {
            plan.class(live, number, way, &mut problems);
        }
    }
    plan.classes.sort_by(|left, right| left.path.cmp(&right.path));
    Rejection::unless_empty(problems)?;
    Ok(plan)
}

impl Plan {
    /// Where the way leads for what an event carries.
    pub(super) fn way_of_event(&self, event: u16) -> Direction {
        self.event_ways.get(&event).copied().unwrap_or(self.direction)
    }

    fn way_of(&self, class: u16) -> Direction {
        self.other_ways.get(&class).copied().unwrap_or(self.direction)
    }

    fn class(&mut self, live: &Live, number: u16, way: Way<'_>, problems: &mut Vec<Problem>) {
        let new = self.next.class(number);
        let old = live.registry.classes.get(usize::from(number));
        let in_pool = old.map_or(0, |_| live.store.pool(number).len());
        let instances = in_pool + self.unborn.get(&number).map_or(0, Vec::len);
        let mut change = change(&live.registry, &self.next, old, new, instances);
        if let Some(old) = old {
            if old.present && *old.path != *new.path {
                self.renamed.push((old.path.to_string(), new.path.to_string()));
            }
            if !new.present && instances > 0 {
                self.warnings.extend(unreadable(old));
                self.leaving.push(number);
            }
            if new.present {
                self.warnings.extend(names::too_late((old.state, new.state), &old.path, &live.attic));
            }
            if new.present && in_pool == 0 && !schema::same_layout(old.state, new.state) {
                self.new_pools.push(number);
            }
            if new.present && instances > 0 && !stays(old.state, new.state) {
                let direction = way.of_class(number, new.state);
                if direction != self.direction {
                    self.other_ways.insert(number, direction);
                }
                let rework = rework_of_living(&live.registry, &self.next, number);
                let program = Program::new((old.state, new.state), rework, direction);
                if program.obstacles.is_empty() {
                    if let Some(change) = &mut change {
                        change.fields.clone_from(&program.changes);
                    }
                    let is_kept = |place: &str| live.attic.has_field(&old.path, place);
                    self.warnings.extend(names::may_be_one(&new.path, &program.changes, is_kept));
                    let lost = program.changes.iter().filter(|change| change.fate == FieldFate::Lost);
                    self.warnings.extend(lost.map(|change| {
                        format!(
                            "{}.{}: the values of {instances} {} are gone: nothing is known of the parts of {}, so the \
                             attic cannot keep them",
                            new.path,
                            change.field,
                            objects(instances),
                            change.from.as_deref().unwrap_or("the type"),
                        )
                    }));
                    self.migrations.push(Migration { class: number, program: Rc::new(program) });
                } else {
                    problems.extend(no_rule(&program, new, instances));
                }
            }
        }
        if new.present && instances == 0 {
            let returning = self.returning(live, number);
            if let Some(change) = &mut change {
                let group = returning.as_ref().and_then(|returning| returning.group(&live.attic));
                change.returned = group.map_or(0, |group| group.states.len());
            }
            self.returning.extend(returning);
        }
        if let Some(change) = &mut change
            && old.is_some()
            && new.present
        {
            let pool = live.store.pool(number);
            change.released = pool.len() - pool.active();
        }
        self.classes.extend(change);
    }

    /// The objects of a class that is there, if the attic has some.
    fn returning(&self, live: &Live, number: u16) -> Option<Returning> {
        let class = self.next.class(number);
        let former = live.registry.classes.get(usize::from(number)).map(|former| &*former.path);
        let names = [Some(&*class.path), class.was.as_deref(), former];
        // Those of a class that is called so by now are its own.
        let is_anothers = |name: &str| self.next.find(name).is_some_and(|namesake| namesake != number);
        let mut names = names.into_iter().flatten().filter(|name| !is_anothers(name));
        let shape = schema::fingerprint(class.state);
        let (known_as, (position, group)) = names.find_map(|name| Some((name, live.attic.for_shape(name, shape)?)))?;
        let rework = if group.shape == shape {
            Rework::default()
        } else {
            rework_of_written(&self.next, number, (&group.types, group.bases.as_ref()))
        };
        Some(Returning { class: number, known_as: known_as.to_owned(), group: position, rework })
    }
}

/// Events that carry something else now, for which the way leads elsewhere.
fn event_ways(live: &Live, library: LibraryId, next: &Registry, way: Way<'_>) -> FxHashMap<u16, Direction> {
    let changed = next.vocabulary.own(library).filter(|(id, new)| {
        live.registry.vocabulary.event(*id).is_some_and(|old| !schema::same_layout(old.payload, new.payload))
    });
    let ways = changed.map(|(id, new)| (id, way.of_event(library, id, new.payload)));
    ways.filter(|(_, direction)| *direction != way.direction()).collect()
}

fn change(
    before: &Registry,
    after: &Registry,
    old: Option<&Class>,
    new: &Class,
    instances: usize,
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
    let renamed = after.vocabulary.renamed_since(&before.vocabulary).into_iter();
    let events_renamed = renamed
        .filter(|(event, _)| old_mask.contains(*event) && new.mask.contains(*event))
        .map(|(event, was)| EventRename { name: after.vocabulary.name(event).to_owned(), was: was.to_owned() });
    Some(ClassChange {
        path: new.path.to_string(),
        was: old.filter(|old| *old.path != *new.path).map(|old| old.path.to_string()),
        fate,
        epoch: new.epoch,
        instances,
        events_added: after.names(new.mask.without(old_mask)),
        events_removed: before.names(old_mask.without(new.mask)),
        events_renamed: events_renamed.collect(),
        loops_added: loops_without(&new.loops, old_loops),
        loops_removed: loops_without(old_loops, &new.loops),
        released: 0,
        fields: Vec::new(),
        returned: 0,
    })
}

/// A problem for each field that no rule carries.
fn no_rule<'a>(program: &'a Program, new: &'a Class, instances: usize) -> impl Iterator<Item = Problem> + 'a {
    program.obstacles.iter().map(move |obstacle| {
        let why = if obstacle.why.is_empty() { String::new() } else { format!(" ({})", obstacle.why) };
        Problem::new(
            "migrate.no_rule",
            format!("{}.{}", new.path, obstacle.place),
            format!(
                "no rule leads from `{}` to `{}`{why}, and the class has {instances} {}",
                obstacle.from,
                obstacle.to,
                objects(instances),
            ),
            format!(
                "`#[field(reset)]` lets the field start over; `fn migrate(old: &OldState, carried: Self) -> Self` in the \
                 annotated `impl` says what it becomes ({}); until then the old code goes on",
                new.place,
            ),
        )
    })
}

/// What the attic cannot keep of the objects of a class.
fn unreadable(class: &Class) -> Option<String> {
    let fields = schema::opaque_fields(class.state);
    (!fields.is_empty()).then(|| {
        format!(
            "{} is gone; of its objects the attic keeps everything but the opaque fields ({}), which start over when the \
             class comes back",
            class.path,
            fields.join(", ")
        )
    })
}

pub(super) const fn objects(count: usize) -> &'static str {
    if count == 1 { "object" } else { "objects" }
}
