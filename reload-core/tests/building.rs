//! Real edits, built by real cargo, on their way to candidates.
#![expect(clippy::print_stderr, reason = "figures, for those who look")]

#[path = "building/doubts.rs"]
mod doubts;
mod fixture;

use fixture::{Workspace, eventually, plain, target_dir};
use reload_core::{
    build::BuildFailure,
    library::{Candidate, CargoSource, LibrarySource, Supply, SupplyEvent},
    validation::Problem,
};
use std::{
    fs,
    time::{Duration, Instant},
};

const LIMIT: Duration = Duration::from_secs(180);

/// A supply and everything that it has told.
struct Told {
    supply: Supply,
    events: Vec<SupplyEvent>,
}

impl Told {
    fn by(source: impl Into<LibrarySource>) -> Self {
        Self { supply: Supply::start(source).expect("threads"), events: Vec::new() }
    }

    #[track_caller]
    fn until<T>(&mut self, what: &str, mut pick: impl FnMut(SupplyEvent) -> Option<T>) -> T {
        eventually(what, LIMIT, || {
            let mut found = None;
            for event in self.supply.poll() {
                self.events.push(match event {
                    SupplyEvent::Candidate(_) | SupplyEvent::BuildFailed(_) | SupplyEvent::Problem(_)
                        if found.is_none() =>
                    {
                        found = pick(event);
                        continue;
                    }
                    event => event,
                });
            }
            found
        })
    }

    #[track_caller]
    fn candidate(&mut self) -> Candidate {
        self.until("a candidate", |event| match event {
            SupplyEvent::Candidate(candidate) => Some(*candidate),
            other => panic!("{other:?}"),
        })
    }

    #[track_caller]
    fn failure(&mut self) -> BuildFailure {
        self.until("a failed build", |event| match event {
            SupplyEvent::BuildFailed(failure) => Some(*failure),
            other => panic!("{other:?}"),
        })
    }

    #[track_caller]
    fn problem(&mut self) -> Problem {
        self.until("a problem", |event| match event {
            SupplyEvent::Problem(problem) => Some(problem),
            other => panic!("{other:?}"),
        })
    }

    fn count(&self, is: impl Fn(&SupplyEvent) -> bool) -> usize {
        self.events.iter().filter(|event| is(event)).count()
    }
}

fn cargo(workspace: &Workspace) -> CargoSource {
    LibrarySource::cargo(&workspace.package).manifest_dir(workspace.root()).target_dir(target_dir())
}

