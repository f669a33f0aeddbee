//! Coming and going: how each peer makes objects of eight classes live and ends them.

use super::{bevy, boxes, hecs_world, world::Loaded};
use crate::support::{
    contest::{Contender, Entry},
    family::{Eight, Family, Object, Visitor},
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
        ("hecs, by commands", ByCommands::<HecsCommands>::entry(objects)),
        ("Bevy, by commands", ByCommands::<BevyCommands>::entry(objects)),
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

/// What a handler's wishes are to a peer: commands, carried out together.
trait Commands: Default + 'static {
    type Id: Copy;
    /// Asks for an object; its id is known at once.
    fn spawn<T: Object>(&mut self) -> Self::Id;
    fn destroy(&mut self, id: Self::Id);
    fn carry_out(&mut self);
    fn lives(&self, id: Self::Id) -> bool;
}

/// All asked for and made, then all ended, in the order of [`FromHandler`].
struct ByCommands<C: Commands> {
    commands: C,
    ids: Vec<C::Id>,
    objects: usize,
}

impl<C: Commands> ByCommands<C> {
    fn entry(objects: usize) -> Box<dyn Contender> {
        Box::new(Self { commands: C::default(), ids: Vec::new(), objects })
    }
}

impl<C: Commands> Contender for ByCommands<C> {
    fn run(&mut self) {
        struct Spawn<'a, C>(&'a mut C);
        impl<C: Commands> Visitor for Spawn<'_, C> {
            type Output = C::Id;
            fn visit<T: Object>(self) -> C::Id {
                self.0.spawn::<T>()
            }
        }
        for number in 0..self.objects {
            self.ids.push(Eight::with(number % CLASSES, Spawn(&mut self.commands)));
        }
        self.commands.carry_out();
        let last = self.ids[self.objects - 1];
        assert!(self.commands.lives(last), "all of them live");
        for at in 0..self.objects {
            self.commands.destroy(self.ids[at * 7_919 % self.objects]);
        }
        self.ids.clear();
        self.commands.carry_out();
        assert!(!self.commands.lives(last), "all of them are gone");
    }
}

#[derive(Default)]
struct HecsCommands {
    world: hecs::World,
    buffer: hecs::CommandBuffer,
}

impl Commands for HecsCommands {
    type Id = hecs::Entity;
    fn spawn<T: Object>(&mut self) -> hecs::Entity {
        let id = self.world.reserve_entity();
        self.buffer.insert(id, (T::default(),));
        id
    }
    fn destroy(&mut self, id: hecs::Entity) {
        self.buffer.despawn(id);
    }
    fn carry_out(&mut self) {
        self.buffer.run_on(&mut self.world);
    }
    fn lives(&self, id: hecs::Entity) -> bool {
        self.world.contains(id)
    }
}

#[derive(Default)]
struct BevyCommands {
    world: bevy_ecs::world::World,
    queue: bevy_ecs::world::CommandQueue,
}

impl Commands for BevyCommands {
    type Id = bevy_ecs::entity::Entity;
    fn spawn<T: Object>(&mut self) -> Self::Id {
        bevy_ecs::system::Commands::new(&mut self.queue, &self.world).spawn(bevy::Body(T::default())).id()
    }
    fn destroy(&mut self, id: Self::Id) {
        bevy_ecs::system::Commands::new(&mut self.queue, &self.world).entity(id).despawn();
    }
    fn carry_out(&mut self) {
        self.queue.apply(&mut self.world);
    }
    fn lives(&self, id: Self::Id) -> bool {
        self.world.get_entity(id).is_ok()
    }
}
