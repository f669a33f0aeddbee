//! Where the state of fields and classes that are gone is kept.

use crate::{Game, library, version};
use reload_core::{AtticSelection, ObjectId, ObjectStatus, State, game_class};

version!(with_gold { pub n: u32, pub gold: u64 });
version!(without_gold { pub n: u32 });
version!(gold_as_text { pub n: u32, pub gold: String });
version!(gold_as_list { pub n: u32, #[field(default = vec![1])] pub gold: Vec<u8> });
version!(with_note { pub n: u32, pub note: Option<u8> });

fn golden(count: u32) -> (Game, Vec<ObjectId>) {
    let mut game = Game::open(library().class::<with_gold::It>());
    let ids = (0..count)
        .map(|n| game.world.spawn(with_gold::It { n, gold: u64::from(n) + 100 }).expect("its class is linked"));
    let ids = ids.collect();
    (game, ids)
}

#[test]
fn a_field_comes_back_after_several_reloads() {
    let (mut game, ids) = golden(2);
    game.reload(library().class::<without_gold::It>());
    game.reload(library().class::<with_note::It>());
    let new = game.spawn("game::It");
    game.reload(library().class::<without_gold::It>());
    assert_eq!(
        game.world.attic().to_string(),
        "the attic holds 1 of 262144 KiB\n  game::It.gold: u64 of 2 objects, since epoch 2, 102 bytes\n  \
         game::It.note: Option<u8> of 3 objects, since epoch 4, 156 bytes"
    );
    game.reload(library().class::<gold_as_text::It>());
    assert_eq!(game.json(ids[1]), r#"{"gold":"101","n":1}"#, "converted on its way back");
    assert_eq!(game.json(new), r#"{"gold":"","n":0}"#, "it never had any");
    assert_eq!(game.world.attic().entries.len(), 1, "what came back is not in the attic any more");
}

#[test]
fn what_a_field_does_not_take_any_more_stays_in_the_attic() {
    let (mut game, ids) = golden(2);
    game.reload(library().class::<without_gold::It>());
    let report = game.reload(library().class::<gold_as_list::It>());
    assert_eq!(game.json(ids[0]), r#"{"gold":[1],"n":0}"#);
    assert!(report.warnings.iter().any(|warning| warning.contains("2 values of game::It.gold")), "{report}");
    assert_eq!(game.world.attic().entries[0].objects, 2);
}

#[test]
fn what_is_kept_is_not_replaced_by_what_stood_in_its_place() {
    for by_undo in [false, true] {
        let (mut game, ids) = golden(2);
        game.reload(library().class::<without_gold::It>());
        game.reload(library().class::<gold_as_list::It>());
        game.world.get_mut::<gold_as_list::It>(ids[1]).expect("alive").gold = vec![2];
        if by_undo {
            game.undo();
        } else {
            game.reload(library().class::<without_gold::It>());
        }
        let text = game.world.save().expect("it can be written").text;
        game.world.restore(&text).expect("just written");
        game.reload(library().class::<with_gold::It>());
        assert_eq!(game.json(ids[1]), r#"{"gold":101,"n":1}"#, "of its own type");
        game.reload(library().class::<without_gold::It>());
        game.reload(library().class::<gold_as_list::It>());
        assert_eq!(game.json(ids[1]), r#"{"gold":[2],"n":1}"#, "so does the other");
        assert!(game.world.attic().entries.iter().all(|entry| entry.ty == "u64"), "{}", game.world.attic());
    }
}

version!(silver { pub n: u32, pub silver: u64 });
version!(silver_is_gold { pub n: u32, #[field(was = "silver")] pub gold: u64 });

#[test]
fn what_is_kept_is_not_replaced_by_a_field_that_got_its_name() {
    let (mut game, ids) = golden(2);
    game.reload(library().class::<silver::It>());
    game.world.get_mut::<silver::It>(ids[1]).expect("alive").silver = 7;
    game.reload(library().class::<silver_is_gold::It>());
    game.reload(library().class::<without_gold::It>());
    assert_eq!(game.world.attic().entries.len(), 2, "{}", game.world.attic());
    game.reload(library().class::<with_gold::It>());
    assert_eq!(game.json(ids[1]), r#"{"gold":7,"n":1}"#, "the newest");
    assert_eq!(game.world.attic().entries.len(), 1, "the other one is kept");
}

#[test]
fn a_limit_refuses_what_does_not_fit() {
    let (mut game, _) = golden(100);
    game.world.set_attic_limit(4_000);
    game.check_refused(
        library().class::<without_gold::It>(),
        "attic.full",
        "the attic",
        &["5 KiB", "3 KiB", "game::It.gold"],
    );
    game.check_refused(library(), "attic.full", "the attic", &["the objects of game::It"]);
    game.world.set_attic_limit(8_000);
    game.reload(library().class::<without_gold::It>());
    assert_eq!(game.world.attic().bytes, 100 * (3 + 48));
    // Nothing new goes there, so that a smaller limit is no obstacle.
    game.world.set_attic_limit(1);
    game.reload(library().class::<without_gold::It>());
}

#[test]
fn what_is_purged_or_destroyed_is_forgotten() {
    let (mut game, ids) = golden(4);
    game.reload(library().class::<without_gold::It>());
    game.world.destroy(ids[0]);
    game.reload(library().class::<without_gold::It>());
    assert_eq!(game.world.attic().entries[0].objects, 3, "the values of the dead are forgotten");
    assert_eq!(game.world.purge_attic(AtticSelection::Field("game::It", "silver")), (0, 0));
    assert_eq!(game.world.purge_attic(AtticSelection::Field("game::It", "gold")), (0, 3));
    assert!(game.world.attic().entries.is_empty() && game.world.attic().bytes == 0);
    game.undo();
    game.reload(library().class::<with_gold::It>());
    assert_eq!(game.json(ids[1]), r#"{"gold":0,"n":1}"#, "nothing comes back");

    game.reload(library().class::<without_gold::It>());
    game.reload(library());
    let kept = |game: &Game| {
        let entries = game.world.attic().entries;
        entries.into_iter().map(|entry| (entry.field.unwrap_or_default(), entry.objects)).collect::<Vec<_>>()
    };
    assert_eq!(kept(&game), [(String::new(), 3), ("gold".to_owned(), 3)]);
    assert_eq!(game.world.status(ids[1]), ObjectStatus::InAttic);
    assert!(game.world.destroy(ids[1]), "an object in the attic can end");
    assert_eq!(kept(&game), [(String::new(), 2), ("gold".to_owned(), 2)], "what is kept of its fields ends with it");
    assert_eq!(game.world.status(ids[1]), ObjectStatus::Gone);
    assert_eq!(game.world.purge_attic(AtticSelection::Class("game::It")), (2, 2));
    assert_eq!((game.world.status(ids[2]), game.world.attic().bytes), (ObjectStatus::Gone, 0));
    game.reload(library().class::<with_gold::It>());
    assert_eq!(game.world.instances(), 0);
}

#[derive(State)]
pub struct Item {
    pub name: String,
    pub weight: u8,
}

#[derive(State)]
pub struct Light {
    pub name: String,
}

version!(heavy { pub bag: Vec<Item>, pub belt: Option<Item> });
version!(light { pub bag: Vec<Light>, pub belt: Option<Light> });

#[test]
fn parts_of_elements_come_back_to_lists_of_the_same_length_only() {
    let mut game = Game::open(library().class::<heavy::It>());
    let item = |name: &str, weight| Item { name: name.into(), weight };
    let bag = || vec![item("axe", 9), item("bow", 4)];
    let same = game.world.spawn(heavy::It { bag: bag(), belt: Some(item("rope", 2)) }).expect("its class is linked");
    let fewer = game.world.spawn(heavy::It { bag: bag(), belt: None }).expect("its class is linked");
    game.reload(library().class::<light::It>());
    game.world.get_mut::<light::It>(fewer).expect("alive").bag.pop();
    // Live and out of the attic: a place is called the same.
    game.reload(library());
    game.reload(library().class::<light::It>());
    game.reload(library());
    game.reload(library().class::<heavy::It>());
    assert_eq!(
        game.json(same),
        r#"{"bag":[{"name":"axe","weight":9},{"name":"bow","weight":4}],"belt":{"name":"rope","weight":2}}"#
    );
    assert_eq!(game.json(fewer), r#"{"bag":[{"name":"axe","weight":0}],"belt":null}"#);
}

pub mod under_an_old_name {
    use super::*;
    #[game_class(path = "game::Old", no_handlers)]
    #[derive(Default)]
    pub struct Old {
        pub n: u32,
        pub gold: u8,
    }
}

pub mod under_a_new_name {
    use super::*;
    #[game_class(path = "game::New", was = "game::Old", no_handlers)]
    #[derive(Default)]
    pub struct New {
        pub n: u64,
    }
    pub mod with_gold {
        #[reload_core::game_class(path = "game::New", was = "game::Old", no_handlers)]
        #[derive(Default)]
        pub struct New {
            pub n: u64,
            pub gold: u32,
        }
    }
}

#[test]
fn a_class_that_was_gone_comes_back_under_another_name() {
    let mut game = Game::open(library().class::<under_an_old_name::Old>());
    let id = game.world.spawn(under_an_old_name::Old { n: 7, gold: 9 }).expect("its class is linked");
    game.reload(library());
    game.reload(library().class::<under_a_new_name::New>());
    assert_eq!((game.world.class_of(id), game.json(id)), (Some("game::New"), r#"{"n":7}"#.to_owned()));
    assert_eq!((game.world.instances(), game.world.status(id)), (1, ObjectStatus::Live));
    assert_eq!(game.world.attic().to_string().lines().count(), 2, "{}", game.world.attic());
    game.reload(library().class::<under_a_new_name::with_gold::New>());
    assert_eq!(game.json(id), r#"{"gold":9,"n":7}"#);
    game.reload(library().class::<under_an_old_name::Old>());
    assert_eq!((game.world.class_of(id), game.json(id)), (Some("game::Old"), r#"{"gold":9,"n":7}"#.to_owned()));
    assert!(game.world.attic().entries.is_empty(), "{}", game.world.attic());
}

#[test]
fn what_is_kept_of_a_class_follows_its_name() {
    let mut game = Game::open(library().class::<under_an_old_name::Old>());
    let id = game.world.spawn(under_an_old_name::Old { n: 7, gold: 9 }).expect("its class is linked");
    game.reload(library().class::<under_a_new_name::New>());
    assert_eq!(game.world.attic().entries[0].class, "game::New");
    game.reload(library().class::<under_a_new_name::New>());
    game.reload(library().class::<under_an_old_name::Old>());
    assert_eq!(game.json(id), r#"{"gold":9,"n":7}"#);
}

macro_rules! named {
    ($module:ident, $path:literal $(was $was:literal)?, $($fields:tt)*) => {
        pub mod $module {
            #[reload_core::game_class(path = $path, $(was = $was,)? no_handlers)]
            #[derive(Default)]
            pub struct It { $($fields)* }
        }
    };
}
named!(a, "game::A", pub n: u8, pub gone: u8);
named!(b, "game::B", pub n: u8, pub gone: u8);
named!(a_less, "game::A", pub n: u8);
named!(b_less, "game::B", pub n: u8);
named!(b_that_was_a, "game::B" was "game::A", pub n: u8);
named!(c_that_was_b, "game::C" was "game::B", pub n: u8);

#[test]
fn a_class_may_get_the_name_that_another_gives_up() {
    let mut game = Game::open(library().class::<a::It>().class::<b::It>());
    let first = game.world.spawn(a::It { n: 1, gone: 10 }).expect("its class is linked");
    let second = game.world.spawn(b::It { n: 2, gone: 20 }).expect("its class is linked");
    game.reload(library().class::<a_less::It>().class::<b_less::It>());
    game.reload(library().class::<b_that_was_a::It>().class::<c_that_was_b::It>());
    let names = |game: &Game| [first, second].map(|id| game.world.class_of(id).unwrap_or("none").to_owned());
    assert_eq!(names(&game), ["game::B", "game::C"]);
    assert_eq!((game.world.status(first), game.json(second)), (ObjectStatus::Live, r#"{"n":2}"#.to_owned()));
    let attic = game.world.attic();
    let kept: Vec<&str> = attic.entries.iter().map(|entry| entry.class.as_str()).collect();
    assert_eq!(kept, ["game::B", "game::C"], "what is kept goes with the objects");
}

named!(b_whole_that_was_a, "game::B" was "game::A", pub n: u8, pub gone: u8);
named!(a_new, "game::A", pub name: String, pub gone: u8);
named!(a_new_less, "game::A", pub name: String);

#[test]
fn a_class_that_gets_its_name_back_leaves_what_is_kept_of_who_had_it_meanwhile() {
    let whole = || library().class::<b_whole_that_was_a::It>().class::<a_new::It>();
    let less = || library().class::<b_that_was_a::It>().class::<a_new_less::It>();
    let mut maker = Game::open(whole());
    let first = maker.world.spawn(b_whole_that_was_a::It { n: 1, gone: 10 }).expect("its class is linked");
    let second = maker.world.spawn(a_new::It { name: "new".into(), gone: 20 }).expect("its class is linked");
    maker.reload(less());
    let saved = maker.world.save().expect("all of it can be written");

    let mut game = Game::open(library().class::<a_less::It>());
    game.reload(less());
    game.world.restore(&saved.text).expect("it fits");
    let kept = |game: &Game| {
        let entries = game.world.attic().entries.into_iter();
        entries.map(|entry| format!("{} {:?} {}", entry.class, entry.field, entry.objects)).collect::<Vec<_>>()
    };
    for _ in 0..2 {
        assert_eq!(kept(&game), ["game::A Some(\"gone\") 1", "game::B Some(\"gone\") 1"]);
        game.undo();
        assert_eq!((game.world.class_of(first), game.world.status(second)), (Some("game::A"), ObjectStatus::InAttic));
        assert_eq!(kept(&game), ["game::A None 1", "game::A Some(\"gone\") 2"]);
        game.undo();
    }
    game.reload(whole());
    assert_eq!(
        (game.json(first), game.json(second)),
        (r#"{"gone":10,"n":1}"#.to_owned(), r#"{"gone":20,"name":"new"}"#.to_owned())
    );
    assert!(game.world.attic().entries.is_empty(), "{}", game.world.attic());
}

version!(kept { pub n: u8, pub x: u32 });
version!(started_over { pub n: u8, #[field(reset, default = 1)] pub x: u32 });

#[test]
fn what_started_over_comes_back_when_it_is_carried_again() {
    let mut game = Game::open(library().class::<kept::It>());
    let id = game.world.spawn(kept::It { n: 1, x: 9 }).expect("its class is linked");
    game.reload(library().class::<started_over::It>());
    assert_eq!(game.world.get::<started_over::It>(id).expect("alive").x, 1);
    game.undo();
    assert_eq!(game.json(id), r#"{"n":1,"x":9}"#);
}

#[derive(State)]
pub struct Scratch {
    pub name: String,
    #[field(reset, default = 1)]
    pub weight: u8,
}

version!(bag_of_items { pub bag: Vec<Item> });
version!(bag_of_scratch { pub bag: Vec<Scratch> });

#[test]
fn what_started_over_in_an_element_comes_back_too() {
    let mut game = Game::open(library().class::<bag_of_items::It>());
    let bag = vec![Item { name: "axe".into(), weight: 9 }];
    let id = game.world.spawn(bag_of_items::It { bag }).expect("its class is linked");
    game.reload(library().class::<bag_of_scratch::It>());
    assert_eq!(game.world.get::<bag_of_scratch::It>(id).expect("alive").bag[0].weight, 1);
    game.reload(library().class::<bag_of_scratch::It>());
    game.reload(library().class::<bag_of_items::It>());
    assert_eq!(game.json(id), r#"{"bag":[{"name":"axe","weight":9}]}"#);
}

/// A map whose keys JSON does not know.
type Grid = std::collections::HashMap<(i32, i32), u8>;
version!(with_grid { pub n: u32, #[field(serde)] pub grid: Grid });

#[test]
fn a_value_that_the_attic_cannot_have_keeps_its_field() {
    let mut game = Game::open(library().class::<with_grid::It>());
    let grid = Grid::from([((1, 2), 3)]);
    let id = game.world.spawn(with_grid::It { n: 1, grid: grid.clone() }).expect("its class is linked");
    let words = [&*format!("the object {id} (of 1 object)"), "for the attic: ", "key must be a string"];
    game.check_refused(library().class::<without_gold::It>(), "migrate.unkept", "game::It.grid", &words);
    assert_eq!(game.world.get::<with_grid::It>(id).expect("alive").grid, grid);
    game.world.get_mut::<with_grid::It>(id).expect("alive").grid.clear();
    game.reload(library().class::<without_gold::It>());
    game.reload(library().class::<with_grid::It>());
    assert_eq!(game.world.get::<with_grid::It>(id).expect("alive").grid, Grid::new());
}

mod family {
    use super::*;
    #[game_class(path = "game::Other", was = "game::It", no_handlers)]
    #[derive(Default)]
    pub struct Other {
        pub n: u32,
    }
    #[game_class(path = "game::Third", was = "game::It", no_handlers)]
    #[derive(Default)]
    pub struct Third {
        pub n: u32,
    }
}

#[test]
fn objects_come_back_to_the_class_that_is_called_like_theirs_and_to_no_other() {
    let (mut game, ids) = golden(2);
    game.reload(library());
    game.reload(library().class::<with_gold::It>().class::<family::Other>());
    assert_eq!(game.world.instances_of("game::It").len(), 2);
    assert_eq!((game.world.instances(), game.world.instances_of("game::Other").len()), (2, 0));
    for id in ids {
        assert!(game.world.destroy(id));
    }
    assert_eq!(game.world.instances(), 0);
}

#[test]
fn two_classes_cannot_go_on_with_one() {
    let (mut game, _) = golden(1);
    let both = library().class::<family::Other>().class::<family::Third>();
    game.check_refused(both, "class.duplicate", "game::Third", &["goes on with what `game::It` was", "`game::Other`"]);
}
