//! Faults of files, folders, watches, clocks and other processes.

use crate::{
    game::{BUILT, Followed, NAME, PATIENCE, again, file_in, library, put},
    support::Game,
};
use reload_core::{LibrarySource, ReloadReport, ReloadSession, World, library::SupplyEvent};
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant, SystemTime},
};

/// Takes all watches away, in a namespace of its own, so that nobody else loses theirs.
const NO_WATCHES: &str = "exec unshare --user --map-root-user sh -c \
                          'echo 0 > /proc/sys/user/max_inotify_instances && exec \"$@\"' sh \"$@\"";

/// Where each host of `folder` keeps its copies.
fn staged(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder.join(".reload-staging")) else { return Vec::new() };
    entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

#[test]
fn a_file_that_is_replaced_while_it_is_copied() {
    let mut game = Followed::start();
    let file = file_in(&game.folder);
    let (odd, even) = (library("odd"), library("even"));
    let begun = Instant::now();
    let (mut round, mut reports) = (0_usize, Vec::new());
    while begun.elapsed() < Duration::from_millis(1_500) {
        round += 1;
        let bytes = if round.is_multiple_of(2) { &even } else { &odd };
        match round % 3 {
            // In place, in pieces, with somebody looking in between.
            0 => {
                let mut open = fs::File::create(&file).expect("writable");
                for piece in bytes.chunks(bytes.len() / 3) {
                    open.write_all(piece).expect("writable");
                    reports.extend(game.session.poll(&mut game.world));
                    std::thread::sleep(Duration::from_millis(3));
                }
            }
            // Cut off, for a moment.
            1 => fs::write(&file, &bytes[..bytes.len() / 2]).expect("writable"),
            _ => {
                fs::write(game.folder.join("new"), bytes).expect("writable");
                fs::rename(game.folder.join("new"), &file).expect("writable");
            }
        }
        reports.extend(game.session.poll(&mut game.world));
        std::thread::sleep(Duration::from_millis(round as u64 % 17));
    }
    for report in reports.iter().filter(|report| !report.is_reloaded()) {
        assert!(report.problems().iter().all(|problem| problem.code.starts_with("library.")), "{report}");
    }
    put(&game.folder, "last");
    game.until_runs("last");
    assert_eq!(game.ask(), ["meow from last", "meow from last"]);
}

#[test]
fn hundreds_of_saves_in_a_second() {
    let mut game = Followed::start();
    let bytes = library("storm");
    for number in 0..400_u32 {
        // Each is another library.
        let mut other = bytes.clone();
        other.extend_from_slice(&number.to_ne_bytes());
        fs::write(game.folder.join("new"), other).expect("writable");
        fs::rename(game.folder.join("new"), file_in(&game.folder)).expect("writable");
        game.session.poll(&mut game.world);
    }
    put(&game.folder, "calm");
    let refused = game.until_runs("calm");
    assert!(refused.is_empty(), "{}", refused[0]);
    assert_eq!(game.ask(), ["meow from calm", "meow from calm"]);
}

#[test]
fn a_clock_that_jumps() {
    let mut game = Followed::start();
    let file = file_in(&game.folder);
    let at = |seconds: i64| {
        let distance = Duration::from_secs(seconds.unsigned_abs());
        if seconds < 0 { SystemTime::UNIX_EPOCH + Duration::from_secs(1) } else { SystemTime::now() + distance }
    };
    for (word, seconds) in [("tomorrow", 86_400), ("next decade", 315_360_000), ("long ago", -1)] {
        let new = game.folder.join("new");
        fs::write(&new, library(word)).expect("writable");
        fs::File::options().append(true).open(&new).expect("there").set_modified(at(seconds)).expect("a time");
        fs::rename(&new, &file).expect("writable");
        let refused = game.until_runs(word);
        assert!(refused.is_empty(), "{}", refused[0]);
    }
    // In place, with the size and the time of the one before.
    let before = fs::metadata(&file).expect("there").modified().expect("a time");
    let mut open = fs::File::options().write(true).open(&file).expect("there");
    open.write_all(&library("the same time")).expect("writable");
    open.set_modified(before).expect("a time");
    drop(open);
    game.until_runs("the same time");
}

