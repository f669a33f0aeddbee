//! The host's side of [`HostCalls`]. Called from game code, possibly of a library: nothing unwinds out of here.
#![expect(unsafe_code, reason = "called with erased values")]

use super::{
    Ctx, HostCalls,
    chains::Origin,
    clock::What,
    fault::{Fault, FaultKind},
    live::Live,
    payload::Payload,
    queue::{Ask, Command},
};
use crate::{
    boundary::{ObjectId, Panicked, RawStr, guarded},
    class::ClassRecord,
    event::TableRecord,
    registry::KnownEvent,
};

/// The table that every context carries.
pub(crate) static HOST_CALLS: HostCalls = HostCalls {
    launch,
    launch_each,
    spawn,
    spawn_named,
    destroy,
    get,
    id,
    now,
    instances,
    class_of,
    deliver_far,
    faulted,
};

/// The live state behind a context, for the duration of one call.
///
/// # Safety
///
/// 1. Nothing else refers into the live state during `'a`.
unsafe fn live<'a>(ctx: &Ctx) -> &'a mut Live {
    // SAFETY: (1); a context is only made by `dispatch::live`, with a valid pointer.
    unsafe { &mut *ctx.world.cast::<Live>() }
}

/// Runs the host's code for a call; a panic is reported and answered with `otherwise`.
fn contained<R>(what: &str, otherwise: R, call: impl FnOnce() -> R) -> R {
    guarded(call).unwrap_or_else(|panicked| {
        tracing::error!(target: "reload_core::fault", "the host's `{what}` {panicked}");
        otherwise
    })
}

/// # Safety
///
/// See [`HostCalls::launch`]: `payload` is a valid payload of the event.
unsafe extern "C" fn launch(
    ctx: &mut Ctx,
    table: &'static TableRecord,
    index: u16,
    payload: *mut u8,
    to: ObjectId,
    delay_ns: u64,
) -> bool {
    // SAFETY: game code holds no reference into the live state.
    let live = unsafe { live(ctx) };
    // What almost always is asked for. Nothing in here panics, as a queue that has no memory to grow ends the process.
    match live.registry.vocabulary.known(table, index) {
        Some(known) if delay_ns == 0 => {
            // SAFETY: the caller gives a payload of this event, and does not use it when the answer is true.
            unsafe { live.ask(ctx, known, to, payload) };
            true
        }
        // SAFETY: as above.
        Some(known) => unsafe { live.ask_later(known, to, payload, delay_ns) },
        None => live.unknown_event(table, index),
    }
}

/// # Safety
///
/// See [`HostCalls::launch_each`]: `payload` is a valid payload of the event, and `count` ids are readable.
unsafe extern "C" fn launch_each(
    ctx: &mut Ctx,
    table: &'static TableRecord,
    index: u16,
    payload: *mut u8,
    to: *const ObjectId,
    count: usize,
) -> bool {
    // SAFETY: game code holds no reference into the live state.
    let live = unsafe { live(ctx) };
    let Some(known) = live.registry.vocabulary.known(table, index) else { return live.unknown_event(table, index) };
    // SAFETY: the caller gives so many.
    let crowd = live.queue.crowds.gather(unsafe { core::slice::from_raw_parts(to, count) });
    let origin = live.origin(ctx);
    let ask = Ask::DeliverEach { event: known.event, origin };
    // SAFETY: the caller gives a payload of this event, and does not use it when the answer is true.
    unsafe { live.queue.push_moved(ask, crowd, payload, known.payload) };
    true
}

/// # Safety
///
/// See [`HostCalls::spawn`]: `value` is one of the class.
unsafe extern "C" fn spawn(ctx: &mut Ctx, class: &'static ClassRecord, value: *mut u8) -> ObjectId {
    contained("spawn", ObjectId::NONE, || {
        // SAFETY: game code holds no reference into the live state.
        let live = unsafe { live(ctx) };
        let Some(number) = live.registry.find_record(class) else {
            // SAFETY: the record is one of the calling image.
            let what = format!("the world does not know the class `{}`", unsafe { class.path.get() });
            live.report_unknown(what);
            return ObjectId::NONE;
        };
        let (id, ask) = (live.reserve(), Ask::Spawn { class: number, origin: live.origin(ctx) });
        let ty = live.registry.class(number).state;
        // SAFETY: the caller gives a value of this class, and does not use it when the answer is an id.
        unsafe { live.queue.push_moved(ask, id, value, ty) };
        id
    })
}

