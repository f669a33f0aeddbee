//! Real libraries, good and bad, on their way into this process.
#![expect(clippy::print_stderr, reason = "figures, for those who look")]
#![expect(unsafe_code, reason = "calls what was loaded, to see which version it is")]

mod fixture;

use fixture::{Workspace, eventually, plain};
use reload_core::{
    library::{Candidate, Gate, Gated, LoadedLibrary, Loader, ProbePolicy, Shelf},
    validation::Rejection,
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, OnceLock},
    time::Duration,
};

const LIMIT: Duration = Duration::from_secs(20);

/// The libraries, built once: name and file.
fn library(name: &str) -> PathBuf {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let workspace = Workspace::new("loading_logic", "");
        let init = "#[used]\n#[unsafe(link_section = \".init_array\")]\nstatic INIT: extern \"C\" fn() = init;\n";
        let table = |change: &str| {
            format!(
                "use reload_core::{{boundary::RawStr, library::*}};\nstruct L;\nimpl Hooks for L {{}}\n\
                 #[unsafe(export_name = \"RELOAD_CORE_LIBRARY\")]\npub static TABLE: LibraryTable = \
                 LibraryTable {{ {change}, ..LibraryTable::own::<L>() }};\n"
            )
        };
        for (name, source, options) in [
            ("v1", plain(1), &[][..]),
            ("v2", plain(2), &[][..]),
            ("v3", plain(3), &[][..]),
            ("hot", plain(4), &["--features", "hot"][..]),
            ("foreign", "#[unsafe(no_mangle)] pub static VERSION: u32 = 9;".into(), &[][..]),
            ("crashes", format!("{}{init}extern \"C\" fn init() {{ unsafe {{ (8 as *mut u32).write_volatile(1) }} }}", plain(5)), &[][..]),
            ("panics", format!("{}{init}extern \"C\" fn init() {{ panic!(\"no luck today\") }}", plain(5)), &[][..]),
            ("exits", format!("{}{init}extern \"C\" fn init() {{ std::process::exit(7) }}", plain(5)), &[][..]),
            ("prints", format!("{}{init}extern \"C\" fn init() {{ println!(\"{{{{\\\"Ok\\\":1}}}}\") }}", plain(5)), &[][..]),
            ("patient", format!("{}{init}unsafe extern \"C\" {{ fn alarm(seconds: u32) -> u32; }}\nextern \"C\" fn init() {{ assert!(unsafe {{ alarm(0) }} > 300) }}", plain(5)), &[][..]),
            ("hangs", format!("{}{init}extern \"C\" fn init() {{ loop {{ std::thread::park() }} }}", plain(5)), &[][..]),
            ("magic", table("magic: *b\"something else!!\""), &[][..]),
            (
                "fingerprint",
                table("fingerprint: Fingerprint { compiler: RawStr::new(\"rustc 1.0.0\"), target: RawStr::ABSENT, ..Fingerprint::OWN }"),
                &[][..],
            ),
            ("boundary", table("fingerprint: Fingerprint { boundary: 7, ..Fingerprint::OWN }"), &[][..]),
            (
                "classes",
                "use reload_core::{boundary::RawSlice, library::*};\nstruct L;\nimpl Hooks for L {}\n\
                 extern \"C\" fn classes() -> RawSlice<ClassPointer> { RawSlice::new(&[ClassPointer(std::ptr::null())]) }\n\
                 #[unsafe(export_name = \"RELOAD_CORE_LIBRARY\")]\npub static TABLE: LibraryTable = \
                 LibraryTable { classes, ..LibraryTable::own::<L>() };\n".into(),
                &[][..],
            ),
        ] {
            workspace.write("logic/src/lib.rs", &source);
            fs::copy(workspace.build(options), folder.path().join(format!("{name}.so"))).expect("copied");
        }
        folder
    });
    folder.path().join(format!("{name}.so"))
}

fn gate() -> Gate {
    Gate::new(ProbePolicy { timeout: Some(LIMIT) })
}

fn candidate(gate: &mut Gate, file: &Path) -> Candidate {
    match gate.examine(file) {
        Ok(Gated::Candidate(candidate)) => *candidate,
        other => panic!("{}: {other:?}", file.display()),
    }
}

fn finish(loader: &mut Loader) -> Result<LoadedLibrary, Rejection> {
    eventually("the loader answers", LIMIT, || loader.poll())
}

