//! Values that do not fit any more, and that a class's own `migrate` answers for.

use crate::{
    Game, library,
    token::{Token, alive},
};
use reload_core::{InProcess, MigrateError, ObjectId, OldState, State, game_class};

/// `game::Chest` and what is based on it, with numbers of one type; `$migrate` is the body of a `migrate`.
macro_rules! chest {
    ($name:ident $number:ty, { $($note:tt)* }, $old:ident, $carried:ident => $migrate:expr) => {
        mod $name {
            use super::*;
            #[derive(Clone, State, Default)]
            pub struct Size {
                pub wide: $number,
                pub high: u8,
            }
            #[derive(Clone, State, Default)]
            pub struct Coin {
                pub worth: $number,
                $($note)*
            }
            #[game_class(path = "game::Chest")]
            #[derive(Default)]
            pub struct Chest {
                pub size: Size,
                pub token: Token,
                pub locks: $number,
                pub coins: Vec<Coin>,
            }
            #[game_class]
            impl Chest {
                fn migrate($old: &OldState<'_>, $carried: Self) -> Result<Self, MigrateError> {
                    $migrate
                }
            }
            #[game_class(path = "game::Trunk", base = Chest, no_handlers)]
            #[derive(Default)]
            pub struct Trunk {
                pub base: Chest,
            }
        }
    };
}

fn clamped(old: &OldState<'_>, field: &str) -> Result<u8, MigrateError> {
    Ok(old.get::<u32>(field)?.min(255) as u8)
}

chest!(wide u32, { pub note: String }, _old, carried => Ok(carried));
chest!(clamping u8, {}, old, carried => {
    let mut chest = carried;
    chest.locks = clamped(old, "locks")?;
    chest.size.wide = clamped(old, "size.wide")?;
    if chest.coins.is_empty() {
        chest.coins = old.get::<Vec<wide::Coin>>("coins")?.iter().map(|coin| Coin { worth: coin.worth.min(255) as u8 }).collect();
    }
    Ok(chest)
});
chest!(careless u8, {}, _old, carried => Ok(carried));
chest!(panicking u8, {}, _old, carried => {
    assert!(carried.locks > 0, "a chest without locks");
    Ok(carried)
});

/// Of one version: the two classes.
macro_rules! of {
    ($version:ident) => {
        library().class::<$version::Chest>().class::<$version::Trunk>()
    };
}

fn chest(number: u32) -> wide::Chest {
    let coin = |worth, note: &str| wide::Coin { worth, note: note.to_owned() };
    wide::Chest {
        size: wide::Size { wide: number, high: 7 },
        token: Token::new(1),
        locks: number,
        coins: vec![coin(1, "one"), coin(number, "other")],
    }
}

/// An object whose values fit, one whose do not, and one whose base's do not.
fn spawn_all(game: &mut Game) -> [ObjectId; 3] {
    let trunk = game.world.spawn(wide::Trunk { base: chest(400) });
    [game.world.spawn(chest(3)), game.world.spawn(chest(300)), trunk].map(|id| id.expect("its class is linked"))
}

fn game() -> (Game, [ObjectId; 3]) {
    let mut game = Game::open(of!(wide));
    let ids = spawn_all(&mut game);
    (game, ids)
}

