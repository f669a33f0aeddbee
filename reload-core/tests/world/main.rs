//! Worlds, events and reloads, in process: the logic without building anything.
#![forbid(unsafe_code)]
#![allow(missing_docs, unreachable_pub, reason = "a test")]

mod queue;
mod read;

use reload_core::{
    ChainBudget, Ctx, FaultKind, InProcess, LibrarySource, Next, ObjectId, ObjectStatus, ReloadSession, World,
    event_table, game_class,
};
use std::{cell::RefCell, rc::Rc, time::Duration};

event_table! {
    pub table Engine {
        Tick { dt: f32 },
        Heard { who: ObjectId, what: String },
    }
}
event_table! {
    pub table Game: Engine {
        Ping { count: u32 },
        Pong { count: u32 },
        Test,
    }
}

type Log = Rc<RefCell<Vec<(ObjectId, String)>>>;

fn library() -> InProcess {
    InProcess::new().table::<Engine>().table::<Game>()
}

fn open(library: InProcess) -> (World, ReloadSession, Log) {
    let mut world = World::new();
    let source = LibrarySource::in_process("game", library);
    let session = ReloadSession::open(source, &mut world).unwrap_or_else(|error| panic!("{error}"));
    let log = Log::default();
    let sink = log.clone();
    world.listen(move |event: &Heard, _: &mut Ctx| sink.borrow_mut().push((event.who, event.what.clone())));
    (world, session, log)
}

fn spawn(world: &mut World, path: &str) -> ObjectId {
    world.spawn_named(path).unwrap_or_else(|error| panic!("{error}"))
}

fn drain(log: &Log) -> Vec<String> {
    log.borrow_mut().drain(..).map(|(_, what)| what).collect()
}

mod v1 {
    use super::*;
    #[game_class(path = "game::Creature")]
    #[derive(Default)]
    pub struct Creature {
        pub hp: i32,
    }
    #[game_class]
    impl Creature {
        fn event_test(&mut self, ctx: &mut Ctx) {
            ctx.emit(Heard { who: ctx.id(), what: "creature".into() });
        }
    }
    #[game_class(path = "game::Goblin", base = Creature)]
    #[derive(Default)]
    pub struct Goblin {
        pub name: String,
        pub base: Creature,
        pub ticks: u32,
    }
    #[game_class]
    impl Goblin {
        fn event_tick(&mut self, event: &Tick) {
            self.ticks += 1;
            self.base.hp += event.dt as i32;
        }
        fn loop_wander(&mut self, ctx: &mut Ctx) -> Next {
            ctx.emit(Heard { who: ctx.id(), what: "wanders".into() });
            Next::after_secs(1.0)
        }
    }
}

mod v2 {
    use super::*;
    #[game_class(path = "game::Creature")]
    #[derive(Default)]
    pub struct Creature {
        pub hp: i32,
    }
    #[game_class]
    impl Creature {
        fn event_test(&mut self, ctx: &mut Ctx) {
            ctx.emit(Heard { who: ctx.id(), what: "creature, new".into() });
        }
    }
    #[game_class(path = "game::Goblin", base = Creature)]
    #[derive(Default)]
    pub struct Goblin {
        pub name: String,
        pub base: Creature,
        pub ticks: u32,
    }
    #[game_class]
    impl Goblin {
        fn event_test(&mut self, ctx: &mut Ctx) {
            self.ticks += 100;
            ctx.emit(Heard { who: ctx.id(), what: "goblin".into() });
        }
        fn loop_dance(&mut self, ctx: &mut Ctx) -> Next {
            ctx.emit(Heard { who: ctx.id(), what: "dances".into() });
            Next::after_secs(1.0)
        }
        fn event_reloaded(&mut self) {
            self.name.push_str("+reloaded");
        }
    }
}

