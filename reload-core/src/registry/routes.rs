//! Routes: for each event whom to call, and for each event a row with every class's handler. Built
//! anew from the masks at each commit, which is simpler than patching and does not depend on how
//! many objects there are.
#![expect(unsafe_code, reason = "an entry of a row is read without asking for the row's length")]

use super::{
    Class, Handler,
    running::{Kind, Running},
};
use crate::{
    class::{BatchFn, OneFn},
    event::EVENT_LIMIT,
    instance::Seat,
};
use core::mem::offset_of;
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
    pub(crate) site: Site,
}

/// Bytes from the start of an object to the part that its handler is written for, and what the pulse says while that runs: in
/// one number, which a delivery reads at once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Site(u64);

impl Site {
    /// An object is smaller than 4 GiB, see `Stride`.
    const fn new(part_offset: usize, what: Running) -> Self {
        Self((part_offset as u64) << 32 | what.to_bits() as u64)
    }

    #[inline(always)]
    pub(crate) const fn part_offset(self) -> usize {
        (self.0 >> 32) as usize
    }

    #[inline(always)]
    pub(crate) const fn what(self) -> Running {
        Running::from_bits(self.0 as u32)
    }
}

/// A step of a [`Seat`].
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug, Default)]
struct Step(Option<OneFn>);

/// One class's entry of a row.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    call: Step,
    /// What those find who rest: nothing.
    nobodys: Step,
    site: Site,
    unused: u64,
}

const _: () =
    assert!(size_of::<Entry>() == Seat::STEPS * size_of::<Step>() && offset_of!(Entry, nobodys) == size_of::<Step>());

/// The handlers of an event, one entry for each class, but at least one.
#[derive(Clone, Debug)]
pub(crate) struct Row(Rc<[Entry]>);

impl Row {
    /// Without handlers.
    pub(super) fn of(classes: usize) -> Self {
        Self(vec![Entry::default(); classes.max(1)].into())
    }

    /// The handler of an object.
    ///
    /// # Safety
    ///
    /// 1. The seat is that of a slot of the world that the row is of.
    #[inline(always)]
    pub(crate) unsafe fn one(&self, seat: Seat) -> Option<One> {
        debug_assert!(usize::from(seat.class()) < self.0.len());
        // SAFETY: (1) an object's class has an entry, as rows are made for all classes, and a slot without an object has the
        // first one's second step. A seat is that of a `call`, behind which is a site, or that of a `nobodys`, which is none.
        unsafe {
            let step = self.0.as_ptr().cast::<Step>().add(seat.steps());
            let call = (*step).0?;
            Some(One { call, site: *step.byte_add(offset_of!(Entry, site)).cast::<Site>() })
        }
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
        let mut rows = vec![Row::of(classes.len()); events];
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
                Rc::make_mut(row)[number] = Entry {
                    call: Step(Some(one)),
                    site: Site::new(part_offset, what(Kind::Delivery)),
                    ..Entry::default()
                };
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
