//! A panic anywhere in game code or in the host's own: told with its place, and everything else goes on.
#![forbid(unsafe_code)]
#![allow(missing_docs, unreachable_pub, reason = "a test")]

use reload_core::{
    Ctx, Fault, FaultKind, InProcess, LibrarySource, Next, ObjectId, ReloadSession, SpawnError, World, event_table,
    game_class,
};
use std::{cell::RefCell, rc::Rc};

event_table! {
    pub table Events {
        Go { mode: u32 },
        Carry { cargo: Cargo },
        Count,
        Hatch { egg: String },
    }
}

/// Panics where it is dropped.
#[derive(Default, reload_core::State)]
pub struct Cargo {
    pub armed: bool,
}

impl Drop for Cargo {
    fn drop(&mut self) {
        assert!(!self.armed, "the cargo exploded");
    }
}

#[game_class(path = "game::Worker")]
#[derive(Default)]
pub struct Worker {
    pub seen: u32,
    pub cargo: Cargo,
    pub lazy: bool,
}

#[game_class]
impl Worker {
    fn event_go(&mut self, event: &Go, ctx: &mut Ctx) {
        let me = ctx.id();
        match event.mode {
            1 if me.slot() == 2 => panic!("number {} is tired", me.slot()),
            2 => drop(ctx.spawn_named("game::Stillborn")),
            3 => {
                // Nothing is lost of what was asked for before the panic.
                ctx.send(me, Count {});
                panic!("after asking");
            }
            _ => {}
        }
    }
    fn event_carry(&mut self) {}
    fn event_count(&mut self) {
        self.seen += 1;
    }
    fn event_hatch(&mut self, event: &Hatch, ctx: &mut Ctx) {
        if ctx.id().slot() == 0 {
            ctx.spawn_named(&event.egg);
        }
    }
    fn event_destroyed(&mut self) {
        assert!(!self.lazy, "not now");
    }
    fn event_reloaded(&mut self) {
        assert!(self.seen < 100, "nobody tells me what is new");
    }
    fn loop_work(&mut self) -> Next {
        assert!(self.seen != 50, "the loop has had enough");
        Next::turn()
    }
}

#[game_class(path = "game::Stillborn", no_handlers)]
pub struct Stillborn {
    breath: u32,
}

impl Default for Stillborn {
    fn default() -> Self {
        panic!("no breath");
    }
}

#[game_class(path = "game::Fieldless", no_handlers)]
pub struct Fieldless {
    #[field(default = nothing())]
    worth: u32,
}

fn nothing() -> u32 {
    panic!("worth nothing")
}

#[game_class(path = "game::Cradle")]
#[derive(Default)]
pub struct Cradle {
    pub names: u32,
}

#[game_class]
impl Cradle {
    fn event_constructed(&mut self) {
        self.names += 1;
        panic!("woken up");
    }
}

fn library() -> InProcess {
    InProcess::new().table::<Events>().class::<Worker>().class::<Stillborn>().class::<Fieldless>().class::<Cradle>()
}

fn open() -> (World, ReloadSession, Vec<ObjectId>) {
    let mut world = World::new();
    let session = ReloadSession::open(LibrarySource::in_process("game", library()), &mut world).expect("it runs");
    let workers = (0..5).map(|_| world.spawn_named("game::Worker").expect("a class")).collect();
    (world, session, workers)
}

/// The only fault since the last look.
#[track_caller]
fn fault(world: &mut World) -> Fault {
    let mut faults = world.take_faults();
    assert_eq!(faults.len(), 1, "{faults:#?}");
    faults.remove(0)
}

/// The only fault: of `class` and `object`, in `during`, with `message` and a place in this file.
#[track_caller]
fn check_fault(world: &mut World, class: &str, object: ObjectId, during: &str, message: &str, rests: bool) {
    let fault = fault(world);
    assert_eq!((fault.class.as_str(), fault.object, fault.during.as_str()), (class, object, during), "{fault}");
    let FaultKind::Panicked { panic, quarantined } = &fault.kind else { panic!("{fault}") };
    assert_eq!((panic.message.as_str(), *quarantined), (message, rests), "{fault}");
    assert!(panic.location.contains("panics.rs:"), "{fault}");
    for part in [class, during, message] {
        assert!(fault.to_string().contains(part), "{part}: {fault}");
    }
}

