//! Objects that have been asked for and do not live yet while their class gets another shape: what objects ask for that are
//! told of a restore waits in the queue.

use crate::{
    Game, Heard, library,
    token::{Token, alive, set_fuel},
};
use reload_core::{Ctx, InProcess, MigrateError, ObjectId, ObjectStatus, OldState, game_class};

mod maker {
    use super::*;
    #[game_class(path = "game::Maker", no_handlers)]
    #[derive(Default)]
    pub struct Maker {
        pub n: u8,
    }
    pub mod telling {
        use super::*;
        #[game_class(path = "game::Maker")]
        #[derive(Default)]
        pub struct Maker {
            pub n: u16,
        }
        #[game_class]
        impl Maker {
            fn event_reloaded(&mut self, ctx: &mut Ctx) {
                for x in [50, 51] {
                    let base = old::Part { left: Token::new(x), stays: 3 };
                    let who = ctx.spawn(old::Thing { base, x: Token::new(x), y: Token::new(x + 10) });
                    ctx.emit(Heard { who, what: "asked for".into() });
                }
                let named = ctx.spawn_named("game::Thing").expect("a class");
                ctx.emit(Heard { who: named, what: "asked for by name".into() });
            }
        }
    }
    pub mod quiet {
        #[reload_core::game_class(path = "game::Maker", no_handlers)]
        #[derive(Default)]
        pub struct Maker {
            pub n: u16,
        }
    }
}

mod old {
    use super::*;
    #[game_class(path = "game::Part", no_handlers)]
    #[derive(Default)]
    pub struct Part {
        pub left: Token,
        pub stays: u8,
    }
    #[game_class(path = "game::Thing", base = Part, no_handlers)]
    #[derive(Default)]
    pub struct Thing {
        pub base: Part,
        pub x: Token,
        pub y: Token,
    }
}

/// The next shape; `$check` looks at `x` and may refuse.
macro_rules! next {
    ($module:ident, $path:literal $(was $was:literal)?, $check:expr) => {
        mod $module {
            use super::*;
            #[game_class(path = "game::Part")]
            #[derive(Default)]
            pub struct Part {
                pub stays: u8,
                pub note: String,
            }
            #[game_class]
            impl Part {
                fn migrate(old: &OldState<'_>, carried: Self) -> Result<Self, MigrateError> {
                    let left = old.get::<u32>("left")?;
                    Ok(Self { note: format!("{left} left"), ..carried })
                }
            }
            #[game_class(path = $path, base = Part $(, was = $was)?)]
            #[derive(Default)]
            pub struct Thing {
                pub y: Token,
                pub z: u8,
                pub base: Part,
            }
            #[game_class]
            impl Thing {
                fn migrate(old: &OldState<'_>, carried: Self) -> Result<Self, MigrateError> {
                    let check: fn(u32) -> Result<(), MigrateError> = $check;
                    check(old.get("x")?)?;
                    Ok(Self { z: 7, ..carried })
                }
            }
        }
    };
}
next!(next, "game::Thing", |_| Ok(()));
next!(renamed, "game::Item" was "game::Thing", |_| Ok(()));
next!(refusing, "game::Thing", |x| if x == 51 { Err(MigrateError::new("not this one")) } else { Ok(()) });

mod whole {
    use super::*;
    #[game_class(path = "game::Part", no_handlers)]
    #[derive(Default)]
    pub struct Part {
        pub left: Token,
        pub stays: u8,
        pub note: String,
    }
    #[game_class(path = "game::Thing", base = Part, no_handlers)]
    #[derive(Default)]
    pub struct Thing {
        pub base: Part,
        pub x: Token,
        pub y: Token,
        pub z: u8,
    }
}

fn old_things() -> InProcess {
    library().class::<maker::telling::Maker>().class::<old::Part>().class::<old::Thing>()
}

fn next_things() -> InProcess {
    library().class::<maker::quiet::Maker>().class::<next::Part>().class::<next::Thing>()
}

fn first() -> InProcess {
    library().class::<maker::Maker>().class::<old::Part>().class::<old::Thing>()
}

/// A world in which two things and one without a value wait, and perhaps another one lives.
fn waiting(lives: bool) -> Game {
    let mut game = Game::open(first());
    game.spawn("game::Maker");
    if lives {
        game.spawn("game::Thing");
    }
    let saved = game.world.save().expect("all of it can be written");
    game.reload(old_things());
    game.world.restore(&saved.text).expect("it is carried over");
    game.heard();
    assert_eq!(game.world.instances(), 1 + usize::from(lives), "the things wait");
    game
}