#[test]
fn a_reload_rewires_what_already_lives() {
    let (mut world, mut session, log) = open(library().class::<v1::Creature>().class::<v1::Goblin>());
    let goblin = spawn(&mut world, "game::Goblin");
    let creature = spawn(&mut world, "game::Creature");
    world.emit(&Tick { dt: 5.0 });
    world.emit(&Test);
    assert_eq!(*log.borrow(), [(creature, "creature".to_owned()), (goblin, "creature".to_owned())]);
    drain(&log);
    world.advance(2.5);
    assert_eq!(drain(&log), ["wanders", "wanders", "wanders"], "at 0, 1 and 2 seconds");

    let report = session.offer(&mut world, library().class::<v2::Creature>().class::<v2::Goblin>());
    assert!(report.is_reloaded(), "{report}");
    let change = report.classes().iter().find(|class| class.path == "game::Goblin").expect("it is there");
    assert_eq!(change.instances, 1);
    assert_eq!(change.events_added, ["reloaded"], "`test` was inherited before");
    assert_eq!(change.events_removed, ["tick"]);
    assert_eq!((change.loops_added.join(" "), change.loops_removed.join(" ")), ("dance".into(), "wander".into()));

    world.emit(&Tick { dt: 5.0 });
    world.emit(&Test);
    assert_eq!(*log.borrow(), [(creature, "creature, new".to_owned()), (goblin, "goblin".to_owned())]);
    drain(&log);
    world.advance(2.5);
    assert_eq!(
        drain(&log),
        ["dances", "dances", "dances"],
        "the old loop has stopped, the new one runs in the old object"
    );
    let state = world.get::<v2::Goblin>(goblin).expect("alive");
    assert_eq!((state.base.hp, state.ticks, state.name.as_str()), (5, 101, "+reloaded"));
    assert_eq!(world.get::<v2::Creature>(goblin).expect("its base part").hp, 5);
}

mod parts {
    use super::*;
    /// Has no size.
    #[game_class(path = "game::Mute")]
    #[derive(Default)]
    pub struct Mute {}
    #[game_class]
    impl Mute {
        fn event_test(&mut self, ctx: &mut Ctx) {
            let me = ctx.id();
            let what = if ctx.get::<Mute>(me).is_none() { "itself" } else { "another" };
            ctx.emit(Heard { who: me, what: what.into() });
        }
        fn event_tick(&mut self) {
            panic!("not today");
        }
        fn loop_wander(&mut self, ctx: &mut Ctx) -> Next {
            ctx.emit(Heard { who: ctx.id(), what: "wanders".into() });
            Next::stop()
        }
    }
    /// Its base lies at the end, where the next object begins.
    #[game_class(path = "game::Stone", base = Mute, no_handlers)]
    #[derive(Default)]
    #[repr(C)]
    pub struct Stone {
        pub weight: u64,
        pub base: Mute,
    }
    #[game_class(path = "game::Pile")]
    pub struct Pile {
        #[field(default = 7)]
        pub coins: u32,
    }
    #[game_class]
    impl Pile {
        fn event_test(&mut self, ctx: &mut Ctx) {
            self.coins += 1;
            ctx.emit(Heard { who: ctx.id(), what: self.coins.to_string() });
        }
    }
    /// Its base lies beyond what a row tells in 16 bits.
    #[game_class(path = "game::Hoard", base = Pile, no_handlers)]
    #[repr(C)]
    pub struct Hoard {
        pub cave: [u8; 70_000],
        pub base: Pile,
    }
}

#[test]
fn a_handler_knows_its_object_wherever_the_part_that_it_is_for_lies() {
    let (mut world, _session, log) = open(library().class::<parts::Mute>().class::<parts::Stone>());
    let stones: Vec<ObjectId> = (0..3).map(|_| spawn(&mut world, "game::Stone")).collect();
    let heard = |what: &str| stones.iter().map(|stone| (*stone, what.to_owned())).collect::<Vec<_>>();
    world.emit(&Test);
    assert_eq!(log.take(), heard("itself"));
    for stone in &stones {
        assert!(world.send(*stone, &Test));
    }
    assert_eq!(log.take(), heard("itself"));
    world.advance(1.0);
    assert_eq!(log.take(), heard("wanders"));
    assert!(world.send(stones[1], &Tick { dt: 1.0 }));
    assert!(!world.send(stones[1], &Test), "it rests");
    assert!(world.send(stones[0], &Test) && world.send(stones[2], &Test));
}

