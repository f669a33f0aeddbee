//! Routes: for each event whom to call, and for each event a row with every class's handler. Built
//! anew from the masks at each commit, which is simpler than patching and does not depend on how
//! many objects there are.

use super::Class;
use crate::{
    class::{BatchFn, OneFn},
    event::EVENT_LIMIT,
};

/// One pool to deliver an event to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) class: u16,
    pub(crate) batch: BatchFn,
    pub(crate) part_offset: usize,
}

/// How to deliver an event to one object of a class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct One {
    pub(crate) call: OneFn,
    pub(crate) part_offset: usize,
}

/// The handler of each class for one event; empty if no class has one.
pub(crate) type Row = Box<[Option<One>]>;

/// Routes in the order of the classes' paths, so that the order of delivery does not depend on the
/// order of registration; rows indexed by class.
pub(super) fn build(classes: &[Class]) -> (Vec<Vec<Route>>, Vec<Row>) {
    let mut routes: Vec<Vec<Route>> = vec![Vec::new(); usize::from(EVENT_LIMIT)];
    let mut rows: Vec<Row> = vec![Box::default(); usize::from(EVENT_LIMIT)];
    let mut order: Vec<usize> = (0..classes.len()).collect();
    order.sort_by(|left, right| classes[*left].path.cmp(&classes[*right].path));
    for number in order {
        for handler in &classes[number].handlers {
            let event = usize::from(handler.event);
            routes[event].push(Route { class: number as u16, batch: handler.batch, part_offset: handler.part_offset });
            if rows[event].is_empty() {
                rows[event] = vec![None; classes.len()].into();
            }
            rows[event][number] = Some(One { call: handler.one, part_offset: handler.part_offset });
        }
    }
    (routes, rows)
}