/// The ids of those that waited.
fn born(game: &Game) -> [ObjectId; 3] {
    let ids: Vec<ObjectId> = game.heard().into_iter().map(|(id, _)| id).collect();
    ids.try_into().unwrap_or_else(|ids| panic!("{ids:?}"))
}

fn states(game: &Game, ids: &[ObjectId]) -> Vec<String> {
    ids.iter().map(|id| game.json(*id)).collect()
}

const OLD: [&str; 3] = [
    r#"{"base":{"left":50,"stays":3},"x":50,"y":60}"#,
    r#"{"base":{"left":51,"stays":3},"x":51,"y":61}"#,
    r#"{"base":{"left":0,"stays":0},"x":0,"y":0}"#,
];
const NEXT: [&str; 3] = [
    r#"{"base":{"note":"50 left","stays":3},"y":60,"z":7}"#,
    r#"{"base":{"note":"51 left","stays":3},"y":61,"z":7}"#,
    r#"{"base":{"note":"","stays":0},"y":0,"z":0}"#,
];

/// What the fields that are gone were comes back with them.
#[track_caller]
fn check_kept(game: &mut Game, ids: &[ObjectId]) {
    game.reload(library().class::<maker::quiet::Maker>().class::<whole::Part>().class::<whole::Thing>());
    assert_eq!(
        states(game, &ids[..2]),
        [
            r#"{"base":{"left":50,"note":"50 left","stays":3},"x":50,"y":60,"z":7}"#,
            r#"{"base":{"left":51,"note":"51 left","stays":3},"x":51,"y":61,"z":7}"#,
        ]
    );
    assert!(game.world.attic().entries.is_empty(), "{}", game.world.attic());
    assert!(game.world.take_faults().is_empty());
}

#[test]
fn they_are_carried_over_as_those_that_live() {
    for lives in [false, true] {
        let mut game = waiting(lives);
        let plan = game.session.plan_offer(&game.world, next_things());
        let tokens = alive();
        let report = game.reload(next_things());
        assert_eq!(report.classes(), plan.classes);
        let things = report.classes().iter().find(|class| class.path == "game::Thing").expect("it is there");
        assert_eq!(things.instances, 2 + usize::from(lives), "{report}");
        let ids = born(&game);
        assert_eq!(states(&game, &ids), NEXT);
        // `left` and `x` of each are gone; the one without a value has a `y`.
        assert_eq!(alive(), tokens - 2 * (2 + i64::from(lives)) + 1);
        check_kept(&mut game, &ids);
        drop(game);
        assert_eq!(alive(), 0);
    }
}

#[test]
fn a_refusal_loses_nothing() {
    let mut game = waiting(true);
    let tokens = alive();
    let next = library().class::<maker::quiet::Maker>().class::<refusing::Part>().class::<refusing::Thing>();
    let report = game.session.offer(&mut game.world, next);
    let [problem] = report.problems() else { panic!("one problem expected\n{report}") };
    assert_eq!(problem.code, "migrate.hook");
    assert!(problem.message.contains("(of 3 objects) is not carried over: not this one"), "{report}");
    assert_eq!(alive(), tokens);
    for fuel in 0..1_000 {
        set_fuel(fuel);
        let report = game.session.offer(&mut game.world, next_things());
        set_fuel(u64::MAX);
        if report.is_reloaded() {
            assert_eq!(fuel, 3, "a copy for the hook of each one");
            break;
        }
        assert_eq!(alive(), tokens, "after failing at step {fuel}");
    }
    let ids = born(&game);
    assert_eq!(states(&game, &ids[..2]), NEXT[..2]);
    let faults = game.world.take_faults();
    assert!(matches!(&faults[..], [fault] if fault.object == ids[2]), "its constructor had no fuel left: {faults:?}");
    check_kept(&mut game, &ids);
    drop(game);
    assert_eq!(alive(), 0);

    let mut game = waiting(false);
    game.session.offer(&mut game.world, library().class::<refusing::Part>().class::<refusing::Thing>());
    game.world.settle();
    let ids = born(&game);
    assert_eq!(states(&game, &ids), OLD);
}

