//! Where the short way, or cargo's own word that nothing has changed, would lead to an old library.

use super::*;

/// By then a short way is ready, if there is one.
const READY: Duration = Duration::from_millis(2500);

const BELOW: &str = "[package]\nname = \"NAME\"\nversion = \"0.0.0\"\nedition = \"2024\"\n";

const ROOT: &str = "resolver = \"3\"\n[profile.dev]\ndebug = false\nstrip = true\n";

/// The source of a library that says `text`, and what its dependency says.
fn with(text: &str, dependency: &str) -> String {
    format!("reload_core::library!();\n#[unsafe(no_mangle)]\npub static SAYS: [&str; 2] = [{text:?}, {dependency}];\n")
}

/// Whether something is built within `limit`.
fn is_built(told: &mut Told, limit: Duration) -> bool {
    let begun = Instant::now();
    let mut built = false;
    while begun.elapsed() < limit && !built {
        built = told.supply.poll().iter().any(|event| matches!(event, SupplyEvent::Built(_)));
        std::thread::sleep(Duration::from_millis(5));
    }
    built
}

#[test]
fn a_file_that_a_dependency_shares_is_built_by_cargo() {
    let workspace = Workspace::new("building_shared", &with("own", "shared_below::WORDS"));
    workspace.write("below/Cargo.toml", &BELOW.replace("NAME", "shared_below"));
    let below = "#[path = \"../../logic/src/words.rs\"]\nmod words;\npub const WORDS: &str = words::WORDS;\n";
    workspace.write("below/src/lib.rs", below);
    workspace.write("logic/src/words.rs", "pub const WORDS: &str = \"shared one\";\n");
    workspace.write("Cargo.toml", &format!("[workspace]\nmembers = [\"logic\", \"below\"]\n{ROOT}"));
    workspace.write("logic/Cargo.toml", &workspace.manifest("shared_below = { path = \"../below\" }\n"));
    // Its own as well, so that it is the library that the short way would build.
    workspace.write("logic/src/lib.rs", &format!("pub mod words;\n{}", with("own", "shared_below::WORDS")));
    let mut told = Told::by(cargo(&workspace));
    assert!(has(&told.candidate(), "shared one"));
    std::thread::sleep(READY);
    let two = "pub const WORDS: &str = \"shared two\";\n";
    check_who_builds(&mut told, &workspace, &[("logic/src/words.rs", two)], "shared two", false);
}

#[test]
fn a_dependency_whose_manifest_is_broken_for_a_moment_stays_one() {
    let dependency = "building_torn_below::WORDS";
    let workspace = Workspace::new("building_torn", &with("own one", dependency));
    let manifest = format!("{}[workspace]\n", BELOW.replace("NAME", "building_torn_below"));
    let below = |text: &str| format!("pub const WORDS: &str = {text:?};\n");
    workspace.write("outside/Cargo.toml", &manifest);
    workspace.write("outside/src/lib.rs", &below("outside one"));
    workspace.write("Cargo.toml", &format!("[workspace]\nmembers = [\"logic\"]\nexclude = [\"outside\"]\n{ROOT}"));
    workspace.write("logic/Cargo.toml", &workspace.manifest("building_torn_below = { path = \"../outside\" }\n"));
    let mut told = Told::by(cargo(&workspace));
    assert!(has(&told.candidate(), "outside one"));
    workspace.write("outside/Cargo.toml", "[package\n");
    assert_eq!(told.failure().problem.code, "build.cargo");
    workspace.write("outside/Cargo.toml", &manifest);
    assert!(is_built(&mut told, LIMIT), "it is seen to be mended");
    check_who_builds(&mut told, &workspace, &[("logic/src/lib.rs", &with("own two", dependency))], "own two", false);
    std::thread::sleep(READY);
    let file = "outside/src/lib.rs";
    check_who_builds(&mut told, &workspace, &[(file, &below("outside two"))], "outside two", false);
    check_who_builds(&mut told, &workspace, &[("logic/src/lib.rs", &with("own three", dependency))], "own three", true);
}

