//! The committed state: which classes there are, what they handle, and the routes made of it. A
//! registry is never changed in place: the next one is built beside it and swapped in. Knows what
//! validation has proven, and no stage behind that.

mod bases;
mod event_names;
mod known;
mod path_map;
mod routes;
mod running;
mod short_ways;
mod vocabulary;

pub(crate) use bases::{BaseShapes, shape_text};
pub(crate) use event_names::FormerEvents;
pub(crate) use known::KnownEvent;
pub(crate) use routes::{One, Route, Routes, Row};
pub(crate) use running::{Kind, Running};
pub(crate) use short_ways::{ShortWay, place};
pub(crate) use vocabulary::Vocabulary;

use crate::{
    class::{BatchFn, ClassRecord, NO_CLASS, OneFn, TurnFn},
    event::{Constructed, Destroyed, Event as _, EventMask, TableRecord},
    schema::{self, Descriptor, WriteFn, descriptor},
    validation::{Image, Problem, Rejection, ValidClass, Validated},
};
use path_map::PathMap;
use rustc_hash::FxHashMap;
use short_ways::ShortWays;
use std::{rc::Rc, sync::Arc};

/// What two libraries have of one type, where a part of it is one that neither can compare.
fn check_shared(subject: &str, one: &'static Descriptor, other: &'static Descriptor, problems: &mut Vec<Problem>) {
    problems.extend(schema::unknown_fields_of_shared(one, other).into_iter().map(|(field, ty)| {
        Problem::new(
            "field.opaque_own",
            format!("{subject}.{field}"),
            format!(
                "two libraries, or host and library, have it, and the parts of `{ty}`, which is of the same crate, are not known: \
                 they might have different ones"
            ),
            "derive `State` for the type, and take `serde`, `opaque` or `reset` off the field",
        )
    }));
}

/// Which library of the world: the host itself, or one that a session opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LibraryId(pub(crate) u32);

/// The numbers of classes or events, by paths.
pub(crate) type Numbers = FxHashMap<String, u16>;

/// Those of now that go on with those of another time, by the paths of then. `now` has each number with the path, and the one
/// that it had, or nothing.
fn numbers_since<'a>(then: &[&str], now: impl Iterator<Item = (u16, (&'a str, &'a str))>) -> Numbers {
    let (numbers, names): (Vec<u16>, Vec<_>) = now.unzip();
    let continued = numbers.into_iter().zip(schema::continued_names(then, &names));
    continued.filter_map(|(number, from)| Some((then[from?].to_owned(), number))).collect()
}

impl Class {
    /// The path, and the one that it had, or nothing.
    fn names(&self) -> (&str, &str) {
        (&self.path, self.was.as_deref().unwrap_or(""))
    }

    /// Whether a new object is told that it lives, or has loops.
    #[inline(always)]
    pub(crate) fn is_welcomed(&self) -> bool {
        !self.loops.is_empty() || self.mask.contains(Constructed::INDEX)
    }

    /// Where the loop with this name is that the class has had since then: not one that was removed and added again.
    pub(crate) fn running(&self, name: &str, since: u32) -> Option<usize> {
        self.loops.iter().position(|entry| *entry.name == *name && entry.since == since)
    }

    /// Whether an object's end runs code of its class.
    #[inline(always)]
    pub(crate) fn has_last_words(&self) -> bool {
        self.state.drop_in_place.is_some() || self.mask.contains(Destroyed::INDEX)
    }
}

impl LibraryId {
    /// The host's own image.
    pub(crate) const HOST: Self = Self(0);
}

/// A class of the world. Its position in the registry is its number, which it keeps for good.
#[derive(Clone, Debug)]
pub(crate) struct Class {
    pub(crate) path: Arc<str>,
    /// The path it had before, as its code says.
    pub(crate) was: Option<Arc<str>>,
    pub(crate) library: LibraryId,
    /// The epoch whose code it runs.
    pub(crate) epoch: u32,
    /// False when the library no longer has it; its objects, if any, are parked.
    pub(crate) present: bool,
    /// Source file and line of the struct.
    pub(crate) place: String,
    pub(crate) record: &'static ClassRecord,
    pub(crate) state: &'static Descriptor,
    pub(crate) construct: Option<WriteFn>,
    pub(crate) base: Option<u16>,
    pub(crate) base_offset: usize,
    own_handlers: Vec<Handler>,
    own_loops: Vec<Loop>,
    /// Own and inherited handlers, by the world's numbers.
    pub(crate) mask: EventMask,
    /// Own and inherited handlers.
    pub(crate) handlers: Vec<Handler>,
    /// Own and inherited loops.
    pub(crate) loops: Vec<Loop>,
    /// Keeps the image mapped that everything above points into. Last, so that it is dropped last.
    keep: Keep,
}

