//! What game code runs now, kept where a crash handler and a watchdog find it: a few plain stores for each delivery,
//! none for each object. Must never allocate, lock or call game code.
#![expect(unsafe_code, reason = "read from a signal handler, which has only addresses")]
#![cfg_attr(not(feature = "crash-report"), allow(dead_code, reason = "kept but not read: features change no layout"))]

use super::{
    Ctx, HOST_CALLS,
    live::{Live, LivePtr},
};
use crate::{
    boundary::ObjectId,
    registry::{Kind, Registry, Running},
};
use core::{
    cell::UnsafeCell,
    mem::{MaybeUninit, offset_of},
    ptr::{NonNull, null_mut},
    sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering},
};
use std::sync::Arc;

/// The pulse of one world. Written by the world's thread; its watchdog only marks what it has seen. The live state lies in the
/// same allocation, so that a delivery finds one from the other without a look.
#[derive(Debug)]
pub(crate) struct Pulse {
    /// A [`Running`].
    what: AtomicU32,
    /// Of a handler, whose context has no id: see [`sight`].
    object: AtomicU64,
    /// The context of broadcasts and deliveries, of which one goes on at a time.
    ctx: UnsafeCell<Ctx>,
    /// The table of objects is being changed and cannot be read.
    unreadable: AtomicBool,
    pub(crate) letterbox: Letterbox,
    /// Initialised from [`Pulse::begin`] to [`Pulse::end_of`], while it holds a share of the pulse.
    live: UnsafeCell<MaybeUninit<Live>>,
}

// SAFETY: context and live state are only reached through `Pulse::ctx` and `LivePtr`, which are for the world's thread, and
// neither is dropped with the pulse; all else is atomic.
unsafe impl Send for Pulse {}
// SAFETY: as above.
unsafe impl Sync for Pulse {}

impl Pulse {
    /// Puts a live state, which is given its pulse, at its place for good.
    pub(super) fn begin(live: impl FnOnce(Arc<Self>) -> Live) -> LivePtr {
        let pulse = Arc::new(Self {
            what: AtomicU32::new(0),
            object: AtomicU64::new(0),
            ctx: UnsafeCell::new(Ctx::new(&HOST_CALLS, null_mut())),
            unreadable: AtomicBool::new(false),
            letterbox: Letterbox::default(),
            live: UnsafeCell::new(MaybeUninit::uninit()),
        });
        let at = Arc::as_ptr(&pulse).wrapping_byte_add(offset_of!(Self, live)).cast::<Live>().cast_mut();
        let ctx = pulse.ctx();
        // SAFETY: the address is that of the place for the live state, of which nobody else knows yet. The context has the
        // address of what it is beside.
        unsafe {
            (*ctx).world = at.cast();
            at.write(live(pulse));
            LivePtr::new_unchecked(at)
        }
    }

    /// Drops the live state, and then its share of the memory in which it lies.
    ///
    /// # Safety
    ///
    /// 1. `live` has been made by [`Pulse::begin`], and is not used again.
    pub(super) unsafe fn end_of(live: LivePtr) {
        // SAFETY: (1)
        unsafe {
            let share = Arc::clone(&(*live.as_ptr()).pulse);
            live.drop_in_place();
            drop(share);
        }
    }

    /// The pulse beside a live state.
    ///
    /// # Safety
    ///
    /// 1. `live` has been made by [`Pulse::begin`], and is valid for `'a`.
    #[inline(always)]
    pub(super) unsafe fn beside<'a>(live: LivePtr) -> &'a Self {
        // SAFETY: (1); the address was made from that of the pulse.
        unsafe { live.byte_sub(offset_of!(Self, live)).cast().as_ref() }
    }

    /// The context of the handler that runs next. On the world's thread, between two broadcasts or deliveries, nothing
    /// refers into it.
    #[inline(always)]
    pub(super) fn ctx(&self) -> *mut Ctx {
        self.ctx.get()
    }

    /// A handler begins; for whom, the context says.
    #[inline(always)]
    pub(super) fn handler(&self, what: Running) {
        self.what.store(what.to_bits(), Ordering::Release);
    }

    fn start(&self, what: Running, object: ObjectId) {
        self.object.store(object.to_bits(), Ordering::Relaxed);
        self.what.store(what.to_bits(), Ordering::Release);
    }

    /// A turn of a loop begins.
    pub(super) fn turn(&self, position: usize, class: u16, object: ObjectId) {
        self.start(Running::turn(class, position), object);
    }

    /// Game code has returned.
    #[inline(always)]
    pub(crate) fn end(&self) {
        self.what.store(Running::IDLE.to_bits(), Ordering::Release);
    }

