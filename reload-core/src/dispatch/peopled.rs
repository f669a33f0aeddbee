//! Which routes of an event lead to objects. A library may have hundreds of classes that nobody is of yet: an event does not
//! go past them.

use crate::{
    event::EVENT_LIMIT,
    instance::Store,
    registry::{Route, Routes},
};
use std::rc::Rc;

/// For each event the routes on which it finds objects, from the last time that somebody looked.
#[derive(Default)]
pub(super) struct Peopled {
    /// Whose routes these are; other ones are looked at anew.
    of: Rc<Routes>,
    fans: Vec<Fan>,
}

#[derive(Clone)]
struct Fan {
    routes: Vec<Route>,
    /// The store's [`arrivals`](Store::arrivals) by then, or [`NEVER`].
    arrivals: u64,
}

/// More than ever arrive.
const NEVER: u64 = u64::MAX;

impl Peopled {
    /// The routes on which an event finds objects. A class may have lost its last one since somebody looked; one that has got
    /// its first since makes this look again.
    #[inline(always)]
    pub(super) fn routes(&mut self, event: u16, of: &Rc<Routes>, store: &Store) -> &[Route] {
        if of.all(event).is_empty() {
            return &[];
        }
        match self.fans.get(usize::from(event)) {
            Some(fan) if fan.arrivals == store.arrivals() && Rc::ptr_eq(&self.of, of) => {}
            _ => self.look(event, of, store),
        }
        self.fans.get(usize::from(event)).map_or(&[], |fan| fan.routes.as_slice())
    }

    #[cold]
    fn look(&mut self, event: u16, of: &Rc<Routes>, store: &Store) {
        if !Rc::ptr_eq(&self.of, of) {
            let nobody_looked = Fan { routes: Vec::new(), arrivals: NEVER };
            *self = Self { of: Rc::clone(of), fans: vec![nobody_looked; usize::from(EVENT_LIMIT)] };
        }
        let Some(fan) = self.fans.get_mut(usize::from(event)) else { return };
        fan.routes.clear();
        fan.routes.extend(of.all(event).iter().filter(|route| store.pool(route.class).active() > 0));
        fan.arrivals = store.arrivals();
    }
}
