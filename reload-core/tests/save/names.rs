//! Classes that have other names by now are found by a file as they are in a reload.

use super::{library, open, restore, save};
use reload_core::{InProcess, World, game_class};

macro_rules! class {
    ($module:ident, $path:literal $(, $was:literal)?) => {
        mod $module {
            use super::*;
            #[game_class(path = $path $(, was = $was)?, no_handlers)]
            #[derive(Default)]
            pub struct It {
                pub n: u32,
            }
        }
    };
}
class!(first, "game::First");
class!(second, "game::Second");
class!(second_was_first, "game::Second", "game::First");
class!(third_was_second, "game::Third", "game::Second");

/// How many objects of each path there are, with the sums of their numbers.
fn census(world: &World) -> Vec<(usize, u64)> {
    let sum = |path: &str| {
        let ids = world.instances_of(path);
        let numbers = ids.iter().map(|id| world.inspect(*id).expect("alive")["n"].as_u64().expect("a number"));
        (ids.len(), numbers.sum())
    };
    ["game::First", "game::Second", "game::Third"].map(sum).to_vec()
}

/// What of a file is there in other code.
fn restored(library: InProcess, text: &str) -> Vec<(usize, u64)> {
    let (mut world, _session, _log) = open(library);
    restore(&mut world, text);
    census(&world)
}

#[test]
fn a_name_that_another_class_has_taken_does_not_get_the_objects() {
    let (mut world, mut session, _log) = open(library().class::<first::It>());
    world.spawn(first::It { n: 1 }).expect("a class");
    let text = save(&world);
    let next = || library().class::<first::It>().class::<second_was_first::It>();
    assert_eq!(restored(next(), &text), [(0, 0), (1, 1), (0, 0)]);
    session.offer(&mut world, next());
    assert_eq!(census(&world), restored(next(), &text), "as in a reload");
    // What is written now has the new names.
    world.spawn(first::It { n: 5 }).expect("a class");
    assert_eq!(restored(next(), &save(&world)), [(1, 5), (1, 1), (0, 0)]);
}

#[test]
fn names_that_classes_pass_on_are_followed() {
    let (mut world, mut session, _log) = open(library().class::<first::It>().class::<second::It>());
    world.spawn(first::It { n: 1 }).expect("a class");
    world.spawn(second::It { n: 2 }).expect("a class");
    let text = save(&world);
    let next = || library().class::<second_was_first::It>().class::<third_was_second::It>();
    assert_eq!(restored(next(), &text), [(0, 0), (1, 1), (1, 2)]);
    session.offer(&mut world, next());
    assert_eq!(census(&world), restored(next(), &text), "as in a reload");
    // Also where none of one of them lives.
    let (mut one, _session, _log) = open(library().class::<first::It>().class::<second::It>());
    one.spawn(second::It { n: 2 }).expect("a class");
    assert_eq!(restored(next(), &save(&one)), [(0, 0), (0, 0), (1, 2)]);
}

#[test]
fn a_class_in_the_attic_has_its_name() {
    let both = || library().class::<first::It>().class::<second_was_first::It>();
    let (mut world, mut session, _log) = open(both());
    world.spawn(first::It { n: 1 }).expect("a class");
    world.spawn(second_was_first::It { n: 2 }).expect("a class");
    session.offer(&mut world, library().class::<first::It>());
    assert_eq!(restored(both(), &save(&world)), [(1, 1), (1, 2), (0, 0)]);
}

#[test]
fn where_a_file_does_not_say_which_classes_there_were_namesakes_are_the_same() {
    let (mut world, _session, _log) = open(library().class::<first::It>());
    world.spawn(first::It { n: 1 }).expect("a class");
    let mut file: serde_json::Value = serde_json::from_str(&save(&world)).expect("JSON");
    file.as_object_mut().expect("a file").remove("checksum");
    assert!(file["world"].as_object_mut().expect("a world").remove("paths").is_some());
    for (next, expected) in [
        (library().class::<first::It>().class::<second_was_first::It>(), [(1, 1), (0, 0), (0, 0)]),
        (library().class::<second_was_first::It>(), [(0, 0), (1, 1), (0, 0)]),
    ] {
        assert_eq!(restored(next, &file.to_string()), expected);
    }
}