#[test]
fn a_dependency_that_is_patched_is_watched_like_the_others() {
    let dependency = "unicode_ident::WORDS";
    let workspace = Workspace::new("building_patched", &with("own one", dependency));
    // The version that is locked.
    let locked = fs::read_to_string(workspace.path("Cargo.lock")).expect("a lock file");
    let version = locked.split("name = \"unicode-ident\"\nversion = ").nth(1).and_then(|rest| rest.lines().next());
    let manifest = BELOW.replace("NAME", "unicode-ident").replace("\"0.0.0\"", version.expect("it is locked"));
    workspace.write("ident/Cargo.toml", &manifest);
    let patched = |text: &str| {
        format!(
            "pub fn is_xid_start(of: char) -> bool {{ of.is_alphabetic() || of == '_' }}\n\
             pub fn is_xid_continue(of: char) -> bool {{ of.is_alphanumeric() || of == '_' }}\n\
             pub const WORDS: &str = {text:?};\n"
        )
    };
    workspace.write("ident/src/lib.rs", &patched("patched one"));
    workspace.write(
        "Cargo.toml",
        &format!(
            "[workspace]\nmembers = [\"logic\"]\nexclude = [\"ident\"]\n{ROOT}[patch.crates-io]\nunicode-ident = {{ path = \"ident\" }}\n"
        ),
    );
    workspace.write("logic/Cargo.toml", &workspace.manifest("unicode-ident = \"1\"\n"));
    let mut told = Told::by(cargo(&workspace));
    assert!(has(&told.candidate(), "patched one"));
    std::thread::sleep(READY);
    check_who_builds(&mut told, &workspace, &[("ident/src/lib.rs", &patched("patched two"))], "patched two", false);
    let own = with("own two", dependency);
    check_who_builds(&mut told, &workspace, &[("logic/src/lib.rs", &own)], "own two", true);
}

/// Moves a file into the place of `name` whose time is that of an hour ago, as `mv` and `cp -p` do.
fn put_older(workspace: &Workspace, name: &str, text: &str) {
    workspace.write("saved", text);
    let file = fs::File::open(workspace.path("saved")).expect("written");
    file.set_modified(std::time::SystemTime::now() - Duration::from_secs(3600)).expect("its owner may");
    fs::rename(workspace.path("saved"), workspace.path(name)).expect("movable");
}

#[test]
fn a_file_with_an_older_time_is_built() {
    let workspace = Workspace::new("building_older", &saying("by cargo"));
    let mut told = Told::by(cargo(&workspace).only_cargo());
    told.candidate();
    put_older(&workspace, "logic/src/lib.rs", &saying("moved"));
    assert!(has(&told.candidate(), "moved"));
    workspace.write("logic/src/lib.rs", &saying("saved"));
    assert!(has(&told.candidate(), "saved"));
    told.events.clear();
    put_older(&workspace, "logic/src/lib.rs", &saying("moved again"));
    assert!(has(&told.candidate(), "moved again"));
    std::thread::sleep(Duration::from_secs(1));
    told.events.extend(told.supply.poll());
    let builds = told.count(|event| matches!(event, SupplyEvent::Building));
    assert_eq!(builds, 2, "one by which it is noticed, one that compiles it, and no end of them: {:?}", told.events);
}

#[test]
fn after_the_clock_was_put_back_each_save_is_built_or_told_of() {
    let name = "building_clock";
    let workspace = Workspace::new(name, &saying("by cargo"));
    let mut told = Told::by(cargo(&workspace).only_cargo());
    told.candidate();
    let in_an_hour = || std::time::SystemTime::now() + Duration::from_secs(3600);
    let folders = |folder| fs::read_dir(folder).expect("built").flatten().map(|entry| entry.path());
    let is_of =
        |path: &std::path::PathBuf| path.file_name().is_some_and(|found| found.to_string_lossy().contains(name));
    let postpone = |file: std::path::PathBuf| {
        fs::File::open(file).and_then(|file| file.set_modified(in_an_hour())).expect("its owner may");
    };
    // What cargo goes by, as if it had built in an hour.
    let fingerprints = folders(target_dir().join("debug/.fingerprint")).filter(is_of).flat_map(folders);
    fingerprints.for_each(postpone);
    for save in ["one", "two"] {
        workspace.write("logic/src/lib.rs", &saying(&format!("save {save}")));
        assert_eq!(told.problem().code, "build.older_source", "save {save}");
    }
    // And what the compiler has written.
    folders(target_dir().join("debug/deps")).filter(is_of).for_each(postpone);
    workspace.write("logic/src/lib.rs", &saying("save three"));
    assert!(has(&told.candidate(), "save three"));
}

#[test]
#[cfg(target_os = "linux")]
fn what_was_built_directly_is_not_undone_by_a_cargo_that_has_not_seen_it() {
    let workspace = Workspace::new("building_ahead", &saying("by cargo"));
    let mut told = Told::by(cargo(&workspace));
    told.candidate();
    check_who_builds_what(&mut told, "moved", true, |words| put_older(&workspace, "logic/src/lib.rs", &saying(words)));
    // Cargo looks at the package, and goes by the source's time.
    workspace.write("logic/notes.txt", "remember the milk");
    let next = eventually("something is built", LIMIT, || {
        told.supply.poll().into_iter().find_map(|event| match event {
            SupplyEvent::Candidate(candidate) => Some(Some(candidate)),
            SupplyEvent::Unchanged { .. } => Some(None),
            _ => None,
        })
    });
    assert!(next.is_none_or(|candidate| has(&candidate, "moved")), "the library before is back");
}