/// Keeps an image mapped.
#[derive(Clone)]
pub(crate) struct Keep(Rc<dyn std::any::Any>);

impl PartialEq for Keep {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl std::fmt::Debug for Keep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keep")
    }
}

/// A handler as it is called for objects of a class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handler {
    pub(crate) event: u16,
    pub(crate) batch: BatchFn,
    pub(crate) one: OneFn,
    /// Bytes from the start of the object to the part that the handler is written for.
    pub(crate) part_offset: usize,
}

/// A loop as it is run for objects of a class.
#[derive(Clone, Debug)]
pub(crate) struct Loop {
    pub(crate) name: Arc<str>,
    pub(crate) turn: TurnFn,
    pub(crate) part_offset: usize,
    /// The epoch in which the class got the loop: turns that are older belong to a loop that has ended.
    pub(crate) since: u32,
}

/// The numbers of classes, by their paths.
pub(crate) type ClassNumbers = FxHashMap<Arc<str>, u16>;

/// The numbers of when a version ran before.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FormerNumbers<'a> {
    /// If it is that version.
    pub(crate) classes: Option<&'a ClassNumbers>,
    /// If there is one.
    pub(crate) events: Option<FormerEvents<'a>>,
}

/// The committed state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registry {
    pub(crate) vocabulary: Rc<Vocabulary>,
    pub(crate) classes: Vec<Class>,
    by_path: PathMap<u16>,
    /// By the address of the record; also of the bases' records.
    by_record: FxHashMap<usize, u16>,
    /// For each event, who is called.
    pub(crate) routes: Rc<Routes>,
    short_ways: ShortWays,
}

impl Registry {
    /// The event that a handler or listener runs for. Allocates nothing.
    pub(crate) fn event_of(&self, what: Running) -> Option<u16> {
        match what.kind()? {
            Kind::ShortDelivery => self.short_ways.event_at(what.number()),
            _ => Some(what.number()),
        }
    }

    pub(crate) fn class(&self, number: u16) -> &Class {
        &self.classes[usize::from(number)]
    }

    /// The number of a class that is present.
    pub(crate) fn find(&self, path: &str) -> Option<u16> {
        self.by_path.get(path).copied().filter(|number| self.class(*number).present)
    }

    /// The number of a class, present or not.
    pub(crate) fn find_any(&self, path: &str) -> Option<u16> {
        self.by_path.get(path).copied()
    }

    /// The number of the class that this record describes.
    pub(crate) fn find_record(&self, record: &'static ClassRecord) -> Option<u16> {
        self.by_record.get(&core::ptr::from_ref(record).addr()).copied()
    }

    /// The way to the event that `table` numbers `index`, if it is one of the host's that are found at one look.
    #[inline(always)]
    pub(crate) fn short_way(&self, table: &'static TableRecord, index: u16) -> Option<&ShortWay> {
        self.short_ways.find(table, index)
    }

    /// Bytes from the start of an object of class `class` to its part of class `part`; `None` if it has none.
    pub(crate) fn part_offset(&self, class: u16, part: &'static ClassRecord) -> Option<usize> {
        let (mut number, mut offset) = (class, 0);
        loop {
            let class = self.class(number);
            if core::ptr::eq(class.record, part) {
                return class.present.then_some(offset);
            }
            offset += class.base_offset;
            number = class.base?;
        }
    }

    /// Whether `class` is `ancestor` or is based on it.
    pub(crate) fn is_a(&self, class: u16, ancestor: u16) -> bool {
        let mut number = Some(class);
        while let Some(current) = number {
            if current == ancestor {
                return true;
            }
            number = self.class(current).base;
        }
        false
    }

