//! An event bus as most engines have one: closures by the event's name, each holding its object.

use super::HIT;
use crate::support::{
    contest::Contender,
    family::{Family, Object, Population, Visitor},
};
use bench_logic::Hit;
use std::{cell::RefCell, collections::HashMap, hint::black_box, rc::Rc};

type Subscriber = Box<dyn FnMut(&Hit)>;
type Count = Box<dyn Fn() -> u32>;

pub(crate) struct Bus {
    subscribers: HashMap<String, Vec<Subscriber>>,
    counts: Vec<Count>,
}

impl Bus {
    pub(crate) fn new<F: Family>(population: Population) -> Self {
        struct Subscribe;
        impl Visitor for Subscribe {
            type Output = (Subscriber, Count);
            fn visit<T: Object>(self) -> Self::Output {
                let object = Rc::new(RefCell::new(T::default()));
                let counted = Rc::clone(&object);
                (Box::new(move |event| object.borrow_mut().hit(event)), Box::new(move || counted.borrow().count()))
            }
        }
        let mut bus = Self { subscribers: HashMap::new(), counts: Vec::new() };
        for class in population.order::<F>() {
            let (subscriber, count) = F::with(class, Subscribe);
            // The others live as well, and have their own event.
            let name = if population.listens(class) { "hit" } else { "other" };
            bus.subscribers.entry(name.to_owned()).or_default().push(subscriber);
            bus.counts.push(count);
        }
        bus
    }
}

impl Contender for Bus {
    fn run(&mut self) {
        let event = black_box(&HIT);
        if let Some(subscribers) = self.subscribers.get_mut(black_box("hit")) {
            for subscriber in subscribers {
                subscriber(event);
            }
        }
    }

    fn tally(&mut self) -> Option<u64> {
        Some(self.counts.iter().map(|count| u64::from(count())).sum())
    }
}
