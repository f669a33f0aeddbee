//! What goes on over a change of shape: loops, timers, rest, and many objects at once.

use crate::{Events, Game, Heard, Test, library, version};
use reload_core::{Ctx, Next, ObjectId, ObjectStatus, game_class};
use std::time::Duration;

macro_rules! clock {
    ($module:ident, $($fields:tt)*) => {
        pub mod $module {
            use super::*;
            #[game_class(path = "game::Clock")]
            #[derive(Default)]
            pub struct Clock { $($fields)* }
            #[game_class(events = Events)]
            impl Clock {
                fn loop_tick(&mut self, ctx: &mut Ctx) -> Next {
                    self.ticks += 1;
                    ctx.emit(Heard { who: ctx.id(), what: format!("{} {}", stringify!($module), self.ticks) });
                    Next::after_secs(1.0)
                }
                fn event_heard(&mut self, event: &Heard, ctx: &mut Ctx) {
                    if event.what == "late" {
                        ctx.emit(Heard { who: event.who, what: "hears it late".into() });
                    }
                }
                fn event_test(&mut self, ctx: &mut Ctx) {
                    assert!(self.ticks != 13, "a bad number");
                    let who = ctx.id();
                    ctx.after(Duration::from_millis(2_500), Heard { who, what: "late".into() });
                }
            }
        }
    };
}
clock!(old, pub ticks: u32);
clock!(new, pub name: String, pub ticks: u64);

#[test]
fn loops_and_delayed_events_go_on() {
    let mut game = Game::open(library().class::<old::Clock>());
    let id = game.spawn("game::Clock");
    game.world.advance(1.5);
    game.world.emit(&Test);
    game.reload(library().class::<new::Clock>());
    game.world.advance(3.0);
    let said: Vec<String> = game.heard().into_iter().map(|(who, what)| format!("{} {what}", who == id)).collect();
    // Turns at 0, 1, 2, 3, 4; the late one was asked for at 1.5.
    assert_eq!(said, ["true old 1", "true old 2", "true new 3", "true new 4", "true hears it late", "true new 5"]);
}

mod patient {
    use super::*;
    #[game_class(path = "game::Patient")]
    #[derive(Default)]
    pub struct Patient {
        pub heard: u32,
    }
    #[game_class(events = Events)]
    impl Patient {
        fn event_test(&mut self, ctx: &mut Ctx) {
            let who = ctx.id();
            ctx.send_after(who, Duration::MAX, Heard { who, what: "never".into() });
        }
        fn event_heard(&mut self) {
            self.heard += 1;
        }
    }
}

#[test]
fn what_comes_in_the_end_of_time_does_not_come_with_a_reload() {
    let mut game = Game::open(library().class::<patient::Patient>());
    let id = game.spawn("game::Patient");
    game.world.emit(&Test);
    game.reload(library().class::<patient::Patient>());
    game.world.advance(10.0);
    assert_eq!(game.world.get::<patient::Patient>(id).expect("alive").heard, 0);
}

#[test]
fn a_delayed_event_waits_for_an_object_that_is_in_the_attic() {
    let mut game = Game::open(library().class::<old::Clock>());
    let ids = [game.spawn("game::Clock"), game.spawn("game::Clock")];
    game.world.emit(&Test);
    game.reload(library());
    assert_eq!(game.world.status(ids[0]), ObjectStatus::InAttic);
    game.world.advance(10.0);
    assert!(game.heard().is_empty(), "nobody is there");
    let saved = game.world.save().expect("the world can be saved");
    assert!(game.world.destroy(ids[1]));
    let late = |game: &mut Game| {
        game.world.advance(0.0);
        let late = |(who, what): (ObjectId, String)| (what == "hears it late").then_some(who);
        game.heard().into_iter().filter_map(late).collect::<Vec<_>>()
    };
    game.reload(library().class::<new::Clock>());
    assert_eq!(late(&mut game), [ids[0]], "the one that is back hears it, once, in its new shape");
    game.world.advance(10.0);
    assert!(late(&mut game).is_empty());

    let mut another = Game::open(library().class::<old::Clock>());
    another.world.restore(&saved.text).expect("it fits");
    let mut heard = late(&mut another);
    heard.sort();
    assert_eq!(heard, ids, "out of a file as well");
}

