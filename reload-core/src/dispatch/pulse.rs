//! What game code runs now, kept where a crash handler and a watchdog find it: a few plain stores for each delivery,
//! none for each object. Must never allocate, lock or call game code.
#![expect(unsafe_code, reason = "read from a signal handler, which has only addresses")]
#![cfg_attr(not(feature = "crash-report"), allow(dead_code, reason = "kept but not read: features change no layout"))]

use super::{Ctx, live::Live};
use crate::boundary::ObjectId;
use core::{
    ptr::{NonNull, null_mut},
    sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering},
};
use std::sync::Arc;

/// What kind of game code runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// A handler, for all objects of a class: which one is known by the context.
    Broadcast = 1,
    /// A handler, for one object.
    Delivery,
    /// A turn of a loop.
    Turn,
    /// A constructor, or a field's default.
    Constructor,
    /// An object's destructor.
    Drop,
    /// The destructor of an event's payload.
    PayloadDrop,
    /// A reload hook of a library.
    Hook,
    /// A listener of the host.
    Listener,
    /// An observer of the host.
    Observer,
    /// State is carried over to another shape.
    Migration,
}

/// No class.
const NO_CLASS: u16 = u16::MAX;

/// What runs, as one number, so that one store says it: kind (0 for nothing), class, event or loop.
#[derive(Clone, Copy)]
struct Packed(u64);

impl Packed {
    const CLASS: u32 = 8;
    const NUMBER: u32 = 24;
    /// The watchdog has seen this call: the next call's number has it no more, so counting them costs nothing.
    const SEEN: u64 = 1 << 63;

    #[inline(always)]
    const fn event(kind: Kind, class: u16, event: u16) -> Self {
        Self(kind as u64 | (class as u64) << Self::CLASS | (event as u64) << Self::NUMBER)
    }

    /// The position of a loop in its class; one beyond 65,535 is told without its name.
    const fn turn(class: u16, position: usize) -> Self {
        let position = if position > u16::MAX as usize { u16::MAX } else { position as u16 };
        Self::event(Kind::Turn, class, position)
    }

    const fn kind(self) -> Option<Kind> {
        Some(match self.0 as u8 {
            1 => Kind::Broadcast,
            2 => Kind::Delivery,
            3 => Kind::Turn,
            4 => Kind::Constructor,
            5 => Kind::Drop,
            6 => Kind::PayloadDrop,
            7 => Kind::Hook,
            8 => Kind::Listener,
            9 => Kind::Observer,
            10 => Kind::Migration,
            _ => return None,
        })
    }

    const fn class(self) -> u16 {
        (self.0 >> Self::CLASS) as u16
    }

    /// Of an event, or the position of a loop.
    const fn number(self) -> u16 {
        (self.0 >> Self::NUMBER) as u16
    }
}

/// The pulse of one world. Written by the world's thread; its watchdog only marks what it has seen.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    /// A [`Packed`].
    what: AtomicU64,
    object: AtomicU64,
    /// Of a broadcast. Points to the stack of the world's thread while it runs.
    ctx: AtomicPtr<Ctx>,
    /// The table of objects is being changed and cannot be read.
    unreadable: AtomicBool,
    pub(crate) letterbox: Letterbox,
}

impl Pulse {
    #[inline(always)]
    fn start(&self, what: Packed, object: ObjectId) {
        self.object.store(u64::from(object.generation()) << 32 | u64::from(object.slot()), Ordering::Relaxed);
        self.what.store(what.0, Ordering::Release);
    }

    /// A handler begins, for one object.
    #[inline(always)]
    pub(super) fn deliver(&self, event: u16, class: u16, object: ObjectId) {
        self.start(Packed::event(Kind::Delivery, class, event), object);
    }

    /// A handler begins, for all objects of a class.
    #[inline(always)]
    pub(super) fn broadcast(&self, event: u16, class: u16, ctx: &mut Ctx) {
        // Nobody yet: what the context has is another route's.
        ctx.part = null_mut();
        self.ctx.store(ctx, Ordering::Relaxed);
        self.start(Packed::event(Kind::Broadcast, class, event), ObjectId::NONE);
    }

    /// A turn of a loop begins.
    pub(super) fn turn(&self, position: usize, class: u16, object: ObjectId) {
        self.start(Packed::turn(class, position), object);
    }