#[test]
fn a_part_may_lie_far_from_the_start_of_its_object() {
    let (mut world, _session, log) = open(library().class::<parts::Pile>().class::<parts::Hoard>());
    let hoards = [spawn(&mut world, "game::Hoard"), spawn(&mut world, "game::Hoard")];
    assert!(world.send(hoards[1], &Test) && world.send(hoards[0], &Test));
    world.launch_to(hoards[0], Test);
    world.settle();
    world.emit(&Test);
    let heard = [(1, "8"), (0, "8"), (0, "9"), (0, "10"), (1, "9")];
    assert_eq!(log.take(), heard.map(|(hoard, coins)| (hoards[hoard], coins.to_owned())));
    assert!(!world.send(hoards[0], &Tick { dt: 1.0 }), "nobody handles it");
}

mod panics {
    use super::*;
    #[game_class(path = "game::Bomb")]
    #[derive(Default)]
    pub struct Bomb {
        pub number: u32,
        pub seen: u32,
    }
    #[game_class]
    impl Bomb {
        fn event_ping(&mut self, event: &Ping) {
            self.seen += 1;
            assert!(self.number != event.count, "bomb {} went off", self.number);
        }
        fn event_test(&mut self) {
            self.seen += 100;
        }
    }
}

#[test]
fn a_panic_rests_one_object_and_no_other() {
    let (mut world, mut session, _log) = open(library().class::<panics::Bomb>());
    let bombs: Vec<ObjectId> = (0..5_000).map(|_| spawn(&mut world, "game::Bomb")).collect();
    for (number, bomb) in bombs.iter().enumerate() {
        world.get_mut::<panics::Bomb>(*bomb).expect("alive").number = number as u32;
    }
    world.emit(&Ping { count: 2_345 });
    let faults = world.take_faults();
    assert_eq!(faults.len(), 1, "{faults:?}");
    let fault = &faults[0];
    assert_eq!((fault.object, fault.during.as_str(), fault.class.as_str()), (bombs[2_345], "event_ping", "game::Bomb"));
    let FaultKind::Panicked { panic, quarantined: true } = &fault.kind else { panic!("{faults:?}") };
    assert_eq!(panic.message, "bomb 2345 went off");
    assert!(panic.location.contains("main.rs:"), "{}", panic.location);
    let seen = |world: &World| -> Vec<u32> {
        bombs.iter().map(|bomb| world.get::<panics::Bomb>(*bomb).expect("alive").seen).collect()
    };
    assert!(seen(&world).iter().all(|seen| *seen == 1), "every object once, the fallen one included");

    world.emit(&Test);
    assert!(!world.send(bombs[2_345], &Test), "it rests");
    assert_eq!(seen(&world).iter().filter(|seen| **seen == 101).count(), 4_999);
    assert_eq!(world.classes()[0].quarantined, [bombs[2_345].to_string()]);

    let report = session.offer(&mut world, library().class::<panics::Bomb>());
    assert_eq!(report.classes()[0].released, 1);
    assert!(world.send(bombs[2_345], &Test), "awake again");
}

#[test]
fn an_event_finds_whoever_a_class_has_got_since_the_last_one() {
    let both = || library().class::<panics::Bomb>().class::<v1::Creature>();
    let (mut world, mut session, log) = open(both());
    let seen = |world: &World, bomb| world.get::<panics::Bomb>(bomb).map(|bomb| bomb.seen);
    world.emit(&Test);
    let creature = spawn(&mut world, "game::Creature");
    world.emit(&Test);
    let bomb = spawn(&mut world, "game::Bomb");
    world.emit(&Test);
    assert_eq!((seen(&world, bomb), log.borrow().len()), (Some(100), 2), "the first objects of their classes");

    world.emit(&Ping { count: 0 });
    assert_eq!(world.take_faults().len(), 1);
    world.emit(&Test);
    assert_eq!(seen(&world, bomb), Some(101), "the only one rests");
    assert!(session.offer(&mut world, both()).is_reloaded());
    world.emit(&Test);
    assert_eq!(seen(&world, bomb), Some(201), "the only one is awake again");

    assert!(world.destroy(bomb));
    world.emit(&Test);
    let bomb = spawn(&mut world, "game::Bomb");
    world.emit(&Test);
    assert_eq!(seen(&world, bomb), Some(100), "the first one again");

    assert!(session.offer(&mut world, library().class::<v1::Creature>()).is_reloaded());
    world.emit(&Test);
    assert!(session.offer(&mut world, both()).is_reloaded());
    world.emit(&Test);
    assert_eq!(seen(&world, bomb), Some(200), "back from the attic");
    assert_eq!(log.borrow().iter().filter(|(who, _)| *who == creature).count(), 8, "one of another class, each time");
}

