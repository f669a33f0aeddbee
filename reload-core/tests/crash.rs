//! What is said when the process dies, and when game code does not return.
#![expect(unsafe_code, reason = "a memory error, on purpose")]
#![allow(missing_docs, unreachable_pub, reason = "a test")]

use reload_core::{Ctx, Hang, InProcess, LibrarySource, Next, ObjectId, ReloadSession, World, event_table, game_class};
use std::{
    os::unix::process::ExitStatusExt as _,
    process::{Command, Output},
    sync::mpsc,
    time::{Duration, Instant},
};

const LIMIT: Duration = Duration::from_secs(60);

event_table! {
    pub table Deaths {
        Die { number: u32, how: String },
        Sleep { number: u32 },
        Fine,
    }
}

#[game_class(path = "game::Victim")]
#[derive(Default)]
pub struct Victim {
    number: u32,
    /// How its destructor ends.
    last_words: String,
}

/// More stack than there is.
fn deeper(depth: u64) -> u64 {
    let here = std::hint::black_box([depth; 64]);
    if here[1] == u64::MAX { 0 } else { deeper(depth + 1) + here[0] }
}

fn die(how: &str) {
    /// Panics while another panic passes.
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("once more");
        }
    }
    match how {
        "abort" => std::process::abort(),
        "overflow" => assert_ne!(deeper(1), 7),
        // SAFETY: none; this is the memory error.
        "segv" => unsafe { std::ptr::without_provenance_mut::<u32>(std::hint::black_box(8)).write_volatile(1) },
        "twice" => {
            let _bomb = Bomb;
            panic!("once");
        }
        "sleep" => std::thread::sleep(Duration::from_millis(400)),
        _ => {}
    }
}

#[game_class]
impl Victim {
    fn event_die(&mut self, event: &Die) {
        if event.number == self.number {
            die(&event.how);
        }
    }
    fn event_sleep(&mut self, event: &Sleep) {
        if event.number == self.number {
            die("sleep");
        }
    }
    fn event_fine(&mut self) {}
    fn loop_rest(&mut self) -> Next {
        if self.last_words == "in a loop" {
            die("abort");
        }
        if self.last_words == "asleep" {
            die("sleep");
            return Next::stop();
        }
        Next::turn()
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        if self.last_words == "in drop" {
            die("abort");
        }
    }
}

#[game_class(path = "game::Stillborn", no_handlers)]
pub struct Stillborn {
    breath: u32,
}

impl Default for Stillborn {
    fn default() -> Self {
        die(&std::env::var("STILLBORN").unwrap_or_default());
        Self { breath: 1 }
    }
}

fn world() -> (World, ReloadSession, Vec<ObjectId>) {
    let mut world = World::new();
    let library = InProcess::new().table::<Deaths>().class::<Victim>().class::<Stillborn>();
    let session = ReloadSession::open(LibrarySource::in_process("game", library), &mut world).expect("it runs");
    let victims =
        (0..10).map(|number| world.spawn(Victim { number, last_words: String::new() }).expect("a class")).collect();
    (world, session, victims)
}

/// The life of a process that dies as its variables say.
#[test]
#[ignore = "run by the other tests in a process of its own"]
fn dies() {
    let how = std::env::var("HOW").unwrap_or_default();
    if how == "ignored" {
        // SAFETY: neither call has a condition on memory. The alarm ends a process that does not die.
        unsafe {
            libc::signal(libc::SIGSEGV, libc::SIG_IGN);
            libc::alarm(20);
        }
    }
    World::install_crash_report().expect("handlers are set");
    let (mut world, _session, victims) = world();
    let die = Die { number: 7, how: if how == "ignored" { "segv".into() } else { how.clone() } };
    match how.as_str() {
        "one" => {
            world.send(victims[7], &Die { number: 7, how: "abort".into() });
        }
        "loop" => {
            world.get_mut::<Victim>(victims[3]).expect("alive").last_words = "in a loop".into();
            world.advance(1.0);
        }
        "drop" => {
            world.get_mut::<Victim>(victims[4]).expect("alive").last_words = "in drop".into();
            world.destroy(victims[4]);
        }
        "end" => {
            world.get_mut::<Victim>(victims[5]).expect("alive").last_words = "in drop".into();
            drop(world);
        }
        "constructor" => drop(world.spawn_named("game::Stillborn")),
        "listener" => {
            world.listen(|_: &Fine, _: &mut Ctx| std::process::abort());
            world.emit(&Fine);
        }
        "host" => std::process::abort(),
        "elsewhere" => {
            let _ = std::thread::spawn(|| std::process::abort()).join();
        }
        _ => world.emit(&die),
    }
    unreachable!("it is dead");
}

fn child(how: &str, options: &[&str]) -> Output {
    Command::new(std::env::current_exe().expect("this executable"))
        .args(["--exact", "dies", "--ignored", "--nocapture"])
        .args(options)
        .env("HOW", how)
        .env("STILLBORN", "abort")
        .output()
        .expect("a child process")
}

