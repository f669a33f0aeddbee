//! When the system has no memory left, a reload is refused and everything goes on. A target of its own, because of its
//! allocator.
#![allow(unsafe_code, missing_docs, unreachable_pub, reason = "a test with an allocator of its own")]

use reload_core::{InProcess, LibrarySource, ObjectId, ReloadSession, World};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

thread_local! {
    /// From how many bytes on this thread gets no memory, and how many such requests it still gets before.
    static REFUSED: Cell<(usize, usize)> = const { Cell::new((usize::MAX, 0)) };
}

struct Scarce;

fn is_refused(size: usize) -> bool {
    let (limit, left) = REFUSED.get();
    if size < limit {
        return false;
    }
    if left > 0 {
        REFUSED.set((limit, left - 1));
        return false;
    }
    true
}

// SAFETY: the system's allocator, which may refuse.
unsafe impl GlobalAlloc for Scarce {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's duties are those of the system's allocator.
        if is_refused(layout.size()) { std::ptr::null_mut() } else { unsafe { System.alloc(layout) } }
    }
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static MEMORY: Scarce = Scarce;

macro_rules! version {
    ($name:ident { $($fields:tt)* }) => {
        pub mod $name {
            #[reload_core::game_class(path = "game::It", no_handlers)]
            #[derive(Default)]
            pub struct It { $($fields)* }
        }
    };
}
version!(v1 { pub n: u64, pub gold: u8 });
version!(list { pub n: u64, pub list: Vec<u8> });
version!(wider_list { pub n: u64, pub list: Vec<u64> });
version!(v2 { pub n: u64, pub gold: u16, pub more: [u64; 8] });

/// Refuses every request of this thread for as many bytes, after `left` of them, during `run`.
fn without_memory<R>(bytes: usize, left: usize, run: impl FnOnce() -> R) -> R {
    REFUSED.set((bytes, left));
    let result = run();
    REFUSED.set((usize::MAX, 0));
    result
}

#[test]
fn without_memory_for_the_new_objects_the_old_ones_go_on() {
    let mut world = World::new();
    let first = InProcess::new().class::<v1::It>();
    let mut session = ReloadSession::open(LibrarySource::in_process("game", first), &mut world).expect("it runs");
    let ids: Vec<ObjectId> =
        (0..100_000).map(|n| world.spawn(v1::It { n, gold: n as u8 }).expect("its class is linked")).collect();
    let states = |world: &World| ids.iter().map(|id| world.inspect(*id)).collect::<Vec<_>>();
    let before = states(&world);
    let second = || InProcess::new().class::<v2::It>();
    // A pool's chunks are the only large pieces that this reload asks for, many at once; those it got are kept for the
    // next attempt.
    let mut refusals = 0;
    for left in 0.. {
        let report = without_memory(64 << 10, left, || session.offer(&mut world, second()));
        if report.is_reloaded() {
            break;
        }
        let [problem] = report.problems() else { panic!("{report}") };
        assert_eq!((problem.code, problem.subject.as_str()), ("migrate.memory", "game::It"), "{report}");
        assert!(problem.message.contains("100000 objects"), "{report}");
        assert_eq!((session.epoch(), world.instances()), (1, 100_000));
        refusals += 1;
        if refusals == 1 {
            assert!(states(&world) == before, "nothing has changed");
        }
    }
    assert!(refusals >= 3, "{refusals} pieces could be refused");
    let expected = |n: usize| serde_json::json!({ "n": n, "gold": n % 256, "more": [0, 0, 0, 0, 0, 0, 0, 0] });
    for (n, id) in ids.iter().enumerate().step_by(997) {
        assert_eq!(world.inspect(*id), Some(expected(n)));
    }
    assert!(session.undo(&mut world).expect("something ran before").is_reloaded());
    assert!(states(&world) == before, "all as it was");
}

#[test]
fn without_memory_for_a_list_the_old_one_goes_on() {
    let mut world = World::new();
    let first = InProcess::new().class::<list::It>();
    let mut session = ReloadSession::open(LibrarySource::in_process("game", first), &mut world).expect("it runs");
    let id = world.spawn(list::It { n: 1, list: vec![7; 200_000] }).expect("its class is linked");
    let before = world.inspect(id);
    let mut refusals = 0;
    for left in 0.. {
        let second = InProcess::new().class::<wider_list::It>();
        let report = without_memory(128 << 10, left, || session.offer(&mut world, second));
        if report.is_reloaded() {
            break;
        }
        let [problem] = report.problems() else { panic!("{report}") };
        assert!(problem.subject.starts_with("game::It") && problem.message.contains("memory"), "{report}");
        assert!(world.inspect(id) == before, "nothing has changed");
        refusals += 1;
    }
    assert!(refusals >= 2, "the new pool, what is looked at, the new list: {refusals}");
    assert!(world.inspect(id) == before, "equal numbers look alike");
}
