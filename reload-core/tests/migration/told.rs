//! `event_reloaded`: what an object is told of the change of its class.

use crate::{Game, Heard, Test, library, version};
use reload_core::{Ctx, ObjectId, ObjectStatus, Reloaded, State, game_class};

#[derive(State, Default)]
pub struct Wide {
    pub x: i32,
    pub y: i32,
}

#[derive(State, Default)]
pub struct Narrow {
    pub x: i32,
}

version!(v1 { pub number: u32, pub gold: u64, pub names: Vec<String>, pub at: Wide, #[field(reset)] pub cache: u8 });

pub mod v2 {
    use super::*;
    #[game_class(path = "game::It")]
    #[derive(Default)]
    pub struct It {
        pub number: u32,
        #[field(default = 5)]
        pub armor: u8,
        pub at: Narrow,
        pub name: String,
        pub told: u32,
    }
    #[game_class]
    impl It {
        fn event_reloaded(&mut self, event: &Reloaded, ctx: &mut Ctx) {
            self.told += 1;
            let discarded: Vec<String> =
                event.discarded.iter().map(|gone| format!("{}: {} = {}", gone.name, gone.ty, gone.value)).collect();
            let Reloaded { from_epoch, epoch, added, .. } = event;
            let what = format!("{from_epoch}->{epoch} +[{}] -[{}]", added.join(" "), discarded.join("; "));
            ctx.emit(Heard { who: ctx.id(), what });
            assert!(self.number != 2, "too much for number 2");
        }
        fn event_test(&self) {}
    }
}

fn game() -> (Game, Vec<ObjectId>) {
    let mut game = Game::open(library().class::<v1::It>());
    let ids = (1..=3).map(|number| {
        let it = v1::It {
            number,
            gold: u64::from(number) * 10,
            names: vec![format!("n{number}")],
            at: Wide { x: 1, y: number as i32 },
            cache: 9,
        };
        game.world.spawn(it).expect("its class is linked")
    });
    let ids = ids.collect();
    (game, ids)
}

#[test]
fn each_object_is_told_what_was_added_and_what_it_has_lost() {
    let (mut game, ids) = game();
    game.reload(library().class::<v1::It>());
    game.world.destroy(ids[1]);
    game.reload(library().class::<v2::It>());
    let said = |number: u32| {
        format!(
            "2->3 +[armor name told] -[at.y: i32 = {number}; gold: u64 = {number}0; names: Vec<String> = [\"n{number}\"]]"
        )
    };
    assert_eq!(game.heard(), [(ids[0], said(1)), (ids[2], said(3))]);
    // Nothing was added or lost by the next one.
    game.reload(library().class::<v2::It>());
    assert_eq!(game.heard(), [(ids[0], "3->4 +[] -[]".to_owned()), (ids[2], "3->4 +[] -[]".to_owned())]);
}

#[test]
fn an_object_for_which_it_is_too_much_keeps_its_state_and_rests() {
    let (mut game, ids) = game();
    let report = game.reload(library().class::<v2::It>());
    let warning = report.warnings.iter().find(|warning| warning.contains("event_reloaded")).expect("a warning");
    assert!(warning.contains(&ids[1].to_string()) && !warning.contains(&ids[0].to_string()), "{warning}");
    assert_eq!(game.world.status(ids[1]), ObjectStatus::Resting);
    assert_eq!(game.json(ids[1]), r#"{"armor":5,"at":{"x":1},"name":"","number":2,"told":1}"#);
    assert_eq!(game.world.take_faults().len(), 1);
    assert_eq!(game.world.status(ids[2]), ObjectStatus::Live, "those behind it are told as well");
    assert_eq!(game.world.get::<v2::It>(ids[2]).expect("alive").told, 1);
    // It is awake again with the next reload, and is carried like the others.
    let report = game.undo();
    assert_eq!((report.classes()[0].released, game.world.status(ids[1])), (1, ObjectStatus::Live), "{report}");
    assert_eq!(
        game.json(ids[1]),
        r#"{"at":{"x":1,"y":2},"cache":{"opaque":"u8"},"gold":20,"names":["n2"],"number":2}"#
    );
}

version!(short { pub hp: u32, pub gold: u32 });
version!(renamed { pub health: u32, pub gold: u32 });
version!(renamed_late { #[field(was = "hp")] pub health: u32, pub gold: u32 });

#[test]
fn a_new_name_that_is_not_said_to_be_one_is_told() {
    let mut game = Game::open(library().class::<short::It>());
    let id = game.world.spawn(short::It { hp: 7, gold: 1 }).expect("its class is linked");
    let report = game.reload(library().class::<renamed::It>());
    let [warning] = &report.warnings[..] else { panic!("{report}") };
    for words in ["game::It.health is new", "hp is gone", "`u32`", r#"#[field(was = "hp")]"#] {
        assert!(warning.contains(words), "{words} is not in\n{report}");
    }
    let report = game.reload(library().class::<renamed_late::It>());
    let [warning] = &report.warnings[..] else { panic!("{report}") };
    assert!(warning.contains("game::It.health says that it was hp"), "{report}");
    assert_eq!(game.json(id), r#"{"gold":1,"health":0}"#);
    // What it says to do, step by step; nothing more is said then.
    game.reload(library().class::<renamed::It>());
    assert_eq!(game.reload(library().class::<short::It>()).warnings, [""; 0]);
    let report = game.reload(library().class::<renamed_late::It>());
    assert_eq!((game.json(id).as_str(), &report.warnings[..]), (r#"{"gold":1,"health":7}"#, &[][..]), "{report}");
    // And so where the first edit is taken back at once.
    let mut game = Game::open(library().class::<short::It>());
    let id = game.world.spawn(short::It { hp: 7, gold: 1 }).expect("its class is linked");
    game.reload(library().class::<renamed::It>());
    game.undo();
    let report = game.reload(library().class::<renamed_late::It>());
    assert_eq!((game.json(id).as_str(), &report.warnings[..]), (r#"{"gold":1,"health":7}"#, &[][..]), "{report}");
}