#[track_caller]
fn check_death(how: &str, signal: i32, says: &str) {
    for options in [&[][..], &["--test-threads=1"]] {
        let output = child(how, options);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.signal(), Some(signal), "{how}: as without the report; {told}");
        assert!(told.contains(says), "{how}: {says}\n{told}");
        assert_eq!(told.matches("this process dies of").count(), 1, "{told}");
    }
}

#[test]
fn the_crash_report_names_what_was_running() {
    let broadcast = "`event_die` was running in class game::Victim, object #7.1\n";
    check_death("abort", libc::SIGABRT, broadcast);
    check_death("segv", libc::SIGSEGV, broadcast);
    // Nobody can ignore what the processor cannot do.
    check_death("ignored", libc::SIGSEGV, broadcast);
    check_death("overflow", libc::SIGABRT, broadcast);
    check_death("twice", libc::SIGABRT, broadcast);
    check_death("one", libc::SIGABRT, broadcast);
    check_death("loop", libc::SIGABRT, "`loop_rest` was running in class game::Victim, object #3.1\n");
    check_death("drop", libc::SIGABRT, "`drop` was running in class game::Victim, object #4.1\n");
    check_death("end", libc::SIGABRT, "`drop` was running in class game::Victim, object #5.1\n");
    check_death("constructor", libc::SIGABRT, "`constructor` was running in class game::Stillborn, object #10.1\n");
    check_death("listener", libc::SIGABRT, "`listener of fine` was running\n");
    check_death("host", libc::SIGABRT, "no game code was running on this thread\n");
    check_death("elsewhere", libc::SIGABRT, "no game code was running on this thread\n");
}

#[test]
fn what_others_do_about_a_crash_is_done_as_well() {
    let told = child("overflow", &[]);
    let told = String::from_utf8_lossy(&told.stderr);
    assert!(told.contains("has overflowed its stack"), "the standard library's own message: {told}");
    let told = child("twice", &[]);
    let told = String::from_utf8_lossy(&told.stderr);
    for says in ["tests/crash.rs:", "was passing when", "once more", "panic in a destructor during cleanup"] {
        assert!(told.contains(says), "{says}: {told}");
    }
}

fn watched() -> (World, ReloadSession, Vec<ObjectId>, mpsc::Receiver<Hang>) {
    let (mut world, session, victims) = world();
    let (sender, told) = mpsc::channel();
    let tell = move |hang: &Hang| drop(sender.send(hang.clone()));
    world.watchdog(Duration::from_millis(50), tell).expect("a thread");
    (world, session, victims, told)
}

/// One hang is told twice: while it lasts, and when it is over.
#[track_caller]
fn check_hang(told: &mpsc::Receiver<Hang>, class: &str, during: &str, object: ObjectId) {
    let first = told.recv_timeout(LIMIT).expect("it is noticed");
    assert_eq!((first.class.as_str(), first.during.as_str(), first.object), (class, during, object), "{first}");
    assert!(!first.returned && first.lasted >= Duration::from_millis(50), "{first}");
    assert!(first.to_string().contains("has not returned"), "{first}");
    let second = told.recv_timeout(LIMIT).expect("its end is noticed");
    assert_eq!((second.class.as_str(), second.during.as_str(), second.object), (class, during, object), "{second}");
    assert!(second.returned && second.lasted > first.lasted, "{second}");
}

#[test]
fn a_watchdog_names_what_does_not_return_and_says_when_it_has() {
    let (mut world, _session, victims, told) = watched();
    world.emit(&Sleep { number: 6 });
    check_hang(&told, "game::Victim", "event_sleep", victims[6]);
    world.send(victims[2], &Sleep { number: 2 });
    check_hang(&told, "game::Victim", "event_sleep", victims[2]);
    world.get_mut::<Victim>(victims[1]).expect("alive").last_words = "asleep".into();
    world.advance(1.0);
    check_hang(&told, "game::Victim", "loop_rest", victims[1]);
    world.listen(|_: &Fine, _: &mut Ctx| die("sleep"));
    world.emit(&Fine);
    check_hang(&told, "", "listener of fine", ObjectId::NONE);
    // Nothing of this is a hang: many short calls, and a world that rests.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(200) {
        world.send(victims[0], &Fine);
    }
    std::thread::sleep(Duration::from_millis(200));
    drop(world);
    assert_eq!(
        told.recv_timeout(LIMIT),
        Err(mpsc::RecvTimeoutError::Disconnected),
        "no more, and the thread has ended"
    );
}

#[test]
fn a_second_watchdog_replaces_the_first_and_may_panic() {
    let (mut world, _session, victims, first) = watched();
    let (sender, second) = mpsc::channel();
    let tell = move |hang: &Hang| {
        let _ = sender.send(hang.clone());
        panic!("the callback's own mistake");
    };
    world.watchdog(Duration::from_millis(50), tell).expect("a thread");
    world.send(victims[0], &Sleep { number: 0 });
    check_hang(&second, "game::Victim", "event_sleep", victims[0]);
    assert!(first.recv_timeout(LIMIT).is_err(), "it has ended");
    assert!(world.send(victims[0], &Fine));
}