#[test]
fn configuration_of_the_folder_that_cargo_is_called_in_closes_the_short_way() {
    let source = |text: &str| with(text, "env!(\"BUILDING_ODD\")");
    let workspace = Workspace::new("building_called_in", &source("words one"));
    workspace.write("host/Cargo.toml", &BELOW.replace("NAME", "building_called_in_host"));
    workspace.write("host/src/lib.rs", "");
    workspace.write("host/.cargo/config.toml", "[env]\nBUILDING_ODD = \"odd one\"\n");
    workspace.write("Cargo.toml", &format!("[workspace]\nmembers = [\"logic\", \"host\"]\n{ROOT}"));
    let mut told = Told::by(cargo(&workspace).manifest_dir(workspace.path("host")));
    assert!(has(&told.candidate(), "odd one"));
    check_who_builds(&mut told, &workspace, &[("logic/src/lib.rs", &source("words two"))], "words two", true);
    workspace.write("host/.cargo/config.toml", "[env]\nBUILDING_ODD = \"odd two\"\n");
    workspace.write("logic/src/lib.rs", &source("words three"));
    let next = told.candidate();
    assert!(has(&next, "words three") && has(&next, "odd two") && !was_direct(&told));
}

#[test]
fn a_mistake_in_a_file_that_nobody_watches_is_seen_to_be_mended() {
    let workspace = Workspace::new("building_stuck", &saying("words one"));
    let manifest = BELOW.replace("NAME", "building_stuck_host");
    workspace.write("host/Cargo.toml", &manifest);
    workspace.write("host/src/lib.rs", "");
    workspace.write(".cargo/config.toml", "");
    workspace.write("Cargo.toml", &format!("[workspace]\nmembers = [\"logic\", \"host\"]\n{ROOT}"));
    let mut told = Told::by(cargo(&workspace).only_cargo());
    assert!(has(&told.candidate(), "words one"));
    for (file, good, text) in
        [("host/Cargo.toml", &manifest[..], "words two"), (".cargo/config.toml", "", "words three")]
    {
        workspace.write(file, "[package\n");
        workspace.write("logic/src/lib.rs", &saying(text));
        assert_eq!(told.failure().problem.code, "build.cargo");
        workspace.write(file, good);
        assert!(has(&told.candidate(), text), "mended: {file}");
    }
}

/// The source of a static that takes the compiler a while.
const SLOW: &str = "const fn slow(mut of: u64) -> u64 { while of > 0 { of -= 1; } of }\n\
                    #[allow(long_running_const_eval)]\n#[unsafe(no_mangle)]\npub static SLOW: u64 = slow(3_000_000);\n";

/// A folder in which the compiler is just at work on `library`.
fn compiling(library: &str) -> Option<std::path::PathBuf> {
    let folders = |folder| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let of_library = folders(target_dir().join("debug/incremental"))
        .filter(|folder| folder.to_string_lossy().contains(&format!("{library}-")));
    of_library.flat_map(folders).find(|session| session.to_string_lossy().ends_with("-working"))
}

#[test]
fn configuration_that_is_edited_while_cargo_builds_dependencies_closes_the_short_way() {
    let source = |text: &str| with(text, "env!(\"BUILDING_LATE\")");
    let workspace = Workspace::new("building_late", &source("words one"));
    workspace.write("below/Cargo.toml", &BELOW.replace("NAME", "late_below"));
    workspace.write("below/src/lib.rs", SLOW);
    workspace.write(".cargo/config.toml", "[env]\nBUILDING_LATE = \"late one\"\n");
    workspace.write("Cargo.toml", &format!("[workspace]\nmembers = [\"logic\", \"below\"]\n{ROOT}"));
    workspace.write("logic/Cargo.toml", &workspace.manifest("late_below = { path = \"../below\" }\n"));
    let mut told = Told::by(cargo(&workspace));
    eventually("the dependency is compiled", LIMIT, || compiling("late_below"));
    workspace.write(".cargo/config.toml", "[env]\nBUILDING_LATE = \"late two\"\n");
    assert!(has(&told.candidate(), "late one"), "cargo had read it");
    std::thread::sleep(READY);
    workspace.write("logic/src/lib.rs", &source("words two"));
    let next = told.candidate();
    assert!(has(&next, "words two") && has(&next, "late two") && !was_direct(&told));
}