    /// Runs something rarer: `class` where it is one class's, `event` where it is about one.
    pub(crate) fn during<R>(
        &self,
        kind: Kind,
        class: Option<u16>,
        event: Option<u16>,
        object: ObjectId,
        call: impl FnOnce() -> R,
    ) -> R {
        self.start(Running::new(kind, class, event), object);
        let result = call();
        self.end();
        result
    }

    /// Changes the table of objects while game code may be on the stack.
    pub(super) fn changing<R>(&self, change: impl FnOnce() -> R) -> R {
        self.unreadable.store(true, Ordering::Release);
        let result = change();
        self.unreadable.store(false, Ordering::Release);
        result
    }

    /// What runs now.
    pub(super) fn what(&self) -> Running {
        Running::from_bits(self.what.load(Ordering::Acquire))
    }

    /// For a watchdog, which is the only one to look.
    pub(crate) fn look(&self) -> Look {
        let what = self.what();
        if what.kind().is_none() {
            Look::Idle
        } else if what.is_seen() {
            Look::Same
        } else {
            let seen = what.seen().to_bits();
            // Fails where the call has ended meanwhile; then the next look is the first at another one.
            let _ = self.what.compare_exchange(what.to_bits(), seen, Ordering::Relaxed, Ordering::Relaxed);
            Look::New
        }
    }
}

/// What a look at the pulse finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// No game code runs.
    Idle,
    /// A call that was not there at the look before.
    New,
    /// The call that was there at the look before.
    Same,
}

/// What runs, by name. Borrowed from the world that runs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight<'a> {
    /// Empty for code of no class.
    pub(crate) class: &'a str,
    /// [`ObjectId::NONE`] where it is not known.
    pub(crate) object: ObjectId,
    /// `event_`, ..
    pub(crate) kind: &'static str,
    /// .. and `damaged`.
    pub(crate) name: &'a str,
}

/// What game code the world at `live` runs, if it does. Allocates nothing.
///
/// # Safety
///
/// 1. `live` is valid, and this runs on its thread: before, after, or as a signal handler within anything it does.
pub(crate) unsafe fn sight<'a>(live: NonNull<Live>) -> Option<Sight<'a>> {
    // SAFETY: (1); the pulse is only changed through atomics, its context apart.
    let pulse = unsafe { Pulse::beside(live) };
    let live = live.as_ptr();
    let what = pulse.what();
    let runs = what.kind()?;
    // SAFETY: (1); while game code runs the registry is not changed.
    let registry = unsafe { &(*live).registry };
    let (kind, name) = named(registry, what);
    let mut object = ObjectId::from_bits(pulse.object.load(Ordering::Relaxed));
    if matches!(runs, Kind::Broadcast | Kind::Delivery | Kind::ShortDelivery) {
        object = ObjectId::NONE;
        if !pulse.unreadable.load(Ordering::Acquire) {
            let ctx = pulse.ctx();
            // SAFETY: (1). The interrupted code may be about to write it; what is read is looked up, not believed.
            let at = unsafe { (&raw const (*ctx).part).read_volatile() };
            // SAFETY: (1); while game code runs the pools are not changed, and the object table only where it says so.
            let store = unsafe { &(*live).store };
            object = store.look_up(what.class(), at).unwrap_or(ObjectId::NONE);
        }
    }
    let class = registry.classes.get(usize::from(what.class())).map_or("", |class| &class.path);
    Some(Sight { class, object, kind, name })
}

/// `event_` and `damaged`. Allocates nothing.
pub(super) fn named(registry: &Registry, what: Running) -> (&'static str, &str) {
    let event = registry.event_of(what).and_then(|number| registry.vocabulary.event(number));
    let event = event.map_or("", |event| event.name.as_str());
    match what.kind() {
        None => ("", ""),
        Some(Kind::Broadcast | Kind::Delivery | Kind::ShortDelivery) => ("event_", event),
        Some(Kind::Turn) => {
            let class = registry.classes.get(usize::from(what.class()));
            let turn = class.and_then(|class| class.loops.get(usize::from(what.number())));
            ("loop_", turn.map_or("", |entry| &entry.name))
        }
        Some(Kind::Constructor) => ("constructor", ""),
        Some(Kind::Drop) => ("drop", ""),
        Some(Kind::PayloadDrop) => ("drop of the payload of event_", event),
        Some(Kind::Hook) => ("reload hook", ""),
        Some(Kind::Listener) => ("listener of ", event),
        Some(Kind::Observer) => ("observer of class changes", ""),
        Some(Kind::Migration) => ("migration of state", ""),
    }
}

/// Answers the question of the watchdog of the world at `live`, if there is one. Allocates nothing.
///
/// # Safety
///
/// 1. As for [`sight`].
pub(crate) unsafe fn reply(live: NonNull<Live>) {
    // SAFETY: (1); see `sight`.
    let pulse = unsafe { Pulse::beside(live) };
    // SAFETY: (1)
    pulse.letterbox.reply(unsafe { sight(live) });
}

