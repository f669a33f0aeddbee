//! `Ctx`: what a handler can do. The same code runs in the host and in a library; everything that
//! touches the world goes through [`HostCalls`], so that the world's own code is the host's.
#![expect(unsafe_code, reason = "calls into the host with erased values")]

use super::chains::Origin;
use crate::{
    boundary::{ObjectId, Panicked, RawStr},
    class::{ClassRecord, GameClass},
    event::{Event, EventTable, TableRecord},
};
use core::{marker::PhantomData, mem::ManuallyDrop, time::Duration};

/// The functions of the host that a handler can reach. None of them unwinds.
#[repr(C)]
#[derive(Debug)]
pub struct HostCalls {
    /// Queues an event: moves the payload out of `payload` and answers true, or leaves it and answers false.
    pub launch: unsafe extern "C" fn(
        ctx: &mut Ctx,
        table: &'static TableRecord,
        index: u16,
        payload: *mut u8,
        to: ObjectId,
        delay_ns: u64,
    ) -> bool,
    /// Queues an event for each of `count` objects: moves the payload out of `payload` and answers true, or leaves it and
    /// answers false.
    pub launch_each: unsafe extern "C" fn(
        ctx: &mut Ctx,
        table: &'static TableRecord,
        index: u16,
        payload: *mut u8,
        to: *const ObjectId,
        count: usize,
    ) -> bool,
    /// Queues a spawn: moves the value and answers the new id, or leaves it and answers `NONE`.
    pub spawn: unsafe extern "C" fn(ctx: &mut Ctx, class: &'static ClassRecord, value: *mut u8) -> ObjectId,
    /// Queues a spawn through the class's constructor; `NONE` when there is no such class.
    pub spawn_named: unsafe extern "C" fn(ctx: &mut Ctx, path: RawStr) -> ObjectId,
    /// Queues the end of an object.
    pub destroy: unsafe extern "C" fn(ctx: &mut Ctx, id: ObjectId),
    /// Address of the part of class `class` of another object, or null.
    pub get: unsafe extern "C" fn(ctx: &Ctx, id: ObjectId, class: &'static ClassRecord) -> *mut u8,
    /// The id of the object whose handler runs.
    pub id: unsafe extern "C" fn(ctx: &Ctx) -> ObjectId,
    /// World time in nanoseconds.
    pub now: unsafe extern "C" fn(ctx: &Ctx) -> u64,
    /// Visits the ids of the instances of a class and of the classes based on it.
    pub instances: unsafe extern "C" fn(
        ctx: &Ctx,
        class: &'static ClassRecord,
        visit: unsafe extern "C" fn(state: *mut u8, id: ObjectId),
        state: *mut u8,
    ),
    /// Hands the class path of an object to `take`, unless there is no such object.
    pub class_of: unsafe extern "C" fn(
        ctx: &Ctx,
        id: ObjectId,
        take: unsafe extern "C" fn(state: *mut u8, path: RawStr),
        state: *mut u8,
    ),
    /// Calls the handler that the pulse tells for the part of `object` that it is written for.
    pub deliver_far: unsafe extern "C" fn(ctx: &mut Ctx, object: *mut u8, event: *const u8),
    /// Records the panic of the object whose part is at `part`.
    pub faulted: unsafe extern "C" fn(ctx: &mut Ctx, part: *mut u8, message: RawStr, location: RawStr),
}

/// What a handler or a loop can do to the world while it runs.
///
/// Everything that changes the world (`emit`, `send`, `spawn`, `destroy`, ..) is queued and carried
/// out, in the order in which it was asked for, after the delivery that is under way.
#[repr(C)]
#[derive(Debug)]
pub struct Ctx {
    calls: &'static HostCalls,
    /// The host's side of the world; only the host looks inside.
    pub(crate) world: *mut u8,
    /// The part of the object that the running handler is written for; it lies within the object's bytes.
    pub(crate) part: *mut u8,
    /// The link of the chain that caused the delivery. From outside, except while a queued event is delivered.
    pub(crate) cause: Origin,
    not_send: PhantomData<*mut ()>,
}

impl Ctx {
    pub(crate) const fn new(calls: &'static HostCalls, world: *mut u8) -> Self {
        Self { calls, world, part: core::ptr::null_mut(), cause: Origin::OUTSIDE, not_send: PhantomData }
    }

    /// Says which object's handler runs next.
    #[inline(always)]
    pub(crate) const fn enter(&mut self, part: *mut u8) {
        self.part = part;
    }

    /// # Safety
    ///
    /// 1. As for the handler that the pulse tells, `object` being the whole object.
    pub(crate) unsafe fn deliver_far(&mut self, object: *mut u8, event: *const u8) {
        // SAFETY: (1)
        unsafe { (self.calls.deliver_far)(self, object, event) }
    }

    #[cold]
    pub(crate) fn faulted(&mut self, part: *mut u8, panicked: &Panicked) {
        let (message, location) = (RawStr::borrowed(&panicked.message), RawStr::borrowed(&panicked.location));
        // SAFETY: both texts live during the call.
        unsafe { (self.calls.faulted)(self, part, message, location) }
    }

    /// The id of the object whose handler runs; [`ObjectId::NONE`] in a listener of the host and in a reload hook.
    #[must_use]
    pub fn id(&self) -> ObjectId {
        // SAFETY: `self` is a context that the host made.
        unsafe { (self.calls.id)(self) }
    }

    /// World time: what [`World::advance`](crate::World::advance) has added up to.
    #[must_use]
    pub fn now(&self) -> Duration {
        // SAFETY: `self` is a context that the host made.
        Duration::from_nanos(unsafe { (self.calls.now)(self) })
    }

    /// Sends an event to every object whose class handles it and to the host's listeners.
    pub fn emit<E: Event>(&mut self, event: E) {
        self.launch(ObjectId::NONE, event, Duration::ZERO);
    }

    /// Sends an event to one object. Nothing happens if it is gone or does not handle it.
    pub fn send<E: Event>(&mut self, to: ObjectId, event: E) {
        if !to.is_none() {
            self.launch(to, event, Duration::ZERO);
        }
    }

    /// Sends one event to each of these objects, in their order. It is not copied: all of them get the same.
    ///
    /// As for [`Ctx::send`], nothing happens for those that are gone or do not handle it.
    pub fn send_each<E: Event>(&mut self, to: &[ObjectId], event: E) {
        if to.is_empty() {
            return;
        }
        self.offer(event, |ctx, table, index, payload| {
            // SAFETY: `payload` is a valid payload of this event, and the ids are readable during the call.
            unsafe { (ctx.calls.launch_each)(ctx, table, index, payload, to.as_ptr(), to.len()) }
        });
    }

    /// Sends an event to the object itself after `delay` of world time; see [`Ctx::send_after`]. Where there is no such
    /// object, in a listener of the host and in a reload hook, nothing is sent.
    pub fn after<E: Event>(&mut self, delay: Duration, event: E) {
        self.send_after(self.id(), delay, event);
    }

    /// Sends an event to one object after `delay` of world time. If the object is gone by then, rests, or does not
    /// handle it, nothing happens; if it is in the attic, the event waits there for its return.
    pub fn send_after<E: Event>(&mut self, to: ObjectId, delay: Duration, event: E) {
        if !to.is_none() {
            self.launch(to, event, delay);
        }
    }

    fn launch<E: Event>(&mut self, to: ObjectId, event: E, delay: Duration) {
        let delay = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
        self.offer(event, |ctx, table, index, payload| {
            // SAFETY: `payload` is a valid payload of this event.
            unsafe { (ctx.calls.launch)(ctx, table, index, payload, to, delay) }
        });
    }

    /// Gives an event away with `launch`, which gets a valid payload of the event that it is told, and answers whether it
    /// has moved it.
    #[inline(always)]
    fn offer<E: Event>(
        &mut self,
        event: E,
        launch: impl FnOnce(&mut Self, &'static TableRecord, u16, *mut u8) -> bool,
    ) {
        let mut event = ManuallyDrop::new(event);
        let payload = (&raw mut event).cast::<u8>();
        // The record says of this index that it is an `E`.
        if !launch(self, E::Table::record(), E::INDEX, payload) {
            drop(ManuallyDrop::into_inner(event));
        }
    }

    /// Makes `value` a live object. The id is valid at once, the object exists after the delivery that is under way.
    ///
    /// [`ObjectId::NONE`] if the world does not know the class, which is also reported as a fault.
    pub fn spawn<T: GameClass>(&mut self, value: T) -> ObjectId {
        let mut value = ManuallyDrop::new(value);
        // SAFETY: the value is a valid `T`, which is what the record describes.
        let id = unsafe { (self.calls.spawn)(self, T::record(), (&raw mut value).cast()) };
        if id.is_none() {
            drop(ManuallyDrop::into_inner(value));
        }
        id
    }

    /// Creates an object of the class with this path through its constructor; `None` if there is no such class.
    pub fn spawn_named(&mut self, path: &str) -> Option<ObjectId> {
        // SAFETY: the text lives during the call.
        let id = unsafe { (self.calls.spawn_named)(self, RawStr::borrowed(path)) };
        (!id.is_none()).then_some(id)
    }

    /// Ends an object, after `event_destroyed`.
    pub fn destroy(&mut self, id: ObjectId) {
        // SAFETY: `self` is a context that the host made.
        unsafe { (self.calls.destroy)(self, id) }
    }

    /// The state of another object, if it is a `T` or its class is based on `T` (then its base part).
    ///
    /// `None` for the object whose handler runs: it has `self`.
    #[must_use]
    pub fn get<T: GameClass>(&self, id: ObjectId) -> Option<&T> {
        // SAFETY: `self` is a context that the host made.
        let part = unsafe { (self.calls.get)(self, id, T::record()) };
        // SAFETY: the host answers with a valid `T` that is not the running object. Others are only
        // reached through this context, which is borrowed; objects come and go after the delivery.
        unsafe { part.cast::<T>().as_ref() }
    }

    /// [`Ctx::get`], to change it.
    #[must_use]
    pub fn get_mut<T: GameClass>(&mut self, id: ObjectId) -> Option<&mut T> {
        // SAFETY: as in `get`; the context is borrowed exclusively.
        let part = unsafe { (self.calls.get)(self, id, T::record()) };
        // SAFETY: as in `get`.
        unsafe { part.cast::<T>().as_mut() }
    }

    /// The ids of all objects of class `T` and of the classes based on it.
    #[must_use]
    pub fn instances<T: GameClass>(&self) -> Vec<ObjectId> {
        /// # Safety
        ///
        /// 1. `state` is the vector given below.
        unsafe extern "C" fn push(state: *mut u8, id: ObjectId) {
            // SAFETY: (1)
            unsafe { (*state.cast::<Vec<ObjectId>>()).push(id) }
        }
        let mut ids: Vec<ObjectId> = Vec::new();
        // SAFETY: `push` fits the state.
        unsafe { (self.calls.instances)(self, T::record(), push, (&raw mut ids).cast()) };
        ids
    }

    /// The path of an object's class, `game::Goblin`; `None` if there is no such object.
    #[must_use]
    pub fn class_of(&self, id: ObjectId) -> Option<String> {
        /// # Safety
        ///
        /// 1. `state` is the option given below; `path` is readable.
        unsafe extern "C" fn take(state: *mut u8, path: RawStr) {
            // SAFETY: (1)
            unsafe { *state.cast::<Option<String>>() = Some(path.get().to_owned()) }
        }
        let mut path: Option<String> = None;
        // SAFETY: `take` fits the state.
        unsafe { (self.calls.class_of)(self, id, take, (&raw mut path).cast()) };
        path
    }
}
