//! `Vec<Box<dyn Trait>>`: everybody is asked, those who do not listen do nothing.

use super::HIT;
use crate::support::{
    contest::Contender,
    family::{Family, Object, Population, Visitor},
    random::Random,
};
use bench_logic::Hit;
use std::hint::black_box;

/// What a game's object trait looks like: a method per event, which does nothing unless overridden.
pub(crate) trait Dynamic {
    fn on_hit(&mut self, _event: &Hit) {}
    fn count(&self) -> u32;
}

struct Listening<T>(T);

impl<T: Object> Dynamic for Listening<T> {
    fn on_hit(&mut self, event: &Hit) {
        self.0.hit(event);
    }
    fn count(&self) -> u32 {
        self.0.count()
    }
}

struct Deaf<T>(T);

impl<T: Object> Dynamic for Deaf<T> {
    fn count(&self) -> u32 {
        self.0.count()
    }
}

/// A new object of a class.
pub(crate) fn boxed<F: Family>(class: usize, listens: bool) -> Box<dyn Dynamic> {
    struct Make(bool);
    impl Visitor for Make {
        type Output = Box<dyn Dynamic>;
        fn visit<T: Object>(self) -> Self::Output {
            if self.0 { Box::new(Listening(T::default())) } else { Box::new(Deaf(T::default())) }
        }
    }
    F::with(class, Make(listens))
}

pub(crate) struct Boxes {
    objects: Vec<Box<dyn Dynamic>>,
}

impl Boxes {
    /// Made class by class, so that calls are predictable and neighbours in memory follow one another.
    pub(crate) fn sorted<F: Family>(population: Population) -> Self {
        let mut order = population.order::<F>();
        order.sort_unstable();
        Self { objects: order.into_iter().map(|class| boxed::<F>(class, population.listens(class))).collect() }
    }

    /// In an order that has nothing to do with class or memory: a list after an hour of play.
    pub(crate) fn shuffled<F: Family>(population: Population) -> Self {
        let mut boxes = Self::sorted::<F>(population);
        Random::new(1).shuffle(&mut boxes.objects);
        boxes
    }
}

impl Contender for Boxes {
    fn run(&mut self) {
        let event = black_box(&HIT);
        for object in &mut self.objects {
            object.on_hit(event);
        }
    }

    fn tally(&mut self) -> Option<u64> {
        Some(self.objects.iter().map(|object| u64::from(object.count())).sum())
    }
}
