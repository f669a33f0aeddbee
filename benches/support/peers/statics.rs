//! The limit: a loop over one `Vec` per class, compiled together with the handlers.

use super::HIT;
use crate::support::{
    contest::Contender,
    family::{Family, Population, Statics},
};
use std::hint::black_box;

pub(crate) struct StaticLoop<F: Family> {
    statics: F::Statics,
    all: bool,
}

impl<F: Family> StaticLoop<F> {
    pub(crate) fn new(population: Population) -> Self {
        let mut statics = F::Statics::default();
        for class in population.order::<F>() {
            statics.push(class);
        }
        Self { statics, all: population.listening.is_none() }
    }
}

impl<F: Family> Contender for StaticLoop<F> {
    fn run(&mut self) {
        if self.all {
            self.statics.hit_all(black_box(&HIT));
        } else {
            self.statics.hit_first(black_box(&HIT));
        }
    }

    fn tally(&mut self) -> Option<u64> {
        Some(self.statics.tally())
    }
}