fn seen(world: &World, workers: &[ObjectId]) -> Vec<Option<u32>> {
    workers.iter().map(|id| world.get::<Worker>(*id).map(|worker| worker.seen)).collect()
}

#[track_caller]
fn check_world_goes_on(world: &mut World, workers: &[ObjectId], resting: &[ObjectId]) {
    let before = seen(world, workers);
    world.emit(&Count);
    for ((id, before), now) in workers.iter().zip(before).zip(seen(world, workers)) {
        let step = u32::from(!resting.contains(id));
        assert_eq!(now, before.map(|before| before + step), "{id}");
    }
    let listed: Vec<String> = world.classes().into_iter().flat_map(|class| class.quarantined).collect();
    assert_eq!(listed, resting.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert!(world.take_faults().is_empty());
}

#[test]
fn in_a_handler() {
    let (mut world, mut session, workers) = open();
    world.emit(&Go { mode: 1 });
    check_fault(&mut world, "game::Worker", workers[2], "event_go", "number 2 is tired", true);
    check_world_goes_on(&mut world, &workers, &[workers[2]]);
    world.send(workers[0], &Go { mode: 3 });
    check_fault(&mut world, "game::Worker", workers[0], "event_go", "after asking", true);
    let report = session.offer(&mut world, library());
    assert_eq!(report.classes().iter().map(|class| class.released).sum::<usize>(), 2, "{report}");
    check_world_goes_on(&mut world, &workers, &[]);
}

/// Any number of worlds of one thread, whichever of them are left, know where their handlers' panics were.
#[test]
fn in_a_handler_of_many_worlds() {
    let mut worlds: Vec<_> = (0..20).map(|_| open()).collect();
    let check_all = |worlds: &mut Vec<(World, ReloadSession, Vec<ObjectId>)>| {
        for (world, session, workers) in worlds {
            world.emit(&Go { mode: 1 });
            check_fault(world, "game::Worker", workers[2], "event_go", "number 2 is tired", true);
            assert!(session.offer(world, library()).is_reloaded());
        }
    };
    check_all(&mut worlds);
    // The youngest, the oldest, and one between.
    drop(worlds.pop());
    drop(worlds.remove(0));
    drop(worlds.remove(9));
    check_all(&mut worlds);
    worlds.push(open());
    check_all(&mut worlds);
}

#[test]
fn in_a_loop() {
    let (mut world, mut session, workers) = open();
    world.get_mut::<Worker>(workers[3]).expect("alive").seen = 50;
    world.advance(1.0);
    check_fault(&mut world, "game::Worker", workers[3], "loop_work", "the loop has had enough", true);
    check_world_goes_on(&mut world, &workers, &[workers[3]]);
    world.get_mut::<Worker>(workers[3]).expect("alive").seen = 0;
    session.offer(&mut world, library());
    world.advance(1.0);
    check_world_goes_on(&mut world, &workers, &[]);
}

#[test]
fn in_a_constructor() {
    let (mut world, _session, workers) = open();
    let error = world.spawn_named("game::Stillborn").expect_err("it panics");
    let SpawnError::Constructor { reason, .. } = &error else { panic!("{error}") };
    assert!(reason.contains("no breath") && reason.contains("panics.rs:"), "{error}");
    let error = world.spawn_named("game::Fieldless").expect_err("it panics");
    assert!(error.to_string().contains("worth nothing") && error.to_string().contains("worth"), "{error}");
    assert!(world.take_faults().is_empty(), "who asks is told");
    // Asked for by a handler there is nobody to tell.
    let objects = world.instances();
    world.emit(&Hatch { egg: "game::Stillborn".into() });
    let told = fault(&mut world);
    assert_eq!((told.class.as_str(), told.during.as_str()), ("game::Stillborn", "constructor"));
    assert!(matches!(&told.kind, FaultKind::Panicked { panic, quarantined: false } if panic.message == "no breath"));
    assert!(!world.contains(told.object));
    world.emit(&Hatch { egg: "game::Fieldless".into() });
    let told = fault(&mut world);
    assert!(told.during.starts_with("default of ") && told.during.ends_with("worth"), "{told}");
    assert_eq!(world.instances(), objects, "nothing is half there");
    check_world_goes_on(&mut world, &workers, &[]);
    // An object that panics when it is told that it lives does live, and rests.
    let cradle = world.spawn_named("game::Cradle").expect("constructed");
    check_fault(&mut world, "game::Cradle", cradle, "event_constructed", "woken up", true);
    assert_eq!(world.get::<Cradle>(cradle).expect("alive").names, 1);
}

#[test]
fn in_a_destructor() {
    let (mut world, mut session, workers) = open();
    world.get_mut::<Worker>(workers[1]).expect("alive").cargo.armed = true;
    assert!(world.destroy(workers[1]) && !world.contains(workers[1]));
    check_fault(&mut world, "game::Worker", workers[1], "drop", "the cargo exploded", false);
    check_world_goes_on(&mut world, &workers, &[]);
    world.get_mut::<Worker>(workers[2]).expect("alive").lazy = true;
    assert!(world.destroy(workers[2]) && !world.contains(workers[2]), "the last word is not a veto");
    check_fault(&mut world, "game::Worker", workers[2], "event_destroyed", "not now", true);
    // Of an event.
    world.launch(Carry { cargo: Cargo { armed: true } });
    world.settle();
    check_fault(&mut world, "", ObjectId::NONE, "drop of the payload of event_carry", "the cargo exploded", false);
    check_world_goes_on(&mut world, &workers, &[]);
    // The last of all.
    world.get_mut::<Worker>(workers[3]).expect("alive").cargo.armed = true;
    world.launch(Carry { cargo: Cargo { armed: true } });
    session.offer(&mut world, library());
    drop(world);
}

#[test]
fn in_what_a_reload_calls() {
    let (mut world, mut session, workers) = open();
    let told = Rc::new(RefCell::new(Vec::new()));
    let sink = Rc::clone(&told);
    world.on_class_change(|change| assert!(change.path != "game::Worker", "the observer's own mistake"));
    world.on_class_change(move |change| sink.borrow_mut().push(change.path.clone()));
    world.get_mut::<Worker>(workers[4]).expect("alive").seen = 100;
    let report = session.offer(&mut world, library());
    assert!(report.is_reloaded(), "{report}");
    assert_eq!(told.borrow().len(), 4, "the other observer is told of every class");
    let faults = world.take_faults();
    let during: Vec<&str> = faults.iter().map(|fault| fault.during.as_str()).collect();
    assert_eq!(during, ["event_reloaded", "observer of class changes, told of game::Worker"]);
    assert_eq!(faults[0].object, workers[4]);
    for fault in &faults {
        assert!(report.warnings.contains(&fault.to_string()), "the report lists it: {report}");
    }
    check_world_goes_on(&mut world, &workers, &[workers[4]]);
}

#[test]
fn in_the_hosts_own_code() {
    let (mut world, _session, workers) = open();
    let heard = Rc::new(RefCell::new(0));
    let sink = Rc::clone(&heard);
    world.listen(|event: &Go, _: &mut Ctx| assert!(event.mode != 9, "the listener's own mistake"));
    world.listen(move |_: &Go, _: &mut Ctx| *sink.borrow_mut() += 1);
    world.emit(&Go { mode: 9 });
    check_fault(&mut world, "", ObjectId::NONE, "listener of go", "the listener's own mistake", false);
    world.emit(&Go { mode: 0 });
    assert_eq!(*heard.borrow(), 2, "the other listener, and the next event");
    let mailbox = world.mailbox();
    let target = workers[0];
    mailbox.launch_to(target, Count).expect("the world is there");
    mailbox.run(|_| panic!("the letter's own mistake")).expect("the world is there");
    mailbox.launch_to(target, Count).expect("the world is there");
    assert_eq!(world.receive(), 3);
    check_fault(&mut world, "", ObjectId::NONE, "a letter in the mailbox", "the letter's own mistake", false);
    assert_eq!(world.get::<Worker>(target).expect("alive").seen, 2, "the letter behind it was opened");
    // Letters that nobody opens any more.
    let cargo = Cargo { armed: true };
    mailbox.run(move |_| drop(cargo)).expect("the world is there");
    drop(world);
    assert!(mailbox.run(|_| ()).is_err());
}