#[test]
fn they_go_to_the_attic_with_their_class_and_come_back() {
    for lives in [false, true] {
        let mut game = waiting(lives);
        let report = game.reload(library().class::<maker::quiet::Maker>());
        let [first, second, named] = born(&game);
        assert!(report.to_string().contains("1 queued spawn of game::Thing dropped: the class is gone"), "{report}");
        assert_eq!([first, second].map(|id| game.world.status(id)), [ObjectStatus::InAttic; 2]);
        assert_eq!(
            (states(&game, &[first, second]), game.world.status(named)),
            (OLD[..2].iter().map(ToString::to_string).collect(), ObjectStatus::Gone)
        );
        assert_eq!(alive(), 0);
        game.reload(next_things());
        assert_eq!(states(&game, &[first, second]), NEXT[..2]);
        check_kept(&mut game, &[first, second]);
    }
}

#[test]
fn what_is_kept_of_one_that_ends_before_it_lives_is_forgotten() {
    let mut game = waiting(false);
    let saved = game.world.save().expect("all of it can be written").text;
    game.world.settle();
    let ids = born(&game);
    game.world.restore(&saved).expect("it fits");
    // The end comes first, then the things that wait.
    assert!(!game.world.destroy(ids[0]));
    assert_eq!([0, 1].map(|which| game.world.status(ids[which])), [ObjectStatus::Gone, ObjectStatus::Live]);
    let mut newer = Game::open(next_things());
    newer.world.restore(&saved).expect("it is carried over");
    let kept = |game: &Game| game.world.attic().entries.iter().map(|entry| entry.objects).collect::<Vec<_>>();
    assert_eq!(kept(&newer), [2, 2]);
    assert!(!newer.world.destroy(ids[0]));
    assert_eq!(kept(&newer), [1, 1]);
}

#[test]
fn a_save_file_has_their_shape() {
    for lives in [false, true] {
        let mut game = waiting(lives);
        let saved = game.world.save().expect("all of it can be written").text;
        game.world.settle();
        let ids = born(&game);
        let read = |library: InProcess| {
            let mut game = Game::open(library);
            let report = game.world.restore(&saved).unwrap_or_else(|problem| panic!("{problem}"));
            game.world.settle();
            (game, report)
        };
        let (same, _) = read(old_things());
        assert_eq!(states(&same, &ids), OLD);
        let (mut newer, report) = read(next_things());
        assert_eq!(states(&newer, &ids), NEXT);
        assert!(report.changed.contains(&("game::Thing".to_owned(), 2 + usize::from(lives))), "{report}");
        check_kept(&mut newer, &ids);
        let (newer, _) =
            read(library().class::<maker::quiet::Maker>().class::<renamed::Part>().class::<renamed::Thing>());
        assert_eq!(
            (states(&newer, &ids).as_slice(), newer.world.class_of(ids[0])),
            (NEXT.map(str::to_owned).as_slice(), Some("game::Item"))
        );
        let (mut without, report) = read(library());
        assert!(report.gone.contains(&("game::Thing".to_owned(), 2 + usize::from(lives))), "{report}");
        assert_eq!(states(&without, &ids[..2]), OLD[..2]);
        without.reload(next_things());
        assert_eq!(states(&without, &ids[..2]), NEXT[..2]);
        let mut refused =
            Game::open(library().class::<maker::quiet::Maker>().class::<refusing::Part>().class::<refusing::Thing>());
        let problems = refused.world.restore(&saved).expect_err("it refuses");
        assert_eq!(problems.problems()[0].code, "migrate.hook", "{problems}");
    }
    assert_eq!(alive(), 0);
}

/// Versions that wrote no shape of a class of which only values wait.
#[test]
fn of_a_save_file_without_their_shape_they_are_taken_for_another() {
    let mut game = waiting(false);
    let saved = game.world.save().expect("all of it can be written").text;
    game.world.settle();
    let ids = born(&game);
    let mut file: serde_json::Value = serde_json::from_str(&saved).expect("it is JSON");
    file["checksum"].take();
    assert!(file["world"]["classes"].as_object_mut().expect("classes").remove("game::Thing").is_some());
    let mut newer = Game::open(next_things());
    newer.world.restore(&file.to_string()).expect("it is carried over");
    newer.world.settle();
    assert_eq!(states(&newer, &ids), NEXT);
    check_kept(&mut newer, &ids);
}