fn load(loader: &mut Loader, candidate: Candidate) -> LoadedLibrary {
    loader.offer(candidate);
    finish(loader).expect("it loads")
}

/// Which version of the source runs.
fn version(library: &LoadedLibrary) -> u32 {
    // SAFETY: the file is loaded already; the symbol is a `u32`.
    unsafe {
        let own = libloading::os::unix::Library::open(Some(library.file()), libc::RTLD_LAZY | libc::RTLD_NOLOAD);
        **own.expect("it is loaded").get::<*const u32>(b"VERSION").expect("it has a version")
    }
}

fn is_mapped(file: &Path) -> bool {
    let maps = fs::read_to_string("/proc/self/maps").expect("linux");
    maps.lines().any(|line| line.contains(&*file.to_string_lossy()))
}

#[track_caller]
fn check_refused(name: &str, code: &str, says: &str) {
    check_file_refused(&library(name), code, says);
}

#[track_caller]
fn check_file_refused(file: &Path, code: &str, says: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let copy = folder.path().join("library.so");
    fs::copy(file, &copy).expect("copied");
    let mut gate = gate();
    let rejection = gate.examine(&copy).expect_err("it is refused");
    assert!(rejection.has(code), "{code}: {rejection}");
    assert!(rejection.to_string().contains(says), "{says}: {rejection}");
    // The next good one passes the same gate.
    fs::copy(library("v1"), &copy).expect("copied");
    assert!(matches!(gate.examine(&copy), Ok(Gated::Candidate(_))));
    drop(gate);
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1, "nothing is left behind");
}

#[test]
fn files_that_are_no_libraries_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("x.so");
    let good = fs::read(library("v1")).expect("readable");
    for percent in [10, 50, 90, 99] {
        fs::write(&file, &good[..good.len() * percent / 100]).expect("writable");
        check_file_refused(&file, "library.truncated", "incomplete");
    }
    fs::write(&file, b"").expect("writable");
    check_file_refused(&file, "library.empty", "empty");
    fs::write(&file, b"#!/bin/sh\nexit 1\n".repeat(100)).expect("writable");
    check_file_refused(&file, "library.not_an_object", "not a library");
    let mut arm = good.clone();
    arm[18] = 183;
    fs::write(&file, &arm).expect("writable");
    check_file_refused(&file, "library.wrong_machine", "Aarch64");
    let missing = gate().examine(&folder.path().join("none.so")).expect_err("there is none");
    assert!(missing.has("library.missing"), "{missing}");
}

#[test]
fn libraries_that_cannot_be_trusted_are_refused() {
    check_refused("foreign", "library.no_entry", "reload_core::library!()");
    check_refused("magic", "library.magic", "something else!!");
    check_refused("fingerprint", "library.fingerprint", "rustc 1.0.0");
    check_refused("fingerprint", "library.fingerprint", "target: the library has `unreadable`");
    check_refused("boundary", "library.fingerprint", "layout of the boundary types");
    check_refused("classes", "library.table", "class 0 has no readable name");
}

#[test]
fn libraries_that_misbehave_while_loading_take_only_the_child_with_them() {
    check_refused("crashes", "library.crashes", "SIGSEGV");
    check_refused("panics", "library.crashes", "no luck today");
    check_refused("exits", "library.crashes", "exit code 7");
    let mut gate = Gate::new(ProbePolicy { timeout: Some(Duration::from_millis(300)) });
    let rejection = gate.examine(&library("hangs")).expect_err("it is refused");
    assert!(rejection.has("library.hangs"), "{rejection}");
    // What a library prints is not taken for an answer.
    let mut gate = self::gate();
    candidate(&mut gate, &library("prints"));
}

#[test]
fn a_limit_that_no_clock_will_show_is_none() {
    let mut gate = Gate::new(ProbePolicy { timeout: Some(Duration::MAX) });
    candidate(&mut gate, &library("v1"));
}

#[test]
fn a_probe_lives_as_long_as_its_host_may_wait() {
    let mut gate = Gate::new(ProbePolicy { timeout: Some(Duration::from_secs(300)) });
    candidate(&mut gate, &library("patient"));
}

