//! `hecs`: a class is a component, delivery is a query per class.

use super::HIT;
use crate::support::{
    contest::Contender,
    family::{Family, Object, Population, Visitor},
};
use bench_logic::Hit;
use hecs::{Entity, World};
use std::hint::black_box;

/// Spawns an object of a class.
pub(crate) fn spawn<F: Family>(world: &mut World, class: usize) -> Entity {
    struct Spawn<'a>(&'a mut World);
    impl Visitor for Spawn<'_> {
        type Output = Entity;
        fn visit<T: Object>(self) -> Entity {
            self.0.spawn((T::default(),))
        }
    }
    F::with(class, Spawn(world))
}

struct ClassFunctions {
    hit: fn(&mut World, &Hit),
    count: fn(&mut World) -> u64,
}

impl ClassFunctions {
    fn of<F: Family>(class: usize) -> Self {
        struct Find;
        impl Visitor for Find {
            type Output = ClassFunctions;
            fn visit<T: Object>(self) -> ClassFunctions {
                ClassFunctions {
                    hit: |world, event| {
                        for object in world.query_mut::<&mut T>() {
                            object.hit(event);
                        }
                    },
                    count: |world| world.query_mut::<&T>().into_iter().map(|object| u64::from(object.count())).sum(),
                }
            }
        }
        F::with(class, Find)
    }
}

/// Hits that all objects have counted.
pub(crate) fn tally<F: Family>(world: &mut World) -> u64 {
    (0..F::CLASSES).map(|class| (ClassFunctions::of::<F>(class).count)(world)).sum()
}

pub(crate) struct Hecs {
    world: World,
    classes: Vec<ClassFunctions>,
    listening: usize,
}

impl Hecs {
    pub(crate) fn new<F: Family>(population: Population) -> Self {
        let mut world = World::new();
        for class in population.order::<F>() {
            spawn::<F>(&mut world, class);
        }
        let classes: Vec<ClassFunctions> = (0..F::CLASSES).map(ClassFunctions::of::<F>).collect();
        let listening = classes.iter().enumerate().filter(|(class, _)| population.listens(*class)).count();
        Self { world, classes, listening }
    }
}

impl Contender for Hecs {
    fn run(&mut self) {
        let event = black_box(&HIT);
        for class in &self.classes[..self.listening] {
            (class.hit)(&mut self.world, event);
        }
    }

    fn tally(&mut self) -> Option<u64> {
        Some(self.classes.iter().map(|class| (class.count)(&mut self.world)).sum())
    }
}
