//! `signals2`: a slot per object. Its slots have to be `Send`, so each object is behind a lock.

use super::HIT;
use crate::support::{
    contest::Contender,
    family::{Family, Object, Population, Visitor},
};
use bench_logic::Hit;
use signals2::{Connect1 as _, Emit1 as _, Signal};
use std::{
    hint::black_box,
    sync::{Arc, Mutex, PoisonError},
};

type Slot = Box<dyn Fn(i32) + Send + Sync>;
type Count = Box<dyn Fn() -> u32>;

pub(crate) struct Signals {
    hit: Signal<(i32,), ()>,
    /// Of the objects that do not listen.
    other: Signal<(i32,), ()>,
    counts: Vec<Count>,
}

impl Signals {
    pub(crate) fn new<F: Family>(population: Population) -> Self {
        struct Connect;
        impl Visitor for Connect {
            type Output = (Slot, Count);
            fn visit<T: Object>(self) -> Self::Output {
                let object = Arc::new(Mutex::new(T::default()));
                let counted = Arc::clone(&object);
                let slot = move |amount| object.lock().unwrap_or_else(PoisonError::into_inner).hit(&Hit { amount });
                (Box::new(slot), Box::new(move || counted.lock().unwrap_or_else(PoisonError::into_inner).count()))
            }
        }
        let mut signals = Self { hit: Signal::new(), other: Signal::new(), counts: Vec::new() };
        for class in population.order::<F>() {
            let (slot, count) = F::with(class, Connect);
            let signal = if population.listens(class) { &signals.hit } else { &signals.other };
            signal.connect(slot);
            signals.counts.push(count);
        }
        signals
    }
}

impl Contender for Signals {
    fn run(&mut self) {
        self.hit.emit(black_box(HIT.amount));
    }

    fn tally(&mut self) -> Option<u64> {
        Some(self.counts.iter().map(|count| u64::from(count())).sum())
    }
}