/// The version is a static of the library, so it is in its bytes.
fn has(candidate: &Candidate, text: &str) -> bool {
    let bytes = fs::read(candidate.file()).expect("staged");
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn saying(text: &str) -> String {
    format!("reload_core::library!();\n#[unsafe(no_mangle)]\npub static SAYS: &str = {text:?};\n")
}

#[test]
fn an_edit_becomes_a_candidate_and_a_mistake_a_report() {
    let workspace = Workspace::new("building_edits", &saying("first words"));
    let mut told = Told::by(cargo(&workspace));
    let first = told.candidate();
    assert!(has(&first, "first words"));
    assert!(first.times().build.is_some() && first.times().notice.is_none(), "{:?}", first.times());
    for round in 0..3 {
        let text = format!("words of round {round}");
        let saved = Instant::now();
        workspace.write("logic/src/lib.rs", &saying(&text));
        let next = told.candidate();
        eprintln!("from save to candidate {:?}, of which {:?}", saved.elapsed(), next.times());
        assert!(has(&next, &text));
        assert!(next.times().notice.is_some(), "by an edit: {:?}", next.times());
    }
    workspace
        .write("logic/src/lib.rs", "reload_core::library!();\nfn one() -> u32 { \"two\" }\nfn three() { four() }\n");
    let failure = told.failure();
    assert_eq!(failure.errors, 2, "{failure:?}");
    assert!(failure.messages.contains("mismatched types") && failure.messages.contains("cannot find function `four`"));
    assert!(!failure.messages.contains('\x1b'));
    assert_eq!(failure.problem.code, "build.errors");
    workspace.write("logic/src/lib.rs", &saying("mended"));
    assert!(has(&told.candidate(), "mended"));
    // An edit that changes nothing in the library.
    workspace.write("logic/notes.txt", "remember the milk");
    eventually("the same bytes are told", LIMIT, || {
        told.supply.poll().into_iter().find(|event| matches!(event, SupplyEvent::Unchanged { .. }))
    });
    // Asked for all the same.
    told.supply.again();
    assert!(has(&told.candidate(), "mended"));
}

/// Whether the last build went without cargo.
fn was_direct(told: &Told) -> bool {
    let last = told.events.iter().rev().find_map(|event| match event {
        SupplyEvent::Built(built) => Some(built.direct),
        _ => None,
    });
    last.expect("something was built")
}

/// Saves `files`, and checks who builds what then has `text`.
#[track_caller]
fn check_who_builds(told: &mut Told, workspace: &Workspace, files: &[(&str, &str)], text: &str, direct: bool) {
    check_who_builds_what(told, text, direct, |wanted| {
        for (name, source) in files {
            workspace.write(name, &source.replace(text, wanted));
        }
    });
}

/// Has `write` save `text`, waits for a candidate that has it, and checks who has built it. The short way is given up for a save that
/// comes while it is prepared, or not even seen on a busy machine: then there are more saves, at longer and longer intervals. It
/// must never be open where it should not be.
#[track_caller]
fn check_who_builds_what(told: &mut Told, text: &str, direct: bool, write: impl Fn(&str)) {
    for save in 1..=8u32 {
        let wanted = if save == 1 { text.to_owned() } else { format!("{text}, save {save}") };
        if direct {
            std::thread::sleep(Duration::from_millis(100 << save));
        }
        write(&wanted);
        while !has(&told.candidate(), &wanted) {}
        if was_direct(told) == direct {
            return;
        }
        assert!(direct, "not by cargo: {wanted}");
    }
    panic!("by cargo, eight times: {text}");
}

#[test]
#[cfg(target_os = "linux")]
fn cargo_is_left_out_while_only_the_own_sources_change() {
    let below = |text: &str| format!("pub const WORDS: &str = {text:?};\n");
    let with = |module: &str| {
        format!(
            "{module}reload_core::library!();\n#[unsafe(no_mangle)]\n\
             pub static SAYS: [&str; 3] = [short_below::WORDS, short_inner::WORDS, WORDS];\n"
        )
    };
    let plain = |text: &str| with(&format!("const WORDS: &str = {text:?};\n"));
    let workspace = Workspace::new("building_short", &plain("by cargo"));
    workspace.write("below/Cargo.toml", "[package]\nname = \"short_below\"\nversion = \"0.0.0\"\nedition = \"2024\"\n");
    workspace.write("below/src/lib.rs", &below("deep"));
    // A package between the library's own sources.
    let inner = "logic/src/inner/src/lib.rs";
    workspace.write(
        "logic/src/inner/Cargo.toml",
        "[package]\nname = \"short_inner\"\nversion = \"0.0.0\"\nedition = \"2024\"\n",
    );
    workspace.write(inner, &below("inside"));
    workspace.write(
        "Cargo.toml",
        "[workspace]\nmembers = [\"logic\", \"logic/src/inner\", \"below\"]\nresolver = \"3\"\n[profile.dev]\ndebug = false\n",
    );
    let dependencies = "short_below = { path = \"../below\" }\nshort_inner = { path = \"src/inner\" }\n";
    workspace.write("logic/Cargo.toml", &workspace.manifest(dependencies));
    let (lib, module) = ("logic/src/lib.rs", "logic/src/more.rs");
    let mut told = Told::by(cargo(&workspace));
    assert!(has(&told.candidate(), "by cargo") && !was_direct(&told));
    let mut check = |files: &[(&str, &str)], text, direct| check_who_builds(&mut told, &workspace, files, text, direct);
    check(&[(lib, &plain("first"))], "first", true);
    check(&[(lib, &with("mod more;\nuse more::WORDS;\n")), (module, &below("of a module"))], "of a module", true);
    check(&[(module, &below("of the module"))], "of the module", true);
    // As many editors save: to a file beside it, which is then renamed.
    let (beside, place) = (workspace.path("logic/src/more.rs.KxQ4"), workspace.path(module));
    check_who_builds_what(&mut told, "renamed", true, |words| {
        fs::write(&beside, below(words)).and_then(|()| fs::rename(&beside, &place)).expect("writable");
    });
    let mut check = |files: &[(&str, &str)], text, direct| check_who_builds(&mut told, &workspace, files, text, direct);
    // What it is made of has changed, alone or with it.
    check(&[("below/src/lib.rs", &below("deeper"))], "deeper", false);
    check(&[(module, &below("between"))], "between", true);
    check(&[(inner, &below("further inside"))], "further inside", false);
    check(&[(module, &below("after that"))], "after that", true);
    check(&[("below/src/lib.rs", &below("deepest")), (module, &below("with that"))], "deepest", false);
    // How it is made has changed, which closes it.
    check(&[(module, &below("open again"))], "open again", true);
    check(
        &[
            ("logic/Cargo.toml", &workspace.manifest(&format!("{dependencies}# Other words.\n"))),
            (module, &below("other words")),
        ],
        "other words",
        false,
    );
    check(&[(module, &below("as before"))], "as before", true);
    check(
        &[
            (".cargo/config.toml", "[env]\nODD = \"seen as odd\"\n"),
            (module, "pub const WORDS: &str = env!(\"ODD\");\n"),
        ],
        "seen as odd",
        false,
    );
    // A mistake is cargo's to tell, and to see mended.
    workspace.write(module, "pub const WORDS: u32 = 7;");
    assert_eq!(told.failure().errors, 1);
    let mut check = |files: &[(&str, &str)], text, direct| check_who_builds(&mut told, &workspace, files, text, direct);
    check(&[(module, &below("mended"))], "mended", false);
    check(&[(module, &below("and on"))], "and on", true);
    // Cargo's own next build is as good as ever.
    workspace.build(&[]);
    let bytes = fs::read(workspace.artifact()).expect("built");
    assert!(bytes.windows(6).any(|window| window == b"and on"));
}

/// A cargo that began before an edit and ends after it links what it has to where the library belongs.
#[test]
#[cfg(target_os = "linux")]
fn an_edit_is_not_hidden_by_what_another_cargo_puts_back() {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    let workspace = Workspace::new("building_put_back", &saying("by cargo"));
    let mut told = Told::by(cargo(&workspace));
    told.candidate();
    check_who_builds(&mut told, &workspace, &[("logic/src/lib.rs", &saying("before"))], "before", true);
    let (old, link) = (workspace.artifact().with_extension("old"), workspace.artifact().with_extension("link"));
    fs::copy(workspace.artifact(), &old).expect("built");
    let over = AtomicBool::new(false);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while !over.load(Relaxed) {
                let _ = fs::remove_file(&link);
                fs::hard_link(&old, &link).and_then(|()| fs::rename(&link, workspace.artifact())).expect("put back");
            }
        });
        workspace.write("logic/src/lib.rs", &saying("edited"));
        let candidate = eventually("the edit, or the old library", LIMIT, || {
            told.supply.poll().into_iter().find_map(|event| match event {
                SupplyEvent::Candidate(candidate) => Some(Some(candidate)),
                SupplyEvent::Unchanged { .. } => Some(None),
                event => {
                    told.events.push(event);
                    None
                }
            })
        });
        over.store(true, Relaxed);
        assert!(candidate.is_some_and(|candidate| has(&candidate, "edited")));
    });
    assert!(was_direct(&told), "by cargo, which shows nothing");
}