#[test]
fn versions_are_loaded_side_by_side() {
    let (mut gate, mut loader) = (gate(), Loader::new("side-by.side"));
    assert!(loader.poll().is_none());
    let mut loaded = Vec::new();
    for (name, number) in [("v1", 1), ("v2", 2), ("hot", 4), ("v1", 1)] {
        let library = load(&mut loader, candidate(&mut gate, &library(name)));
        assert_eq!(version(&library), number);
        let times = library.times();
        eprintln!(
            "{name}, {} bytes: {times:?}, from complete to loaded {:?}",
            fs::metadata(library.file()).map_or(0, |found| found.len()),
            library.complete_at().elapsed()
        );
        loaded.push(library);
    }
    let addresses: std::collections::HashSet<_> = loaded.iter().map(|library| library.table() as *const _).collect();
    assert_eq!(addresses.len(), 4, "each is another one");
    for library in &loaded {
        assert!((library.table().classes)().is_empty(), "callable, old or new");
        assert!(is_mapped(library.file()));
    }
}

#[test]
fn a_load_that_fails_in_this_process_is_followed_by_good_ones() {
    let (mut gate, mut loader) = (gate(), Loader::new("logic"));
    let spoil = |candidate: &Candidate| fs::write(candidate.file(), b"not what was probed").expect("writable");
    // Before anything is loaded,
    let bad = candidate(&mut gate, &library("v2"));
    spoil(&bad);
    loader.offer(bad);
    assert!(finish(&mut loader).expect_err("it is spoilt").has("library.load"));
    let first = load(&mut loader, candidate(&mut gate, &library("v1")));
    // and with something loaded.
    for _ in 0..2 {
        let bad = candidate(&mut gate, &library("v2"));
        spoil(&bad);
        loader.offer(bad);
        assert!(finish(&mut loader).expect_err("it is spoilt").has("library.load"));
        assert_eq!(version(&first), 1, "the old one is still there");
        gate.forget();
    }
    let second = load(&mut loader, candidate(&mut gate, &library("v2")));
    assert_eq!((version(&first), version(&second)), (1, 2));
}

#[test]
#[cfg(target_os = "linux")]
fn no_space_for_the_loaders_own_copy_is_told_and_leaves_nothing() {
    let (mut gate, mut loader) = (gate(), Loader::new("logic"));
    let mut check_full = |loader: &mut Loader, copy: &str| {
        gate.forget();
        let next = candidate(&mut gate, &library("v2"));
        let folder = next.file().parent().expect("a folder").to_owned();
        // What is written there finds no space.
        let copy = folder.join(format!("liblogic-hot-{}-{copy}.so", std::process::id()));
        std::os::unix::fs::symlink("/dev/full", copy).expect("writable");
        loader.offer(next);
        let rejection = finish(loader).expect_err("there is no space");
        assert!(rejection.has("staging.write") && rejection.to_string().contains("free some space"), "{rejection}");
        let files = fs::read_dir(folder).expect("readable").flatten();
        let copies = files.filter(|entry| entry.file_name().to_string_lossy().contains("-hot-")).count();
        assert_eq!(copies, 0, "nothing is left");
        gate.forget();
        load(loader, candidate(&mut gate, &library("v1")))
    };
    // Before anything is loaded, and with something loaded.
    let first = check_full(&mut loader, "1-0");
    let second = check_full(&mut loader, "2-1");
    assert_eq!((version(&first), version(&second)), (1, 1));
}

#[test]
fn the_same_bytes_are_no_candidate_unless_asked_for() {
    let (mut gate, mut loader) = (gate(), Loader::new("logic"));
    let first = load(&mut loader, candidate(&mut gate, &library("v1")));
    match gate.examine(&library("v1")) {
        Ok(Gated::Unchanged(hash)) => assert_eq!(hash, first.hash()),
        other => panic!("{other:?}"),
    }
    gate.forget();
    let again = load(&mut loader, candidate(&mut gate, &library("v1")));
    assert!(!std::ptr::eq(first.table(), again.table()), "loaded once more");
    assert_eq!(version(&again), 1);
}

/// How many threads have the name of this one, which those that the loader starts take over.
#[cfg(target_os = "linux")]
fn threads() -> usize {
    let own = fs::read("/proc/thread-self/comm").expect("linux");
    let all = fs::read_dir("/proc/self/task").expect("linux").flatten();
    all.filter(|task| fs::read(task.path().join("comm")).is_ok_and(|name| name == own)).count()
}

