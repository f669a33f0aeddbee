//! Going back, by an undo or by taking the edit back, is the way there undone: by what was carried where, not by which names
//! are alike.

use super::{Game, library, version};
use reload_core::{ObjectStatus, State, game_class};

version!(with_hp { pub hp: u32, pub mp: u8 });
version!(with_health { #[field(was = "hp")] pub health: u32, pub hp: u64, pub mp: u8 });

#[test]
fn a_renamed_field_comes_back_although_its_name_was_taken() {
    let mut game = Game::open(library().class::<with_hp::It>());
    let id = game.world.spawn(with_hp::It { hp: 70, mp: 1 }).expect("its class is linked");
    game.reload(library().class::<with_health::It>());
    assert_eq!(game.json(id), r#"{"health":70,"hp":0,"mp":1}"#);
    game.world.get_mut::<with_health::It>(id).expect("alive").hp = 5;

    let plan = game.session.plan_undo(&game.world).expect("something ran before");
    assert_eq!(game.undo().classes(), plan.classes);
    assert_eq!(game.json(id), r#"{"hp":70,"mp":1}"#);
    game.world.get_mut::<with_hp::It>(id).expect("alive").hp = 60;
    game.undo();
    assert_eq!(game.json(id), r#"{"health":60,"hp":5,"mp":1}"#, "a redo is the way there, and the other value is back");
    game.undo();
    assert_eq!(game.json(id), r#"{"hp":60,"mp":1}"#);
}

#[test]
fn an_edit_that_is_taken_back_is_an_undo() {
    let mut game = Game::open(library().class::<with_hp::It>());
    let id = game.world.spawn(with_hp::It { hp: 70, mp: 1 }).expect("its class is linked");
    game.reload(library().class::<with_health::It>());
    game.world.get_mut::<with_health::It>(id).expect("alive").hp = 5;
    game.reload(library().class::<with_hp::It>());
    assert_eq!(game.json(id), r#"{"hp":70,"mp":1}"#);
    for _ in 0..2 {
        game.undo();
        assert_eq!(game.json(id), r#"{"health":70,"hp":5,"mp":1}"#);
        game.undo();
        assert_eq!(game.json(id), r#"{"hp":70,"mp":1}"#);
    }
    // Not right behind the edit it is an edit of its own: `health` is removed.
    game.undo();
    game.reload(library().class::<with_health::It>());
    game.reload(library().class::<with_hp::It>());
    assert_eq!(game.json(id), r#"{"hp":5,"mp":1}"#);
    game.undo();
    assert_eq!(game.json(id), r#"{"health":70,"hp":5,"mp":1}"#, "and as such it is undone");
}

version!(passed_on { #[field(was = "hp")] pub mp: u32, #[field(was = "mp")] pub sp: u8 });

#[test]
fn names_that_are_passed_on_are_given_back() {
    let mut game = Game::open(library().class::<with_hp::It>());
    let id = game.world.spawn(with_hp::It { hp: 70, mp: 1 }).expect("its class is linked");
    for back in [Game::undo, |game: &mut Game| game.reload(library().class::<with_hp::It>())] {
        game.reload(library().class::<passed_on::It>());
        assert_eq!(game.json(id), r#"{"mp":70,"sp":1}"#);
        back(&mut game);
        assert_eq!(game.json(id), r#"{"hp":70,"mp":1}"#);
    }
}

version!(with_stats {
    pub stats: Stats,
    pub bag: Vec<Item>,
    pub mood: Mood,
}
#[derive(State, Default)]
pub struct Stats { pub strength: u8, pub luck: u8 }
#[derive(State)]
pub struct Item { pub name: String, pub weight: u8 }
#[derive(State, Default)]
pub enum Mood { #[default] Calm, Angry { at: u8, since: u16 } });

version!(with_less {
    #[field(was = "stats")] pub abilities: Stats,
    #[field(was = "bag")] pub sack: Vec<Item>,
    pub mood: Mood,
}
#[derive(State, Default)]
pub struct Stats { pub strength: u8 }
#[derive(State)]
pub struct Item { pub name: String }
#[derive(State, Default)]
pub enum Mood { #[default] Calm, #[field(was = "Angry")] Furious { at: u8 } });

version!(with_all_again {
    pub abilities: Stats,
    pub sack: Vec<Item>,
    pub mood: Mood,
}
#[derive(State, Default)]
pub struct Stats { pub strength: u8, pub luck: u8 }
#[derive(State)]
pub struct Item { pub name: String, pub weight: u8 }
#[derive(State, Default)]
pub enum Mood { #[default] Calm, Furious { at: u8, since: u16 } });

#[test]
fn what_a_renamed_field_has_lost_comes_back_under_either_name() {
    const WHOLE: &str =
        r#"{"bag":[{"name":"axe","weight":7}],"mood":{"Angry":{"at":1,"since":2}},"stats":{"luck":9,"strength":3}}"#;
    let mut game = Game::open(library().class::<with_stats::It>());
    let value = with_stats::It {
        stats: with_stats::Stats { strength: 3, luck: 9 },
        bag: vec![with_stats::Item { name: "axe".into(), weight: 7 }],
        mood: with_stats::Mood::Angry { at: 1, since: 2 },
    };
    let id = game.world.spawn(value).expect("its class is linked");
    assert_eq!(game.json(id), WHOLE);
    game.reload(library().class::<with_less::It>());
    assert_eq!(game.json(id), r#"{"abilities":{"strength":3},"mood":{"Furious":{"at":1}},"sack":[{"name":"axe"}]}"#);
    game.undo();
    assert_eq!(game.json(id), WHOLE);
    assert!(game.world.attic().entries.is_empty(), "{}", game.world.attic());

    game.undo();
    game.reload(library().class::<with_all_again::It>());
    assert_eq!(
        game.json(id),
        r#"{"abilities":{"luck":9,"strength":3},"mood":{"Furious":{"at":1,"since":2}},"sack":[{"name":"axe","weight":7}]}"#
    );
    assert!(game.world.attic().entries.is_empty(), "{}", game.world.attic());
}

/// Two classes of one version.
macro_rules! classes {
    ($name:ident $(($class:ident $path:literal $(was $was:literal)?))*) => {
        pub mod $name {
            use super::*;
            $(
                #[game_class(path = $path, no_handlers $(, was = $was)?)]
                #[derive(Default)]
                pub struct $class { pub n: u32 }
            )*
        }
    };
}

classes!(before (First "game::A") (Second "game::B"));
classes!(after (First "game::B" was "game::A") (Second "game::C" was "game::B"));

#[test]
fn classes_that_pass_their_names_on_get_them_back() {
    let before = || library().class::<before::First>().class::<before::Second>();
    let after = || library().class::<after::First>().class::<after::Second>();
    let mut game = Game::open(before());
    let first = game.world.spawn(before::First { n: 1 }).expect("its class is linked");
    let second = game.world.spawn(before::Second { n: 2 }).expect("its class is linked");
    let paths = |game: &Game| {
        [first, second].map(|id| {
            let class =
                game.world.classes().into_iter().find(|class| game.world.instances_of(&class.path).contains(&id));
            (class.map_or_else(String::new, |class| class.path), game.json(id))
        })
    };
    let was = paths(&game);
    assert_eq!(was, [("game::A".into(), r#"{"n":1}"#.into()), ("game::B".into(), r#"{"n":2}"#.into())]);
    game.reload(after());
    let is = paths(&game);
    assert_eq!(is, [("game::B".into(), r#"{"n":1}"#.into()), ("game::C".into(), r#"{"n":2}"#.into())]);
    for _ in 0..2 {
        game.undo();
        assert_eq!(paths(&game), was);
        game.undo();
        assert_eq!(paths(&game), is);
    }
    game.reload(before());
    assert_eq!(paths(&game), was);
    game.undo();
    assert_eq!(paths(&game), is);
}

classes!(taken (First "game::B" was "game::A") (Second "game::A"));

#[test]
fn a_renamed_class_comes_back_although_its_name_was_taken() {
    let before = library().class::<before::First>();
    let taken = library().class::<taken::First>().class::<taken::Second>();
    let mut game = Game::open(before.clone());
    let old = game.world.spawn(before::First { n: 1 }).expect("its class is linked");
    game.reload(taken);
    let new = game.world.spawn(taken::Second { n: 2 }).expect("its class is linked");
    for edit in [None, Some(before)] {
        match edit {
            None => game.undo(),
            Some(edit) => game.reload(edit),
        };
        assert_eq!(game.world.instances_of("game::A"), [old]);
        assert_eq!((game.json(old).as_str(), game.world.status(new)), (r#"{"n":1}"#, ObjectStatus::InAttic));
        game.undo();
        assert_eq!((game.world.instances_of("game::B"), game.world.instances_of("game::A")), (vec![old], vec![new]));
        assert_eq!((game.json(old).as_str(), game.json(new).as_str()), (r#"{"n":1}"#, r#"{"n":2}"#));
    }
}

classes!(alone (First "game::A"));
classes!(renamed (First "game::B" was "game::A"));
classes!(stale (First "game::A") (Second "game::B" was "game::A"));

/// A name that a class had which left nothing behind is free; where the former name is still there nobody gave it up.
#[test]
fn a_class_is_renamed_to_what_another_one_was_called() {
    let mut game = Game::open(library().class::<before::First>().class::<before::Second>());
    let id = game.world.spawn(before::First { n: 1 }).expect("its class is linked");
    game.reload(library().class::<alone::First>());
    game.reload(library().class::<stale::First>().class::<stale::Second>());
    assert_eq!(game.world.instances_of("game::A"), [id]);
    game.reload(library().class::<alone::First>());
    game.reload(library().class::<renamed::First>());
    assert_eq!((game.world.instances_of("game::B"), game.json(id).as_str()), (vec![id], r#"{"n":1}"#));
    game.undo();
    assert_eq!(game.world.instances_of("game::A"), [id]);
}

#[test]
fn a_class_whose_name_has_objects_in_the_attic_is_not_renamed_over_them() {
    let mut game = Game::open(library().class::<before::First>().class::<before::Second>());
    let first = game.world.spawn(before::First { n: 1 }).expect("its class is linked");
    let second = game.world.spawn(before::Second { n: 2 }).expect("its class is linked");
    game.reload(library().class::<alone::First>());
    game.reload(library().class::<renamed::First>());
    assert_eq!(game.world.instances_of("game::B"), [second]);
    assert_eq!(game.world.status(first), ObjectStatus::InAttic);
}

mod second_of_the_name {
    use super::*;
    #[game_class(path = "game::A", no_handlers)]
    #[derive(Default)]
    pub struct Second {
        pub name: String,
    }
}

classes!(passed (First "game::B" was "game::A"));
classes!(elsewhere (First "game::C" was "game::A"));

/// Two classes had one name, one after the other, and then both are gone.
#[test]
fn objects_of_two_classes_that_had_one_name_are_kept_apart() {
    let one = || library().class::<before::First>();
    let mut game = Game::open(one());
    let first = game.world.spawn(before::First { n: 1 }).expect("its class is linked");
    game.reload(library().class::<passed::First>().class::<second_of_the_name::Second>());
    let of_second = second_of_the_name::Second { name: "second".into() };
    let second = game.world.spawn(of_second).expect("its class is linked");
    game.undo();
    let seen = |game: &Game| [first, second].map(|id| (game.world.status(id), game.json(id)));
    let (first_is, second_is) = (r#"{"n":1}"#.to_owned(), r#"{"name":"second"}"#.to_owned());
    let in_attic = |state: &String| (ObjectStatus::InAttic, state.clone());
    let live = |state: &String| (ObjectStatus::Live, state.clone());
    assert_eq!(seen(&game), [live(&first_is), in_attic(&second_is)]);
    game.reload(library());
    let kept = |game: &Game| {
        let entries = game.world.attic().entries.into_iter();
        entries.map(|entry| (entry.class, entry.field, entry.objects)).collect::<Vec<_>>()
    };
    let one_object = ("game::A".to_owned(), None, 1);
    assert_eq!(kept(&game), [one_object.clone(), one_object.clone()]);
    let classes: Vec<_> = game.world.classes().into_iter().map(|class| (class.path, class.instances)).collect();
    assert_eq!(classes, [("game::A".to_owned(), 2)]);

    // In a file as well.
    let saved = game.world.save().expect("all of it can be written").text;
    let mut from_file = Game::open(library());
    from_file.world.restore(&saved).expect("it fits");
    assert_eq!(from_file.world.save().expect("all of it can be written").text, saved);
    let mut at_once = Game::open(one());
    at_once.world.restore(&saved).expect("it fits");
    let mut second_only = Game::open(library());
    second_only.world.restore(&saved).expect("it fits");

    for game in [&mut game, &mut from_file] {
        assert_eq!(seen(game), [in_attic(&first_is), in_attic(&second_is)]);
        let report = game.reload(one());
        assert_eq!(report.classes()[0].returned, 1, "{report}");
    }
    for game in [&mut game, &mut from_file, &mut at_once] {
        assert_eq!(seen(game), [live(&first_is), in_attic(&second_is)]);
        assert_eq!(kept(game), std::slice::from_ref(&one_object));
        // Its name is not passed on to what is not its class's.
        game.reload(library().class::<elsewhere::First>());
        assert_eq!((game.world.class_of(first), game.world.class_of(second)), (Some("game::C"), Some("game::A")));
        game.reload(library().class::<elsewhere::First>().class::<second_of_the_name::Second>());
        assert_eq!(seen(game), [live(&first_is), live(&second_is)]);
        assert!(kept(game).is_empty());
    }
    second_only.reload(library().class::<second_of_the_name::Second>());
    assert_eq!(seen(&second_only), [in_attic(&first_is), live(&second_is)]);
    assert!(second_only.world.destroy(first) && kept(&second_only).is_empty());
}