    /// Game code has returned.
    #[inline(always)]
    pub(crate) fn end(&self) {
        self.what.store(0, Ordering::Release);
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
        self.start(Packed::event(kind, class.unwrap_or(NO_CLASS), event.unwrap_or(u16::MAX)), object);
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

    /// For a watchdog, which is the only one to look.
    pub(crate) fn look(&self) -> Look {
        let what = self.what.load(Ordering::Acquire);
        if Packed(what).kind().is_none() {
            Look::Idle
        } else if what & Packed::SEEN != 0 {
            Look::Same
        } else {
            // Fails where the call has ended meanwhile; then the next look is the first at another one.
            let _ = self.what.compare_exchange(what, what | Packed::SEEN, Ordering::Relaxed, Ordering::Relaxed);
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
    let live = live.as_ptr();
    // SAFETY: (1); the pulse lies in an allocation of its own and is only changed through atomics.
    let pulse = unsafe { &*Arc::as_ptr(&(*live).pulse) };
    let what = Packed(pulse.what.load(Ordering::Acquire));
    let runs = what.kind()?;
    // SAFETY: (1); while game code runs the registry is not changed.
    let registry = unsafe { &(*live).registry };
    let class = registry.classes.get(usize::from(what.class()));
    let event = registry.vocabulary.event(what.number()).map_or("", |event| event.name.as_str());
    let (kind, name) = match runs {
        Kind::Broadcast | Kind::Delivery => ("event_", event),
        Kind::Turn => {
            let position = usize::from(what.number());
            ("loop_", class.and_then(|class| class.loops.get(position)).map_or("", |entry| &entry.name))
        }
        Kind::Constructor => ("constructor", ""),
        Kind::Drop => ("drop", ""),
        Kind::PayloadDrop => ("drop of the payload of event_", event),
        Kind::Hook => ("reload hook", ""),
        Kind::Listener => ("listener of ", event),
        Kind::Observer => ("observer of class changes", ""),
        Kind::Migration => ("migration of state", ""),
    };
    let object = pulse.object.load(Ordering::Relaxed);
    let mut object = ObjectId::from_parts(object as u32, (object >> 32) as u32);
    if runs == Kind::Broadcast && !pulse.unreadable.load(Ordering::Acquire) {
        let ctx = pulse.ctx.load(Ordering::Relaxed);
        // SAFETY: (1); while a broadcast runs the context is on the stack of this thread. The interrupted code may be
        // about to write these two words; what is read is looked up, not believed.
        let at = unsafe { (&raw const (*ctx).part).read_volatile() };
        // SAFETY: as above.
        let offset = unsafe { (&raw const (*ctx).part_offset).read_volatile() };
        // SAFETY: (1); while game code runs the pools are not changed, and the object table only where it says so.
        let store = unsafe { &(*live).store };
        object = store.look_up(what.class(), at.wrapping_sub(offset)).unwrap_or(ObjectId::NONE);
    }
    Some(Sight { class: class.map_or("", |class| &class.path), object, kind, name })
}

/// Answers the question of the watchdog of the world at `live`, if there is one. Allocates nothing.
///
/// # Safety
///
/// 1. As for [`sight`].
pub(crate) unsafe fn reply(live: NonNull<Live>) {
    // SAFETY: (1); see `sight`.
    let pulse = unsafe { &*Arc::as_ptr(&(*live.as_ptr()).pulse) };
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
        let object = self.object.load(Ordering::Relaxed);
        let object = ObjectId::from_parts(object as u32, (object >> 32) as u32);
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
        let object = u64::from(sight.object.generation()) << 32 | u64::from(sight.object.slot());
        self.object.store(object, Ordering::Relaxed);
        self.answered.store(question, Ordering::Release);
    }
}

/// Worlds of one thread that a signal handler looks at. Those beyond are not seen.
const WORLDS: usize = 16;

thread_local! {
    // No destructor, nothing lazy: a signal handler reads it.
    static HERE: [AtomicPtr<Live>; WORLDS] = const { [const { AtomicPtr::new(null_mut()) }; WORLDS] };
}

/// Makes a world of this thread known to its signal handlers.
pub(crate) fn enlist(live: NonNull<Live>) {
    HERE.with(|here| {
        if let Some(free) = here.iter().find(|entry| entry.load(Ordering::Relaxed).is_null()) {
            free.store(live.as_ptr(), Ordering::Release);
        }
    });
}

/// The world is about to go.
pub(crate) fn delist(live: NonNull<Live>) {
    HERE.with(|here| {
        for entry in here.iter().filter(|entry| entry.load(Ordering::Relaxed) == live.as_ptr()) {
            entry.store(null_mut(), Ordering::Release);
        }
    });
}

/// Calls `visit` for each world of this thread. Allocates nothing.
pub(crate) fn each_here(mut visit: impl FnMut(NonNull<Live>)) {
    HERE.with(|here| here.iter().filter_map(|entry| NonNull::new(entry.load(Ordering::Acquire))).for_each(&mut visit));
}