#[test]
#[cfg(target_os = "linux")]
fn loading_the_same_bytes_again_leaves_no_threads() {
    let (mut gate, mut loader) = (gate(), Loader::new("logic"));
    load(&mut loader, candidate(&mut gate, &library("v1")));
    let before = threads();
    assert!(before > 1, "the loader's is seen");
    for round in 0..8 {
        // Its watcher has seen the placeholder, or none was put there.
        for _ in 0..100 * (round % 2) {
            assert!(loader.poll().is_none());
            std::thread::sleep(Duration::from_millis(1));
        }
        gate.forget();
        assert_eq!(version(&load(&mut loader, candidate(&mut gate, &library("v1")))), 1);
    }
    // A watcher that a busy machine keeps waiting for long is given up.
    let more = threads().saturating_sub(before);
    assert!(more < 4, "{more} more threads");
}

#[test]
fn only_the_newest_of_several_offers_is_loaded() {
    let (mut gate, mut loader) = (gate(), Loader::new("logic"));
    let first = load(&mut loader, candidate(&mut gate, &library("v1")));
    loader.offer(candidate(&mut gate, &library("v2")));
    assert!(loader.poll().is_none_or(|result| result.is_ok()));
    loader.offer(candidate(&mut gate, &library("v3")));
    let newest = eventually("the newest is loaded", LIMIT, || match loader.poll() {
        Some(Ok(library)) if version(&library) == 3 => Some(library),
        Some(Ok(library)) => panic!("version {} after it was superseded", version(&library)),
        Some(Err(rejection)) => panic!("{rejection}"),
        None => None,
    });
    assert_eq!((version(&first), version(&newest)), (1, 3));
    assert!(!loader.is_busy());
}

#[test]
fn a_target_directory_that_is_removed_and_made_again_changes_nothing() {
    let parent = tempfile::tempdir().expect("a temporary folder");
    let target = parent.path().join("target");
    let put = |name: &str| {
        fs::create_dir_all(&target).expect("writable");
        fs::copy(library(name), target.join("x.so")).expect("copied");
        target.join("x.so")
    };
    let (mut gate, mut loader) = (gate(), Loader::new("logic"));
    let first = load(&mut loader, candidate(&mut gate, &put("v1")));
    let lost = candidate(&mut gate, &put("v2"));
    fs::remove_dir_all(&target).expect("removable");
    assert!(gate.examine(&target.join("x.so")).expect_err("it is gone").has("library.missing"));
    loader.offer(lost);
    assert!(finish(&mut loader).expect_err("its copy is gone").has("library.vanished"));
    let second = load(&mut loader, candidate(&mut gate, &put("v3")));
    assert_eq!((version(&first), version(&second)), (1, 3));
}

#[test]
fn a_loader_that_was_idle_loads_in_the_poll_that_takes_the_candidate() {
    let (mut gate, mut loader) = (gate(), Loader::new("logic"));
    load(&mut loader, candidate(&mut gate, &library("v1")));
    let (mut round, mut in_a_row) = (0, 0);
    // When its watcher sees the placeholder is up to the system; until then loading takes a few polls. Once may be
    // luck: the watcher may have seen one change twice.
    eventually("several are loaded at once, one after the other", 3 * LIMIT, || {
        for _ in 0..100 {
            assert!(loader.poll().is_none(), "nothing is under way, and the placeholder is no library");
            std::thread::sleep(Duration::from_millis(1));
        }
        round += 1;
        let (name, number) = [("v2", 2), ("v3", 3)][round % 2];
        loader.offer(candidate(&mut gate, &library(name)));
        let at_once = loader.poll();
        in_a_row = if at_once.is_some() { in_a_row + 1 } else { 0 };
        let library = at_once.unwrap_or_else(|| finish(&mut loader)).expect("it loads");
        assert_eq!(version(&library), number);
        (in_a_row == 4).then_some(())
    });
}

