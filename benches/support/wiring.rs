//! Code changes: how each peer takes a handler away from all objects of a class, and gives it back.

use crate::support::{
    contest::{Contender, Entry},
    family::{Eight, Family, One, SixtyFour, Visitor},
    peers::{HIT, bevy},
};
use bench_logic::{Events, Hit, medium};
use bevy_ecs::prelude::{Component, Entity, World as BevyWorld};
use reload_core::{InProcess, LibrarySource, ReloadSession, World};
use std::{cell::RefCell, collections::HashMap, rc::Rc};

/// Beyond this an observer per entity takes seconds.
const MOST_ENTITY_OBSERVERS: usize = 10_000;

/// The class before and after the edit. What a reload does from here on does not depend on where the tables come from.
mod off {
    /// Hears nothing.
    #[reload_core::game_class(path = "rewire::Thing", no_handlers)]
    #[derive(Default)]
    pub(super) struct Thing {
        pub(super) hp: i32,
        pub(super) rest: [u32; 15],
    }
}

mod on {
    use bench_logic::Hit;

    /// Hears the hit.
    #[reload_core::game_class(path = "rewire::Thing")]
    #[derive(Default)]
    pub(super) struct Thing {
        pub(super) hp: i32,
        pub(super) rest: [u32; 15],
    }

    #[reload_core::game_class]
    impl Thing {
        fn event_hit(&mut self, event: &Hit) {
            self.hp -= event.amount;
        }
    }
}

/// Everybody, with a number of objects of one class.
pub(crate) fn handler(objects: usize) -> Vec<Entry> {
    let mut entries: Vec<Entry> = vec![
        ("reload-core", Box::new(Reloads::new(objects))),
        ("list of handles", Box::new(Handles::new(objects))),
        ("closure bus", Box::new(Closures::new(objects))),
        ("Bevy, an observer of the class", Box::new(ClassObserver::new(objects))),
        ("Bevy, a marker per entity", Box::new(Markers::new(objects))),
    ];
    if objects <= MOST_ENTITY_OBSERVERS {
        entries.push(("Bevy, an observer per entity", Box::new(EntityObservers::new(objects))));
    }
    entries
}

/// From validated tables to the next event: the pause that the game sees.
struct Reloads {
    world: World,
    session: ReloadSession,
}

fn library(listens: bool) -> InProcess {
    let library = InProcess::new().table::<Events>();
    if listens { library.class::<on::Thing>() } else { library.class::<off::Thing>() }
}

impl Reloads {
    fn new(objects: usize) -> Self {
        let mut world = World::new();
        let session = ReloadSession::open(LibrarySource::in_process("rewire", library(true)), &mut world)
            .unwrap_or_else(|rejection| panic!("{rejection}"));
        for _ in 0..objects {
            world.spawn(on::Thing::default()).expect("a class of the library");
        }
        Self { world, session }
    }
}

impl Contender for Reloads {
    fn run(&mut self) {
        for listens in [false, true] {
            let report = self.session.offer(&mut self.world, library(listens));
            assert!(report.is_reloaded(), "{report}");
        }
    }
}

/// A subscriber list as a host without pools keeps it.
struct Handles {
    objects: usize,
    listeners: Vec<(u32, u32)>,
}

impl Handles {
    fn new(objects: usize) -> Self {
        let listeners = (0..objects as u32).map(|object| (0, object)).collect();
        Self { objects, listeners }
    }
}

impl Contender for Handles {
    fn run(&mut self) {
        self.listeners.retain(|(class, _)| *class != 0);
        self.listeners.extend((0..self.objects as u32).map(|object| (0, object)));
    }
}

type Subscriber = (u32, Box<dyn FnMut(&Hit)>);

/// A bus of closures, which have to be made anew, because the new code is another closure.
struct Closures {
    objects: Vec<Rc<RefCell<medium::C0>>>,
    subscribers: HashMap<String, Vec<Subscriber>>,
}

impl Closures {
    fn new(objects: usize) -> Self {
        let objects = (0..objects).map(|_| Rc::new(RefCell::new(medium::C0::default()))).collect();
        let mut closures = Self { objects, subscribers: HashMap::new() };
        closures.subscribe();
        closures
    }

