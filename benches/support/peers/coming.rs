//! Coming and going: how each peer makes objects of eight classes live and ends them.

use super::{bevy, boxes, hecs_world, world::Loaded};
use crate::support::{
    contest::{Contender, Entry},
    family::{Eight, Family},
    random::Random,
};
use bench_logic::{Breed, Cull};
use boxes::Dynamic;
use reload_core::{ObjectId, World};
use slotmap::{DefaultKey, SlotMap};

const CLASSES: usize = Eight::CLASSES;

/// A store of objects of eight classes.
pub(crate) trait Nest: 'static {
    type Id: Copy;
    fn new() -> Self;
    fn spawn(&mut self, class: usize) -> Self::Id;
    fn destroy(&mut self, id: Self::Id);
}

/// All spawned, classes in turn; all destroyed, at random.
struct Generation<N: Nest> {
    nest: N,
    ids: Vec<N::Id>,
    /// In which order they go.
    fates: Vec<u32>,
}

impl<N: Nest> Generation<N> {
    fn entry(objects: usize) -> Box<dyn Contender> {
        let mut fates: Vec<u32> = (0..objects as u32).collect();
        Random::new(3).shuffle(&mut fates);
        Box::new(Self { nest: N::new(), ids: Vec::new(), fates })
    }
}

impl<N: Nest> Contender for Generation<N> {
    fn run(&mut self) {
        self.ids.clear();
        for number in 0..self.fates.len() {
            self.ids.push(self.nest.spawn(number % CLASSES));
        }
        for fate in &self.fates {
            self.nest.destroy(self.ids[*fate as usize]);
        }
    }
}

/// Everybody, in the order of the table.
pub(crate) fn everybody(objects: usize) -> Vec<Entry> {
    vec![
        ("hecs", Generation::<hecs::World>::entry(objects)),
        ("reload-core, from a handler of the library", FromHandler::entry(objects)),
        ("reload-core, from the host by path", Generation::<ByPath>::entry(objects)),
        ("reload-core, linked into the host", Generation::<Linked>::entry(objects)),
        ("Bevy", Generation::<InBevy>::entry(objects)),
        ("slotmap of boxes", Generation::<InSlotmap>::entry(objects)),
    ]
}

impl Nest for hecs::World {
    type Id = hecs::Entity;
    fn new() -> Self {
        Self::new()
    }
    fn spawn(&mut self, class: usize) -> Self::Id {
        hecs_world::spawn::<Eight>(self, class)
    }
    fn destroy(&mut self, id: Self::Id) {
        self.despawn(id).expect("it lives");
    }
}

/// Classes of the loaded library, spawned from outside of it.
pub(crate) struct ByPath {
    loaded: Loaded,
    paths: Vec<String>,
}

impl Nest for ByPath {
    type Id = ObjectId;
    fn new() -> Self {
        Self { loaded: Loaded::open(), paths: (0..CLASSES).map(Eight::path).collect() }
    }
    fn spawn(&mut self, class: usize) -> ObjectId {
        self.loaded.world.spawn_named(&self.paths[class]).expect("a class of the library")
    }
    fn destroy(&mut self, id: ObjectId) {
        self.loaded.world.destroy(id);
    }
}

/// A release without a dynamic library: the host names the types.
pub(crate) struct Linked(Loaded);

impl Nest for Linked {
    type Id = ObjectId;
    fn new() -> Self {
        Self(Loaded::linked())
    }
    fn spawn(&mut self, class: usize) -> ObjectId {
        use crate::support::family::{Object, Visitor};
        struct Spawn<'a>(&'a mut World);
        impl Visitor for Spawn<'_> {
            type Output = ObjectId;
            fn visit<T: Object>(self) -> ObjectId {
                self.0.spawn(T::default()).expect("a class of the library")
            }
        }
        Eight::with(class, Spawn(&mut self.0.world))
    }
    fn destroy(&mut self, id: ObjectId) {
        self.0.world.destroy(id);
    }
}

pub(crate) struct InBevy {
    world: bevy_ecs::world::World,
    classes: Vec<bevy::ClassFunctions>,
}

impl Nest for InBevy {
    type Id = bevy_ecs::entity::Entity;
    fn new() -> Self {
        Self { world: bevy_ecs::world::World::new(), classes: bevy::ClassFunctions::all::<Eight>() }
    }
    fn spawn(&mut self, class: usize) -> Self::Id {
        (self.classes[class].spawn)(&mut self.world)
    }
    fn destroy(&mut self, id: Self::Id) {
        self.world.despawn(id);
    }
}

struct InSlotmap(SlotMap<DefaultKey, Box<dyn Dynamic>>);

impl Nest for InSlotmap {
    type Id = DefaultKey;
    fn new() -> Self {
        Self(SlotMap::new())
    }
    fn spawn(&mut self, class: usize) -> DefaultKey {
        self.0.insert(boxes::boxed::<Eight>(class, true))
    }
    fn destroy(&mut self, id: DefaultKey) {
        self.0.remove(id);
    }
}

/// A handler of the library asks for all of them; they come and go when it has returned.
struct FromHandler {
    loaded: Loaded,
    nursery: ObjectId,
    objects: u32,
}

impl FromHandler {
    fn entry(objects: usize) -> Box<dyn Contender> {
        let mut loaded = Loaded::open();
        let nursery = loaded.world.spawn_named("bench_logic::Nursery").expect("a class of the library");
        Box::new(Self { loaded, nursery, objects: objects as u32 })
    }
}

impl Contender for FromHandler {
    fn run(&mut self) {
        let world = &mut self.loaded.world;
        world.send(self.nursery, &Breed { count: self.objects });
        assert_eq!(world.instances(), self.objects as usize + 1, "all of them live");
        world.send(self.nursery, &Cull);
        assert_eq!(world.instances(), 1, "all of them are gone");
    }
}