#[test]
fn a_backtrace_through_a_reloaded_library_has_its_lines() {
    let workspace = Workspace::new("loading_lines", "");
    let profile = "[profile.dev]\ndebug = false\n[profile.dev.package.loading_lines]\ndebug = \"line-tables-only\"\n";
    workspace.write("Cargo.toml", &format!("[workspace]\nmembers = [\"logic\"]\nresolver = \"3\"\n{profile}"));
    let (mut gate, mut loader) = (gate(), Loader::new("logic"));
    for round in 0..3 {
        // As many lines as the round has, and then a panic: the line must be that of this version.
        let source = format!(
            "reload_core::library!();\n{}#[unsafe(no_mangle)] pub fn trace(into: &'static std::sync::Mutex<String>) {{\n\
             std::panic::set_hook(Box::new(|_| *into.lock().unwrap() = std::backtrace::Backtrace::force_capture().to_string()));\n\
             let _ = std::panic::catch_unwind(|| panic!(\"round {round}\"));\n}}\n",
            "//\n".repeat(round),
        );
        workspace.write("logic/src/lib.rs", &source);
        let artifact = workspace.build(&[]);
        let library = load(&mut loader, candidate(&mut gate, &artifact));
        let size = |file: &Path| fs::metadata(file).expect("it is there").len();
        assert!(size(library.file()) < size(&artifact) / 2, "only what is mapped is copied");
        let trace: &'static Mutex<String> = Box::leak(Box::default());
        // SAFETY: the file is loaded already, and stays; the symbol is a function of this type, made by this compiler.
        unsafe {
            let own = libloading::os::unix::Library::open(Some(library.file()), libc::RTLD_LAZY | libc::RTLD_NOLOAD);
            let own = std::mem::ManuallyDrop::new(own.expect("it is loaded"));
            own.get::<fn(&'static Mutex<String>)>(b"trace").expect("it has the function")(trace);
        }
        let trace = trace.lock().expect("nobody panics with it");
        let line = format!("logic/src/lib.rs:{}", round + 4);
        assert!(trace.contains(&line), "{line} is not in {trace}");
        let beside = fs::read_dir(library.file().parent().expect("a folder")).expect("readable").flatten();
        let of_debuggers =
            beside.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "debug"));
        assert_eq!(of_debuggers.count(), 1, "that of the newest version");
    }
}

#[test]
fn libraries_are_unmapped_two_epochs_later() {
    let (mut gate, mut loader, mut shelf) = (gate(), Loader::new("logic"), Shelf::new());
    let mut current = load(&mut loader, candidate(&mut gate, &library("v1")));
    let mut files = vec![current.file().to_owned()];
    // This thread is not the main one: without the declaration nothing may go.
    for epoch in 0..6 {
        let next = load(&mut loader, candidate(&mut gate, &library(["v2", "v3", "v1"][epoch as usize % 3])));
        files.push(next.file().to_owned());
        shelf.retire(std::mem::replace(&mut current, next), epoch);
        let given_back = shelf.advance(epoch + 1);
        if epoch == 0 {
            assert_eq!(shelf.mapped().ran_on_another_thread, 1);
            // Holds for what is retired from now on.
            // SAFETY: the library's functions leave nothing with the thread that they run on.
            unsafe { shelf.declare_thread_outlives_session() };
        }
        for gone in &given_back {
            assert!(!gone.still_mapped && !is_mapped(&gone.file), "{gone:?}");
        }
    }
    assert!(is_mapped(&files[0]), "it ran on a thread that might end");
    let mapped: Vec<bool> = files[1..].iter().map(|file| is_mapped(file)).collect();
    assert_eq!(mapped, [false, false, false, false, true, true], "the last one and the current one");
    assert_eq!((shelf.mapped().recent, shelf.mapped().ran_on_another_thread), (1, 1));
    assert_eq!(version(&shelf.take(5).expect("for an undo")), 3);
    assert!(shelf.warning().is_none());
}

#[test]
fn staging_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("x.so");
    fs::copy(library("v1"), &file).expect("copied");
    let (mut gate, mut loader) = (gate(), Loader::new("logic"));
    let library = load(&mut loader, candidate(&mut gate, &file));
    assert!(folder.path().join(".reload-staging").exists());
    drop((gate, loader));
    assert!(!folder.path().join(".reload-staging").exists());
    assert_eq!(version(&library), 1, "pinned beyond its loader");
}

#[test]
fn a_watcher_that_has_lost_its_file_does_not_stop_a_reload() {
    let (mut gate, mut loader) = (gate(), Loader::new("logic"));
    let first = load(&mut loader, candidate(&mut gate, &library("v1")));
    std::thread::sleep(Duration::from_millis(100));
    let next = candidate(&mut gate, &library("v2"));
    fs::remove_file(next.file().with_file_name("liblogic.so")).expect("the name that is watched");
    std::thread::sleep(Duration::from_millis(100));
    let second = load(&mut loader, next);
    eprintln!("loaded after {:?}", second.times().load);
    assert_eq!((version(&first), version(&second)), (1, 2));
    let third = load(&mut loader, candidate(&mut gate, &library("v3")));
    assert_eq!(version(&third), 3);
}
