//! `bevy_ecs`: a class is a component. Delivery in Bevy's three ways: a message that a system per class reads, an event
//! with an observer per class, an entity event with an observer per entity.

use super::HIT;
use crate::support::{
    contest::Contender,
    family::{Family, Object, Population, Visitor},
};
use bench_logic::Hit;
use bevy_ecs::{prelude::*, schedule::SingleThreadedExecutor};
use std::hint::black_box;

/// An object as a component.
#[derive(Component)]
pub(crate) struct Body<T: Object>(pub(crate) T);

#[derive(Message)]
struct HitMessage(i32);

#[derive(Event)]
struct HitAll(i32);

/// Sent to one entity.
#[derive(EntityEvent)]
pub(crate) struct HitOne {
    pub(crate) entity: Entity,
    pub(crate) amount: i32,
}

fn system<T: Object>(mut messages: MessageReader<HitMessage>, mut bodies: Query<&mut Body<T>>) {
    for message in messages.read() {
        let event = Hit { amount: message.0 };
        for mut body in &mut bodies {
            body.0.hit(&event);
        }
    }
}

fn observe_all<T: Object>(event: On<HitAll>, mut bodies: Query<&mut Body<T>>) {
    let event = Hit { amount: event.0 };
    for mut body in &mut bodies {
        body.0.hit(&event);
    }
}

/// The observer of an entity event for one class.
pub(crate) fn observe_one<T: Object>(event: On<HitOne>, mut bodies: Query<&mut Body<T>>) {
    if let Ok(mut body) = bodies.get_mut(event.entity) {
        body.0.hit(&Hit { amount: event.amount });
    }
}

/// What has to be written once per class.
pub(crate) struct ClassFunctions {
    pub(crate) spawn: fn(&mut World) -> Entity,
    pub(crate) count: fn(&mut World) -> u64,
}

impl ClassFunctions {
    pub(crate) fn all<F: Family>() -> Vec<Self> {
        struct Find;
        impl Visitor for Find {
            type Output = ClassFunctions;
            fn visit<T: Object>(self) -> ClassFunctions {
                ClassFunctions {
                    spawn: |world| world.spawn(Body(T::default())).id(),
                    count: |world| world.query::<&Body<T>>().iter(world).map(|body| u64::from(body.0.count())).sum(),
                }
            }
        }
        (0..F::CLASSES).map(|class| F::with(class, Find)).collect()
    }
}

/// Adds the system of a class.
struct AddSystem<'a>(&'a mut Schedule);

impl Visitor for AddSystem<'_> {
    type Output = ();
    fn visit<T: Object>(self) {
        self.0.add_systems(system::<T>);
    }
}

/// Adds the observer of a class, of the event to all.
struct ObserveAll<'a>(&'a mut World);

impl Visitor for ObserveAll<'_> {
    type Output = ();
    fn visit<T: Object>(self) {
        self.0.add_observer(observe_all::<T>);
    }
}

/// Adds the observer of a class, of the event to one; answers with its entity.
pub(crate) struct ObserveOne<'a>(pub(crate) &'a mut World);

impl Visitor for ObserveOne<'_> {
    type Output = Entity;
    fn visit<T: Object>(self) -> Entity {
        self.0.add_observer(observe_one::<T>).id()
    }
}

/// Gives an entity an observer of its own.
pub(crate) struct ObserveEntity<'a>(pub(crate) &'a mut World, pub(crate) Entity);

impl Visitor for ObserveEntity<'_> {
    type Output = ();
    fn visit<T: Object>(self) {
        self.0.entity_mut(self.1).observe(observe_one::<T>);
    }
}

/// A world with an entity for each place of `order`, and how its hits are counted.
pub(crate) fn one_by_one<F: Family>(order: &[usize]) -> (World, Vec<Entity>, impl FnMut(&mut World) -> u64 + use<F>) {
    let (mut world, classes) = (World::new(), ClassFunctions::all::<F>());
    let entities = order.iter().map(|class| (classes[*class].spawn)(&mut world)).collect();
    (world, entities, move |world: &mut World| classes.iter().map(|class| (class.count)(world)).sum())
}

struct Populated {
    world: World,
    classes: Vec<ClassFunctions>,
    /// Entities that listen.
    listening: Vec<(usize, Entity)>,
}

impl Populated {
    fn new<F: Family>(population: Population) -> Self {
        let (mut world, classes, mut listening) = (World::new(), ClassFunctions::all::<F>(), Vec::new());
        for class in population.order::<F>() {
            let entity = (classes[class].spawn)(&mut world);
            if population.listens(class) {
                listening.push((class, entity));
            }
        }
        Self { world, classes, listening }
    }

    fn tally(&mut self) -> Option<u64> {
        Some(self.classes.iter().map(|class| (class.count)(&mut self.world)).sum())
    }
}

/// A message, read by one system per class.
pub(crate) struct Messages {
    populated: Populated,
    schedule: Schedule,
}

impl Messages {
    pub(crate) fn new<F: Family>(population: Population) -> Self {
        let mut populated = Populated::new::<F>(population);
        populated.world.init_resource::<bevy_ecs::message::Messages<HitMessage>>();
        let mut schedule = Schedule::default();
        schedule.set_executor(SingleThreadedExecutor::new());
        for class in (0..F::CLASSES).filter(|class| population.listens(*class)) {
            F::with(class, AddSystem(&mut schedule));
        }
        Self { populated, schedule }
    }
}

impl Contender for Messages {
    fn run(&mut self) {
        let world = &mut self.populated.world;
        world.write_message(HitMessage(black_box(HIT.amount)));
        self.schedule.run(world);
        world.resource_mut::<bevy_ecs::message::Messages<HitMessage>>().update();
    }

    fn tally(&mut self) -> Option<u64> {
        self.populated.tally()
    }
}

/// An event, with one observer per class that queries.
pub(crate) struct ClassObservers(Populated);

impl ClassObservers {
    pub(crate) fn new<F: Family>(population: Population) -> Self {
        let mut populated = Populated::new::<F>(population);
        for class in (0..F::CLASSES).filter(|class| population.listens(*class)) {
            F::with(class, ObserveAll(&mut populated.world));
        }
        Self(populated)
    }
}

impl Contender for ClassObservers {
    fn run(&mut self) {
        self.0.world.trigger(HitAll(black_box(HIT.amount)));
    }

    fn tally(&mut self) -> Option<u64> {
        self.0.tally()
    }
}

/// An entity event to each entity, with an observer of its own.
pub(crate) struct EntityObservers(Populated);

impl EntityObservers {
    pub(crate) fn new<F: Family>(population: Population) -> Self {
        let mut populated = Populated::new::<F>(population);
        for (class, entity) in &populated.listening {
            F::with(*class, ObserveEntity(&mut populated.world, *entity));
        }
        Self(populated)
    }
}

impl Contender for EntityObservers {
    fn run(&mut self) {
        for (_, entity) in &self.0.listening {
            self.0.world.trigger(HitOne { entity: *entity, amount: black_box(HIT.amount) });
        }
    }

    fn tally(&mut self) -> Option<u64> {
        self.0.tally()
    }
}