/// Where a watchdog's question is answered by the world's own thread: plain bytes, because a signal handler writes them.
#[derive(Debug)]
pub(crate) struct Letterbox {
    asked: AtomicU32,
    answered: AtomicU32,
    object: AtomicU64,
    /// Class and what runs, zero between and behind them.
    text: [AtomicU64; Self::WORDS],
}

impl Default for Letterbox {
    fn default() -> Self {
        Self {
            asked: AtomicU32::new(0),
            answered: AtomicU32::new(0),
            object: AtomicU64::new(0),
            text: [const { AtomicU64::new(0) }; Self::WORDS],
        }
    }
}

impl Letterbox {
    const WORDS: usize = 64;

    /// Asks. Only one thread does.
    pub(crate) fn ask(&self) -> u32 {
        let question = self.asked.load(Ordering::Relaxed).wrapping_add(1);
        self.asked.store(question, Ordering::Release);
        question
    }

    /// Class, what runs, and object, when the question has been answered.
    pub(crate) fn answer(&self, question: u32) -> Option<(String, String, ObjectId)> {
        if self.answered.load(Ordering::Acquire) != question {
            return None;
        }
        let bytes: Vec<u8> = self.text.iter().flat_map(|word| word.load(Ordering::Relaxed).to_ne_bytes()).collect();
        let mut texts = bytes.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned());
        let object = ObjectId::from_bits(self.object.load(Ordering::Relaxed));
        Some((texts.next().unwrap_or_default(), texts.next().unwrap_or_default(), object))
    }

    /// Answers, if there is a question. Allocates nothing.
    fn reply(&self, sight: Option<Sight<'_>>) {
        let question = self.asked.load(Ordering::Acquire);
        if question == self.answered.load(Ordering::Relaxed) {
            return;
        }
        let sight = sight.unwrap_or(Sight { class: "", object: ObjectId::NONE, kind: "", name: "" });
        let mut letters = sight.class.bytes().chain([0]).chain(sight.kind.bytes()).chain(sight.name.bytes()).chain([0]);
        for (at, word) in self.text.iter().enumerate() {
            // The last byte stays zero.
            let room = if at + 1 == Self::WORDS { 7 } else { 8 };
            let mut bytes = [0; 8];
            bytes[..room].fill_with(|| letters.next().unwrap_or(0));
            word.store(u64::from_ne_bytes(bytes), Ordering::Relaxed);
        }
        self.object.store(sight.object.to_bits(), Ordering::Relaxed);
        self.answered.store(question, Ordering::Release);
    }
}

thread_local! {
    // No destructor, nothing lazy: a signal handler reads it.
    /// The worlds of this thread: the youngest, from which [`Live::older`] leads to the others.
    static HERE: AtomicPtr<Live> = const { AtomicPtr::new(null_mut()) };
}

/// Makes a world of this thread known to its signal handlers and to its panic hook.
///
/// # Safety
///
/// 1. `live` is valid until [`delist`], and nothing refers into it.
pub(super) unsafe fn enlist(live: NonNull<Live>) {
    crate::boundary::heed_own_worlds(runs_here);
    HERE.with(|youngest| {
        // SAFETY: (1)
        unsafe { (*live.as_ptr()).older.store(youngest.load(Ordering::Relaxed), Ordering::Relaxed) };
        youngest.store(live.as_ptr(), Ordering::Release);
    });
}

/// The world is about to go.
///
/// # Safety
///
/// 1. `live` is valid, and enlisted on this thread.
pub(super) unsafe fn delist(live: NonNull<Live>) {
    // SAFETY: (1) whoever is in the list is valid; one store takes a world out, so that a signal handler finds a whole list.
    HERE.with(|youngest| unsafe {
        let older = (*live.as_ptr()).older.load(Ordering::Relaxed);
        let mut place: *const AtomicPtr<Live> = youngest;
        while let Some(at) = NonNull::new((*place).load(Ordering::Relaxed)) {
            if at == live {
                (*place).store(older, Ordering::Release);
                break;
            }
            place = &raw const (*at.as_ptr()).older;
        }
    });
}

/// Calls `visit` for each world of this thread. Allocates nothing.
pub(crate) fn each_here(mut visit: impl FnMut(NonNull<Live>)) {
    HERE.with(|youngest| {
        let mut at = youngest.load(Ordering::Acquire);
        while let Some(live) = NonNull::new(at) {
            visit(live);
            // SAFETY: whoever is in the list is valid, see `enlist`.
            at = unsafe { (*live.as_ptr()).older.load(Ordering::Acquire) };
        }
    });
}

/// Whether a world of this thread runs game code.
fn runs_here() -> bool {
    let mut any = false;
    each_here(|live| {
        // SAFETY: whoever is in the list is valid.
        any |= unsafe { Pulse::beside(live) }.what().kind().is_some();
    });
    any
}