#[track_caller]
fn check_clamped(game: &Game, [fits, clamped, of_trunk]: [ObjectId; 3]) {
    let json = |number: u32| {
        format!(
            r#"{{"coins":[{{"worth":1}},{{"worth":{number}}}],"locks":{number},"size":{{"high":7,"wide":{number}}},"token":1}}"#
        )
    };
    assert_eq!(game.json(fits), json(3));
    assert_eq!(game.json(clamped), json(255));
    assert_eq!(game.json(of_trunk), format!(r#"{{"base":{}}}"#, json(255)));
    // Of what does not fit nothing is kept, of what does the rest is.
    let kept: Vec<(String, usize)> =
        game.world.attic().entries.into_iter().map(|entry| (entry.field.unwrap_or_default(), entry.objects)).collect();
    assert_eq!(kept, [("coins[0/2].note".to_owned(), 1), ("coins[1/2].note".to_owned(), 1)]);
    assert_eq!(alive(), 3);
}

#[test]
fn what_migrate_asks_for_does_not_have_to_fit() {
    let (mut game, ids) = game();
    game.reload(of!(clamping));
    check_clamped(&game, ids);
    drop(game);
    assert_eq!(alive(), 0);
}

#[track_caller]
fn check_refused(to: &InProcess, code: &str, words: &[&str]) {
    let (mut game, ids) = game();
    // One of each class is told.
    let report = game.session.offer(&mut game.world, to.clone());
    let codes: Vec<&str> = report.problems().iter().map(|problem| problem.code).collect();
    assert_eq!(codes, [code, code], "{report}");
    for (number, problem) in [300, 400].into_iter().zip(report.problems()) {
        assert!(problem.message.contains(&format!("the value {number} does not fit")), "{report}");
        assert!(words.iter().all(|word| report.to_string().contains(word)), "{report}");
    }
    assert_eq!(alive(), 3);
    assert_eq!(game.world.get::<wide::Chest>(ids[1]).expect("as it was").locks, 300);
    game.reload(of!(clamping));
    check_clamped(&game, ids);
}

#[test]
fn what_migrate_does_not_ask_for_has_to_fit() {
    check_refused(&of!(careless), "migrate.value", &["game::Chest.", "game::Trunk.base.", "old.get"]);
    // Where that is why it fails, it is told as well.
    let words = ["a chest without locks", "the object that it got has the default of game::Chest."];
    check_refused(&of!(panicking), "migrate.hook", &words);
}

#[test]
fn objects_out_of_the_attic_are_asked_for_as_well() {
    let (mut game, ids) = game();
    game.reload(library());
    let report = game.session.offer(&mut game.world, of!(careless));
    assert!(report.problems().iter().all(|problem| problem.code == "migrate.value"), "{report}");
    assert!(!report.is_reloaded() && report.to_string().contains("300"), "{report}");
    assert_eq!(game.world.attic().entries.iter().map(|entry| entry.objects).sum::<usize>(), 3, "they stay there");
    assert_eq!(alive(), 0);
    game.reload(of!(clamping));
    check_clamped(&game, ids);
}

#[test]
fn a_save_file_is_as_well() {
    let (game, ids) = game();
    let file = game.world.save().expect("all of it can be written").text;
    drop(game);
    for (bad, code) in [(of!(careless), "migrate.value"), (of!(panicking), "migrate.hook")] {
        let mut restored = Game::open(bad);
        let rejection = restored.world.restore(&file).expect_err("nobody asks for what does not fit");
        assert!(rejection.problems().iter().all(|problem| problem.code == code), "{rejection}");
        assert!(rejection.to_string().contains("300"), "{rejection}");
        assert_eq!(alive(), 0);
    }
    let mut restored = Game::open(of!(clamping));
    restored.world.restore(&file).unwrap_or_else(|rejection| panic!("{rejection}"));
    check_clamped(&restored, ids);
}

/// A class whose `migrate` asks for one field, if it is there.
macro_rules! urn {
    ($name:ident $asked:literal { $($fields:tt)* }) => {
        mod $name {
            use super::*;
            #[game_class(path = "game::Urn")]
            #[derive(Default)]
            pub struct Urn {
                $($fields)*
            }
            #[game_class]
            impl Urn {
                fn migrate(old: &OldState<'_>, carried: Self) -> Result<Self, MigrateError> {
                    let _ = old.get::<u64>($asked);
                    Ok(carried)
                }
            }
        }
    };
}
urn!(sized "" { pub size: wide::Size });
urn!(lidded "" { pub lid: u8 });
urn!(narrow "" { pub lid: u8, pub size: careless::Size });
urn!(chained "" { pub a: Vec<wide::Coin>, pub b: u32 });
urn!(passed_on "b" { #[field(was = "a")] pub b: Vec<careless::Coin>, #[field(was = "b")] pub c: u8 });
urn!(boxed "" { pub inner: Inner<Wide> });
urn!(boxed_number "" { pub inner: u32 });
urn!(boxed_narrow "inner.wide" { pub inner: Inner<Narrow> });

/// Has a default as a whole only.
#[derive(State)]
pub struct Inner<T: State> {
    pub wide: T,
    pub other: u32,
}

impl Default for Inner<Wide> {
    fn default() -> Self {
        Self { wide: Wide::Huge, other: 2 }
    }
}

impl Default for Inner<Narrow> {
    fn default() -> Self {
        Self { wide: Narrow::Small, other: 2 }
    }
}

#[derive(State)]
pub enum Wide {
    Small,
    Huge,
}

#[derive(State)]
pub enum Narrow {
    Small,
}

#[test]
fn what_is_kept_of_another_field_stays_kept() {
    let mut game = Game::open(library().class::<chained::Urn>());
    let coin = wide::Coin { worth: 1, note: "shiny".to_owned() };
    let id = game.world.spawn(chained::Urn { a: vec![coin], b: 300 }).expect("its class is linked");
    game.reload(library().class::<passed_on::Urn>());
    assert_eq!(game.json(id), r#"{"b":[{"worth":1}],"c":0}"#);
    assert_eq!(game.world.attic().entries[0].field.as_deref(), Some("b[0/1].note"), "of what was `a`");
}

#[test]
fn to_ask_for_a_part_says_nothing_of_the_others() {
    let urn = |game: &mut Game| {
        let inner = Inner { wide: Wide::Huge, other: 42 };
        game.world.spawn(boxed::Urn { inner }).expect("its class is linked")
    };
    for is_parked in [false, true] {
        let mut game = Game::open(library().class::<boxed::Urn>());
        let id = urn(&mut game);
        if is_parked {
            game.reload(library());
        }
        game.reload(library().class::<boxed_narrow::Urn>());
        assert_eq!(game.json(id), r#"{"inner":{"other":42,"wide":"Small"}}"#, "part by part");
    }
    let mut game = Game::open(library().class::<boxed_number::Urn>());
    let id = game.world.spawn(boxed_number::Urn { inner: 7 }).expect("its class is linked");
    game.reload(library());
    // All of it would have to start over.
    game.check_refused(library().class::<boxed_narrow::Urn>(), "migrate.value", "game::Urn", &["inner", "found 7"]);
    game.reload(library().class::<boxed_number::Urn>());
    assert_eq!(game.json(id), r#"{"inner":7}"#);
}

/// A type whose own fields have no defaults, which its author made one for.
macro_rules! chest {
    ($module:ident, { $($fields:tt)* } $($default:tt)*) => {
        pub mod $module {
            use super::*;
            #[derive(State)]
            pub struct Lock { pub key: u32, $($fields)* }
            #[reload_core::game_class(path = "game::Chest", no_handlers)]
            pub struct Chest { pub lock: Lock, pub spare: Vec<Lock> }
            $($default)*
        }
    };
}
chest!(plain, {});
chest!(kinded, { pub kind: Wide } impl Default for Lock {
    fn default() -> Self {
        Self { key: 1, kind: Wide::Huge }
    }
});
chest!(kinded_whole, { pub kind: Wide } impl Default for Chest {
    fn default() -> Self {
        Self { lock: Lock { key: 1, kind: Wide::Huge }, spare: Vec::new() }
    }
});

mod wrapped {
    use super::*;
    #[derive(State)]
    pub struct Own(pub kinded_whole::Lock);
    #[reload_core::game_class(path = "game::Chest", no_handlers)]
    pub struct Chest {
        pub lock: Own,
    }
    impl Default for Chest {
        fn default() -> Self {
            Self { lock: Own(kinded_whole::Lock { key: 1, kind: Wide::Huge }) }
        }
    }
}
mod optional {
    #[reload_core::game_class(path = "game::Chest", no_handlers)]
    pub struct Chest {
        pub lock: Option<super::plain::Lock>,
    }
}
/// What its default has cannot be copied, and `migrate` makes it itself.
mod filed {
    use super::*;
    #[derive(State)]
    pub struct Lock {
        pub key: u32,
        #[field(opaque)]
        pub file: std::fs::File,
    }
    impl Default for Lock {
        fn default() -> Self {
            Self { key: 0, file: std::fs::File::open(".").expect("a folder") }
        }
    }
    #[reload_core::game_class(path = "game::Chest")]
    pub struct Chest {
        pub spare: Vec<Lock>,
    }
    #[reload_core::game_class]
    impl Chest {
        fn migrate(old: &OldState<'_>, mut carried: Self) -> Result<Self, MigrateError> {
            let spare = old.get::<Vec<plain::Lock>>("spare")?;
            carried.spare = spare.into_iter().map(|lock| Lock { key: lock.key, ..Lock::default() }).collect();
            Ok(carried)
        }
    }
}

#[test]
fn what_a_default_has_and_cannot_be_copied_is_left_to_migrate() {
    for is_parked in [false, true] {
        let mut game = Game::open(library().class::<plain::Chest>());
        let lock = |key| plain::Lock { key };
        let id = game.world.spawn(plain::Chest { lock: lock(2), spare: vec![lock(3)] }).expect("its class is linked");
        if is_parked {
            game.reload(library());
        }
        game.reload(library().class::<filed::Chest>());
        let chest = game.world.get::<filed::Chest>(id).expect("alive");
        assert_eq!(chest.spare[0].key, 3, "out of the attic: {is_parked}");
    }
}

#[test]
fn what_has_no_default_gets_that_of_the_struct_it_lies_in_on_every_way() {
    for (in_list, ways) in
        [(true, library().class::<kinded::Chest>()), (false, library().class::<kinded_whole::Chest>())]
    {
        for is_parked in [false, true] {
            let mut game = Game::open(library().class::<plain::Chest>());
            let lock = |key| plain::Lock { key };
            let spare = if in_list { vec![lock(3)] } else { Vec::new() };
            let id = game.world.spawn(plain::Chest { lock: lock(2), spare }).expect("its class is linked");
            if is_parked {
                game.reload(library());
            }
            game.reload(ways.clone());
            let spare = if in_list { r#"[{"key":3,"kind":"Huge"}]"# } else { "[]" };
            let expected = format!(r#"{{"lock":{{"key":2,"kind":"Huge"}},"spare":{spare}}}"#);
            assert_eq!(game.json(id), expected, "in a list: {in_list}, out of the attic: {is_parked}");
        }
    }
    for is_parked in [false, true] {
        let mut game = Game::open(library().class::<optional::Chest>());
        let lock = Some(plain::Lock { key: 2 });
        let id = game.world.spawn(optional::Chest { lock }).expect("its class is linked");
        if is_parked {
            game.reload(library());
        }
        game.reload(library().class::<kinded_whole::Chest>());
        assert_eq!(game.json(id), r#"{"lock":{"key":2,"kind":"Huge"},"spare":[]}"#, "out of the attic: {is_parked}");
    }
    for is_parked in [false, true] {
        let mut game = Game::open(library().class::<plain::Chest>());
        let lock = plain::Lock { key: 2 };
        let id = game.world.spawn(plain::Chest { lock, spare: Vec::new() }).expect("its class is linked");
        if is_parked {
            game.reload(library());
        }
        game.reload(library().class::<wrapped::Chest>());
        assert_eq!(game.json(id), r#"{"lock":{"key":2,"kind":"Huge"}}"#, "out of the attic: {is_parked}");
    }
    // Of an element the object's default says nothing.
    let mut game = Game::open(library().class::<plain::Chest>());
    let lock = |key| plain::Lock { key };
    game.world.spawn(plain::Chest { lock: lock(2), spare: vec![lock(3)] }).expect("its class is linked");
    let next = library().class::<kinded_whole::Chest>();
    game.check_refused(next, "migrate.no_default", "game::Chest.spare[0].kind", &["Wide"]);
}

#[test]
fn what_the_attic_keeps_and_does_not_fit_any_more_stays_there() {
    for is_parked in [false, true] {
        let mut game = Game::open(library().class::<sized::Urn>());
        let urn = sized::Urn { size: wide::Size { wide: 300, high: 1 } };
        let id = game.world.spawn(urn).expect("its class is linked");
        game.reload(library().class::<lidded::Urn>());
        if is_parked {
            game.reload(library());
        }
        let report = game.reload(library().class::<narrow::Urn>());
        let [warning] = &report.warnings[..] else { panic!("{report}") };
        assert!(warning.contains("game::Urn.size that the field does not take any more"), "{report}");
        assert_eq!(game.json(id), r#"{"lid":0,"size":{"high":0,"wide":0}}"#);
        assert_eq!(game.world.attic().entries[0].field.as_deref(), Some("size"), "it is kept");
    }
}