mod wider {
    use super::*;
    #[game_class(path = "game::Creature", no_handlers)]
    #[derive(Default)]
    pub struct Creature {
        pub hp: i64,
        pub gold: u32,
    }
}

#[test]
fn a_removed_class_sends_its_objects_to_the_attic_and_they_come_back() {
    let (mut world, mut session, log) = open(library().class::<v1::Creature>());
    let creature = spawn(&mut world, "game::Creature");
    world.get_mut::<v1::Creature>(creature).expect("alive").hp = 7;
    let report = session.offer(&mut world, library());
    assert!(report.is_reloaded(), "{report}");
    assert_eq!(world.status(creature), ObjectStatus::InAttic);
    assert_eq!((world.class_of(creature), world.instances()), (Some("game::Creature"), 0));
    assert_eq!(world.inspect(creature).expect("kept").to_string(), r#"{"hp":7}"#);
    world.emit(&Test);
    assert!(log.borrow().is_empty());
    // Some more reloads without it.
    session.offer(&mut world, library());
    session.offer(&mut world, library());
    let report = session.offer(&mut world, library().class::<wider::Creature>());
    assert!(report.is_reloaded(), "{report}");
    assert_eq!(report.classes()[0].returned, 1, "{report}");
    let state = world.get::<wider::Creature>(creature).expect("alive again, in another shape");
    assert_eq!((state.hp, state.gold), (7, 0));
    assert!(world.attic().entries.is_empty());
    let report = session.offer(&mut world, library().class::<v2::Creature>());
    assert!(report.is_reloaded(), "{report}");
    world.emit(&Test);
    assert_eq!(*log.borrow(), [(creature, "creature, new".to_owned())]);
    assert_eq!(world.attic().entries[0].field.as_deref(), Some("gold"));
}

#[test]
fn a_class_that_is_registered_twice_is_a_problem() {
    let mut world = World::new();
    let source = LibrarySource::in_process("game", library().class::<v1::Creature>().class::<v2::Creature>());
    let rejection = ReloadSession::open(source, &mut world).expect_err("refused");
    assert_eq!(rejection.problems()[0].code, "class.duplicate");
    assert_eq!(rejection.problems()[0].subject, "game::Creature");
}

mod shared {
    use super::*;
    #[game_class(path = "game::Base", no_handlers)]
    #[derive(Default)]
    pub struct Base {
        pub hp: i32,
    }
    #[game_class(path = "game::Based", base = Base)]
    #[derive(Default)]
    pub struct Based {
        pub base: Base,
    }
    #[game_class(events = Game)]
    impl Based {
        fn event_test(&mut self, ctx: &mut Ctx) {
            ctx.emit(Heard { who: ctx.id(), what: format!("hp {}", self.base.hp) });
        }
    }
    pub mod wider {
        use super::*;
        #[game_class(path = "game::Base", no_handlers)]
        #[derive(Default)]
        pub struct Base {
            pub hp: i32,
            pub mp: i32,
        }
    }
}

#[test]
fn a_library_keeps_what_another_one_is_built_on() {
    let (mut world, mut first, log) = open(library().class::<shared::Base>());
    let second = library().class::<shared::Based>();
    let mut second = ReloadSession::open(LibrarySource::in_process("other", second), &mut world).expect("it fits");
    let based = spawn(&mut world, "game::Based");
    for (version, words) in
        [(library(), "it is gone"), (library().class::<shared::wider::Base>(), "another layout of its base: ")]
    {
        let report = first.offer(&mut world, version);
        let [problem] = report.problems() else { panic!("{report}") };
        assert_eq!((problem.code, problem.subject.as_str()), ("class.base_used", "game::Base"), "{report}");
        assert!(problem.message.contains("`game::Based`") && problem.message.contains(words), "{report}");
        world.emit(&Test);
        assert_eq!(log.borrow_mut().drain(..).collect::<Vec<_>>(), [(based, "hp 0".to_owned())]);
    }
    let report = second.offer(&mut world, library());
    assert!(report.is_reloaded(), "{report}");
    let report = first.offer(&mut world, library().class::<shared::wider::Base>());
    assert!(report.is_reloaded(), "nobody is based on it any more: {report}");
    let rejection = second.offer(&mut world, library().class::<shared::Based>());
    assert_eq!(rejection.problems()[0].code, "class.base_used", "{rejection}");
}

#[test]
fn an_unknown_class_names_the_nearest() {
    let (mut world, _session, _log) = open(library().class::<v1::Creature>());
    let error = world.spawn_named("gaem::Creature").expect_err("unknown");
    assert!(error.to_string().contains("did you mean `game::Creature`"), "{error}");
}

#[game_class(path = "game::Fiend", was = "game::Imp", no_handlers)]
#[derive(Default)]
struct Fiend {}

#[test]
fn a_class_that_was_called_so_is_named() {
    let (mut world, _session, _log) = open(library().class::<v1::Creature>().class::<Fiend>());
    let error = world.spawn_named("game::Imp").expect_err("it has another name");
    assert!(error.to_string().contains("did you mean `game::Fiend`"), "{error}");
}

#[test]
fn observers_see_classes_come_change_and_go() {
    let (mut world, mut session, _log) = open(library().class::<v1::Creature>());
    let seen = Rc::new(RefCell::new(Vec::new()));
    let sink = seen.clone();
    world.on_class_change(move |change| sink.borrow_mut().push(change.to_string()));
    session.offer(&mut world, library().class::<v2::Creature>().class::<v2::Goblin>());
    session.offer(&mut world, library());
    assert_eq!(
        *seen.borrow(),
        [
            "~ game::Creature (0 objects)",
            "+ game::Goblin (0 objects) +event_reloaded +event_test +loop_dance",
            "- game::Creature (0 objects) -event_test",
            "- game::Goblin (0 objects) -event_reloaded -event_test -loop_dance",
        ]
    );
}

#[test]
fn the_mailbox_is_opened_in_order_at_a_safe_point() {
    let (mut world, _session, log) = open(library().class::<v1::Creature>());
    let creature = spawn(&mut world, "game::Creature");
    let mailbox = world.mailbox();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let mailbox = mailbox.clone();
            std::thread::spawn(move || (0..250).all(|_| mailbox.launch_to(creature, Test).is_ok()))
        })
        .collect();
    assert!(threads.into_iter().all(|thread| thread.join().expect("no panic")));
    assert!(log.borrow().is_empty(), "nothing happens before the world looks");
    world.advance(0.0);
    assert_eq!(drain(&log).len(), 1_000);
    drop(world);
    assert!(mailbox.launch(Test).is_err(), "the world is gone");
}

#[test]
fn inspect_shows_the_whole_object() {
    let (mut world, _session, _log) = open(library().class::<v1::Creature>().class::<v1::Goblin>());
    let goblin = spawn(&mut world, "game::Goblin");
    world.get_mut::<v1::Goblin>(goblin).expect("alive").name = "Grix".to_owned();
    let state = world.inspect(goblin).expect("alive").to_string();
    assert_eq!(state, r#"{"name":"Grix","base":{"hp":0},"ticks":0}"#, "in the order in which the fields are written");
    assert_eq!(world.inspect(ObjectId::NONE), None);
}
