//! Libraries with a fault in their tables or in their code.

use crate::game::{Followed, again, put};
use reload_core::{FaultKind, Hang, World};
use std::{os::unix::process::ExitStatusExt as _, sync::mpsc, time::Duration};

#[test]
fn what_was_built_otherwise_is_refused() {
    let mut game = Followed::start();
    let restart = "restart the host";
    game.check_refused("compiler", "library.fingerprint", &["compiler", "rustc 1.0.0", restart]);
    game.check_refused("bad compiler", "library.fingerprint", &["compiler", "unreadable"]);
    game.check_refused("wild compiler", "library.crashes", &["SIGSEGV"]);
    game.check_refused("target", "library.fingerprint", &["target", "riscv64gc-unknown-linux-gnu", restart]);
    game.check_refused("version", "library.fingerprint", &["reload-core version", "99.1.0", restart]);
    game.check_refused("strategy", "library.fingerprint", &["panic strategy", "`abort`", restart]);
    game.check_refused("boundary", "library.fingerprint", &["layout of the boundary types", restart]);
    game.check_refused("magic", "library.magic", &["not a reload lib"]);
    game.check_next_loads("second");
}

#[test]
fn damaged_tables_are_refused() {
    let mut game = Followed::start();
    game.check_refused("no attach", "library.table", &["attach"]);
    for fault in ["many classes", "no list", "odd list"] {
        game.check_refused(fault, "library.table", &["classes is not readable"]);
    }
    game.check_refused("null class", "library.table", &["class 0 has no readable name"]);
    game.check_refused("bad path", "library.table", &["class 0 has no readable name"]);
    game.check_refused("long path", "library.table", &["class 0 has no readable name"]);
    game.check_refused("many tables", "library.table", &["event tables is not readable"]);
    game.check_refused("null table", "library.table", &["event table 0 has no readable name"]);
    for fault in ["wild class", "wild path", "wild handlers", "wild events", "too many classes"] {
        game.check_refused(fault, "library.crashes", &["SIGSEGV"]);
    }
    game.check_refused("state panics", "library.crashes", &["SIGABRT", "a table that panics"]);
    for (fault, says) in [
        ("bad file", "its source file is not readable text"),
        ("bad former path", "its former path is not readable text"),
        ("mask", "its mask says"),
        ("own beyond all", "its mask says"),
        ("many handlers", "the list of handlers claims 1099511627776 entries"),
        ("handler number", "`event_test` is numbered 60000, out of range"),
        ("handler of nobody", "`event_test` is numbered 570, which its table does not have"),
        ("handler of another", "has the number of"),
        ("handler without code", "`event_test` has no code"),
        ("bad handler name", "a handler's name is not readable text"),
        ("loop without code", "`loop_x` has no code"),
        ("bad loop name", "a loop's name is not readable text"),
        ("base outside", "its base part lies outside of it"),
        ("no tables", "which its table does not have"),
        ("table number", "numbered out of range"),
        ("many events", "the list of events claims 10000 entries"),
        ("size", "size"),
        ("align", "alignment"),
        ("bad type", "not UTF-8"),
        ("small", "faulty::Cat"),
    ] {
        game.check_refused(fault, "table.corrupt", &[says, "faulty"]);
    }
    game.check_refused("twice", "class.duplicate", &["faulty::Cat", "registered 2 times", "rename one"]);
    game.check_refused("table twice", "event.duplicate", &["test_protocol", "registered 2 times"]);
    game.check_refused("no base", "class.base_missing", &["faulty::Kitten", "faulty::Cat"]);
    game.check_refused("circle", "class.base_missing", &["faulty::Cat"]);
    game.check_next_loads("second");
}

#[test]
fn what_misbehaves_while_it_is_loaded_is_refused() {
    let mut game = Followed::start();
    game.check_refused("init panics", "library.crashes", &["bad luck"]);
    game.check_refused("init aborts", "library.crashes", &["SIGABRT"]);
    game.check_refused("init crashes", "library.crashes", &["SIGSEGV"]);
    game.check_refused("init exits", "library.crashes", &["exit code 3"]);
    // The same once more is tried once more.
    for _ in 0..2 {
        game.check_refused("attach panics", "library.attach", &["not attached", "was told about the host"]);
    }
    game.check_next_loads("second");
}