#[test]
fn an_edit_of_the_lock_file_during_a_build_is_not_lost() {
    let workspace = Workspace::new("building_lock_file", &saying("words one"));
    let mut told = Told::by(cargo(&workspace).only_cargo());
    told.candidate();
    // Cargo says that it compiles the library when it has long read the lock file.
    workspace.write("logic/src/lib.rs", &format!("reload_core::library!();\n{SLOW}"));
    eventually("the compiler works", LIMIT, || compiling("building_lock_file"));
    let lock = fs::read_to_string(workspace.path("Cargo.lock")).expect("a lock file");
    workspace.write("Cargo.lock", &format!("{lock}# Edited.\n"));
    if compiling("building_lock_file").is_some() {
        told.candidate();
        assert!(is_built(&mut told, LIMIT), "the edit is built as well");
    }
}

#[test]
fn whatever_the_compiler_has_read_is_watched() {
    let source = "mod shared;\nreload_core::library!();\n#[unsafe(no_mangle)]\npub static SAYS: [&str; 4] = \
                  [include_str!(\"../levels/1\"), include_str!(\"../levels/two.tmp\"), include_str!(\"../../assets/three.txt\"), \
                  shared::WORDS];\n";
    let workspace = Workspace::new("building_read", source);
    let files = ["logic/levels/1", "logic/levels/two.tmp", "assets/three.txt"];
    for file in files {
        workspace.write(file, &format!("old {file}"));
    }
    let shared = |text: &str| format!("pub const WORDS: &str = {text:?};\n");
    workspace.write("common/shared.rs", &shared("old words"));
    std::os::unix::fs::symlink("../../common/shared.rs", workspace.path("logic/src/shared.rs")).expect("writable");
    let mut told = Told::by(cargo(&workspace));
    assert!(has(&told.candidate(), "old words"));
    // What it is made of is read when cargo has ended.
    std::thread::sleep(Duration::from_secs(1));
    for file in files {
        let text = format!("new {file}");
        check_who_builds(&mut told, &workspace, &[(file, &text)], &text, false);
    }
    check_who_builds(&mut told, &workspace, &[("common/shared.rs", &shared("new words"))], "new words", false);
    // A file that only the compiler has seen so far, and not cargo.
    workspace.write("assets/four.txt", "old four");
    let four =
        "#[unsafe(no_mangle)]\npub static FOUR: [&str; 2] = [include_str!(\"../../assets/four.txt\"), \"directly\"];\n";
    let with_four = format!("{source}{four}");
    check_who_builds(&mut told, &workspace, &[("logic/src/lib.rs", &with_four)], "directly", true);
    std::thread::sleep(Duration::from_secs(1));
    check_who_builds(&mut told, &workspace, &[("assets/four.txt", "new four")], "new four", false);
}

#[test]
fn a_mistake_in_a_file_that_lies_elsewhere_is_seen_to_be_mended() {
    let workspace = Workspace::new("building_elsewhere", &saying("words one"));
    let mut told = Told::by(cargo(&workspace));
    assert!(has(&told.candidate(), "words one"));
    workspace.write("common/shared.rs", "pub const WORDS: u32 = \"mistaken\";\n");
    let source = "#[path = \"../../common/shared.rs\"]\nmod shared;\nreload_core::library!();\n\
                  #[unsafe(no_mangle)]\npub static SAYS: &str = shared::WORDS;\n";
    workspace.write("logic/src/lib.rs", source);
    assert_eq!(told.failure().problem.code, "build.errors");
    // It is watched as soon as cargo has ended.
    std::thread::sleep(Duration::from_secs(1));
    workspace.write("common/shared.rs", "pub const WORDS: &str = \"words two\";\n");
    assert!(has(&told.candidate(), "words two"));
}

#[test]
fn cargo_that_fails_while_it_builds_is_told_from_one_that_has_not_begun() {
    let workspace = Workspace::new("building_failing", &saying("words one"));
    let mut told = Told::by(cargo(&workspace));
    assert!(has(&told.candidate(), "words one"));
    let has_begun = |failure: BuildFailure| {
        let Problem { code, message, .. } = &failure.problem;
        assert!(*code == "build.cargo" && failure.errors == 0, "{failure:?}");
        !message.contains("before anything was compiled")
    };
    workspace.write("logic/build.rs", "fn main() { std::process::exit(3); }\n");
    assert!(has_begun(told.failure()), "the build script fails");
    fs::remove_file(workspace.path("logic/build.rs")).expect("removable");
    assert!(is_built(&mut told, LIMIT));
    workspace.write("Cargo.lock", "version =\n");
    assert!(!has_begun(told.failure()), "the lock file cannot be read");
}
