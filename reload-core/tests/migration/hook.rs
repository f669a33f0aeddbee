//! A class's own `migrate`.

use crate::{
    Game, library,
    token::{Token, alive},
    version,
};
use reload_core::{InProcess, MigrateError, ObjectId, OldState, game_class};

pub mod v1 {
    use super::*;
    #[game_class(path = "game::Door", no_handlers)]
    #[derive(Default)]
    pub struct Door {
        pub open: bool,
        pub key: String,
        pub size: (u8, u8),
        pub token: Token,
    }
    #[game_class(path = "game::Gate", base = Door, no_handlers)]
    #[derive(Default)]
    pub struct Gate {
        pub height: u8,
        pub base: Door,
    }
}

pub mod v2 {
    use super::*;
    #[game_class(path = "game::Door")]
    #[derive(Default)]
    pub struct Door {
        pub angle: f32,
        pub key: u32,
        pub area: u32,
        pub token: Token,
        pub notes: Vec<String>,
    }
    #[game_class]
    impl Door {
        fn migrate(old: &OldState<'_>, carried: Self) -> Result<Self, MigrateError> {
            if !old.has("open") {
                return Ok(carried);
            }
            let (width, height) = old.get::<(u32, u32)>("size")?;
            let notes = vec![
                old.type_of("size").unwrap_or_default(),
                format!("{} {:?}", old.has("nothing"), old.type_of("nothing")),
                old.get::<u8>("open").map_err(|error| error.to_string())?.to_string(),
                old.get::<u8>("size.1")?.to_string(),
                old.get::<u8>("nothing").expect_err("there was none").to_string(),
                old.get::<bool>("size").expect_err("no rule").to_string(),
                format!("{} -> {}", old.from_epoch(), old.epoch()),
            ];
            let key = old.get::<String>("key")?;
            assert!(key != "666", "this key is cursed");
            if key == "665" {
                return Err(MigrateError::new("this key is not good either"));
            }
            Ok(Self { angle: if old.get("open")? { 90.0 } else { 0.0 }, area: width * height, notes, ..carried })
        }
    }
    #[game_class(path = "game::Gate", base = Door, no_handlers)]
    #[derive(Default)]
    pub struct Gate {
        pub base: Door,
        pub height: u16,
    }
}

mod panel {
    use super::*;
    #[game_class(path = "game::Panel")]
    #[derive(Default)]
    pub struct Panel {
        pub calls: u32,
    }
    #[game_class]
    impl Panel {
        fn migrate(_: &OldState<'_>, carried: Self) -> Result<Self, MigrateError> {
            Ok(Self { calls: carried.calls + 1 })
        }
    }
    #[game_class(path = "game::Screen", base = Panel, no_handlers)]
    #[derive(Default)]
    pub struct Screen {
        pub base: Panel,
        pub height: u16,
    }
    pub mod wider {
        use super::*;
        #[game_class(path = "game::Screen", base = Panel, no_handlers)]
        #[derive(Default)]
        pub struct Screen {
            pub base: Panel,
            pub height: u16,
            pub width: u16,
        }
    }
}

version!(other_before { pub n: u8, pub token: Token });
version!(other_after { pub n: Option<u32>, pub token: Option<Token> });

fn first() -> InProcess {
    library().class::<v1::Door>().class::<v1::Gate>().class::<other_before::It>()
}

fn second() -> InProcess {
    library().class::<v2::Door>().class::<v2::Gate>().class::<other_after::It>()
}

fn door(key: &str) -> v1::Door {
    v1::Door { open: true, key: key.to_owned(), size: (3, 4), token: Token::new(1) }
}

fn game() -> (Game, ObjectId, ObjectId) {
    let mut game = Game::open(first());
    let of_door = game.world.spawn(door("7")).expect("its class is linked");
    let of_gate = game.world.spawn(v1::Gate { height: 9, base: door("8") }).expect("its class is linked");
    game.spawn("game::It");
    (game, of_door, of_gate)
}

#[test]
fn it_sees_the_old_fields_converted_and_says_what_the_object_is() {
    let (mut game, of_door, of_gate) = game();
    let tokens = alive();
    game.reload(second());
    assert_eq!(alive(), tokens);
    let state = game.world.get::<v2::Door>(of_door).expect("alive");
    assert_eq!((state.angle, state.key, state.area), (90.0, 7, 12), "`key` was converted by the rules");
    let notes: Vec<&str> = state.notes.iter().map(String::as_str).collect();
    let [of_size, of_nothing, open, height, unknown, no_rule, epochs] = notes[..] else { panic!("{notes:?}") };
    assert_eq!((of_size, of_nothing, open, height, epochs), ("(u8, u8)", "false None", "1", "4", "1 -> 2"));
    assert!(unknown.contains("no field `nothing`"), "{unknown}");
    assert!(no_rule.contains("no rule leads from `(u8, u8)` to `bool`"), "{no_rule}");
    // The hook of the base runs for the base part of what is based on it.
    let gate = game.world.get::<v2::Gate>(of_gate).expect("alive");
    assert_eq!((gate.height, gate.base.angle, gate.base.key, gate.base.area), (9, 90.0, 8, 12));

    // Back there is no hook: the rules carry, and the attic gives.
    game.undo();
    let state = game.world.get::<v1::Door>(of_door).expect("alive");
    assert_eq!((state.open, state.key.as_str(), state.size), (true, "7", (3, 4)));
    assert_eq!(game.world.get::<v1::Gate>(of_gate).expect("alive").base.size, (3, 4));
    assert_eq!(alive(), tokens);
    game.undo();
    assert_eq!(game.world.get::<v2::Door>(of_door).expect("alive").area, 12, "the hook runs again");
    drop(game);
    assert_eq!(alive(), 0);
}

