//! The end of the host, and what is left of the world then. Real host, real signals.
#![cfg(unix)]

mod support;

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
};
use support::{Host, TOKEN};

fn host(world: &Path) -> Host {
    Host::start_with(|command| {
        command.arg("--world").arg(world);
    })
}

/// What a host says that ends at its start.
fn refused(world: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_reload-demo"))
        .args(["--port", "0", "--world"])
        .arg(world)
        .stdin(Stdio::null())
        .output()
        .expect("runs");
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_world_is_saved_when_nobody_reads_what_the_host_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = folder.path().join("world.json");
    let mut process = Command::new(env!("CARGO_BIN_EXE_reload-demo"))
        .args(["--port", "0", "--world"])
        .arg(&world)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the host starts");
    // Both pipes break, as with `| tee` at Ctrl-C.
    let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("Ctrl-C ends")), "it starts");
    drop((lines, process.stderr.take()));
    let asked = Command::new("kill").args(["-INT", &process.id().to_string()]).status().expect("asks");
    assert!(asked.success() && process.wait().expect("ends").success());
    assert!(world.exists(), "it is saved");
}

#[test]
fn the_town_goes_on_when_what_the_host_writes_is_not_read() {
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let mut filler = writer.try_clone().expect("its other end");
    let (ready, until) = mpsc::channel::<()>();
    std::thread::spawn(move || {
        // Cargo writes there as well.
        while until.try_recv().is_err() && reader.read(&mut [0; 4096]).is_ok() {}
        std::thread::sleep(core::time::Duration::MAX);
    });
    let host = Host::start_with(|command| {
        command.env("RUST_LOG", "trace").stderr(writer);
    });
    ready.send(()).expect("it reads");
    std::thread::spawn(move || filler.write_all(&[b'.'; 1 << 20]));
    let mut ann = host.join("Ann");
    for turn in 0..20 {
        ann.ask(&format!("say turn {turn}."), &format!("You say: turn {turn}."));
    }
    let (told, well) = host.stop();
    assert!(well && told.contains("saved "), "{told}");
}

#[test]
fn a_host_that_is_killed_has_saved_not_long_ago() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = folder.path().join("world.json");
    let host = Host::start_with(|command| {
        command.arg("--world").arg(&world).args(["--save-every", "0.2"]);
    });
    let _ann = host.join("Ann");
    let begun = std::time::Instant::now();
    while !fs::read_to_string(&world).is_ok_and(|text| text.contains("\"Ann\"")) {
        assert!(begun.elapsed().as_secs() < 60, "nothing is saved");
        std::thread::sleep(core::time::Duration::from_millis(50));
    }
    host.signal("-KILL");
    let (_, well) = host.ends();
    assert!(!well);
    // Nobody is left of those who played then.
    self::host(&world).join("Ann");
}

#[test]
fn a_closed_terminal_is_an_end_like_any_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = folder.path().join("world.json");
    let host = host(&world);
    let ann = host.join("Ann");
    host.signal("-HUP");
    let (told, well) = host.ends();
    assert!(well && told.contains("saved "), "{told}");
    assert!(world.exists() && ann.rest().ends_with("Goodbye.\r\n"));
}

#[test]
fn a_world_that_could_not_be_written_is_refused_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let told = refused(&folder.path().join("missing/world.json"));
    assert!(told.contains("there is no folder") && told.contains("--world"), "{told}");
    // A folder, and what is no text.
    fs::create_dir(folder.path().join("folder")).expect("made");
    let told = refused(&folder.path().join("folder"));
    assert!(told.contains("--fresh"), "{told}");
    let world = folder.path().join("world.json");
    fs::write(&world, b"\xff\xfe").expect("written");
    let told = refused(&world);
    assert!(told.contains("--fresh"), "{told}");
}

#[test]
fn a_world_that_can_be_written_no_more_goes_elsewhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let gone = folder.path().join("gone");
    fs::create_dir(&gone).expect("made");
    let errors = folder.path().join("errors");
    let host = Host::start_with(|command| {
        command.arg("--world").arg(gone.join("world.json")).env("TMPDIR", folder.path());
        command.stderr(fs::File::create(&errors).expect("made"));
    });
    host.join("Ann");
    fs::remove_dir_all(&gone).expect("removed");
    let (_, well) = host.stop();
    let told = fs::read_to_string(&errors).expect("readable");
    assert!(!well, "{told}");
    let kept = told.split_whitespace().find(|word| word.contains("mud-world-")).expect("it says where");
    assert!(fs::read_to_string(kept).expect("it is there").contains("mud_logic::town::Town"), "{told}");
}

#[test]
fn a_second_host_is_kept_from_the_world_also_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = folder.path().join("world.json");
    let mut first = Host::start_with(|command| {
        command.arg("--world").arg(&world).env_remove("CARGO");
    });
    let told = refused(&world);
    assert!(told.contains("another host has the world") && told.contains("--world"), "{told}");
    let mut ann = first.join("Ann");
    ann.ask(&format!("@admin {TOKEN}"), "You may use");
    ann.ask("@restart", "built and tried");
    first.wait_until_ready();
    let told = refused(&world);
    assert!(told.contains("another host has the world"), "{told}");
    let (told, well) = first.stop();
    assert!(well, "{told}");
    host(&world);
}

#[test]
fn who_wants_the_end_during_a_restart_gets_it() {
    let mut host = Host::start_with(|command| {
        command.env_remove("CARGO");
    });
    let mut ann = host.join("Ann");
    ann.ask(&format!("@admin {TOKEN}"), "You may use");
    ann.ask("@restart", "built and tried");
    // Somewhere between the last turn and the new program.
    host.expect("saved ");
    host.signal("-TERM");
    let (told, _) = host.ends();
    assert!(!told.contains("Ready: "), "{told}");
}