#[test]
fn the_target_directory_is_deleted_and_made_again() {
    let mut game = Followed::start();
    for word in ["second", "third"] {
        fs::remove_dir_all(&game.folder).expect("removable");
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(300) {
            assert!(game.session.poll(&mut game.world).is_empty(), "a file that is missing is waited for");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(game.ask().len(), 2, "the code goes on without its file");
        fs::create_dir(&game.folder).expect("writable");
        game.check_next_loads(word);
    }
}

#[test]
fn a_symlinked_target_directory_with_spaces_and_other_letters() {
    let own = tempfile::tempdir().expect("a temporary folder");
    let (one, two) = (own.path().join("Größe 1 (ß) 東京"), own.path().join("zwei  Räume"));
    let link = own.path().join("mein target");
    for (folder, word) in [(&one, "one"), (&two, "two")] {
        fs::create_dir(folder).expect("writable");
        put(folder, word);
    }
    std::os::unix::fs::symlink(&one, &link).expect("writable");
    let mut game = Followed::open(&link);
    assert_eq!(game.ask(), ["meow from one", "meow from one"]);
    game.check_next_loads("one, again");
    // The link leads elsewhere.
    let moved = own.path().join("moved");
    std::os::unix::fs::symlink(&two, &moved).expect("writable");
    fs::rename(&moved, &link).expect("writable");
    game.until_runs("two");
    game.check_next_loads("two, again");
}

#[test]
fn no_permission_to_read_or_to_copy() {
    let mut game = Followed::start();
    let (before, file) = (game.picture(), file_in(&game.folder));
    // Root may do anything but read a folder as a file.
    fs::remove_file(&file).expect("removable");
    fs::create_dir(&file).expect("writable");
    let report = game.report();
    assert_eq!(report.problems()[0].code, "library.unreadable", "{report}");
    assert_eq!(game.picture(), before);
    fs::remove_dir(&file).expect("removable");
    game.check_next_loads("second");
    // There is no place for copies beside the library: they go to the temporary folder.
    let own = tempfile::tempdir().expect("a temporary folder");
    fs::write(own.path().join(".reload-staging"), "in the way").expect("writable");
    put(own.path(), "first");
    let mut game = Followed::open(own.path());
    game.check_next_loads("second");
}

/// Runs a test of this file in a process of its own, by the shell command `script` around it.
#[track_caller]
fn check_in_shell(test: &str, script: &str, extra: impl FnOnce(&mut Command)) {
    let built = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(built.path(), library("")).expect("writable");
    let inner = again(test);
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).arg(inner.get_program()).args(inner.get_args());
    extra(&mut command);
    let output = command.env(BUILT, built.path()).output().expect("a shell");
    let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("1 passed"), "{told}");
}

#[test]
#[ignore = "run by the test below, which forbids any place for copies"]
fn nowhere_to_copy() {
    let own = tempfile::tempdir_in("/dev/shm").expect("a temporary folder");
    fs::write(own.path().join(".reload-staging"), "in the way").expect("writable");
    put(own.path(), "first");
    let source = LibrarySource::watch(own.path(), NAME);
    let mut world = World::new();
    let rejection = ReloadSession::open(source.clone(), &mut world).expect_err("there is no place");
    assert!(rejection.has("staging.folder"), "{rejection}");
    assert!(rejection.to_string().contains("/dev/null") && world.classes().is_empty(), "{rejection}");
    fs::remove_file(own.path().join(".reload-staging")).expect("removable");
    ReloadSession::open(source, &mut world).expect("now there is");
    assert_eq!(world.classes().len(), 2);
}

#[test]
fn no_folder_to_copy_to() {
    check_in_shell("files::nowhere_to_copy", "exec \"$@\"", |command| {
        command.env("TMPDIR", "/dev/null");
    });
}

#[test]
#[ignore = "run by the test below, which lets a file that is too large be an error"]
fn disk_is_full() {
    let mut game = Followed::start();
    let before = game.picture();
    put(&game.folder, "second");
    // Whatever this process writes from now on may have 64 KiB.
    let (_, hard) = rlimit::Resource::FSIZE.get().expect("a limit");
    rlimit::Resource::FSIZE.set(64 * 1024, hard).expect("a limit");
    let report = game.report();
    assert_eq!(report.problems()[0].code, "staging.write", "{report}");
    assert!(report.problems()[0].advice.contains("free some space"), "{report}");
    assert_eq!(game.picture(), before);
    let copies: usize = staged(&game.folder).iter().map(|folder| fs::read_dir(folder).expect("there").count()).sum();
    rlimit::Resource::FSIZE.set(hard, hard).expect("a limit");
    assert!(copies <= 2, "half a copy is not left behind");
    game.check_next_loads("third");
}

#[test]
fn no_space_for_the_copy() {
    check_in_shell("files::disk_is_full", "trap '' XFSZ; exec \"$@\"", |_| ());
}

