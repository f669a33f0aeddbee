//! Edits that do not come through: the old code goes on, and the next good one loads.

use super::support::Game;
use reload_core::Outcome;

fn source(fields: &str, answer: &str) -> String {
    format!(
        "use reload_core::{{Ctx, game_class}};\nuse test_protocol::{{Answered, Test}};\n\
         reload_core::library!(before_reload = agree, after_reload = greet);\n\
         fn agree(change: &reload_core::ReloadView) -> Result<(), String> {{\n    \
         match change.classes().iter().find(|class| !class.in_new()) {{\n        \
         Some(class) => Err(format!(\"{{}} must stay\", class.path())),\n        None => Ok(()),\n    }}\n}}\n\
         fn greet(change: &reload_core::ReloadView, ctx: &mut Ctx) {{\n    \
         ctx.emit(Answered {{ who: ctx.id(), by: format!(\"epoch {{}}\", change.epoch()) }});\n}}\n\
         #[game_class]\n#[derive(Default)]\npub struct Cat {{ {fields} }}\n\
         #[game_class]\nimpl Cat {{\n    fn event_test(&mut self, ctx: &mut Ctx) {{\n        \
         ctx.emit(Answered {{ who: ctx.id(), by: {answer:?}.into() }});\n    }}\n}}\n"
    )
}

#[test]
fn what_cannot_run_is_refused_and_the_next_good_one_loads() {
    let mut game = Game::start("refusals", &source("lives: u32", "meow"));
    let cat = game.spawn("Cat");
    assert_eq!(game.ask(), [(cat, "meow".to_owned())]);

    let report = game.edit("this is not Rust");
    let Outcome::BuildFailed { messages, .. } = &report.outcome else { panic!("{report}") };
    assert!(messages.contains("expected"), "{messages}");
    assert_eq!(game.ask(), [(cat, "meow".to_owned())], "the old code goes on");

    let report = game.edit(&source("lives: Vec<u8>", "MEOW"));
    let problem = &report.problems()[0];
    assert_eq!((problem.code, problem.subject.as_str()), ("migrate.no_rule", "refusals::Cat.lives"));
    assert_eq!((game.ask(), game.epoch()), (vec![(cat, "meow".to_owned())], 1));

    // The running library's own hook.
    let report = game.edit("reload_core::library!();");
    assert_eq!(report.problems()[0].code, "hook.refused", "{report}");
    assert!(report.problems()[0].message.contains("refusals::Cat must stay"), "{report}");
    assert_eq!(game.ask(), [(cat, "meow".to_owned())]);

    let report = game.reload(&source("lives: u32", "purr"));
    assert_eq!((report.from_epoch, report.epoch), (1, 2));
    assert_eq!(game.answers(), [(reload_core::ObjectId::NONE, "epoch 2".to_owned())], "`after_reload` ran");
    assert_eq!(game.ask(), [(cat, "purr".to_owned())]);
}

/// A library that refuses every reload while there is a file `closed` beside its manifest.
fn guarded(closed: &str, answer: &str) -> String {
    format!(
        "use reload_core::{{Ctx, game_class}};\nuse test_protocol::{{Answered, Test}};\n\
         reload_core::library!(before_reload = agree);\n\
         fn agree(_: &reload_core::ReloadView) -> Result<(), String> {{\n    \
         match std::path::Path::new(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/{closed}\")).exists() {{\n        \
         true => Err(\"closed\".into()),\n        false => Ok(()),\n    }}\n}}\n\
         #[game_class(no_handlers)]\n#[derive(Default)]\npub struct Cat {{}}\n\
         #[game_class]\n#[derive(Default)]\npub struct Dog {{}}\n\
         #[game_class]\nimpl Dog {{\n    fn event_test(&mut self, ctx: &mut Ctx) {{\n        \
         ctx.emit(Answered {{ who: ctx.id(), by: {answer:?}.into() }});\n    }}\n}}\n"
    )
}

