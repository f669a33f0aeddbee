//! Delayed events whose declaration changes while they wait, and those whose declaration goes.

use crate::support::Game;
use reload_core::Outcome;

fn source(events: &str, handlers: &str, asks: &str) -> String {
    format!(
        "#![forbid(unsafe_code)]\n#![allow(dead_code)]\nuse reload_core::{{Ctx, State, game_class, event_table}};\n\
         use std::time::Duration;\nuse test_protocol::{{Answered, Test, TestEvents}};\nreload_core::library!();\n\
         event_table! {{ pub table GameEvents: TestEvents {{ {events} }} }}\n\
         #[game_class]\n#[derive(Default)]\npub struct It {{}}\n\
         #[game_class(events = GameEvents)]\nimpl It {{\n    {handlers}\n    \
         fn event_test(&mut self, ctx: &mut Ctx) {{ {asks} }}\n}}\n\
         fn say(ctx: &mut Ctx, what: String) {{ ctx.emit(Answered {{ who: ctx.id(), by: what }}); }}\n"
    )
}

#[test]
fn delayed_events_get_the_new_shape_or_are_named() {
    let first = source(
        "Stays { n: u8 }, Goes { n: u8 }, Changes { text: String, n: u8 }, Breaks { n: i32 }, GoesToo",
        "fn event_goes(&mut self) {}",
        "let wait = Duration::from_secs(1);
         for n in [1, 2] {
             ctx.after(wait, Stays { n });
             ctx.after(wait, Goes { n });
             ctx.after(wait, Changes { text: \"7\".repeat(n.into()), n });
             ctx.after(wait, Breaks { n: i32::from(n) - 2 });
         }
         ctx.after(wait, GoesToo);",
    );
    let second = source(
        "Breaks { n: u32 }, Changes { #[field(was = \"n\")] number: u64, text: Option<u32>, #[field(default = 5)] more: u8 }, Stays { n: u8 }",
        "fn event_stays(&mut self, event: &Stays, ctx: &mut Ctx) { say(ctx, format!(\"stays {}\", event.n)); }
         fn event_breaks(&mut self, event: &Breaks, ctx: &mut Ctx) { say(ctx, format!(\"breaks {}\", event.n)); }
         fn event_changes(&mut self, event: &Changes, ctx: &mut Ctx) {
             say(ctx, format!(\"changes {} {:?} {}\", event.number, event.text, event.more));
         }",
        "",
    );
    let mut game = Game::start("queued", &first);
    let it = game.spawn("It");
    assert_eq!(game.ask(), []);
    game.world.advance(0.5);
    let report = game.reload(&second);
    let Outcome::Reloaded { dropped_events, .. } = &report.outcome else { panic!("{report}") };
    let dropped: Vec<(&str, usize)> = dropped_events.iter().map(|event| (event.name.as_str(), event.count)).collect();
    assert_eq!(dropped, [("event_breaks", 1), ("event_goes", 2), ("event_goes_too", 1)], "{report}");
    assert!(dropped_events[0].why.contains("the value -1 does not fit into `u32`"), "{report}");
    assert!(report.to_string().contains("2 queued event_goes dropped: the event is gone"), "{report}");
    game.world.advance(1.0);
    let said: Vec<String> = game.answers().into_iter().filter(|(who, _)| *who == it).map(|(_, what)| what).collect();
    assert_eq!(said, ["stays 1", "changes 1 Some(7) 5", "stays 2", "changes 2 Some(77) 5", "breaks 0"]);
    assert!(game.world.take_faults().is_empty());
}

/// Names are passed on, in the queue, in files and on the way back, and a payload's fields change on the way.
#[test]
fn delayed_events_of_another_name_reach_the_handlers_of_that_name() {
    let first = source(
        "Hit { n: u8 }, Healed { n: u8 }",
        "fn event_hit(&mut self, event: &Hit, ctx: &mut Ctx) { say(ctx, format!(\"hit {}\", event.n)); }
         fn event_healed(&mut self, event: &Healed, ctx: &mut Ctx) { say(ctx, format!(\"healed {}\", event.n)); }",
        "for n in 1..=3 {
             ctx.after(Duration::from_secs(n), Hit { n: n as u8 });
             ctx.after(Duration::from_secs(n), Healed { n: n as u8 });
         }",
    );
    let second = source(
        "Added, #[event(was = \"Healed\")] Soothed { by: u32, #[field(was = \"n\")] amount: u8 }, #[event(was = \"Hit\")] Healed { n: u64 }",
        "fn event_healed(&mut self, event: &Healed, ctx: &mut Ctx) { say(ctx, format!(\"was hit {}\", event.n)); }
         fn event_soothed(&mut self, event: &Soothed, ctx: &mut Ctx) { say(ctx, format!(\"soothed {}\", event.amount)); }",
        "",
    );
    let mut game = Game::start("renamed", &first);
    game.spawn("It");
    game.ask();
    let said = |game: &mut Game| {
        game.world.advance(1.0);
        game.answers().into_iter().map(|(_, what)| what).collect::<Vec<_>>()
    };
    assert_eq!(said(&mut game), ["hit 1", "healed 1"]);
    let saved = game.world.save().expect("all of it can be written");
    let report = game.reload(&second);
    let Outcome::Reloaded { dropped_events, .. } = &report.outcome else { panic!("{report}") };
    assert_eq!(dropped_events, &[], "{report}");
    for words in ["event_healed (was event_hit)", "event_soothed (was event_healed)"] {
        assert!(report.to_string().contains(words), "{report}");
    }
    assert_eq!(said(&mut game), ["was hit 2", "soothed 2"]);
    let report = game.undo();
    assert!(report.is_reloaded(), "{report}");
    assert_eq!(said(&mut game), ["hit 3", "healed 3"]);

    let two = format!(
        "{second}event_table! {{ pub table More: GameEvents {{ #[event(was = \"renamed::Hit\")] Struck }} }}\n"
    );
    let report = game.edit(&two);
    let [problem] = report.problems() else { panic!("{report}") };
    assert_eq!((problem.code, problem.subject.as_str()), ("event.duplicate", "renamed::Struck"), "{report}");

    // A file knows the names of its time.
    game.world.restore(&saved.text).expect("it is carried over");
    game.reload(&format!("{second}// Again.\n"));
    assert_eq!(said(&mut game), ["was hit 2", "soothed 2"]);
    game.world.restore(&saved.text).expect("it is carried over");
    assert_eq!(said(&mut game), ["was hit 2", "soothed 2"]);
}

/// The source of before is saved again: inside of what events carry everything goes the way back as well. What cannot be copied
/// is not touched by a name.
#[test]
fn delayed_events_go_back_when_an_edit_is_taken_back() {
    let first = source(
        "Hit { a: u8, b: u8 }, Lent { #[field(opaque)] file: Option<std::fs::File> }",
        "fn event_hit(&mut self, event: &Hit, ctx: &mut Ctx) { say(ctx, format!(\"hit {} {}\", event.a, event.b)); }
         fn event_lent(&mut self, event: &Lent, ctx: &mut Ctx) { say(ctx, format!(\"lent {}\", event.file.is_some())); }",
        "let wait = Duration::from_secs(1);
         ctx.after(wait, Hit { a: 1, b: 2 });
         ctx.after(wait, Lent { file: std::fs::File::open(\".\").ok() });",
    );
    let second = source(
        "#[event(was = \"Hit\")] Smash { #[field(was = \"a\")] b: u8, #[field(was = \"b\")] c: u8 },
         #[event(was = \"Lent\")] Given { #[field(opaque)] file: Option<std::fs::File> }",
        "fn event_smash(&mut self, event: &Smash, ctx: &mut Ctx) { say(ctx, format!(\"smash {} {}\", event.b, event.c)); }
         fn event_given(&mut self, event: &Given, ctx: &mut Ctx) { say(ctx, format!(\"given {}\", event.file.is_some())); }",
        "",
    );
    for (edits, said) in [(1, ["smash 1 2", "given true"]), (4, ["hit 1 2", "lent true"])] {
        let mut game = Game::start("back", &first);
        game.spawn("It");
        game.ask();
        for source in [&second, &first].into_iter().cycle().take(edits) {
            let report = game.reload(source);
            let Outcome::Reloaded { dropped_events, .. } = &report.outcome else { panic!("{report}") };
            assert_eq!(dropped_events, &[], "{report}");
        }
        game.world.advance(1.0);
        assert_eq!(game.answers().into_iter().map(|(_, what)| what).collect::<Vec<_>>(), said);
    }
}

/// A payload lies in the queue as one that needs no end, and gets one.
#[test]
fn a_queued_event_whose_payload_gets_a_destructor_ends_by_it() {
    let source = |state: &str, handlers: &str, drop: &str| {
        let load = "#[derive(Default, State)]\npub struct Load { pub n: u8 }\n";
        let it = source("Weighs { load: Load }", handlers, "")
            .replace("struct It {}", &format!("struct It {{ n: {state} }}"));
        it + load + drop
    };
    let asks = "fn event_reloaded(&mut self, ctx: &mut Ctx) { ctx.emit(Weighs { load: Load { n: 8 } }); }";
    let mut game = Game::start("payload", &source("u8", "", ""));
    game.spawn("It");
    let saved = game.world.save().expect("all of it can be written");
    game.reload(&source("u16", asks, ""));
    // What an object asks for that a save file has in another shape waits in the queue.
    game.world.restore(&saved.text).expect("it is carried over");
    game.reload(&source("u16", "", "impl Drop for Load { fn drop(&mut self) { panic!(\"load {} ends\", self.n) } }\n"));
    let faults: Vec<String> = game.world.take_faults().iter().map(ToString::to_string).collect();
    assert!(
        matches!(&faults[..], [fault] if fault.contains("load 8 ends") && fault.contains("event_weighs")),
        "{faults:?}"
    );
}

/// One event for each of many waits while its declaration changes, and in a save file it is one for each.
#[test]
fn an_event_for_each_of_many_gets_the_new_shape_and_is_saved() {
    let source = |state: &str, events: &str, handlers: &str| {
        source(events, handlers, "").replace("struct It {}", &format!("struct It {{ n: {state} }}"))
    };
    let asks = "fn event_reloaded(&mut self, ctx: &mut Ctx) {
        let all = ctx.instances::<It>();
        ctx.send_each(&all[..2], Told { text: \"7\".into() });
        ctx.send_each(&all, Goes { text: \"8\".into() });
        ctx.send_each(&all[1..], Told { text: \"9\".into() });
    }";
    let hears =
        "fn event_told(&mut self, event: &Told, ctx: &mut Ctx) { say(ctx, format!(\"told {:?}\", event.text)); }";
    let first = "Told { text: String }, Goes { text: String }";
    let mut game = Game::start("crowd", &source("u8", first, ""));
    let all = [(); 3].map(|()| game.spawn("It"));
    let saved = game.world.save().expect("all of it can be written");
    game.reload(&source("u16", first, asks));
    game.answers();
    // What an object asks for that a save file has in another shape waits in the queue.
    game.world.restore(&saved.text).expect("it is carried over");
    let waiting = game.world.save().expect("all of it can be written");

    let second = source("u16", "Told { text: Option<u32> }", hears);
    let report = game.reload(&second);
    let Outcome::Reloaded { dropped_events, .. } = &report.outcome else { panic!("{report}") };
    let dropped: Vec<(&str, usize)> = dropped_events.iter().map(|event| (event.name.as_str(), event.count)).collect();
    assert_eq!(dropped, [("event_goes", 3)], "{report}");
    let told = [(0, 7), (1, 7), (1, 9), (2, 9)].repeat(3);
    let told: Vec<_> = told.into_iter().map(|(who, number)| (all[who], format!("told Some({number})"))).collect();
    assert_eq!(game.answers(), told);

    // The same from the file, by the code of now.
    let report = game.world.restore(&waiting.text).expect("it is carried over");
    let dropped: Vec<usize> = report.dropped_events.iter().map(|event| event.count).collect();
    assert_eq!(dropped, [9], "{report}");
    game.world.settle();
    assert_eq!(game.answers(), told);
    assert!(game.world.take_faults().is_empty());
}