#[test]
#[ignore = "run by the test below, in a namespace that has no watches"]
fn no_watches() {
    let own = tempfile::tempdir().expect("a temporary folder");
    put(own.path(), "first");
    let source = LibrarySource::watch(own.path(), NAME);
    let mut supply = reload_core::library::Supply::start(source.clone()).expect("threads");
    let begun = Instant::now();
    let (mut problem, mut candidate) = (None, None);
    while problem.is_none() || candidate.is_none() {
        for event in supply.poll() {
            match event {
                SupplyEvent::Problem(found) => problem = Some(found),
                SupplyEvent::Candidate(found) => candidate = Some(found),
                _ => {}
            }
        }
        assert!(begun.elapsed() < PATIENCE, "{problem:?} {candidate:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
    let problem = problem.expect("told");
    assert_eq!(problem.code, "watch.failed");
    assert!(problem.advice.contains("max_user_instances"), "{problem}");
    // A session starts, and follows, all the same.
    let mut game = Followed::open(own.path());
    put(own.path(), "second");
    let report = game.report();
    assert!(report.is_reloaded(), "{report}");
    assert!(report.warnings.iter().any(|told| told.contains("max_user_instances")), "{report}");
    put(own.path(), "third");
    game.until_runs("third");
}

#[test]
fn no_watches_left() {
    check_in_shell("files::no_watches", NO_WATCHES, |_| ());
}

#[test]
#[ignore = "run by the test below, in a namespace that has no watches at first"]
fn watched_again() {
    let source =
        |number: u32| format!("reload_core::library!();\n#[unsafe(no_mangle)]\npub static N: u32 = {number};\n");
    let tells = |report: &ReloadReport| report.warnings.iter().any(|told| told.contains("max_user_instances"));
    let mut game = Game::start("watched_again", &source(1));
    let report = game.reload(&source(2));
    assert!(tells(&report), "{report}");
    fs::write("/proc/sys/user/max_inotify_instances", "128").expect("a namespace of its own");
    // With a manifest everything is watched anew.
    game.write("src/Cargo.toml", "");
    std::thread::sleep(Duration::from_secs(2));
    let report = game.reload(&source(3));
    assert!(!tells(&report), "{report}");
}

#[test]
fn watches_come_back() {
    check_in_shell("files::watched_again", NO_WATCHES, |_| ());
}

#[test]
#[ignore = "run by the tests below: a host that goes on until it is killed"]
fn a_host() {
    let folder = PathBuf::from(std::env::var_os("FAULTS_FOLDER").expect("where to look"));
    let mut game = Followed::open(&folder);
    loop {
        for report in game.session.poll(&mut game.world) {
            assert!(report.is_reloaded(), "{report}");
        }
        fs::write(folder.join("host says"), game.ask().join(", ")).expect("writable");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Another process that follows the library in `folder`.
struct OtherHost {
    process: Child,
    folder: PathBuf,
}

impl OtherHost {
    fn start(folder: &Path) -> Self {
        let process =
            again("files::a_host").env("FAULTS_FOLDER", folder).stdout(Stdio::null()).spawn().expect("a process");
        Self { process, folder: folder.to_owned() }
    }

    #[track_caller]
    fn until_says(&mut self, word: &str) {
        let begun = Instant::now();
        while !fs::read_to_string(self.folder.join("host says")).is_ok_and(|says| says.contains(word)) {
            assert!(begun.elapsed() < PATIENCE, "the other host does not say {word}");
            assert!(self.process.try_wait().expect("a process").is_none(), "the other host has ended");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn kill(mut self) {
        self.process.kill().expect("killed");
        self.process.wait().expect("ended");
    }
}

#[test]
fn two_hosts_in_one_target_directory_and_one_is_killed() {
    let mut game = Followed::start();
    let mut other = OtherHost::start(&game.folder);
    other.until_says("meow from first");
    for word in ["second", "third"] {
        game.check_next_loads(word);
        other.until_says(&format!("meow from {word}"));
    }
    assert_eq!(staged(&game.folder).len(), 2, "each has its own copies");
    other.kill();
    game.check_next_loads("fourth");
    assert_eq!(staged(&game.folder).len(), 2, "what the killed one has left");
    let mut third = OtherHost::start(&game.folder);
    third.until_says("meow from fourth");
    assert_eq!(staged(&game.folder).len(), 2, "is removed by the next host");
    game.check_next_loads("fifth");
    third.until_says("meow from fifth");
    third.kill();
}
