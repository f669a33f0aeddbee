//! A class that is put between a class and its base, or taken out from there.

use crate::{
    Game, library,
    token::{Token, alive},
};
use reload_core::{MigrateError, OldState, State, game_class};

#[game_class(path = "game::Creature", no_handlers)]
#[derive(Default)]
pub struct Creature {
    pub hp: u32,
    pub names: Vec<String>,
    pub token: Token,
}

#[derive(State, Default)]
pub struct Footing {
    pub deep: u32,
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

/// What the others are based on has a field called `base`, and is based on nothing; then it is, and has none.
macro_rules! house {
    ($name:ident, $of_house:ident, { $($ground:tt)* } $($between:item)*) => {
        mod $name {
            use super::*;
            $($ground)*
            $($between)*
            #[game_class(path = "game::House", base = $of_house, no_handlers)]
            #[derive(Default)]
            pub struct House {
                pub base: $of_house,
            }
        }
    };
}
house!(low, Ground, {
    #[game_class(path = "game::Ground", no_handlers)]
    #[derive(Default)]
    pub struct Ground {
        pub base: Footing,
        pub soil: u8,
    }
});
house!(high, Wall, {
    #[game_class(path = "game::Ground", no_handlers)]
    #[derive(Default)]
    pub struct Ground {
        pub soil: u16,
        pub base: Footing,
    }
}
    #[game_class(path = "game::Wall", base = Ground, no_handlers)]
    #[derive(Default)]
    pub struct Wall {
        pub base: Ground,
    }
);
house!(based, Wall, {
    #[game_class(path = "game::Rock", no_handlers)]
    #[derive(Default)]
    pub struct Rock {
        pub token: Token,
    }
    #[game_class(path = "game::Ground", base = Rock, no_handlers)]
    #[derive(Default)]
    pub struct Ground {
        pub soil: u16,
        pub base: Rock,
    }
}
    #[game_class(path = "game::Wall", base = Ground, no_handlers)]
    #[derive(Default)]
    pub struct Wall {
        pub base: Ground,
    }
);

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

/// The class between is gone, with a field of the base that is called as one of its, and a `migrate` keeps what it can.
mod sold {
    use super::*;
    #[game_class(path = "game::Creature", no_handlers)]
    #[derive(Default)]
    pub struct Creature {
        pub hp: u32,
        pub names: Vec<String>,
    }
    #[game_class(path = "game::Goblin", base = Creature)]
    #[derive(Default)]
    pub struct Goblin {
        pub base: Creature,
        pub gold: u32,
    }
    #[game_class]
    impl Goblin {
        fn migrate(old: &OldState<'_>, mut carried: Self) -> Result<Self, MigrateError> {
            if old.has("base.rage") {
                assert_eq!(old.type_of("base.rage").as_deref(), Some("u32"));
                carried.gold += old.get::<u32>("base.rage")? + old.get::<u32>("base.base.hp")?;
            }
            Ok(carried)
        }
    }
}

/// Of one version: its classes.
macro_rules! of {
    (low) => {
        library().class::<low::Ground>().class::<low::House>()
    };
    (high) => {
        library().class::<high::Ground>().class::<high::Wall>().class::<high::House>()
    };
    (based) => {
        library().class::<based::Rock>().class::<based::Ground>().class::<based::Wall>().class::<based::House>()
    };
    (flat) => {
        library().class::<Creature>().class::<flat::Goblin>()
    };
    (deep) => {
        library().class::<Creature>().class::<deep::Monster>().class::<deep::Goblin>()
    };
    (sold) => {
        library().class::<sold::Creature>().class::<sold::Goblin>()
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
    assert_eq!(kept, ["<game::Monster>.rage", "<game::Monster>.token"]);
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

#[test]
fn a_field_called_base_is_no_part_of_its_own() {
    let (low_house, high_house) = (
        r#"{"base":{"base":{"deep":4,"token":1},"soil":2}}"#,
        r#"{"base":{"base":{"base":{"deep":4,"token":1},"soil":2}}}"#,
    );
    let based_house = r#"{"base":{"base":{"base":{"token":0},"soil":2}}}"#;
    let mut game = Game::open(of!(low));
    let footing = Footing { deep: 4, token: Token::new(1) };
    let house = low::House { base: low::Ground { base: footing, soil: 2 } };
    let id = game.world.spawn(house).expect("its class is linked");
    for _ in 0..2 {
        game.reload(of!(high));
        assert_eq!((game.json(id).as_str(), alive()), (high_house, 1));
        game.reload(of!(low));
        assert_eq!((game.json(id).as_str(), alive()), (low_house, 1));
        // There is a part of that name.
        game.reload(of!(based));
        assert_eq!((game.json(id).as_str(), alive()), (based_house, 1));
        let kept: Vec<String> = game.world.attic().entries.into_iter().filter_map(|entry| entry.field).collect();
        assert_eq!(kept, ["base.base.base"], "where its class is now");
        // Out of the attic.
        game.reload(library());
        assert_eq!(alive(), 0);
        game.reload(of!(based));
        assert_eq!((game.json(id).as_str(), alive()), (based_house, 1));
        game.reload(of!(low));
        assert_eq!((game.json(id).as_str(), alive()), (low_house, 1), "{}", game.world.attic());
    }
}

#[test]
fn a_migrate_sees_the_parts_where_they_were_and_equal_names_stay_apart() {
    let (mut game, id) = game();
    game.reload(of!(deep));
    let of_deep = game.world.save().expect("all of it can be written").text;
    let check = |game: &mut Game| {
        assert_eq!(game.json(id), r#"{"base":{"hp":300,"names":["Grub"]},"gold":308}"#);
        let kept: Vec<String> = game.world.attic().entries.into_iter().filter_map(|entry| entry.field).collect();
        assert_eq!(kept, ["<game::Monster>.rage", "<game::Monster>.token", "base.token", "token"]);
        game.reload(of!(deep));
        assert_eq!((game.json(id), alive()), (deep(5, 9).replace(r#""gold":3"#, r#""gold":308"#), 3));
    };
    game.reload(of!(sold));
    check(&mut game);
    game.reload(library());
    drop(game);
    let mut restored = Game::open(of!(sold));
    restored.world.restore(&of_deep).unwrap_or_else(|rejection| panic!("{rejection}"));
    check(&mut restored);
    restored.world.restore(&of_deep).unwrap_or_else(|rejection| panic!("{rejection}"));
    restored.reload(library());
    restored.reload(of!(sold));
    check(&mut restored);
}
