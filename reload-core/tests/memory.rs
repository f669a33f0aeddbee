//! When the system has no memory left, a reload is refused and everything goes on. A target of its own, because of its
//! allocator.
#![allow(unsafe_code, missing_docs, unreachable_pub, reason = "a test with an allocator of its own")]

use reload_core::{InProcess, LibrarySource, ObjectId, ReloadSession, World};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    sync::{Mutex, PoisonError},
};

thread_local! {
    /// From how many bytes on this thread gets no memory, and how many such requests it still gets before.
    static REFUSED: Cell<(usize, usize)> = const { Cell::new((usize::MAX, 0)) };
}

/// One test at a time: a bound on memory is the whole process's.
static ALONE: Mutex<()> = Mutex::new(());

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

/// Memory that the process can write to, as the system shows it.
#[cfg(target_os = "linux")]
const MEMORY_TO_WRITE: &str = "VmData:";

/// Its addresses.
#[cfg(target_os = "linux")]
const ADDRESSES: &str = "VmSize:";

/// Limits what this process can have of a resource to what it has and `more` bytes during `run`.
#[cfg(target_os = "linux")]
fn bounded<R>(shown: &str, more: usize, run: impl FnOnce() -> R) -> R {
    let resource = if shown == ADDRESSES { libc::RLIMIT_AS } else { libc::RLIMIT_DATA };
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix(shown)).expect("Linux tells");
    let has: usize = line.trim().trim_end_matches(" kB").parse().expect("a number");
    let mut before = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the limit is this frame's.
    assert_eq!(unsafe { libc::getrlimit(resource, &raw mut before) }, 0);
    let bounded = libc::rlimit { rlim_cur: (has * 1_024 + more) as libc::rlim_t, ..before };
    // SAFETY: as above.
    assert_eq!(unsafe { libc::setrlimit(resource, &raw const bounded) }, 0);
    let result = run();
    // SAFETY: as above.
    assert_eq!(unsafe { libc::setrlimit(resource, &raw const before) }, 0);
    result
}

/// Offers a larger class again and again, with more memory each time, until it is there. Answers how often it was refused.
fn refusals_until_there_is_memory(objects: u64, mut attempt: impl FnMut(usize, &mut dyn FnMut())) -> usize {
    let mut world = World::new();
    let first = InProcess::new().class::<v1::It>();
    let mut session = ReloadSession::open(LibrarySource::in_process("game", first), &mut world).expect("it runs");
    let ids: Vec<ObjectId> =
        (0..objects).map(|n| world.spawn(v1::It { n, gold: n as u8 }).expect("its class is linked")).collect();
    let states = |world: &World| ids.iter().map(|id| world.inspect(*id)).collect::<Vec<_>>();
    let before = states(&world);
    let mut refusals = 0;
    loop {
        let mut report = None;
        attempt(refusals, &mut || report = Some(session.offer(&mut world, InProcess::new().class::<v2::It>())));
        let report = report.expect("it was offered");
        if report.is_reloaded() {
            break;
        }
        let [problem] = report.problems() else { panic!("{report}") };
        assert_eq!((problem.code, problem.subject.as_str()), ("migrate.memory", "game::It"), "{report}");
        assert!(problem.message.contains(&format!("{objects} objects")), "{report}");
        assert_eq!((session.epoch(), world.instances()), (1, ids.len()));
        refusals += 1;
        if refusals == 1 {
            assert!(states(&world) == before, "nothing has changed");
        }
    }
    let expected = |n: usize| serde_json::json!({ "n": n, "gold": n % 256, "more": [0, 0, 0, 0, 0, 0, 0, 0] });
    for (n, id) in ids.iter().enumerate().step_by(97) {
        assert_eq!(world.inspect(*id), Some(expected(n)));
    }
    assert!(session.undo(&mut world).expect("something ran before").is_reloaded());
    assert!(states(&world) == before, "all as it was");
    refusals
}

#[test]
fn without_memory_for_the_new_objects_the_old_ones_go_on() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    // The pool is the only large piece that this reload asks for.
    let refusals = refusals_until_there_is_memory(700, |attempt, offer| without_memory(48 << 10, attempt, offer));
    assert_eq!(refusals, 1);
}

/// Many objects have reserved addresses, for which the system refuses the memory.
#[cfg(target_os = "linux")]
#[test]
fn without_memory_for_many_new_objects_the_old_ones_go_on() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let refusals = refusals_until_there_is_memory(100_000, |attempt, offer| {
        bounded(MEMORY_TO_WRITE, (1 + 2 * attempt) << 20, offer)
    });
    assert!(refusals >= 3, "{refusals} times it was too little for 8 MB");
}

/// A process with few addresses has pools that are replaced as they grow.
#[cfg(target_os = "linux")]
#[test]
fn where_addresses_are_limited_pools_grow_all_the_same() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let grown = || {
        let mut world = World::new();
        let library = InProcess::new().class::<v2::It>();
        let _session = ReloadSession::open(LibrarySource::in_process("game", library), &mut world).expect("it runs");
        let spawned = |n| (n, world.spawn(v2::It { n, ..v2::It::default() }).expect("its class is linked"));
        let ids: Vec<(u64, ObjectId)> = (0..300_000).map(spawned).collect();
        for (n, id) in ids.iter().step_by(997) {
            assert_eq!(world.inspect(*id).expect("it lives")["n"], *n);
        }
    };
    bounded(ADDRESSES, 256 << 20, grown);
}

#[test]
fn without_memory_for_a_list_the_old_one_goes_on() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
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
    assert!(refusals >= 2, "what is looked at, the new list: {refusals}");
    assert!(world.inspect(id) == before, "equal numbers look alike");
}
