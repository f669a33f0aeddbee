//! The promise, as two players see it: the town is edited while they are in it, and those who already lived there
//! change. Real host, real builds, real sockets.
#![cfg(not(feature = "linked"))]

mod support;

use support::{
    Host, Player, TOKEN,
    town::{Town, target_dir},
};

/// Edits one after the other, with the players connected all the time.
fn edit_while_they_play(town: &Town, ann: &mut Player, bob: &mut Player) {
    ann.ask(&format!("@admin {TOKEN}"), "You may use");
    // Both go to see the goblin.
    for player in [&mut *ann, &mut *bob] {
        player.ask("s", "The town gate");
        player.ask("s", "Dark. Something drips.");
    }
    ann.ask("@inspect grix", "mud_logic::creatures::Goblin {");
    let before = ann.expect("\"hp\": ");
    bob.ask("say hello", "You say: hello");
    ann.expect("Bob says: hello");

    // A handler is added: the goblin that was there before has it.
    town.edit(
        "creatures.rs",
        "#[game_class]\nimpl Goblin {",
        "#[game_class]\nimpl Goblin {\n    fn event_said(&mut self, _: &Said, ctx: &mut Ctx) {\n        self.base.say(\"Shh!\", ctx);\n    }\n",
    );
    ann.expect("Goblin (1 object) +event_said");
    bob.ask("say hello", "Grix the goblin says: Shh!");
    ann.expect("Grix the goblin says: Shh!");

    // It is the same goblin.
    ann.ask("@inspect grix", "mud_logic::creatures::Goblin {");
    assert_eq!(ann.expect("\"hp\": "), before, "the goblin's state is as it was");

    // The handler is removed and a loop added.
    town.edit("creatures.rs", "    fn event_said(&mut self, _: &Said", "    fn loop_hum(&mut self, ctx: &mut Ctx) -> Next {\n        self.base.say(\"Hmm-hmm.\", ctx);\n        Next::after_secs(0.5)\n    }\n\n    fn not_event_said(&mut self, _: &Said");
    ann.expect("-event_said +loop_hum");
    for _ in 0..3 {
        bob.expect("Grix the goblin says: Hmm-hmm.");
    }

    // A class is added.
    town.edit("items.rs", "use reload_core", "/// New.\n#[reload_core::game_class(no_handlers)]\n#[derive(Default)]\npub struct Lamp {\n    lit: bool,\n}\n\nuse reload_core");
    ann.expect("+ mud_logic::items::Lamp (0 objects)");
    ann.ask("@classes", "mud_logic::items::Lamp: 0 objects");

    // The build breaks: everybody plays on, with the old code.
    town.edit("items.rs", "lit: bool,", "lit: bool");
    town.edit("creatures.rs", "Hmm-hmm.\", ctx", "Hmm-hmm.\"");
    ann.expect("build of mud_logic failed");
    bob.expect("Grix the goblin says: Hmm-hmm.");
    bob.ask("say still here", "You say: still here");
    ann.expect("Bob says: still here");

    // It is repaired.
    town.edit("creatures.rs", "Hmm-hmm.\"", "La-la-la.\", ctx");
    ann.expect("reloaded mud_logic");
    bob.expect("Grix the goblin says: La-la-la.");

    // The handler for speech is gone, so nothing but the loop is heard.
    ann.ask("@classes", "mud_logic::creatures::Goblin");
    let goblin = ann.expect("\n    handles ");
    let handles = ann.expect("; loops hum");
    assert!(!handles.contains("said"), "{goblin}{handles}");
    bob.ask("who", "Bob (you), Ann.");

    // A loop that takes its time: the watchdog says which.
    town.edit(
        "creatures.rs",
        "self.base.say(\"La-la-la.\", ctx);",
        "std::thread::sleep(core::time::Duration::from_millis(900));\n        self.base.say(\"Zzz.\", ctx);",
    );
    bob.expect("Grix the goblin says: Zzz.");
    ann.ask("say sleepyhead", "You say: sleepyhead");
}

#[test]
fn the_town_changes_while_two_players_are_in_it() {
    let town = Town::copy();
    let host = Host::start_with(|command| {
        let logic = town.path("logic");
        command.arg("--logic").arg(logic).args(["--watchdog", "0.3"]).env("CARGO_TARGET_DIR", target_dir());
    });
    let (mut ann, mut bob) = (host.join("Ann"), host.join("Bob"));
    edit_while_they_play(&town, &mut ann, &mut bob);
    let (told, well) = host.stop();
    assert!(well, "{told}");
    for says in ["has not returned for", "has returned after"] {
        let hang = told.lines().find(|line| line.starts_with("watchdog: `loop_hum`") && line.contains(says));
        assert!(hang.is_some_and(|line| line.contains("mud_logic::creatures::Goblin #")), "{says}: {told}");
    }
}