#[test]
#[expect(unsafe_code, reason = "lets versions go that have run on this thread")]
fn a_library_that_starts_threads_stays_mapped_and_is_counted() {
    let mut game = Followed::start();
    // SAFETY: this library's handlers leave nothing with the thread that they run on.
    unsafe { game.session.declare_thread_outlives_session() };
    for round in 0..4 {
        put(&game.folder, "init starts threads");
        assert!(game.report().is_reloaded());
        put(&game.folder, &format!("round {round}"));
        let report = game.report();
        assert!(report.is_reloaded(), "{report}");
        // Its code is where its threads are.
        assert!(report.mapped_versions > round, "{report}");
        assert_eq!(game.ask(), [format!("meow from round {round}"), format!("meow from round {round}")]);
    }
}

#[test]
fn panics_in_a_library_are_told_with_their_place_in_it() {
    let mut game = Followed::start();
    let place = |game: &mut Followed, class: &str, during: &str, message: &str, rests: bool| {
        let faults = game.world.take_faults();
        assert!(!faults.is_empty(), "{during}");
        for fault in faults {
            assert_eq!((fault.class.as_str(), fault.during.as_str()), (class, during), "{fault}");
            let FaultKind::Panicked { panic, quarantined } = &fault.kind else { panic!("{fault}") };
            assert!(panic.message.contains(message) && panic.location.contains("lib.rs:"), "{fault}");
            assert_eq!(*quarantined, rests, "{fault}");
        }
    };
    // A cat alone: the kitten inherits its handler.
    for kitten in game.world.instances_of("faulty::Kitten") {
        game.world.destroy(kitten);
    }
    put(&game.folder, "handler");
    assert!(game.report().is_reloaded());
    assert!(game.ask().is_empty());
    place(&mut game, "faulty::Cat", "event_test", "a hairball", true);
    let resting = |game: &Followed| game.world.classes().iter().map(|class| class.quarantined.len()).sum::<usize>();
    assert_eq!(resting(&game), 1);
    put(&game.folder, "loop");
    let report = game.report();
    assert_eq!(report.classes().iter().map(|class| class.released).sum::<usize>(), 1, "{report}");
    game.world.advance(0.1);
    place(&mut game, "faulty::Cat", "loop_purr", "no mood to purr", true);
    put(&game.folder, "reloaded");
    let report = game.report();
    assert!(report.is_reloaded() && report.warnings.iter().any(|told| told.contains("what has changed?")), "{report}");
    place(&mut game, "faulty::Cat", "event_reloaded", "what has changed?", true);
    put(&game.folder, "after_reload");
    let report = game.report();
    assert!(report.is_reloaded() && report.warnings.iter().any(|told| told.contains("not after tea")), "{report}");
    put(&game.folder, "constructor");
    assert!(game.report().is_reloaded());
    let error = game.world.spawn_named("faulty::Cat").expect_err("it panics").to_string();
    assert!(error.contains("no toy today") && error.contains("lib.rs:"), "{error}");
    put(&game.folder, "drop");
    assert!(game.report().is_reloaded());
    let second = game.world.spawn_named("faulty::Cat").expect("a class");
    assert!(game.world.destroy(second));
    place(&mut game, "faulty::Cat", "drop", "my toy!", false);
    put(&game.folder, "before_reload");
    assert!(game.report().is_reloaded());
    // From here on the running library's own hook panics at each reload.
    game.check_refused("third", "hook.panicked", &["not before tea", "lib.rs:", "restart the host"]);
    assert_eq!(game.ask(), ["meow from before_reload"]);
}

#[test]
fn a_watchdog_names_the_class_of_a_library() {
    let mut game = Followed::start();
    put(&game.folder, "sleep");
    assert!(game.report().is_reloaded());
    let (sender, told) = mpsc::channel();
    let tell = move |hang: &Hang| drop(sender.send(hang.clone()));
    game.world.watchdog(Duration::from_millis(40), tell).expect("a thread");
    let cat = game.cat;
    game.world.send(cat, &test_protocol::Test);
    for returned in [false, true] {
        let hang = told.recv_timeout(crate::game::PATIENCE).expect("it is noticed");
        let found = (hang.class.as_str(), hang.during.as_str(), hang.object, hang.returned);
        assert_eq!(found, ("faulty::Cat", "event_test", cat, returned), "{hang}");
    }
}

#[test]
#[ignore = "run by the test below in a process of its own"]
fn dies() {
    World::install_crash_report().expect("handlers are set");
    let mut game = Followed::start();
    put(&game.folder, "abort");
    assert!(game.report().is_reloaded());
    game.ask();
}

#[test]
fn a_crash_in_a_library_names_its_class() {
    crate::game::library("built");
    let output = again("libraries::dies").output().expect("a child process");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.signal(), Some(6), "{told}");
    assert!(told.contains("`event_test` was running in class faulty::Cat, object #0.1\n"), "{told}");
}
