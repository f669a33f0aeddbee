//! Hot restart: the host is replaced by a new one while players are connected, or goes on if that cannot be.

mod support;

use std::{fs, os::unix::fs::PermissionsExt};
use support::{Host, TOKEN};

#[test]
fn the_host_is_replaced_with_players_still_connected() {
    // Without cargo the program is taken as it is.
    let mut host = Host::start_with(|command| {
        command.env_remove("CARGO");
    });
    let (mut ann, mut bob) = (host.join("Ann"), host.join("Bob"));
    let mut door = host.connect();
    door.expect("What is your name?");
    ann.ask(&format!("@admin {TOKEN}"), "You may use");
    bob.ask("s", "The town gate");
    bob.ask("get lantern", "You take a lantern.");
    for round in 0..2 {
        ann.ask("@restart", "built and tried");
        ann.expect("The new host has taken over.");
        // Who was there is there, with what they carry, where they were, and whoever was an admin is.
        ann.ask("who", "In the town: Ann (you), Bob.");
        bob.ask("i", "You carry a lantern.");
        bob.ask(&format!("say round {round}"), "You say: round");
        ann.ask("@inspect bob", "\"name\": \"Bob\"");
    }
    door.ask("Cid", "Hello, Cid!");
    ann.expect("Cid arrives from the road.");
    // New ones come in at the same port.
    host.wait_until_ready();
    let mut dora = host.join("Dora");
    dora.ask("who", "Dora (you), Ann, Bob, Cid.");
    bob.type_line("quit");
    assert!(bob.rest().contains("Goodbye, Bob."));
    let (told, well) = host.stop();
    assert!(well && told.contains("saved"), "{told}");
}

#[test]
fn nothing_that_is_typed_around_a_restart_is_lost() {
    let mut host = Host::start_with(|command| {
        command.env_remove("CARGO");
    });
    let (mut ann, mut bob) = (host.join("Ann"), host.join("Bob"));
    ann.ask(&format!("@admin {TOKEN}"), "You may use");
    ann.ask("@restart", "built and tried");
    // More than is taken at once, so that some of it waits when the host is replaced, and half a line behind it.
    let lines: Vec<String> = (0..40).map(|number| format!("say number {number}")).collect();
    bob.type_unfinished(&format!("{}\r\nsay the e", lines.join("\r\n")));
    let mut newcomers = Vec::new();
    let begun = std::time::Instant::now();
    while !ann.has_seen("The new host has taken over.") {
        assert!(begun.elapsed().as_secs() < 60, "no restart");
        newcomers.push(host.connect());
    }
    bob.type_line("nd");
    for number in 0..40 {
        bob.expect(&format!("You say: number {number}\r\n"));
    }
    let seen = bob.expect("You say: the end");
    assert!(!seen.contains("You do not know"), "{seen}");
    // Whoever came meanwhile is greeted.
    for mut newcomer in newcomers {
        newcomer.expect("What is your name?");
    }
    host.wait_until_ready();
}

/// A host whose logic may be edited, and an admin in its town.
#[cfg(not(feature = "linked"))]
fn edited_town() -> (support::town::Town, Host, support::Player) {
    let town = support::town::Town::copy();
    let host = Host::start_with(|command| {
        command.arg("--logic").arg(town.path("logic")).env("CARGO_TARGET_DIR", support::town::target_dir());
        command.env_remove("CARGO");
    });
    let mut ann = host.join("Ann");
    ann.ask(&format!("@admin {TOKEN}"), "You may use");
    (town, host, ann)
}

#[cfg(not(feature = "linked"))]
#[test]
fn code_waits_after_a_restart_if_it_did_before() {
    let (town, _host, mut ann) = edited_town();
    ann.ask("@hold on", "New code waits");
    ann.ask("@restart", "built and tried");
    ann.expect("The new host has taken over.");
    town.edit("commands.rs", "\"Say what?\"", "\"Say it!\"");
    let begun = std::time::Instant::now();
    loop {
        ann.type_line("@plan");
        if ann.expect("\r\n").contains("What @apply would do:") {
            break;
        }
        assert!(begun.elapsed().as_secs() < 120, "no code waits");
        std::thread::sleep(core::time::Duration::from_millis(200));
    }
    ann.ask("say", "Say what?");
    ann.ask("@apply", "reloaded mud_logic");
    ann.ask("say", "Say it!");
}

#[cfg(not(feature = "linked"))]
#[test]
fn players_wait_for_code_that_was_broken_while_the_host_was_replaced() {
    let (town, mut host, mut ann) = edited_town();
    ann.ask("@restart", "built and tried");
    host.expect("The new host takes over");
    town.edit("commands.rs", "\"Say what?\"", "\"Say what?");
    host.expect("The players wait until it is mended");
    ann.type_line("say");
    town.edit("commands.rs", "\"Say what?", "\"Say it!\"");
    ann.expect("The new host has taken over.");
    ann.expect("Say it!");
    host.wait_until_ready();
    // Nobody has to wait for ever.
    ann.ask("@restart", "built and tried");
    host.expect("The new host takes over");
    town.edit("commands.rs", "\"Say it!\"", "\"Say it!");
    host.expect("The players wait until it is mended");
    let (told, well) = host.stop();
    assert!(well && ann.rest().contains("Goodbye"), "{told}");
}

#[test]
fn a_host_that_cannot_be_built_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let cargo = folder.path().join("cargo");
    fs::write(&cargo, "#!/bin/sh\ncase \"$*\" in *reload-demo*) echo 'error: it is broken' >&2; exit 101;; esac\nexec \"$REAL_CARGO\" \"$@\"\n")
        .expect("written");
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).expect("executable");
    let host = Host::start_with(|command| {
        command.env("REAL_CARGO", env!("CARGO")).env("CARGO", &cargo);
    });
    let (mut ann, mut bob) = (host.join("Ann"), host.join("Bob"));
    ann.ask(&format!("@admin {TOKEN}"), "You may use");
    ann.ask("@restart", "built and tried");
    ann.expect("No restart, the town goes on: the new host cannot be built");
    ann.expect("error: it is broken");
    bob.ask("say still here", "You say: still here");
    ann.expect("Bob says: still here");
}

#[cfg(not(feature = "linked"))]
#[test]
fn logic_that_cannot_read_the_world_changes_nothing() {
    let (town, _host, mut ann) = edited_town();
    // A restart would take what a reload refuses.
    town.edit("creatures.rs", "pub verse: u32", "pub verse: Vec<String>");
    ann.expect("build of mud_logic failed");
    ann.ask("@restart", "built and tried");
    ann.expect("No restart, the town goes on: the new host cannot take over");
    ann.ask("who", "In the town: Ann (you).");
}
