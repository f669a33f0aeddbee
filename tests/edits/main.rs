//! Edits of classes that have objects: what the objects are afterwards, and when the edit is taken back. Each edit is a
//! module of one crate, so that two builds and a reload prove them all.

mod carried;
mod classes;
mod collections;
mod edit;
mod fields;
mod nested;
mod queued;
mod refusals;
mod scalars;
#[path = "../reloads/support.rs"]
mod support;

use edit::{Edit, Side, source};
use reload_core::{ObjectId, ObjectStatus};
use serde_json::Value;
use support::{Game, Workspace};

fn edits() -> Vec<Edit> {
    let parts =
        [fields::edits(), scalars::edits(), collections::edits(), nested::edits(), carried::edits(), classes::edits()];
    parts.into_iter().flatten().collect()
}

/// Every object is what `expected` says, and has kept its id.
#[track_caller]
fn check_objects(game: &Game, when: &str, edits: &[Edit], ids: &[ObjectId], expected: impl Fn(usize) -> Value) {
    let mut wrong = String::new();
    for (index, (edit, id)) in edits.iter().zip(ids).enumerate() {
        let (found, expected) = (game.world.inspect(*id), expected(index));
        if found.as_ref() != Some(&expected) {
            let found = found.map_or_else(|| "nothing".to_owned(), |found| found.to_string());
            wrong += &format!("\n{}: {found} instead of {expected}", edit.name);
        }
    }
    assert!(wrong.is_empty(), "{when}:{wrong}");
}

/// Every object whose state JSON does not show says what is expected.
#[track_caller]
fn check_answers(game: &mut Game, when: &str, edits: &[Edit], ids: &[ObjectId], side: Side) {
    let name = |id: ObjectId| ids.iter().position(|known| *known == id).map_or("?", |index| edits[index].name);
    let mut answers: Vec<(&str, String)> = game.ask().into_iter().map(|(id, says)| (name(id), says)).collect();
    let mut expected: Vec<(&str, String)> =
        edits.iter().filter_map(|edit| Some((edit.name, edit.says(side)?.to_owned()))).collect();
    answers.sort();
    expected.sort();
    assert_eq!(answers, expected, "{when}");
}

#[test]
fn objects_survive_edits_of_their_classes() {
    let edits = edits();
    assert!(edits.len() >= 60, "{} edits", edits.len());
    let all: Vec<&Edit> = edits.iter().collect();
    let (old, new) = (source(&all, Side::Old), source(&all, Side::New));
    let mut game = Game::start_in(Workspace::with("edits", &old, collections::CRATES));
    let ids: Vec<ObjectId> = edits.iter().map(|edit| game.spawn(&format!("{}::{}", edit.name, edit.class))).collect();
    let originals: Vec<Value> = ids.iter().map(|id| game.world.inspect(*id).expect("just spawned")).collect();
    check_answers(&mut game, "at first", &edits, &ids, Side::Old);

    let report = game.reload(&new);
    check_objects(&game, "after the edits", &edits, &ids, |index| edits[index].after());
    let in_attic = |game: &Game, name: &str| {
        let index = edits.iter().position(|edit| edit.name == name).expect("it is there");
        game.world.status(ids[index]) == ObjectStatus::InAttic
    };
    assert!(in_attic(&game, "class_removed") && in_attic(&game, "class_removed_with_its_base"), "{report}");
    check_answers(&mut game, "after the edits", &edits, &ids, Side::New);

    game.reload(&old);
    check_objects(&game, "after the way back", &edits, &ids, |index| edits[index].taken_back(&originals[index]));
    check_answers(&mut game, "after the way back", &edits, &ids, Side::Old);
    assert!(!in_attic(&game, "class_removed"));

    assert!(game.undo().is_reloaded());
    check_objects(&game, "after the undo of the way back", &edits, &ids, |index| edits[index].after());
    assert!(game.undo().is_reloaded());
    check_objects(&game, "after the second undo", &edits, &ids, |index| edits[index].taken_back(&originals[index]));
    check_answers(&mut game, "after the second undo", &edits, &ids, Side::Old);
    assert_eq!(game.epoch(), 5);
}
