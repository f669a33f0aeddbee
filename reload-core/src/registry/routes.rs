//! Routes: for each event whom to call, and for each event a row with every class's handler. Built
//! anew from the masks at each commit, which is simpler than patching and does not depend on how
//! many objects there are.
#![expect(unsafe_code, reason = "an entry of a row is read without asking for the row's length")]

use super::{
    Class, Handler,
    running::{Kind, Running},
};
use crate::{
    class::{BatchFn, OneFn, stand_ins},
    event::EVENT_LIMIT,
    instance::Seat,
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

/// How to deliver an event to one object of a class: the handler's address, and below it, in 16 bits, the bytes from the start of
/// the object to the part that the handler is written for. One number, because a delivery to objects that are far in memory takes
/// as long as the processor has room for what it has begun to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct One(u64);

impl One {
    /// In place of an offset: there is no handler, but a function that does nothing. To call it costs less than to ask before
    /// every call.
    const NOBODYS: u16 = u16::MAX;

    fn new(call: OneFn, part_offset: usize) -> Self {
        match u16::try_from(part_offset) {
            Ok(offset) if offset != Self::NOBODYS => Self::at(call, offset),
            _ => Self::at(stand_ins::far, 0),
        }
    }

    fn nobodys() -> Self {
        Self::at(stand_ins::nobody, Self::NOBODYS)
    }

    fn at(call: OneFn, low: u16) -> Self {
        let address = (call as *const ()).expose_provenance() as u64;
        assert!(address >> 48 == 0, "this system has code above 2^48, where rows cannot tell it");
        Self(address << 16 | u64::from(low))
    }

    #[inline(always)]
    pub(crate) fn call(self) -> OneFn {
        let address = core::ptr::with_exposed_provenance::<()>((self.0 >> 16) as usize);
        // SAFETY: it is the address of such a function, see `at`.
        unsafe { core::mem::transmute::<*const (), OneFn>(address) }
    }

    #[inline(always)]
    pub(crate) const fn part_offset(self) -> usize {
        self.0 as u16 as usize
    }

    #[inline(always)]
    pub(crate) const fn is_nobodys(self) -> bool {
        self.0 as u16 == Self::NOBODYS
    }
}

/// The handlers of an event: for each class as many steps as a [`Seat`] has, the second one of which is nobody's. At least one
/// class's.
#[derive(Clone, Debug)]
pub(crate) struct Row(Rc<[[One; Seat::STEPS]]>);

impl Row {
    /// Without handlers.
    pub(super) fn of(classes: usize) -> Self {
        Self(vec![[One::nobodys(); Seat::STEPS]; classes.max(1)].into())
    }

    /// The handler of an object.
    ///
    /// # Safety
    ///
    /// 1. The seat is that of a slot of the world that the row is of.
    #[inline(always)]
    pub(crate) unsafe fn one(&self, seat: Seat) -> One {
        debug_assert!(usize::from(seat.class()) < self.0.len());
        // SAFETY: (1) an object's class has its steps, as rows are made for all classes, of which there are never fewer than
        // before; a slot without an object has the first class's second one.
        unsafe { *self.0.as_ptr().cast::<One>().add(seat.steps()) }
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
                let what = Running::new(Kind::Broadcast, Some(class), Some(event));
                all[usize::from(event)].push(Route { class, batch, part_offset, what });
                let Row(row) = &mut rows[usize::from(event)];
                Rc::make_mut(row)[number][0] = One::new(one, part_offset);
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
