//! Whatever fails takes everything back: nothing leaks, nothing is dropped twice, nothing has changed.

use crate::{
    Game, Heard, Test, library,
    token::{Token, alive, burn, set_fuel},
    version,
};
use reload_core::{Ctx, InProcess, MigrateError, ObjectId, OldState, State, game_class};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

pub mod v1 {
    use super::*;
    #[derive(State, Default)]
    pub struct Item {
        pub token: Token,
        pub gone: Token,
    }
    #[derive(State)]
    pub enum Slot {
        Empty,
        Holds(Item),
    }
    #[game_class(path = "game::Base", no_handlers)]
    #[derive(Default)]
    pub struct Base {
        pub moved: Token,
        pub gone: Token,
    }
    #[game_class(path = "game::Chest", base = Base)]
    #[derive(Default)]
    pub struct Chest {
        pub base: Base,
        pub moved: Token,
        pub list: Vec<Token>,
        pub hashed: Vec<Token>,
        pub keyed: BTreeMap<u32, Token>,
        pub slots: Vec<Slot>,
        pub one: Token,
        pub three: [Token; 3],
        pub boxed: Option<Box<Token>>,
        pub gone: Token,
        pub number: u32,
    }
    #[game_class]
    impl Chest {
        fn event_test(&self, ctx: &mut Ctx) {
            ctx.emit(Heard { who: ctx.id(), what: self.number.to_string() });
        }
    }
    #[game_class(path = "game::Lone", no_handlers)]
    #[derive(Default)]
    pub struct Lone {
        pub token: Token,
    }
}

pub mod v2 {
    use super::*;
    #[derive(State, Default)]
    pub struct Item {
        pub token: Token,
        pub fresh: Token,
    }
    #[derive(State)]
    pub enum Slot {
        Holds(Option<Item>),
        Empty,
    }
    #[game_class(path = "game::Base", no_handlers)]
    #[derive(Default)]
    pub struct Base {
        pub fresh: Token,
        pub moved: Token,
    }
    #[game_class(path = "game::Chest", base = Base)]
    #[derive(Default)]
    pub struct Chest {
        pub number: u8,
        pub base: Base,
        pub list: BTreeSet<Token>,
        pub hashed: HashSet<Token>,
        pub keyed: HashMap<String, Token>,
        pub slots: VecDeque<Slot>,
        pub one: Option<Token>,
        pub three: [Token; 4],
        pub boxed: Option<Token>,
        #[field(default = { burn(); Token::new(9) })]
        pub fresh: Token,
        pub moved: Token,
    }
    #[game_class]
    impl Chest {
        fn event_test(&self, ctx: &mut Ctx) {
            ctx.emit(Heard { who: ctx.id(), what: self.number.to_string() });
        }
        fn migrate(old: &OldState<'_>, carried: Self) -> Result<Self, MigrateError> {
            burn();
            // Values out of the old object are counted too.
            if old.has("gone") {
                old.get::<Token>("gone")?;
                old.get::<Vec<Token>>("list")?;
            }
            Ok(carried)
        }
    }
}

fn first() -> InProcess {
    library().class::<v1::Base>().class::<v1::Chest>().class::<v1::Lone>()
}

/// `Lone` is gone: its objects go to the attic, and come back.
fn second() -> InProcess {
    library().class::<v2::Base>().class::<v2::Chest>()
}

fn chests(count: u32) -> (Game, Vec<ObjectId>) {
    let mut game = Game::open(first());
    let ids = (0..count).map(|number| {
        let tokens = |numbers: std::ops::Range<u32>| numbers.map(Token::new).collect();
        let item = || v1::Slot::Holds(v1::Item { token: Token::new(5), gone: Token::new(6) });
        let chest = v1::Chest {
            list: tokens(0..3),
            // One: a set of hashes has no order to come back to.
            hashed: tokens(3..4),
            keyed: BTreeMap::from([(1, Token::new(1)), (2, Token::new(2))]),
            slots: vec![v1::Slot::Empty, item(), item()],
            boxed: (number % 2 == 0).then(|| Box::new(Token::new(8))),
            gone: Token::new(7),
            number,
            ..v1::Chest::default()
        };
        game.world.spawn(chest).expect("its class is linked")
    });
    let ids = ids.collect();
    game.spawn("game::Lone");
    (game, ids)
}

/// Tries with fuel for 0, 1, 2, .. steps until it succeeds. Answers with the number of failures.
#[track_caller]
fn check_every_failure(game: &mut Game, mut attempt: impl FnMut(&mut Game) -> bool) -> u64 {
    let (before, tokens) = (game.snapshot(), alive());
    for fuel in 0..10_000 {
        set_fuel(fuel);
        let succeeded = attempt(game);
        set_fuel(u64::MAX);
        if succeeded {
            return fuel;
        }
        assert_eq!(alive(), tokens, "after failing at step {fuel}");
        assert_eq!(game.snapshot(), before, "after failing at step {fuel}");
    }
    panic!("it never succeeds");
}

