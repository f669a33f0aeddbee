//! The state of the town outlives its classes' changes, the host's end, and damaged files. Real host, real builds.
#![cfg(not(feature = "linked"))]

mod support;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};
use support::{
    Host, Player, TOKEN,
    town::{Town, target_dir},
};

const GOBLIN: &str = "    /// How it feels.\n    pub mood: Mood,\n";

fn start(town: &Town, world: &Path) -> Host {
    Host::start_with(|command| {
        command.arg("--logic").arg(town.path("logic")).arg("--world").arg(world).args(["--save-every", "0"]);
        command.env("CARGO_TARGET_DIR", target_dir());
    })
}

/// What an admin sees of the goblin between `from` and the end of the line.
fn goblin(admin: &mut Player, from: &str) -> String {
    admin.type_line("@inspect grix");
    admin.expect("mud_logic::creatures::Goblin {");
    admin.expect(from);
    admin.expect("\n").trim_end().trim_end_matches(',').to_owned()
}

#[test]
fn fields_come_change_and_go_and_come_back() {
    let (town, folder) = (Town::copy(), tempfile::tempdir().expect("a folder"));
    let host = start(&town, &folder.path().join("world.json"));
    let mut ann = host.join("Ann");
    ann.ask(&format!("@admin {TOKEN}"), "You may use");

    // A field with a default: the goblin that was there before has it.
    town.edit(
        "creatures.rs",
        GOBLIN,
        &format!("{GOBLIN}    /// Its gold.\n    #[field(default = 7)]\n    pub gold: u32,\n"),
    );
    ann.expect("+gold: u32");
    assert_eq!(goblin(&mut ann, "\"gold\": "), "7");

    // Its type changes, and its value is carried over.
    town.edit("creatures.rs", "pub gold: u32", "pub gold: u64");
    ann.expect("gold: u32 -> u64");
    assert_eq!(goblin(&mut ann, "\"gold\": "), "7");

    // It hits somebody, so that there is a mood to be kept.
    for way in ["s", "s"] {
        ann.type_line(way);
    }
    ann.expect("Dark. Something drips.");
    ann.ask("attack grix", "You hit Grix the goblin.");
    ann.expect("You will regret that!");
    assert_eq!(goblin(&mut ann, "\"mood\": "), "\"Angry\"");

    // The mood goes away, and is kept in the attic.
    town.edit("creatures.rs", GOBLIN, "");
    town.edit("creatures.rs", "self.mood = Mood::Angry;", "");
    town.edit(
        "creatures.rs",
        "match self.mood {\n                Mood::Calm => self.base.say(\"What do you want?\", ctx),\n                Mood::Angry => self.base.say(\"Not you again!\", ctx),\n            }",
        "self.base.say(\"Hm?\", ctx);",
    );
    ann.expect("-mood: mud_logic::creatures::Mood (kept in the attic)");
    ann.ask("@attic", "mud_logic::creatures::Goblin.mood: mud_logic::creatures::Mood of 1 object");

    // Undone: the mood is there again, and it is the one it was.
    ann.ask("@plan", "would lead from epoch");
    ann.type_line("@undo");
    ann.expect("+mood: mud_logic::creatures::Mood");
    assert_eq!(goblin(&mut ann, "\"mood\": "), "\"Angry\"");

    // What no rule carries is refused, and the old code goes on.
    town.edit("creatures.rs", "#[field(default = 7)]\n    pub gold: u64", "pub gold: Vec<String>");
    ann.expect("mud_logic::creatures::Goblin.gold: no rule leads from `u64` to `Vec<String>`");
    assert_eq!(goblin(&mut ann, "\"gold\": "), "7");
}

#[test]
fn the_world_is_saved_at_the_end_and_on_demand_and_starts_from_its_file() {
    let (town, folder) = (Town::copy(), tempfile::tempdir().expect("a folder"));
    let file = folder.path().join("world.json");
    let host = start(&town, &file);
    let mut ann = host.join("Ann");
    ann.ask("s", "The town gate");
    ann.ask("get lantern", "You take a lantern.");
    ann.ask("n", "The square");
    ann.ask(&format!("@admin {TOKEN}"), "You may use");
    assert!(!file.exists());
    ann.ask("@save", "saved ");
    let first = fs::read_to_string(&file).expect("it is written");
    ann.ask("drop lantern", "You drop a lantern.");
    let (told, well) = host.stop();
    assert!(well && told.contains("saved "), "{told}");
    assert_ne!(fs::read_to_string(&file).expect("it is written again"), first);

    // The lantern lies where it was left, and nobody is there who left.
    let host = start(&town, &file);
    let mut bob = host.connect();
    bob.expect("What is your name?");
    bob.type_line("ann");
    let seen = bob.expect("Exits: north, east, south.");
    assert!(!seen.contains("Ann is here"), "{seen}");
    bob.ask("get lantern", "You take a lantern.");
    drop(host);

    // A damaged file is refused with advice, and kept.
    let damaged = &first[..first.len() / 2];
    fs::write(&file, damaged).expect("written");
    let output = Command::new(env!("CARGO_BIN_EXE_reload-demo"))
        .args(["--port", "0"])
        .arg("--logic")
        .arg(town.path("logic"))
        .arg("--world")
        .arg(&file)
        .env("CARGO_TARGET_DIR", target_dir())
        .stdin(Stdio::null())
        .output()
        .expect("runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && told.contains("world.json") && told.contains("--fresh"), "{told}");
    assert!(told.contains("damaged"), "{told}");
    assert_eq!(fs::read_to_string(&file).expect("kept"), damaged);

    // A new world keeps it under another name.
    let host = Host::start_with(|command| {
        command.arg("--logic").arg(town.path("logic")).arg("--world").arg(&file).arg("--fresh");
        command.env("CARGO_TARGET_DIR", target_dir());
    });
    assert_eq!(fs::read_to_string(folder.path().join("world.1.json")).expect("kept"), damaged);
    host.join("Cid");
}