    fn subscribe(&mut self) {
        let subscribers = self.subscribers.entry("hit".to_owned()).or_default();
        for object in &self.objects {
            let object = Rc::clone(object);
            subscribers.push((0, Box::new(move |event| object.borrow_mut().event_hit(event))));
        }
    }
}

impl Contender for Closures {
    fn run(&mut self) {
        for subscribers in self.subscribers.values_mut() {
            subscribers.retain(|(class, _)| *class != 0);
        }
        self.subscribe();
    }
}

#[derive(Component)]
struct Listens;

fn entities(objects: usize) -> (BevyWorld, Vec<Entity>) {
    let mut world = BevyWorld::new();
    let entities = (0..objects).map(|_| world.spawn(bevy::Body(medium::C0::default())).id()).collect();
    (world, entities)
}

/// A marker says which entities a system visits.
struct Markers(BevyWorld, Vec<Entity>);

impl Markers {
    fn new(objects: usize) -> Self {
        let (mut world, entities) = entities(objects);
        for entity in &entities {
            world.entity_mut(*entity).insert(Listens);
        }
        Self(world, entities)
    }
}

impl Contender for Markers {
    fn run(&mut self) {
        for entity in &self.1 {
            self.0.entity_mut(*entity).remove::<Listens>();
        }
        for entity in &self.1 {
            self.0.entity_mut(*entity).insert(Listens);
        }
    }
}

/// One observer for all entities, if that is fine enough.
struct ClassObserver(BevyWorld, Entity);

impl ClassObserver {
    fn new(objects: usize) -> Self {
        let (mut world, _) = entities(objects);
        let observer = bevy::ObserveOne(&mut world).visit::<medium::C0>();
        Self(world, observer)
    }
}

impl Contender for ClassObserver {
    fn run(&mut self) {
        self.0.despawn(self.1);
        self.1 = bevy::ObserveOne(&mut self.0).visit::<medium::C0>();
    }
}

/// Observers are entities of their own.
struct EntityObservers(BevyWorld, Vec<Entity>, Vec<Entity>);

impl EntityObservers {
    fn new(objects: usize) -> Self {
        let (world, entities) = entities(objects);
        let mut observers = Self(world, entities, Vec::new());
        observers.observe();
        observers
    }

    fn observe(&mut self) {
        for entity in &self.1 {
            let mut observer = bevy_ecs::observer::Observer::new(bevy::observe_one::<medium::C0>);
            observer.watch_entity(*entity);
            self.2.push(self.0.spawn(observer).id());
        }
    }
}

impl Contender for EntityObservers {
    fn run(&mut self) {
        for observer in std::mem::take(&mut self.2) {
            self.0.despawn(observer);
        }
        self.observe();
        self.0.trigger(bevy::HitOne { entity: self.1[0], amount: HIT.amount });
    }
}

/// A library whose classes are all new code, with the objects of each alive.
pub(crate) fn classes(count: usize) -> Vec<Entry> {
    let entry: Box<dyn Contender> = match count {
        1 => Box::new(WholeLibrary::new::<One>()),
        8 => Box::new(WholeLibrary::new::<Eight>()),
        _ => Box::new(WholeLibrary::new::<SixtyFour>()),
    };
    vec![("reload-core", entry)]
}

struct WholeLibrary {
    world: World,
    session: ReloadSession,
    library: InProcess,
}

impl WholeLibrary {
    fn new<F: Family>() -> Self {
        struct Add(InProcess);
        impl Visitor for Add {
            type Output = InProcess;
            fn visit<T: crate::support::family::Object>(self) -> InProcess {
                self.0.class::<T>()
            }
        }
        let none = InProcess::new().table::<Events>();
        let library = (0..F::CLASSES).fold(none, |library, class| F::with(class, Add(library)));
        let mut world = World::new();
        let session = ReloadSession::open(LibrarySource::in_process("classes", library.clone()), &mut world)
            .unwrap_or_else(|rejection| panic!("{rejection}"));
        for class in 0..F::CLASSES {
            for _ in 0..1_000 {
                world.spawn_named(&F::path(class)).expect("a class of the library");
            }
        }
        Self { world, session, library }
    }
}

impl Contender for WholeLibrary {
    fn run(&mut self) {
        let report = self.session.offer(&mut self.world, self.library.clone());
        assert!(report.is_reloaded(), "{report}");
    }
}