#[test]
fn who_asks_for_cargo_gets_cargo() {
    let workspace = Workspace::new("building_cargo_only", &saying("by cargo"));
    let mut told = Told::by(cargo(&workspace).only_cargo());
    told.candidate();
    check_who_builds(
        &mut told,
        &workspace,
        &[("logic/src/lib.rs", &saying("by cargo again"))],
        "by cargo again",
        false,
    );
    // Where the short way is kept as soon as a build by cargo has ended.
    let lane = workspace.artifact().with_file_name(".reload-lane").join("libbuilding_cargo_only");
    assert!(!lane.exists(), "nobody makes a short way ready");
}

#[test]
fn a_burst_of_saves_is_built_a_few_times_and_ends_with_the_last() {
    let workspace = Workspace::new("building_bursts", &saying("before"));
    let mut told = Told::by(cargo(&workspace));
    told.candidate();
    told.events.clear();
    let first_save = Instant::now();
    for save in 0..300 {
        workspace.write("logic/src/lib.rs", &saying(&format!("save {save} of many")));
        workspace.write("logic/src/.lib.rs.swp", "an editor's own");
        std::thread::sleep(Duration::from_millis(2));
    }
    let begun = Instant::now();
    while !has(&told.candidate(), "save 299 of many") {
        assert!(begun.elapsed() < LIMIT);
    }
    let builds = told.count(|event| matches!(event, SupplyEvent::Building));
    eprintln!("300 saves in {:?} led to {builds} builds", begun - first_save);
    assert!((1..=12).contains(&builds), "{builds} builds");
    std::thread::sleep(Duration::from_millis(700));
    let after = told.supply.poll();
    assert!(
        !after.iter().any(|event| matches!(event, SupplyEvent::Candidate(_) | SupplyEvent::BuildFailed(_))),
        "{after:?}"
    );
}