#[test]
fn what_was_refused_is_tried_again_when_it_is_saved_again() {
    let source = |answer: &str| guarded("closed", answer);
    let mut game = Game::start("saved_again", &source("wuff"));
    let dog = game.spawn("Dog");
    game.write("closed", "");
    let report = game.edit(&source("WUFF"));
    assert_eq!(report.problems()[0].code, "hook.refused", "{report}");
    // The same text: the compiler makes the same library of it.
    let report = game.edit(&source("WUFF"));
    assert_eq!(report.problems()[0].code, "hook.refused", "it is told again: {report}");
    assert_eq!((game.ask(), game.epoch()), (vec![(dog, "wuff".to_owned())], 1));
    game.remove("closed");
    game.reload(&source("WUFF"));
    assert_eq!((game.ask(), game.epoch()), (vec![(dog, "WUFF".to_owned())], 2));
}

#[test]
fn what_was_refused_does_not_come_back_when_something_newer_was_saved() {
    // Nobody watches hidden files.
    let source = |answer: &str| guarded(".closed", answer);
    let mut game = Game::start("superseded", &source("one"));
    let dog = game.spawn("Dog");
    game.write(".closed", "");
    let report = game.edit(&source("two"));
    assert_eq!(report.problems()[0].code, "hook.refused", "{report}");
    game.remove(".closed");
    // Built twice, to the same bytes, while the host does something else.
    for _ in 0..2 {
        game.write("src/lib.rs", &source("three"));
        std::thread::sleep(std::time::Duration::from_secs(3));
    }
    let report = game.next_report();
    assert!(report.is_reloaded(), "{report}");
    assert_eq!((game.ask(), game.epoch()), (vec![(dog, "three".to_owned())], 2));
}

#[test]
fn what_is_held_or_was_refused_can_be_applied() {
    let mut game = Game::start("applied", &source("lives: u32", "meow"));
    let cat = game.spawn("Cat");
    assert!(game.apply().is_none(), "nothing waits");
    game.hold(true);
    let plan = game.edit_held(&source("lives: u32", "purr"));
    assert_eq!((plan.problems.len(), game.epoch()), (0, 1), "{plan}");
    assert_eq!(game.ask(), [(cat, "meow".to_owned())], "the plan has changed nothing");
    let report = game.apply().expect("one waits");
    assert!(report.is_reloaded(), "{report}");
    game.answers();
    assert_eq!((game.ask(), game.epoch()), (vec![(cat, "purr".to_owned())], 2));
    assert!(game.apply().is_none(), "nothing waits any more");

    // What was refused waits as well: the world may change.
    game.hold(false);
    let report = game.edit(&source("lives: Vec<u8>", "hiss"));
    assert_eq!(report.problems()[0].code, "migrate.no_rule", "{report}");
    let report = game.apply().expect("it waits");
    assert_eq!((report.problems()[0].code, game.epoch()), ("migrate.no_rule", 2), "{report}");
    assert!(game.world.destroy(cat));
    let report = game.apply().expect("it waits");
    assert!(report.is_reloaded() && game.epoch() == 3, "{report}");
    let cat = game.spawn("Cat");
    game.answers();
    assert_eq!(game.ask(), [(cat, "hiss".to_owned())]);
}

#[test]
fn a_changed_protocol_needs_a_restart() {
    let mut game = Game::start("protocol_changed", &source("lives: u32", "meow"));
    let cat = game.spawn("Cat");
    let report = game.change_protocol("Tick { seconds: f32 }", "Tick { seconds: f64 }");
    let problem = &report.problems()[0];
    assert_eq!((problem.code, problem.subject.as_str()), ("protocol.changed", "test_protocol::Tick"), "{report}");
    assert!(problem.advice.contains("restart needed") && problem.message.contains("seconds"), "{report}");
    assert_eq!(game.ask(), [(cat, "meow".to_owned())], "the old code goes on");
}