    /// The registry in which `library` has what `validated` says, running as `epoch`. `former` are the numbers of
    /// when this version ran before, if it did; `is_parked` says whether the attic has objects of the class with a path.
    ///
    /// # Errors
    ///
    /// Everything that keeps the library from living beside the rest of the world.
    pub(crate) fn with(
        &self,
        library: LibraryId,
        epoch: u32,
        validated: &Validated,
        former: FormerNumbers<'_>,
        is_parked: &dyn Fn(&str) -> bool,
    ) -> Result<Self, Rejection> {
        let mut problems = Vec::new();
        let mut next = self.clone();
        next.vocabulary = Rc::new(self.vocabulary.with(library, &validated.tables, former.events, &mut problems));
        for class in next.classes.iter_mut().filter(|class| class.library == library) {
            class.present = false;
        }
        for valid in &validated.classes {
            let ran_before = former.classes.and_then(|classes| classes.get(&*valid.path)).copied();
            let known = ran_before.or_else(|| self.continued_by(library, valid, validated, is_parked));
            next.enter(library, epoch, valid, known, &validated.image, &mut problems);
        }
        next.link(validated, &mut problems);
        next.compare_bases(library, &mut problems);
        Rejection::unless_empty(problems)?;
        next.resolve(self, epoch);
        Ok(next)
    }

    /// The present classes of a library, by their paths: what an undo goes back to.
    pub(crate) fn numbers_of(&self, library: LibraryId) -> ClassNumbers {
        let classes = self.classes.iter().zip(0..).filter(|(class, _)| class.present && class.library == library);
        classes.map(|(class, number)| (Arc::clone(&class.path), number)).collect()
    }

    /// The numbers of the present classes that go on with those of another time, by the paths that they had then.
    pub(crate) fn since(&self, then: &[&str]) -> Numbers {
        let present = self.classes.iter().zip(0..).filter(|(class, _)| class.present);
        numbers_since(then, present.map(|(class, number)| (number, class.names())))
    }

    /// The class that `valid` is the next version of. In this order: the one with the path that it says it had, unless
    /// its own path is known; its namesake, unless another says that it was that one; one of the same library that says it
    /// had this path, which is what going back to an older version looks like.
    ///
    /// A namesake that is gone and has left nothing is not known to a class whose former path nobody has now.
    fn continued_by(
        &self,
        library: LibraryId,
        valid: &ValidClass,
        validated: &Validated,
        is_parked: &dyn Fn(&str) -> bool,
    ) -> Option<u16> {
        let goes_on = |path: &str| validated.classes.iter().any(|other| other.path == path);
        let is_known = |valid: &ValidClass| {
            self.find_any(&valid.path).is_some_and(|number| {
                let is_renamed = valid.was.as_deref().is_some_and(|was| self.find_any(was).is_some() && !goes_on(was));
                self.class(number).present || is_parked(&valid.path) || !is_renamed
            })
        };
        if is_known(valid) {
            let taken = |other: &&ValidClass| other.was.as_deref() == Some(&valid.path) && !is_known(other);
            if !validated.classes.iter().any(|other| taken(&other)) {
                return self.find_any(&valid.path);
            }
        }
        if let Some(number) = valid.was.as_deref().and_then(|was| self.find_any(was)) {
            return Some(number);
        }
        let was_this = |class: &Class| {
            class.library == library && class.was.as_deref() == Some(&valid.path) && !goes_on(&class.path)
        };
        self.classes.iter().position(was_this).map(|number| number as u16)
    }

    /// Enters one class; its base is linked when all are entered.
    fn enter(
        &mut self,
        library: LibraryId,
        epoch: u32,
        valid: &ValidClass,
        known: Option<u16>,
        image: &Image,
        problems: &mut Vec<Problem>,
    ) {
        if let Some(number) = known
            && self.class(number).present
        {
            let other = self.class(number);
            let (what, advice) = if other.library == library {
                let was = valid.was.as_deref().unwrap_or(&valid.path);
                let what = format!(
                    "goes on with what `{was}` was, and so does `{}`: {} and {}",
                    other.path, valid.place, other.place
                );
                (what, "take `was` away from one of them")
            } else {
                let what =
                    format!("registered twice: {} and, in another library of this world, {}", valid.place, other.place);
                (what, "rename one of them")
            };
            problems.push(Problem::new("class.duplicate", &valid.path, what, advice));
            return;
        }
        let handlers = valid.handlers.iter().filter_map(|handler| {
            Some(Handler {
                event: self.vocabulary.find(&handler.event)?,
                batch: handler.batch,
                one: handler.one,
                part_offset: 0,
            })
        });
        let class = Class {
            path: valid.path.as_str().into(),
            was: valid.was.as_deref().map(Into::into),
            library,
            epoch,
            present: true,
            place: valid.place.clone(),
            record: valid.record,
            state: valid.state,
            construct: valid.construct,
            base: None,
            base_offset: valid.base_offset,
            own_handlers: handlers.collect(),
            own_loops: valid
                .loops
                .iter()
                .map(|entry| Loop { name: entry.name.as_str().into(), turn: entry.turn, part_offset: 0, since: epoch })
                .collect(),
            mask: EventMask::EMPTY,
            handlers: Vec::new(),
            loops: Vec::new(),
            keep: Keep(image.keep.clone()),
        };
        match known {
            Some(number) => {
                let former = std::mem::replace(&mut self.classes[usize::from(number)], class);
                // Unless something new has taken the old path meanwhile.
                if *former.path != *valid.path && self.by_path.get(&former.path) == Some(&number) {
                    self.by_path.remove(&former.path);
                }
                self.by_path.insert(valid.path.as_str().into(), number);
            }
            None if self.classes.len() < usize::from(crate::instance::MAX_CLASSES) => {
                self.by_path.insert(valid.path.as_str().into(), self.classes.len() as u16);
                self.classes.push(class);
            }
            None => problems.push(Problem::new(
                "class.too_many",
                &valid.path,
                format!("a world has at most {} classes", crate::instance::MAX_CLASSES),
                "restart the host: numbers of classes that have been removed are free again then",
            )),
        }
    }