#[test]
fn what_rests_is_carried_and_woken() {
    let mut game = Game::open(library().class::<old::Clock>());
    let ids: Vec<ObjectId> = (0..5).map(|_| game.spawn("game::Clock")).collect();
    for (id, ticks) in ids.iter().zip([1, 13, 2, 13, 3]) {
        game.world.get_mut::<old::Clock>(*id).expect("alive").ticks = ticks;
    }
    game.world.emit(&Test);
    let resting = |game: &Game| {
        let rests = |id: &&ObjectId| game.world.status(**id) == ObjectStatus::Resting;
        ids.iter().filter(rests).copied().collect::<Vec<_>>()
    };
    assert_eq!(resting(&game), [ids[1], ids[3]]);
    assert_eq!(game.world.take_faults().len(), 2);
    let report = game.reload(library().class::<new::Clock>());
    assert_eq!((report.classes()[0].released, resting(&game)), (2, Vec::new()), "{report}");
    let ticks: Vec<u64> = ids.iter().map(|id| game.world.get::<new::Clock>(*id).expect("alive").ticks).collect();
    assert_eq!(ticks, [1, 13, 2, 13, 3], "each has its own");
    game.heard();
    game.world.advance(0.5);
    assert_eq!(game.heard().len(), 5, "loops of what rested go on");
}

version!(many { pub n: u32, pub name: String, pub gone: u16 });
version!(many_more { #[field(default = 4)] pub armor: u128, pub name: String, pub n: u64 });

#[test]
fn more_objects_than_one_chunk_holds() {
    let mut game = Game::open(library().class::<many::It>());
    let mut ids: Vec<ObjectId> = (0..6_000)
        .map(|n| {
            let it = many::It { n, name: format!("name {n}"), gone: n as u16 };
            game.world.spawn(it).expect("its class is linked")
        })
        .collect();
    // Holes, and objects out of order.
    for id in ids.iter().step_by(3) {
        game.world.destroy(*id);
    }
    ids.retain(|id| game.world.contains(*id));
    game.reload(library().class::<many_more::It>());
    assert_eq!(game.world.instances(), 4_000);
    for (id, n) in ids.iter().zip((0..6_000).filter(|n| n % 3 != 0)) {
        let it = game.world.get::<many_more::It>(*id).expect("alive");
        assert_eq!((it.armor, it.n, it.name.as_str()), (4, n, &*format!("name {n}")));
    }
    game.undo();
    for (id, n) in ids.iter().zip((0..6_000_u32).filter(|n| n % 3 != 0)) {
        let it = game.world.get::<many::It>(*id).expect("alive");
        assert_eq!((it.n, it.gone, it.name.as_str()), (n, n as u16, &*format!("name {n}")));
    }
    let id = game.spawn("game::It");
    assert!(game.world.destroy(id) && game.world.destroy(ids[0]));
}

version!(nothing {});
version!(something { #[field(default = 6)] pub n: u8 });

#[test]
fn objects_without_size_get_one_and_lose_it() {
    let mut game = Game::open(library().class::<nothing::It>());
    let ids: Vec<ObjectId> = (0..70_000).map(|_| game.spawn("game::It")).collect();
    game.reload(library().class::<something::It>());
    assert_eq!((game.json(ids[0]), game.json(ids[69_999])), (r#"{"n":6}"#.into(), r#"{"n":6}"#.into()));
    game.world.get_mut::<something::It>(ids[5]).expect("alive").n = 8;
    game.reload(library().class::<nothing::It>());
    assert_eq!((game.json(ids[5]), game.world.instances()), ("{}".into(), 70_000));
    game.undo();
    assert_eq!(game.json(ids[5]), r#"{"n":8}"#);
}

/// A class with a loop, under two names.
macro_rules! beating {
    ($name:ident $path:literal $(was $was:literal)?) => {
        mod $name {
            #[reload_core::game_class(path = $path $(, was = $was)?)]
            #[derive(Default)]
            pub struct Heart {
                pub beats: u32,
            }
            #[reload_core::game_class]
            impl Heart {
                fn loop_beat(&mut self) -> reload_core::Next {
                    self.beats += 1;
                    reload_core::Next::after_secs(1.0)
                }
            }
        }
    };
}
beating!(first_name "game::Heart");
beating!(second_name "game::Pump");
beating!(said_later "game::Pump" was "game::Heart");

/// The new name comes with one save, that it is the same class with the next.
#[test]
fn loops_go_on_in_objects_that_come_back_to_a_class_that_is_there() {
    let mut game = Game::open(library().class::<first_name::Heart>());
    let id = game.spawn("game::Heart");
    for _ in 0..3 {
        game.world.advance(1.0);
    }
    let before = game.json(id);
    game.reload(library().class::<second_name::Heart>());
    game.world.advance(5.0);
    game.reload(library().class::<said_later::Heart>());
    assert_eq!((game.json(id), before.as_str()), (before.clone(), r#"{"beats":4}"#));
    for _ in 0..3 {
        game.world.advance(1.0);
    }
    assert_eq!(game.json(id), r#"{"beats":8}"#);
}
