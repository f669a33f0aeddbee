//! Routes: for each event whom to call, and for each event a row with every class's handler. Built
//! anew from the masks at each commit, which is simpler than patching and does not depend on how
//! many objects there are.

use super::{
    Class, Handler,
    running::{Kind, Running},
};
use crate::{
    class::{BatchFn, OneFn},
    event::EVENT_LIMIT,
};
use std::rc::Rc;

/// One pool to deliver an event to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) class: u16,
    pub(crate) batch: BatchFn,
    pub(crate) part_offset: usize,
    /// What the pulse says meanwhile.
    pub(crate) what: Running,
}

/// How to deliver an event to one object of a class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct One {
    pub(crate) call: OneFn,
    /// Below the largest size of an object, which pools limit to 32 bits.
    pub(crate) part_offset: u32,
    /// What the pulse says meanwhile.
    pub(crate) what: Running,
}

/// The handlers of an event, by class; none at all if no class has one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row(Rc<[Option<One>]>);

impl Row {
    /// The handler of a class. None for a class that is out of every row's range, as those of quarantined objects are.
    #[inline(always)]
    pub(crate) fn one(&self, class: u16) -> Option<One> {
        self.0.get(usize::from(class)).copied().flatten()
    }
}

/// Who is called for each event.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    /// For each event the pools to deliver to.
    all: Vec<Vec<Route>>,
    /// For each event its row.
    rows: Vec<Row>,
}

impl Routes {
    /// Routes in the order of the classes' paths, so that the order of delivery does not depend on the
    /// order of registration; rows indexed by class.
    pub(super) fn build(classes: &[Class]) -> Self {
        let events = usize::from(EVENT_LIMIT);
        let mut all = vec![Vec::new(); events];
        let mut rows = vec![Row::default(); events];
        let mut order: Vec<usize> = (0..classes.len()).collect();
        order.sort_by(|left, right| classes[*left].path.cmp(&classes[*right].path));
        for number in order {
            for handler in &classes[number].handlers {
                let Handler { event, batch, one, part_offset } = *handler;
                let class = number as u16;
                let what = |kind| Running::new(kind, Some(class), Some(event));
                let route = Route { class, batch, part_offset, what: what(Kind::Broadcast) };
                all[usize::from(event)].push(route);
                let Row(row) = &mut rows[usize::from(event)];
                if row.is_empty() {
                    *row = vec![None; classes.len()].into();
                }
                Rc::make_mut(row)[number] =
                    Some(One { call: one, part_offset: part_offset as u32, what: what(Kind::Delivery) });
            }
        }
        Self { all, rows }
    }

    /// The pools that an event is delivered to, empty ones as well.
    #[inline(always)]
    pub(crate) fn all(&self, event: u16) -> &[Route] {
        self.all.get(usize::from(event)).map_or(&[], Vec::as_slice)
    }

    /// The handlers of an event.
    #[inline(always)]
    pub(crate) fn row(&self, event: u16) -> Option<&Row> {
        self.rows.get(usize::from(event))
    }
}