#[test]
fn every_step_can_fail_and_nothing_is_left_or_lost() {
    assert_eq!(alive(), 0);
    let (mut game, ids) = chests(3);
    let tokens = alive();
    let original: Vec<String> = ids.iter().map(|id| game.json(*id)).collect();

    let failures = check_every_failure(&mut game, |game| game.session.offer(&mut game.world, second()).is_reloaded());
    assert!(failures > 80, "{failures} steps could fail");
    // One more in each of 3 chests: the array's fourth, and `fresh` for `gone`. `Lone` is in the attic, as JSON.
    assert_eq!(alive(), tokens + 3 - 1);
    let changed: Vec<String> = ids.iter().map(|id| game.json(*id)).collect();

    let failures = check_every_failure(&mut game, |game| {
        game.session.undo(&mut game.world).expect("something ran before").is_reloaded()
    });
    assert!(failures > 50, "{failures} steps could fail");
    assert_eq!(alive(), tokens);
    assert_eq!(ids.iter().map(|id| game.json(*id)).collect::<Vec<_>>(), original, "everything came back");

    // A plan changes nothing, whether it would succeed or not.
    let before = game.snapshot();
    assert!(game.session.plan_undo(&game.world).expect("something ran before").would_succeed());
    assert_eq!((alive(), game.snapshot()), (tokens, before));

    game.undo();
    assert_eq!(ids.iter().map(|id| game.json(*id)).collect::<Vec<_>>(), changed, "a second undo is a redo");
    drop(game);
    assert_eq!(alive(), 0, "the world has dropped all");
}

#[test]
fn the_last_of_many_can_fail() {
    let (mut game, ids) = chests(1_500);
    let tokens = alive();
    // The 257th does not fit: numbers are `u8` then.
    game.check_refused(second(), "migrate.value", "game::Chest.number", &["the object #256.", "the value 256", "`u8`"]);
    assert_eq!(alive(), tokens);
    for id in &ids[256..] {
        game.world.get_mut::<v1::Chest>(*id).expect("alive").number = 1;
    }
    game.world.get_mut::<v1::Chest>(ids[1_499]).expect("alive").number = 256;
    game.check_refused(second(), "migrate.value", "game::Chest.number", &["the object #1499.", "of 1500 objects"]);
    assert_eq!(alive(), tokens);
    game.world.get_mut::<v1::Chest>(ids[1_499]).expect("alive").number = 3;
    game.reload(second());
    assert_eq!(game.world.instances(), 1_500);
    drop(game);
    assert_eq!(alive(), 0);
}

version!(plain { pub n: u32, pub other: u8 });
version!(with_default_that_panics { pub n: u32, pub other: u8, #[field(default = panic_now())] pub more: u8 });
version!(two_problems { pub n: u8, pub other: Vec<u8> });

fn panic_now() -> u8 {
    panic!("no luck today")
}

#[test]
fn a_default_that_panics_is_named_with_its_message() {
    let mut game = Game::open(library().class::<plain::It>());
    game.spawn("game::It");
    let next = library().class::<with_default_that_panics::It>();
    game.check_refused(next, "migrate.panicked", "game::It.more", &["#0.", "no luck today"]);
}

#[test]
fn what_no_value_can_do_is_told_before_what_this_value_cannot() {
    let mut game = Game::open(library().class::<plain::It>());
    let id = game.spawn("game::It");
    game.world.get_mut::<plain::It>(id).expect("alive").n = 300;
    game.check_refused(
        library().class::<two_problems::It>(),
        "migrate.no_rule",
        "game::It.other",
        &["`u8`", "`Vec<u8>`"],
    );
    // A class without objects takes any shape.
    assert!(game.world.destroy(id));
    game.reload(library().class::<two_problems::It>());
    let id = game.spawn("game::It");
    assert_eq!(game.json(id), r#"{"n":0,"other":[]}"#);
}

mod quiet {
    use super::*;
    #[game_class(path = "game::Quiet", no_handlers)]
    #[derive(Default)]
    pub struct Quiet {
        pub token: Token,
    }
}

#[test]
fn problems_of_several_classes_are_told_together() {
    let mut game = Game::open(first().class::<quiet::Quiet>().class::<plain::It>());
    let chest = game.spawn("game::Chest");
    game.world.get_mut::<v1::Chest>(chest).expect("alive").number = 1_000;
    game.spawn("game::It");
    let next = second().class::<quiet::Quiet>().class::<with_default_that_panics::It>();
    let (before, tokens) = (game.snapshot(), alive());
    let report = game.session.offer(&mut game.world, next);
    let codes: Vec<&str> = report.problems().iter().map(|problem| problem.code).collect();
    assert_eq!(codes.len(), 2, "{report}");
    assert!(codes.contains(&"migrate.value") && codes.contains(&"migrate.panicked"), "{report}");
    assert_eq!((game.snapshot(), alive()), (before, tokens));
}