/// Texts in `world_setup.rs` hold for who and what is there already.
#[test]
fn what_is_written_of_those_who_live_there_is_corrected() {
    let town = Town::copy();
    let host = Host::start_with(|command| {
        command.arg("--logic").arg(town.path("logic")).env("CARGO_TARGET_DIR", target_dir());
    });
    let mut ann = host.join("Ann");
    ann.ask(&format!("@admin {TOKEN}"), "You may use");
    ann.ask("e", "a smell of onions");
    ann.ask("look ilse", "a lute that has seen better days.");
    town.edit("world_setup.rs", "better days.", "better strings.");
    ann.expect("reloaded mud_logic");
    ann.ask("look ilse", "a lute that has seen better strings.");
    town.edit("world_setup.rs", "Still warm.", "Cold by now.");
    ann.expect("reloaded mud_logic");
    ann.ask("w", "A fountain murmurs");
    ann.ask("n", "Here lies a horseshoe.");
    ann.ask("look horseshoe", "Cold by now.");
    let (told, well) = host.stop();
    assert!(well, "{told}");
}

/// A player whose code fails can leave all the same, and is gone when the code is mended.
#[test]
fn nobody_stays_who_has_left_while_they_rested() {
    let (town, folder) = (Town::copy(), tempfile::tempdir().expect("a folder"));
    let world = folder.path().join("world.json");
    town.edit("commands.rs", "    if line.is_empty() {", "    assert_ne!(line, \"boom\");\n    if line.is_empty() {");
    let host = Host::start_with(|command| {
        command.arg("--logic").arg(town.path("logic")).arg("--world").arg(&world);
        command.env("CARGO_TARGET_DIR", target_dir());
    });
    let (mut ann, mut bob, mut cid) = (host.join("Ann"), host.join("Bob"), host.join("Cid"));
    cid.ask(&format!("@admin {TOKEN}"), "You may use");
    for player in [&mut ann, &mut bob] {
        player.ask("boom", "Nothing comes of it");
        player.ask("look", "Nothing comes of it");
    }
    ann.type_line("quit");
    assert!(ann.rest().ends_with("Goodbye.\r\n"));
    cid.ask("who", "Ann");
    // It may have been saved already: there is always something to notice.
    let _ = std::fs::remove_file(&world);
    std::thread::sleep(core::time::Duration::from_secs(5));

    town.edit("commands.rs", "    assert_ne!(line, \"boom\");\n", "");
    cid.expect("reloaded mud_logic");
    assert!(world.exists(), "the world is saved before new code runs");
    cid.expect("Ann leaves into thin air.");
    cid.ask("who", "Cid (you), Bob.");
    bob.ask("boom", "You do not know how to `boom`");
    host.join("Ann");
}

/// Driven by `cargo watch`; the host only follows the file. Needs `cargo watch`, so it is asked for by a feature.
#[cfg(feature = "cargo-watch-test")]
#[test]
fn the_same_driven_by_cargo_watch() {
    use std::process::{Child, Command, Stdio};
    struct Ended(Child);
    impl Drop for Ended {
        fn drop(&mut self) {
            let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
            let _ = self.0.wait();
        }
    }
    let town = Town::copy();
    let target = target_dir().join("watched");
    let watch = Command::new(env!("CARGO"))
        .args(["watch", "--quiet", "--delay", "0.05", "-x", "build --quiet -p mud-logic"])
        .current_dir(town.path("."))
        .env("CARGO_TARGET_DIR", &target)
        .stdin(Stdio::null())
        .spawn()
        .expect("`cargo watch` starts: `cargo install cargo-watch --locked`");
    let _ended = Ended(watch);
    let library =
        target.join("debug").join(format!("{}mud_logic{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX));
    let started = std::time::Instant::now();
    while !library.exists() {
        assert!(started.elapsed().as_secs() < 300, "`cargo watch` has built nothing");
        std::thread::sleep(core::time::Duration::from_millis(50));
    }
    let host = Host::start_with(|command| {
        command.arg("--watch").arg(target.join("debug"));
    });
    let (mut ann, mut bob) = (host.join("Ann"), host.join("Bob"));
    ann.ask(&format!("@admin {TOKEN}"), "You may use");
    for player in [&mut ann, &mut bob] {
        player.ask("s", "The town gate");
        player.ask("s", "Dark. Something drips.");
    }
    town.edit(
        "creatures.rs",
        "#[game_class]\nimpl Goblin {",
        "#[game_class]\nimpl Goblin {\n    fn event_said(&mut self, _: &Said, ctx: &mut Ctx) {\n        self.base.say(\"Shh!\", ctx);\n    }\n",
    );
    ann.expect("Goblin (1 object) +event_said");
    bob.ask("say hello", "Grix the goblin says: Shh!");
}