#[test]
fn folders_may_be_removed_and_made_again() {
    let workspace = Workspace::new("building_folders", &saying("before"));
    let mut told = Told::by(cargo(&workspace));
    told.candidate();
    fs::remove_dir_all(workspace.path("logic/src")).expect("removable");
    assert_eq!(
        told.until("the build fails", |event| match event {
            SupplyEvent::BuildFailed(failure) => Some(failure.problem),
            SupplyEvent::Problem(problem) => Some(problem),
            other => panic!("{other:?}"),
        })
        .code
        .split('.')
        .next(),
        Some("build")
    );
    workspace.write("logic/src/lib.rs", &saying("made again"));
    eventually("a candidate", LIMIT, || {
        told.supply
            .poll()
            .into_iter()
            .find(|event| matches!(event, SupplyEvent::Candidate(candidate) if has(candidate, "made again")))
    });
    // The whole package.
    fs::rename(workspace.path("logic"), workspace.path("elsewhere")).expect("movable");
    std::thread::sleep(Duration::from_millis(800));
    fs::rename(workspace.path("elsewhere"), workspace.path("logic")).expect("movable");
    std::thread::sleep(Duration::from_millis(800));
    // Once more, for a moment.
    fs::rename(workspace.path("logic"), workspace.path("elsewhere")).expect("movable");
    fs::rename(workspace.path("elsewhere"), workspace.path("logic")).expect("movable");
    std::thread::sleep(Duration::from_millis(800));
    workspace.write("logic/src/deep/er/words.rs", "pub const WORDS: &str = \"from below\";");
    workspace.write(
        "logic/src/lib.rs",
        "reload_core::library!();\n#[path = \"deep/er/words.rs\"] mod words;\n#[unsafe(no_mangle)]\npub static SAYS: &str = words::WORDS;\n",
    );
    let found = |told: &mut Told, text: &str| {
        eventually("a candidate", LIMIT, || {
            told.supply
                .poll()
                .into_iter()
                .find(|event| matches!(event, SupplyEvent::Candidate(candidate) if has(candidate, text)))
        });
    };
    found(&mut told, "from below");
    workspace.write("logic/src/deep/er/words.rs", "pub const WORDS: &str = \"from far below\";");
    found(&mut told, "from far below");
}

#[test]
fn local_dependencies_are_watched_also_those_that_come_later() {
    let workspace = Workspace::new("building_dependencies", &saying("alone"));
    let mut told = Told::by(cargo(&workspace));
    told.candidate();
    // A manifest with a mistake is told once and does not end anything.
    workspace.write("logic/Cargo.toml", "[package\nname = 3");
    let problem = told.problem();
    assert_eq!(problem.code, "build.metadata", "{problem}");
    workspace.write(
        "outside/Cargo.toml",
        "[package]\nname = \"building_outside\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n",
    );
    workspace.write("outside/src/lib.rs", "pub const WORDS: &str = \"from outside\";");
    workspace.write(
        "logic/src/lib.rs",
        "reload_core::library!();\n#[unsafe(no_mangle)]\npub static SAYS: &str = building_outside::WORDS;\n",
    );
    workspace.write("Cargo.toml", "[workspace]\nmembers = [\"logic\"]\nexclude = [\"outside\"]\nresolver = \"3\"\n");
    workspace.write("logic/Cargo.toml", &workspace.manifest("building_outside = { path = \"../outside\" }\n"));
    let found = |told: &mut Told, text: &str| {
        eventually("a candidate", LIMIT, || {
            told.supply
                .poll()
                .into_iter()
                .find(|event| matches!(event, SupplyEvent::Candidate(candidate) if has(candidate, text)))
        });
    };
    found(&mut told, "from outside");
    workspace.write("outside/src/lib.rs", "pub const WORDS: &str = \"from far outside\";");
    found(&mut told, "from far outside");
}

#[test]
fn what_cannot_be_built_is_told_with_what_to_do() {
    let workspace = Workspace::new("building_kinds", "");
    let mut told =
        Told::by(LibrarySource::cargo("no-such-package").manifest_dir(workspace.root()).target_dir(target_dir()));
    let problem = told.problem();
    assert_eq!(problem.code, "build.no_package");
    assert!(problem.message.contains("building_kinds"), "{problem}");
    let manifest = workspace.manifest("").replace("\"cdylib\", ", "");
    workspace.write("logic/Cargo.toml", &manifest);
    let mut told = Told::by(cargo(&workspace));
    assert_eq!(told.failure().problem.code, "build.no_cdylib");
}