    /// Works out what each class handles in the end, then the routes.
    fn resolve(&mut self, former: &Self, epoch: u32) {
        self.by_record = self
            .classes
            .iter()
            .enumerate()
            .filter(|(_, class)| class.present)
            .map(|(number, class)| (core::ptr::from_ref(class.record).addr(), number as u16))
            .collect();
        for number in 0..self.classes.len() {
            let (mask, handlers, loops) = self.inherited(number as u16);
            let before = former.classes.get(number).map_or(&[][..], |class| &class.loops[..]);
            let class = &mut self.classes[number];
            (class.mask, class.handlers) = (mask, handlers);
            class.loops = loops
                .into_iter()
                .map(|entry| Loop {
                    since: before.iter().find(|old| old.name == entry.name).map_or(epoch, |old| old.since),
                    ..entry
                })
                .collect();
        }
        self.routes = Rc::new(Routes::build(&self.classes));
        self.short_ways = ShortWays::build(&self.vocabulary, &self.routes);
    }

    /// Own handlers and loops, then those of the bases that are not overridden.
    fn inherited(&self, number: u16) -> (EventMask, Vec<Handler>, Vec<Loop>) {
        let (mut mask, mut handlers, mut loops) = (EventMask::EMPTY, Vec::new(), Vec::<Loop>::new());
        if !self.class(number).present {
            return (mask, handlers, loops);
        }
        let (mut at, mut part_offset) = (Some(number), 0);
        while let Some(current) = at {
            let class = self.class(current);
            for handler in &class.own_handlers {
                if !mask.contains(handler.event) {
                    mask = mask.with(handler.event);
                    handlers.push(Handler { part_offset, ..*handler });
                }
            }
            for entry in &class.own_loops {
                if !loops.iter().any(|known| known.name == entry.name) {
                    loops.push(Loop { part_offset, ..entry.clone() });
                }
            }
            part_offset += class.base_offset;
            at = class.base;
        }
        (mask, handlers, loops)
    }

    /// The class and its bases, nearest first, with the bytes from the start of an object to their part.
    pub(crate) fn parts(&self, class: u16) -> Vec<(u16, usize)> {
        let (mut parts, mut at, mut offset) = (Vec::new(), Some(class), 0);
        while let Some(number) = at {
            parts.push((number, offset));
            offset += self.class(number).base_offset;
            at = self.class(number).base;
        }
        parts
    }

    /// The images that the classes are of, some more than once.
    pub(crate) fn images(&self) -> impl Iterator<Item = &Keep> {
        self.classes.iter().map(|class| &class.keep)
    }

    /// Lets go of the libraries of absent classes of which nothing is left.
    pub(crate) fn forget_absent(&mut self, is_empty: impl Fn(u16) -> bool) {
        for number in 0..self.classes.len() {
            let class = &mut self.classes[number];
            if !class.present && is_empty(number as u16) {
                class.record = &NO_CLASS;
                class.state = descriptor::<()>();
                class.construct = None;
                class.base = None;
                class.own_handlers.clear();
                class.own_loops.clear();
                class.keep = Keep(Rc::new(()));
            }
        }
    }

    /// The names of the events in a mask of the world, sorted.
    pub(crate) fn names(&self, mask: EventMask) -> Vec<String> {
        let mut names: Vec<String> = mask.iter().map(|id| self.vocabulary.name(id).to_owned()).collect();
        names.sort();
        names
    }
}
