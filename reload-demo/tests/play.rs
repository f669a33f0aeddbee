//! The whole demo as a player meets it: the host as a process, telnet on both ends. The same tests hold for the
//! reloadable build and for the one with the logic linked in.

mod support;

use std::process::Command;
use support::{Host, TOKEN};

#[test]
fn two_players_meet_talk_and_trade() {
    let host = Host::start();
    let mut ann = host.join("ann");
    let mut bob = host.connect();
    bob.ask("x1", "A name is 2 to 16 letters");
    bob.ask("ANN", "Somebody here is called Ann already.");
    bob.ask("goblin", "Somebody here is called Goblin already.");
    bob.ask("bob", "Hello, Bob!");
    bob.expect("Ann is here.");
    ann.expect("Bob arrives from the road.");

    ann.ask("say hello", "You say: hello");
    bob.expect("Ann says: hello");
    ann.ask("s", "The town gate");
    bob.expect("Ann leaves south.");
    ann.ask("get lantern", "You take a lantern.");
    ann.ask("get lantern", "There is no lantern here");
    ann.ask("i", "You carry a lantern.");
    ann.ask("n", "The square");
    bob.expect("Ann arrives from the south.");
    ann.ask("drop the lantern", "You drop a lantern.");
    bob.expect("Ann drops a lantern.");
    bob.ask("look lantern", "It burns without oil.");
    bob.ask("take lan", "You take a lantern.");
    bob.ask("who", "Bob (you), Ann.");
    bob.ask("dance", "You do not know how to `dance`");
    bob.ask("help", "attack goblin");

    bob.type_line("quit");
    assert!(bob.rest().ends_with("Goodbye, Bob.\r\n"));
    ann.expect("Bob leaves into thin air.");
    ann.ask("get lantern", "You take a lantern.");
}

#[test]
fn creatures_react_and_hit_back() {
    let host = Host::start();
    let mut ann = host.join("Ann");
    ann.ask("e", "The inn");
    ann.ask("say please sing", "Ilse the bard says: With pleasure!");
    ann.ask("u", "attic");
    ann.ask("get bell", "You take a small bell.");
    ann.ask("use bell", "rings the bell");
    ann.ask("attack bell", "There is no bell here.");
    ann.ask("d", "The inn");
    ann.ask("attack ilse", "You hit Ilse the bard.");
    ann.expect("Ilse the bard hits Ann.");
    ann.expect("That hurts");
}

#[test]
fn admins_see_behind_the_scenes_and_nobody_else() {
    let host = Host::start();
    let mut ann = host.join("Ann");
    ann.ask("@classes", "needs the admin token");
    ann.ask(&format!("@admin {TOKEN}"), "You may use");
    let classes = ann.ask("@classes", "mud_logic::town::Town");
    assert!(classes.contains("mud_logic::creatures::Goblin on mud_logic::creatures::Creature: 1 object"), "{classes}");
    ann.ask("@inspect bard", "mud_logic::creatures::Bard {");
    ann.expect("\"hp\": 10");
    ann.ask("@inspect me", "\"name\": \"Ann\"");
    ann.ask("@inspect unicorn", "Nothing is called unicorn.");
    ann.ask("@inspect #99.7", "#99.7 is no more.");
    ann.ask("@reload", "\r\n");
}

#[test]
fn guessing_the_token_ends_after_three_whatever_is_queued() {
    let host = Host::start();
    let mut guesser = host.join("Eve");
    guesser.type_line(&["@admin guess"; 20].join("\r\n"));
    let seen = guesser.rest();
    assert_eq!(seen.matches("That is not the token.").count(), 3, "{seen}");
    // All together guess no faster than one: at the latest the sixth of a second is asked to wait.
    let mut others = ["Bob", "Cid", "Dora", "Emil", "Finn", "Gerda"].map(|name| host.join(name));
    for other in &mut others {
        other.type_line("@admin guess\r\n@admin guess");
    }
    let mut told = Vec::new();
    for other in &mut others {
        for _ in 0..2 {
            told.push(other.expect("oken") + &other.expect("\r\n"));
        }
    }
    assert!(told.iter().any(|told| told.contains("wait a second")), "{told:?}");
    let mut ann = host.join("Ann");
    std::thread::sleep(core::time::Duration::from_millis(1100));
    ann.ask(&format!("@admin {TOKEN}"), "You may use");
}

#[test]
fn words_are_no_names_and_who_quits_is_not_heard_any_more() {
    let host = Host::start();
    let mut ann = host.join("Ann");
    let mut door = host.connect();
    for word in ["help", "look", "North", "me"] {
        door.ask(word, "is a word for something else");
    }
    door.type_line("quit");
    assert!(door.rest().ends_with("Goodbye.\r\n"));
    let mut bob = host.join("Bob");
    bob.ask("look at", "Look at what?");
    bob.ask("look at fountain", "There is no fountain here.");
    bob.type_line("quit\r\nsay too late\r\n@help");
    assert!(bob.rest().ends_with("Goodbye, Bob.\r\n"));
    let seen = ann.expect("Bob leaves into thin air.");
    assert!(!seen.contains("too late"), "{seen}");
}

#[test]
fn a_taken_port_ends_the_second_host_with_advice() {
    let host = Host::start();
    let second = Command::new(env!("CARGO_BIN_EXE_reload-demo")).args(["--port", host.port()]).output().expect("runs");
    assert!(!second.status.success());
    let told = String::from_utf8_lossy(&second.stderr);
    assert!(told.contains(host.port()) && told.contains("--port"), "{told}");
}

#[cfg(unix)]
#[test]
fn the_host_ends_with_a_farewell() {
    let host = Host::start();
    let (ann, bob) = (host.join("Ann"), host.connect());
    let (told, well) = host.stop();
    assert!(well, "{told}");
    for player in [ann, bob] {
        assert!(player.rest().ends_with("The town goes to sleep. Goodbye.\r\n"));
    }
}