#[test]
fn a_supply_that_is_dropped_takes_its_build_with_it() {
    let workspace = Workspace::new("building_dropped", "reload_core::library!();");
    workspace.write("logic/build.rs", &format!(
        "fn main() {{ std::fs::write({:?}, std::process::id().to_string()).unwrap(); std::thread::sleep(std::time::Duration::from_secs(300)); }}",
        workspace.path("script.pid"),
    ));
    let told = Told::by(cargo(&workspace).target_dir(workspace.path("target")));
    let script: u32 = eventually("the build script runs", LIMIT, || {
        fs::read_to_string(workspace.path("script.pid")).ok()?.parse().ok()
    });
    let begun = Instant::now();
    drop(told);
    assert!(begun.elapsed() < Duration::from_secs(2));
    let alive = || fs::read_to_string(format!("/proc/{script}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
    eventually("the build script ends", Duration::from_secs(5), || (!alive()).then_some(()));
}

#[test]
fn another_cargo_in_the_target_directory_is_told() {
    let workspace = Workspace::new("building_locked", &saying("locked"));
    workspace.build(&[]);
    let locks: Vec<_> = fs::read_dir(target_dir().join("debug"))
        .expect("built")
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().ends_with("lock"))
        .map(|entry| fs::File::open(entry.path()).expect("readable"))
        .collect();
    assert!(!locks.is_empty());
    locks.iter().for_each(|lock| lock.lock().expect("lockable"));
    let mut told = Told::by(cargo(&workspace));
    eventually("the build begins", LIMIT, || {
        told.supply.poll().into_iter().find(|event| matches!(event, SupplyEvent::Building))
    });
    std::thread::sleep(Duration::from_millis(300));
    drop(locks);
    told.candidate();
    assert_eq!(
        told.count(|event| matches!(event, SupplyEvent::Built(built) if built.waited_for.is_some())),
        1,
        "{:?}",
        told.events
    );
}

#[test]
fn polling_finds_edits_as_well() {
    let workspace = Workspace::new("building_polled", &saying("before"));
    let mut told = Told::by(cargo(&workspace).polling(Duration::from_millis(100)));
    told.candidate();
    workspace.write("logic/src/lib.rs", &saying("polled"));
    assert!(has(&told.candidate(), "polled"));
}

#[test]
fn a_library_that_somebody_else_builds_is_followed() {
    let workspace = Workspace::new("building_followed", &plain(1));
    let first = fs::read(workspace.build(&[])).expect("built");
    workspace.write("logic/src/lib.rs", &plain(2));
    let second = fs::read(workspace.build(&[])).expect("built");
    let folder = workspace.path("out put");
    let file = folder.join("libbuilding_followed.so");
    let mut told = Told::by(LibrarySource::watch(&folder, "building-followed"));
    let (woken, wakes) = std::sync::mpsc::channel();
    told.supply.wake_with(move || {
        let _ = woken.send(());
    });
    eventually("it is waited for", LIMIT, || {
        told.supply.poll().into_iter().find(|event| matches!(event, SupplyEvent::Waiting { .. }))
    });
    fs::create_dir(&folder).expect("writable");
    fs::write(&file, &first).expect("writable");
    wakes.recv_timeout(LIMIT).expect("a host that sleeps is woken for the candidate");
    let one = told.candidate();
    // Written slowly, by somebody who does not rename.
    let slowly = |bytes: &[u8]| {
        let mut open = fs::File::create(&file).expect("writable");
        for piece in bytes.chunks(bytes.len() / 12) {
            std::io::Write::write_all(&mut open, piece).expect("writable");
            std::thread::sleep(Duration::from_millis(15));
        }
    };
    slowly(&second);
    let two = told.candidate();
    assert_ne!(one.hash(), two.hash());
    // The staging folder lies in it, and may be in use.
    eventually("it is removed", LIMIT, || fs::remove_dir_all(&folder).ok());
    std::thread::sleep(Duration::from_millis(600));
    fs::create_dir(&folder).expect("writable");
    slowly(&first);
    assert_eq!(told.candidate().hash(), one.hash());
    assert_eq!(told.count(|event| matches!(event, SupplyEvent::Rejected(_))), 0, "{:?}", told.events);
}

// A host with its library linked in: this very executable.
reload_core::library!();

#[test]
fn a_library_that_is_linked_in_is_found() {
    let source = LibrarySource::linked();
    assert!(source.is_linked());
    let table = reload_core::library::linked_library().expect("there is one");
    assert_eq!(table.magic, reload_core::library::MAGIC);
    let mut supply = Supply::start(source).expect("threads");
    supply.again();
    assert!(supply.poll().is_empty(), "there is nothing to supply");
}