/// # Safety
///
/// See [`HostCalls::spawn_named`]: `path` is readable.
unsafe extern "C" fn spawn_named(ctx: &mut Ctx, path: RawStr) -> ObjectId {
    contained("spawn_named", ObjectId::NONE, || {
        // SAFETY: game code holds no reference into the live state.
        let live = unsafe { live(ctx) };
        // SAFETY: made by `RawStr::borrowed` for this call.
        let Some(class) = live.registry.find(unsafe { path.get() }) else { return ObjectId::NONE };
        let (id, ask) = (live.reserve(), Ask::Construct { class, origin: live.origin(ctx) });
        live.queue.push(Command::plain(ask, id));
        id
    })
}

/// # Safety
///
/// None beyond those of its parameters' types.
unsafe extern "C" fn destroy(ctx: &mut Ctx, id: ObjectId) {
    contained("destroy", (), || {
        // SAFETY: game code holds no reference into the live state.
        let live = unsafe { live(ctx) };
        let ask = Ask::Destroy { origin: live.origin(ctx) };
        live.queue.push(Command::plain(ask, id));
    });
}

/// # Safety
///
/// None beyond those of its parameters' types.
unsafe extern "C" fn get(ctx: &Ctx, id: ObjectId, class: &'static ClassRecord) -> *mut u8 {
    contained("get", core::ptr::null_mut(), || {
        // SAFETY: game code holds no reference into the live state; objects lie outside of it.
        let live = unsafe { live(ctx) };
        let Some((object, number)) = live.store.slots.object(id) else { return core::ptr::null_mut() };
        let size = live.registry.class(number).state.size;
        if ctx.part.addr().wrapping_sub(object.addr()) < size.max(1) {
            // It is the object whose handler runs.
            return core::ptr::null_mut();
        }
        match live.registry.part_offset(number, class) {
            Some(offset) => object.wrapping_add(offset),
            None => core::ptr::null_mut(),
        }
    })
}

/// # Safety
///
/// None beyond those of its parameters' types.
unsafe extern "C" fn id(ctx: &Ctx) -> ObjectId {
    if ctx.part.is_null() {
        return ObjectId::NONE;
    }
    contained("id", ObjectId::NONE, || {
        // SAFETY: game code holds no reference into the live state.
        let live = unsafe { live(ctx) };
        live.object_of(ctx.part)
    })
}

/// # Safety
///
/// None beyond those of its parameters' types.
unsafe extern "C" fn now(ctx: &Ctx) -> u64 {
    // SAFETY: game code holds no reference into the live state.
    unsafe { live(ctx) }.clock.now
}

/// # Safety
///
/// See [`HostCalls::instances`]: `visit` fits `state`.
unsafe extern "C" fn instances(
    ctx: &Ctx,
    class: &'static ClassRecord,
    visit: unsafe extern "C" fn(state: *mut u8, id: ObjectId),
    state: *mut u8,
) {
    contained("instances", (), || {
        // SAFETY: game code holds no reference into the live state, and `visit` does not reach it.
        let live = unsafe { live(ctx) };
        let Some(ancestor) = live.registry.find_record(class) else { return };
        for number in (0..live.registry.classes.len() as u16).filter(|number| live.registry.is_a(*number, ancestor)) {
            for id in live.store.ids(number) {
                // SAFETY: the caller's own function and state.
                unsafe { visit(state, id) }
            }
        }
    });
}

/// # Safety
///
/// See [`HostCalls::class_of`]: `take` fits `state`.
unsafe extern "C" fn class_of(
    ctx: &Ctx,
    id: ObjectId,
    take: unsafe extern "C" fn(state: *mut u8, path: RawStr),
    state: *mut u8,
) {
    contained("class_of", (), || {
        // SAFETY: game code holds no reference into the live state, and `take` does not reach it.
        let live = unsafe { live(ctx) };
        if let Some((_, number)) = live.store.slots.object(id) {
            // SAFETY: the caller's own function and state; the path lives during the call.
            unsafe { take(state, RawStr::borrowed(&live.registry.class(number).path)) }
        }
    });
}

