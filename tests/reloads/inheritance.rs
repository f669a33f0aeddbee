//! The article's own test of inheritance: classes A; B, C, D on A; E, F on B; G on F. B and G handle `Test`; then a
//! reload lets one class start or stop, and existing and new objects are answered by exactly the right class, once.

use super::support::Game;
use std::collections::BTreeMap;

const CLASSES: [(&str, Option<&str>); 7] = [
    ("A", None),
    ("B", Some("A")),
    ("C", Some("A")),
    ("D", Some("A")),
    ("E", Some("B")),
    ("F", Some("B")),
    ("G", Some("F")),
];

/// A library in which the classes named in `handling` handle `Test`.
fn source(handling: &str) -> String {
    let mut text = String::from(
        "#![forbid(unsafe_code)]\nuse reload_core::{Ctx, game_class};\nuse test_protocol::{Answered, Test};\nreload_core::library!();\n",
    );
    for (class, base) in CLASSES {
        let handles = handling.contains(class);
        let mut options: Vec<String> = base.iter().map(|base| format!("base = {base}")).collect();
        if !handles {
            options.push("no_handlers".to_owned());
        }
        let field = base.map(|base| format!("base: {base}")).unwrap_or_default();
        text +=
            &format!("#[game_class({})]\n#[derive(Default)]\npub struct {class} {{ {field} }}\n", options.join(", "));
        if handles {
            text += &format!(
                "#[game_class]\nimpl {class} {{\n    fn event_test(&mut self, _: &Test, ctx: &mut Ctx) {{\n        \
                 ctx.emit(Answered {{ who: ctx.id(), by: {class:?}.into() }});\n    }}\n}}\n"
            );
        }
    }
    text
}

/// Starts with B and G handling, reloads with `handling`, and checks who answers whom.
#[track_caller]
fn check_reload(package: &str, handling: &str, expected: &[(&str, &str)]) {
    let mut game = Game::start(package, &source("BG"));
    let mut objects: BTreeMap<_, _> =
        CLASSES.iter().map(|(class, _)| (game.spawn(class), (*class).to_owned())).collect();
    check_answers(&mut game, &objects, &[("B", "B"), ("E", "B"), ("F", "B"), ("G", "G")]);
    game.reload(&source(handling));
    check_answers(&mut game, &objects, expected);
    for (class, _) in CLASSES {
        objects.insert(game.spawn(class), class.to_owned());
    }
    check_answers(&mut game, &objects, expected);
}

/// Every object of `expected`'s classes answers once, by the class named, and nobody else does.
#[track_caller]
fn check_answers(game: &mut Game, objects: &BTreeMap<reload_core::ObjectId, String>, expected: &[(&str, &str)]) {
    let mut answers: Vec<(String, String)> =
        game.ask().into_iter().map(|(who, by)| (objects[&who].clone(), by)).collect();
    answers.sort();
    let mut due: Vec<(String, String)> = objects
        .values()
        .filter_map(|class| expected.iter().find(|(asked, _)| asked == class))
        .map(|(class, by)| ((*class).to_owned(), (*by).to_owned()))
        .collect();
    due.sort();
    assert_eq!(answers, due);
}

#[test]
fn a_starts() {
    let all = [("A", "A"), ("B", "B"), ("C", "A"), ("D", "A"), ("E", "B"), ("F", "B"), ("G", "G")];
    check_reload("inherit_a_starts", "ABG", &all);
}

#[test]
fn f_starts() {
    check_reload("inherit_f_starts", "BFG", &[("B", "B"), ("E", "B"), ("F", "F"), ("G", "G")]);
}

#[test]
fn g_stops() {
    check_reload("inherit_g_stops", "B", &[("B", "B"), ("E", "B"), ("F", "B"), ("G", "B")]);
}

#[test]
fn b_stops() {
    check_reload("inherit_b_stops", "G", &[("G", "G")]);
}