#[track_caller]
fn check_failure(key: &str, words: &[&str], of_gate: bool) {
    let (mut game, ..) = game();
    let bad = match of_gate {
        true => game.world.spawn(v1::Gate { height: 1, base: door(key) }),
        false => game.world.spawn(door(key)),
    };
    let bad = bad.expect("its class is linked");
    let tokens = alive();
    // The hook is the base's; the object is of what is based on it.
    let whose = if of_gate { " of game::Gate" } else { "" };
    let named = format!("the object {bad}{whose} (of 2 objects)");
    let words: Vec<&str> = words.iter().copied().chain([named.as_str()]).collect();
    game.check_refused(second(), "migrate.hook", "game::Door::migrate", &words);
    assert_eq!(alive(), tokens);
    assert_eq!(game.world.get::<other_before::It>(game.world.instances_of("game::It")[0]).expect("as it was").n, 0);
    game.world.destroy(bad);
    game.reload(second());
    drop(game);
    assert_eq!(alive(), 0);
}

#[test]
fn an_error_takes_the_whole_reload_back() {
    check_failure("665", &["this key is not good either"], false);
    check_failure("665", &["this key is not good either"], true);
}

#[test]
fn a_panic_takes_the_whole_reload_back() {
    check_failure("666", &["panicked", "this key is cursed", "hook.rs:"], false);
    check_failure("666", &["this key is cursed"], true);
}

#[test]
fn it_runs_for_objects_out_of_the_attic() {
    let (mut game, of_door, of_gate) = game();
    game.reload(library().class::<other_before::It>());
    assert_eq!(alive(), 1);
    game.reload(second());
    let state = game.world.get::<v2::Door>(of_door).expect("back");
    assert_eq!((state.angle, state.key, state.area, state.notes[0].as_str()), (90.0, 7, 12, "(u8, u8)"));
    assert_eq!(game.world.get::<v2::Door>(of_gate).expect("back").area, 12);
    assert_eq!(alive(), 3);
}

#[test]
fn of_a_base_that_is_what_it_was_it_does_not_run() {
    let narrow = || library().class::<panel::Panel>().class::<panel::Screen>();
    let wide = || library().class::<panel::Panel>().class::<panel::wider::Screen>();
    let mut game = Game::open(narrow());
    let id = game.spawn("game::Screen");
    let file = game.world.save().expect("all of it can be written").text;
    // Straight on, out of the attic, and out of a file.
    game.reload(wide());
    assert_eq!(game.world.get::<panel::wider::Screen>(id).expect("alive").base.calls, 0);
    game.reload(library());
    game.reload(narrow());
    assert_eq!(game.world.get::<panel::Screen>(id).expect("back").base.calls, 0);
    let mut restored = Game::open(wide());
    restored.world.restore(&file).unwrap_or_else(|rejection| panic!("{rejection}"));
    assert_eq!(restored.world.get::<panel::wider::Screen>(id).expect("alive").base.calls, 0);
}

#[test]
fn a_failure_with_objects_out_of_the_attic_leaves_them_there() {
    let (mut game, of_door, _) = game();
    let bad = game.world.spawn(v1::Gate { height: 1, base: door("666") }).expect("its class is linked");
    game.reload(library().class::<other_before::It>());
    let tokens = alive();
    game.check_refused(second(), "migrate.hook", "game::Door::migrate", &["this key is cursed", "of game::Gate"]);
    assert_eq!(alive(), tokens);
    assert!(game.world.destroy(bad));
    game.reload(second());
    assert!(game.world.get::<v2::Door>(of_door).is_some());
    drop(game);
    assert_eq!(alive(), 0);
}

/// A class whose `migrate` is about something else.
macro_rules! logged {
    ($name:ident $log:ty) => {
        mod $name {
            use super::*;
            #[game_class(path = "game::Probe")]
            #[derive(Default)]
            pub struct Probe {
                pub log: $log,
            }
            #[game_class]
            impl Probe {
                fn migrate(_: &OldState<'_>, carried: Self) -> Result<Self, MigrateError> {
                    Ok(carried)
                }
            }
        }
    };
}
logged!(words Vec<String>);
logged!(number u32);

#[test]
fn what_a_migrate_has_not_looked_at_comes_back_when_the_edit_is_taken_back() {
    let mut game = Game::open(library().class::<words::Probe>());
    let log = vec!["one".to_owned(), "two".to_owned()];
    let id = game.world.spawn(words::Probe { log }).expect("its class is linked");
    for _ in 0..2 {
        game.reload(library().class::<number::Probe>());
        assert_eq!(game.json(id), r#"{"log":0}"#);
        game.reload(library().class::<words::Probe>());
        assert_eq!(game.json(id), r#"{"log":["one","two"]}"#);
    }
    game.reload(library().class::<number::Probe>());
    game.undo();
    assert_eq!(game.json(id), r#"{"log":["one","two"]}"#);
}
