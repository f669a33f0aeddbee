//! The README's game, as it stands there: three crates, built, run and edited.

use super::support::target_dir;
use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

/// Longest that a build may take, the core's own included.
const PATIENCE: Duration = Duration::from_secs(300);

/// The blocks of Rust in the README's part for one's own game, in order.
fn blocks(readme: &str) -> Vec<&str> {
    let (_, part) = readme.split_once("\n## In your own code\n").expect("the part is there");
    part.split("```rust\n").skip(1).filter_map(|rest| rest.split_once("\n```")).map(|(code, _)| code).collect()
}

/// Ends with the test, whatever becomes of that.
struct Engine(Child);

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_game_of_the_readme_is_built_run_and_edited() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).expect("the README is there");
    let [protocol, logic, engine, ..] = blocks(&readme)[..] else { panic!("three blocks of Rust") };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder is writable");
        fs::write(path, text).expect("the file is writable");
    };
    let core = root.join("reload-core");
    let manifest = |name: &str, core_as: &str, rest: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n\
             reload-core = {{ path = {core:?}, {core_as} }}\n{rest}"
        )
    };
    fs::copy(root.join("Cargo.lock"), folder.path().join("Cargo.lock")).expect("the lock file is there");
    let profile = "[profile.dev]\ndebug = false\nstrip = true\n";
    let members = "[workspace]\nmembers = [\"protocol\", \"logic\", \"engine\"]\nresolver = \"3\"\n";
    write("Cargo.toml", &format!("{members}{profile}"));
    let (plain, protocol_too) = ("default-features = false", "game-protocol = { path = \"../protocol\" }\n");
    write("protocol/Cargo.toml", &manifest("game-protocol", plain, ""));
    let library = format!("{protocol_too}\n[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n");
    write("logic/Cargo.toml", &manifest("game-logic", plain, &library));
    write("engine/Cargo.toml", &manifest("readme-engine", "features = [\"build\"]", protocol_too));
    write("protocol/src/lib.rs", protocol);
    write("logic/src/lib.rs", logic);
    write("engine/src/main.rs", engine);

    let cargo = || {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(folder.path()).env("CARGO_TARGET_DIR", target_dir()).env("CARGO_NET_OFFLINE", "true");
        cargo
    };
    let built = cargo().args(["build", "--quiet", "-p", "readme-engine"]).output().expect("cargo runs");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let run = cargo().args(["run", "--quiet", "-p", "readme-engine"]).stdout(Stdio::piped()).spawn();
    let mut engine = Engine(run.expect("cargo runs"));
    let (told, lines) = mpsc::channel();
    let output = BufReader::new(engine.0.stdout.take().expect("it is piped"));
    std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| told.send(line)));

    // The report of the first library is the session's own; what is printed comes from an edit. It may have been saved before
    // the engine watched, then it is saved again with another text.
    let begun = Instant::now();
    for save in 1.. {
        let edited = logic.replace("after_secs(2.0)", &format!("after_secs(0.{save})"));
        assert_ne!(edited, logic, "the edit changes something");
        write("logic/src/lib.rs", &edited);
        match lines.recv_timeout(Duration::from_secs(15)) {
            Ok(line) => {
                assert!(line.starts_with("reloaded game_logic: epoch 1 -> 2"), "{line}");
                break;
            }
            Err(mpsc::RecvTimeoutError::Timeout) => assert!(begun.elapsed() < PATIENCE, "nothing is told"),
            Err(gone) => panic!("the engine has ended: {gone}"),
        }
    }
}
