//! A class that is put between a class and its base, or taken out from there.

use crate::{
    Game, library,
    token::{Token, alive},
};
use reload_core::{MigrateError, OldState, game_class};

#[game_class(path = "game::Creature", no_handlers)]
#[derive(Default)]
pub struct Creature {
    pub hp: u32,
    pub names: Vec<String>,
    pub token: Token,
}

mod flat {
    use super::*;
    #[game_class(path = "game::Goblin", base = Creature, no_handlers)]
    #[derive(Default)]
    pub struct Goblin {
        pub base: Creature,
        pub gold: u32,
        pub token: Token,
    }
}

mod deep {
    use super::*;
    #[game_class(path = "game::Monster", base = Creature, no_handlers)]
    pub struct Monster {
        #[field(default = 5)]
        pub rage: u32,
        #[field(default = Token::new(9))]
        pub token: Token,
        pub base: Creature,
    }
    #[game_class(path = "game::Goblin", base = Monster, no_handlers)]
    pub struct Goblin {
        pub gold: u32,
        pub base: Monster,
        pub token: Token,
    }
}

/// As deep, and the base is another one as well, whose `migrate` asks for what does not fit.
mod moved {
    use super::*;
    #[game_class(path = "game::Creature")]
    #[derive(Default)]
    pub struct Creature {
        pub hp: u8,
        pub token: Token,
    }
    #[game_class]
    impl Creature {
        fn migrate(old: &OldState<'_>, carried: Self) -> Result<Self, MigrateError> {
            Ok(Self { hp: old.get::<u32>("hp")?.min(255) as u8, ..carried })
        }
    }
    #[game_class(path = "game::Monster", base = Creature, no_handlers)]
    pub struct Monster {
        pub base: Creature,
        #[field(default = 6)]
        pub rage: u32,
    }
    #[game_class(path = "game::Goblin", base = Monster, no_handlers)]
    pub struct Goblin {
        pub base: Monster,
        pub gold: u32,
        pub token: Token,
    }
}

/// Of one version: its classes.
macro_rules! of {
    (flat) => {
        library().class::<Creature>().class::<flat::Goblin>()
    };
    (deep) => {
        library().class::<Creature>().class::<deep::Monster>().class::<deep::Goblin>()
    };
    (moved) => {
        library().class::<moved::Creature>().class::<moved::Monster>().class::<moved::Goblin>()
    };
}

const CREATURE: &str = r#"{"hp":300,"names":["Grub"],"token":1}"#;

fn flat() -> String {
    format!(r#"{{"base":{CREATURE},"gold":3,"token":2}}"#)
}

fn deep(rage: u32, token: u32) -> String {
    format!(r#"{{"base":{{"base":{CREATURE},"rage":{rage},"token":{token}}},"gold":3,"token":2}}"#)
}

fn game() -> (Game, reload_core::ObjectId) {
    let mut game = Game::open(of!(flat));
    let base = Creature { hp: 300, names: vec!["Grub".to_owned()], token: Token::new(1) };
    let goblin = flat::Goblin { base, gold: 3, token: Token::new(2) };
    let id = game.world.spawn(goblin).expect("its class is linked");
    (game, id)
}

#[test]
fn the_parts_of_an_object_go_where_their_class_is() {
    let (mut game, id) = game();
    let report = game.reload(of!(deep));
    assert_eq!((game.json(id), alive()), (deep(5, 9), 3), "{report}");
    game.world.get_mut::<deep::Goblin>(id).expect("alive").base.rage = 7;
    game.undo();
    assert_eq!((game.json(id), alive()), (flat(), 2), "the class between is gone");
    let kept: Vec<String> = game.world.attic().entries.into_iter().filter_map(|entry| entry.field).collect();
    assert_eq!(kept, ["base.rage", "base.token"]);
    game.undo();
    assert_eq!((game.json(id), alive()), (deep(7, 9), 3), "and is back, as it was");
    game.reload(of!(flat));
    assert_eq!((game.json(id), alive()), (flat(), 2));
    drop(game);
    assert_eq!(alive(), 0);
}

#[test]
fn a_migrate_finds_the_part_of_its_class() {
    let (mut game, id) = game();
    game.reload(of!(moved));
    let json = r#"{"base":{"base":{"hp":255,"token":1},"rage":6},"gold":3,"token":2}"#;
    assert_eq!((game.json(id).as_str(), alive()), (json, 2));
    // And out of the attic.
    let (mut game, id) = self::game();
    game.reload(library());
    game.reload(of!(moved));
    assert_eq!(game.json(id), json);
}

#[test]
fn objects_out_of_the_attic_and_of_a_file_do_so_as_well() {
    let (mut game, id) = game();
    let of_flat = game.world.save().expect("all of it can be written").text;
    game.reload(library());
    game.reload(of!(deep));
    assert_eq!(game.json(id), deep(5, 9));
    game.world.get_mut::<deep::Goblin>(id).expect("alive").base.rage = 7;
    let of_deep = game.world.save().expect("all of it can be written").text;
    game.reload(library());
    game.reload(of!(flat));
    assert_eq!(game.json(id), flat());
    assert_eq!(game.world.attic().entries[0].ty, "u32", "of what is kept of the class between");
    game.reload(of!(deep));
    assert_eq!(game.json(id), deep(7, 9));
    drop(game);
    let mut newer = Game::open(of!(deep));
    newer.world.restore(&of_flat).unwrap_or_else(|rejection| panic!("{rejection}"));
    assert_eq!(newer.json(id), deep(5, 9));
    let mut older = Game::open(of!(flat));
    older.world.restore(&of_deep).unwrap_or_else(|rejection| panic!("{rejection}"));
    assert_eq!(older.json(id), flat());
    older.reload(of!(deep));
    assert_eq!(older.json(id), deep(7, 9));
}
