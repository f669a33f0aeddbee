//! What a reload would do, without doing it.

use crate::{Game, library, version};

version!(v1 { pub hp: u32, pub gold: u64, pub name: String });
version!(v2 { #[field(was = "hp")] pub health: f64, #[field(default = 3)] pub armor: u8, #[field(reset)] pub name: u8 });
version!(bad { pub hp: Vec<u8>, pub gold: u64, pub name: String });

#[test]
fn a_plan_tells_everything_and_changes_nothing() {
    let mut game = Game::open(library().class::<v1::It>());
    game.world.spawn(v1::It { hp: 7, gold: 9, name: "x".into() }).expect("its class is linked");
    let before = game.snapshot();
    let plan = game.session.plan_offer(&game.world, library().class::<v2::It>());
    assert!(plan.would_succeed(), "{plan}");
    assert_eq!((plan.from_epoch, plan.epoch, game.session.epoch()), (1, 2, 1));
    assert_eq!(game.snapshot(), before);
    let fields: Vec<String> = plan.classes[0].fields.iter().map(ToString::to_string).collect();
    assert_eq!(
        fields,
        [
            "health: was called hp",
            "health: u32 -> f64",
            "+armor: u8",
            "name: u8 starts over",
            "-gold: u64 (kept in the attic)",
        ]
    );
    let text = plan.to_string();
    for line in ["would lead from epoch 1 to 2", "+armor: u8", "bytes would go to the attic"] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
    let json = serde_json::to_value(&plan).expect("it has a JSON form");
    assert_eq!(json["classes"][0]["fields"][2]["fate"], "added");
    assert_eq!(
        json["classes"][0]["fields"][0],
        serde_json::json!({
            "field": "health", "fate": "renamed", "was": "hp", "from": "u32", "to": "f64",
        })
    );
    assert_eq!((json["problems"].clone(), json["epoch"].clone()), (serde_json::json!([]), serde_json::json!(2)));
    // It comes true.
    let report = game.reload(library().class::<v2::It>());
    assert_eq!(report.classes(), plan.classes);
    assert_eq!(plan.attic_bytes, game.world.attic().bytes);

    let before = game.snapshot();
    let plan = game.session.plan_undo(&game.world).expect("something ran before");
    assert!(plan.would_succeed() && game.snapshot() == before, "{plan}");
    assert_eq!(game.undo().classes(), plan.classes);
}

#[test]
fn a_plan_of_what_would_be_refused_says_why() {
    let mut game = Game::open(library().class::<v1::It>());
    assert!(game.session.plan_undo(&game.world).is_none(), "nothing ran before");
    game.spawn("game::It");
    let plan = game.session.plan_offer(&game.world, library().class::<bad::It>());
    assert!(!plan.would_succeed());
    let text = plan.to_string();
    assert!(
        text.starts_with("a reload of game would be refused, epoch 1 would go on\n  - game::It.hp: no rule"),
        "{text}"
    );
    let json = serde_json::to_value(&plan).expect("it has a JSON form");
    assert_eq!(json["problems"][0]["code"], "migrate.no_rule");
}