/// # Safety
///
/// See [`HostCalls::deliver_far`]: `object` is of the class that the pulse tells, and `event` a payload of the event.
unsafe extern "C" fn deliver_far(ctx: &mut Ctx, object: *mut u8, event: *const u8) {
    let found = contained("deliver_far", None, || {
        // SAFETY: no handler runs yet.
        let live = unsafe { live(ctx) };
        let what = live.pulse.what();
        let number = live.registry.event_of(what);
        let handlers = &live.registry.class(what.class()).handlers;
        let handler = handlers.iter().find(|handler| Some(handler.event) == number)?;
        Some((handler.one, handler.part_offset))
    });
    if let Some((one, part_offset)) = found {
        let part = object.wrapping_add(part_offset);
        ctx.enter(part);
        // SAFETY: the caller's object and payload; the part is the handler's.
        unsafe { one(part, ctx, event) }
    }
}

/// # Safety
///
/// See [`HostCalls::faulted`]: the texts are readable, `part` lies in an object that is being delivered to.
unsafe extern "C" fn faulted(ctx: &mut Ctx, part: *mut u8, message: RawStr, location: RawStr) {
    contained("faulted", (), || {
        // SAFETY: game code holds no reference into the live state.
        let live = unsafe { live(ctx) };
        let object = live.object_of(part);
        // SAFETY: the texts live during the call.
        let panic = unsafe { Panicked { message: message.get().to_owned(), location: location.get().to_owned() } };
        let class = live
            .store
            .slots
            .object(object)
            .map_or_else(String::new, |(_, number)| live.registry.class(number).path.to_string());
        let during = live.running_name(live.pulse.what());
        // Before anything else that is queued, so that nothing reaches the object any more.
        live.queue.fell(object);
        live.faults.report(Fault { class, object, during, kind: FaultKind::Panicked { panic, quarantined: true } });
    });
}

impl Live {
    /// Queues an event that the running handler asks for.
    ///
    /// # Safety
    ///
    /// 1. `payload` is a valid payload of the event, and is not used again.
    #[inline(always)]
    unsafe fn ask(&mut self, ctx: &Ctx, known: KnownEvent, to: ObjectId, payload: *const u8) {
        let origin = self.origin(ctx);
        // SAFETY: (1)
        unsafe { self.queue.push_moved(Ask::Deliver { event: known.event, origin }, to, payload, known.payload) };
    }

    /// The link of the chain for what the running handler asks for.
    #[inline(always)]
    fn origin(&mut self, ctx: &Ctx) -> Origin {
        self.queue.chains.link(self.pulse.what(), ctx.cause)
    }

    /// Lets an event come after `delay_ns` of world time. Answers whether the payload was taken.
    ///
    /// # Safety
    ///
    /// 1. `payload` is a valid payload of the event, and is not used again if it was taken.
    #[inline(never)]
    unsafe fn ask_later(&mut self, known: KnownEvent, to: ObjectId, payload: *const u8, delay_ns: u64) -> bool {
        contained("launch", false, || {
            // SAFETY: (1)
            let payload = Box::new(unsafe { Payload::moved(payload, known.payload) });
            let at = self.clock.after(delay_ns);
            self.clock.at(at, What::Deliver { event: known.event, to, payload });
            true
        })
    }

    /// Reports an event that was asked for and does not exist. Answers that its payload was not taken.
    #[cold]
    fn unknown_event(&mut self, table: &'static TableRecord, index: u16) -> bool {
        contained("launch", false, || {
            // SAFETY: the record is one of the calling image.
            let what = format!("the world does not know event {index} of `{}`", unsafe { table.path.get() });
            self.report_unknown(what);
            false
        })
    }

    /// The object of the class whose handler or turn runs that has this part.
    fn object_of(&self, part: *mut u8) -> ObjectId {
        self.store.look_up(self.pulse.what().class(), part).unwrap_or(ObjectId::NONE)
    }

    /// Gives out an id from within game code, where a signal handler may look at the table of objects.
    fn reserve(&mut self) -> ObjectId {
        self.pulse.changing(|| self.store.reserve())
    }

    fn report_unknown(&mut self, what: String) {
        let during = self.running_name(self.pulse.what());
        self.faults.report(Fault {
            class: String::new(),
            object: ObjectId::NONE,
            during,
            kind: FaultKind::Unknown { what },
        });
    }
}
