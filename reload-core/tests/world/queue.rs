//! What is asked for: carried out in order, or cut off, or late.

use super::*;

mod chains {
    use super::*;
    #[game_class(path = "game::Player")]
    #[derive(Default)]
    pub struct Player {
        pub seen: u32,
    }
    #[game_class]
    impl Player {
        fn event_ping(&mut self, event: &Ping, ctx: &mut Ctx) {
            self.seen += 1;
            ctx.emit(Pong { count: event.count + 1 });
        }
        fn event_pong(&mut self, event: &Pong, ctx: &mut Ctx) {
            self.seen += 1;
            if event.count != 3 {
                ctx.emit(Ping { count: event.count + 1 });
            }
        }
        fn event_test(&mut self, ctx: &mut Ctx) {
            ctx.after(Duration::from_millis(1_500), Ping { count: 2 });
        }
        fn event_destroyed(&mut self, ctx: &mut Ctx) {
            ctx.emit(Heard { who: ctx.id(), what: "destroyed".into() });
        }
        fn event_constructed(&mut self, ctx: &mut Ctx) {
            ctx.emit(Heard { who: ctx.id(), what: "constructed".into() });
        }
    }
}

#[test]
fn a_chain_that_feeds_itself_is_cut_and_named() {
    let (mut world, _session, _log) = open(library().class::<chains::Player>());
    let player = spawn(&mut world, "game::Player");
    world.emit(&Ping { count: 100 });
    let faults = world.take_faults();
    assert_eq!(faults.len(), 1, "{faults:?}");
    let FaultKind::EndlessChain { chain, dropped } = &faults[0].kind else { panic!("{faults:?}") };
    assert_eq!(*dropped, 1);
    assert!(chain.contains(&"event_ping".to_owned()) && chain.contains(&"event_pong".to_owned()), "{chain:?}");
    assert_eq!(world.get::<chains::Player>(player).expect("alive").seen, 1_001, "the budget, and the first");
    world.emit(&Ping { count: 2 });
    assert!(world.take_faults().is_empty(), "a chain that ends is fine");
}

mod broods {
    use super::*;
    #[game_class(path = "game::Copied")]
    #[derive(Default)]
    pub struct Copied {
        pub name: String,
    }
    #[game_class]
    impl Copied {
        fn event_constructed(&mut self, ctx: &mut Ctx) {
            ctx.spawn(Self { name: self.name.clone() });
        }
    }
    #[game_class(path = "game::Named")]
    #[derive(Default)]
    pub struct Named {
        pub name: String,
    }
    #[game_class]
    impl Named {
        fn event_constructed(&mut self, ctx: &mut Ctx) {
            ctx.spawn_named("game::Named");
        }
    }
    #[game_class(path = "game::Phoenix")]
    #[derive(Default)]
    pub struct Phoenix {}
    #[game_class]
    impl Phoenix {
        fn event_constructed(&mut self, ctx: &mut Ctx) {
            ctx.destroy(ctx.id());
        }
        fn event_destroyed(&mut self, ctx: &mut Ctx) {
            ctx.spawn(Self {});
        }
    }
}

#[test]
fn objects_that_make_one_another_without_end_are_cut_as_well() {
    let classes = library().class::<broods::Copied>().class::<broods::Named>().class::<broods::Phoenix>();
    let (mut world, _session, _log) = open(classes);
    world.set_chain_budget(ChainBudget { depth: 50, events: 1_000 });
    for (class, live, links) in [
        ("game::Copied", 51, ["event_constructed"; 2]),
        ("game::Named", 51, ["event_constructed"; 2]),
        ("game::Phoenix", 0, ["event_constructed", "event_destroyed"]),
    ] {
        for round in 1..=2 {
            spawn(&mut world, class);
            let faults = world.take_faults();
            assert_eq!(faults.len(), 1, "{class}: {faults:?}");
            let FaultKind::EndlessChain { chain, dropped } = &faults[0].kind else { panic!("{faults:?}") };
            assert_eq!((&chain[6..], *dropped), (&links.map(str::to_owned)[..], 1), "{class}");
            assert_eq!(world.instances_of(class).len(), live * round, "{class}");
        }
    }
    for class in ["game::Copied", "game::Named"] {
        assert!(world.instances_of(class).into_iter().all(|id| world.destroy(id)));
    }
    assert_eq!((world.instances(), world.take_faults().len()), (0, 0));
}

#[test]
fn a_chain_that_is_cut_takes_along_what_waits_at_its_depth_and_nothing_else() {
    let (mut world, _session, log) = open(library().class::<chains::Player>().class::<v1::Creature>());
    let players = [(); 3].map(|()| spawn(&mut world, "game::Player"));
    let creature = spawn(&mut world, "game::Creature");
    world.set_chain_budget(ChainBudget { depth: 5, events: 1_000 });
    world.launch(Ping { count: 100 });
    world.launch_to(creature, Test);
    world.settle();
    assert_eq!(
        drain(&log),
        ["constructed", "constructed", "constructed", "creature"],
        "what is no part of the chain goes on"
    );
    let faults = world.take_faults();
    assert_eq!(faults.len(), 1, "one chain is one fault: {faults:?}");
    let FaultKind::EndlessChain { chain, dropped } = &faults[0].kind else { panic!("{faults:?}") };
    assert_eq!((chain.len(), *dropped), (6, 3_usize.pow(6)));
    // The first by one event, then each by those of all of them.
    let seen: u32 = players.iter().map(|player| world.get::<chains::Player>(*player).expect("alive").seen).sum();
    assert_eq!(seen, (1..=6).map(|depth| 3_u32.pow(depth)).sum::<u32>());
}

#[test]
fn delayed_events_wait_for_world_time_and_lifecycle_events_come_once() {
    let (mut world, _session, log) = open(library().class::<chains::Player>());
    let player = spawn(&mut world, "game::Player");
    world.emit(&Test);
    world.advance(1.0);
    assert_eq!(world.get::<chains::Player>(player).expect("alive").seen, 0);
    world.advance(1.0);
    assert_eq!(world.get::<chains::Player>(player).expect("alive").seen, 2);
    assert!(world.destroy(player) && !world.contains(player) && !world.destroy(player));
    assert_eq!(drain(&log), ["constructed", "destroyed"]);
}

/// Sends to all that it is told of, twice.
mod couriers {
    use super::*;
    #[game_class(path = "game::Courier")]
    #[derive(Default)]
    pub struct Courier {
        pub to: Vec<ObjectId>,
    }
    #[game_class]
    impl Courier {
        fn event_pong(&mut self, event: &Pong, ctx: &mut Ctx) {
            for to in self.to.iter().chain(&self.to) {
                ctx.send(*to, Ping { count: event.count });
            }
        }
    }
}

/// Sends one event to all that it is told of, and drops count how often it has come to an end.
mod heralds {
    use super::*;
    use reload_core::State;
    use std::sync::atomic::{AtomicU32, Ordering};

    pub static ENDED: AtomicU32 = AtomicU32::new(0);

    #[derive(Clone, Default, State)]
    pub struct Letter {
        pub text: String,
    }
    impl Drop for Letter {
        fn drop(&mut self) {
            ENDED.fetch_add(u32::from(self.text == "to all"), Ordering::Relaxed);
        }
    }
    event_table! {
        pub table Post: Game {
            Sent { letter: Letter },
        }
    }
    #[game_class(path = "game::Herald")]
    #[derive(Default)]
    pub struct Herald {
        pub to: Vec<ObjectId>,
    }
    #[game_class]
    impl Herald {
        fn event_pong(&mut self, event: &Pong, ctx: &mut Ctx) {
            ctx.send_each(&[], Ping { count: event.count });
            let twice: Vec<ObjectId> = self.to.iter().flat_map(|to| [*to; 2]).collect();
            ctx.send_each(&twice, Ping { count: event.count });
        }
        fn event_test(&mut self, ctx: &mut Ctx) {
            ctx.send_each(&self.to, Sent { letter: Letter { text: "to all".into() } });
            ctx.emit(Heard { who: ctx.id(), what: "sent".into() });
        }
    }
    /// Asks for something for each letter, and ends the one that it does not like.
    #[game_class(path = "game::Reader")]
    #[derive(Default)]
    pub struct Reader {
        pub rival: ObjectId,
    }
    #[game_class]
    impl Reader {
        fn event_sent(&mut self, event: &Sent, ctx: &mut Ctx) {
            ctx.destroy(self.rival);
            ctx.emit(Heard { who: ctx.id(), what: event.letter.text.clone() });
        }
        fn event_pong(&mut self, ctx: &mut Ctx) {
            ctx.destroy(self.rival);
            ctx.emit(Heard { who: ctx.id(), what: "pong".into() });
        }
    }
}

/// With a command for each, and with one for all of them.
#[test]
fn an_event_reaches_each_of_many_and_passes_by_those_who_are_gone_or_have_fallen() {
    for herald in [false, true] {
        let classes = library().class::<panics::Bomb>().class::<couriers::Courier>().class::<heralds::Herald>();
        let (mut world, _session, _log) = open(classes.table::<heralds::Post>());
        let bombs: Vec<ObjectId> = (0..20_000).map(|_| spawn(&mut world, "game::Bomb")).collect();
        for (number, bomb) in bombs.iter().enumerate() {
            world.get_mut::<panics::Bomb>(*bomb).expect("alive").number = number as u32;
        }
        // Far from one another, and among them some that never were.
        let mut to: Vec<ObjectId> = (0..bombs.len()).map(|at| bombs[at * 7_919 % bombs.len()]).collect();
        to.extend(
            [(5, 99), (1 << 20, 1), (u32::MAX - 1, 7)].map(|(slot, generation)| ObjectId::from_parts(slot, generation)),
        );
        // Whoever falls is next as well.
        let falls = to.iter().position(|id| *id == bombs[4]).expect("one of them");
        to.insert(falls, bombs[4]);
        assert!(world.destroy(bombs[3]));
        let sender = if herald {
            world.spawn(heralds::Herald { to }).expect("a class")
        } else {
            world.spawn(couriers::Courier { to }).expect("a class")
        };
        assert!(world.send(sender, &Pong { count: 4 }));
        let faults = world.take_faults();
        assert_eq!(faults.iter().map(|fault| fault.object).collect::<Vec<_>>(), [bombs[4]], "{faults:?}");
        for (number, bomb) in bombs.iter().enumerate() {
            let seen = match number {
                3 => None,
                // What was queued for it before it fell does not reach it.
                4 => Some(1),
                _ => Some(2),
            };
            assert_eq!(world.get::<panics::Bomb>(*bomb).map(|bomb| bomb.seen), seen, "number {number}");
        }
    }
}

#[test]
fn the_host_sends_to_each_of_many_one_after_the_other() {
    let classes = library().class::<panics::Bomb>().class::<heralds::Reader>().table::<heralds::Post>();
    let (mut world, _session, log) = open(classes);
    let bombs = [(); 3].map(|()| spawn(&mut world, "game::Bomb"));
    world.get_mut::<panics::Bomb>(bombs[1]).expect("alive").number = 7;
    let nobody = ObjectId::from_parts(77, 1);
    let to = [bombs[2], nobody, bombs[1], ObjectId::NONE, bombs[1], bombs[2], bombs[0]];
    assert_eq!(world.send_each(&to, &Ping { count: 7 }), 4, "one of them has fallen at the first one, and rests");
    assert_eq!(world.take_faults().len(), 1);
    assert_eq!(bombs.map(|bomb| world.get::<panics::Bomb>(bomb).expect("alive").seen), [1, 1, 2]);
    assert_eq!(world.send_each(&bombs, &Tick { dt: 1.0 }), 0, "nobody handles it");
    assert_eq!(world.send_each(&[], &Ping { count: 1 }), 0);

    // What the first asks for happens before the second has its turn, whether the event's way is short or not.
    let rivals = [(); 2].map(|()| spawn(&mut world, "game::Reader"));
    let [first, second] = rivals.map(|rival| world.spawn(heralds::Reader { rival }).expect("a class"));
    world.launch(Heard { who: first, what: "waited".into() });
    let letter = heralds::Letter { text: "letter".into() };
    assert_eq!(world.send_each(&[first, rivals[0], first], &heralds::Sent { letter }), 2);
    assert_eq!(drain(&log), ["waited", "letter", "letter"]);
    assert_eq!(world.send_each(&[second, rivals[1], second], &Pong { count: 0 }), 2);
    assert_eq!(drain(&log), ["pong", "pong"]);
}

#[test]
fn one_event_for_many_is_one_value_that_ends_once() {
    let classes = library().class::<heralds::Herald>().class::<heralds::Reader>().class::<panics::Bomb>();
    let (mut world, _session, log) = open(classes.table::<heralds::Post>());
    let rival = spawn(&mut world, "game::Reader");
    let bomb = spawn(&mut world, "game::Bomb");
    let readers = [(); 2].map(|()| world.spawn(heralds::Reader { rival }).expect("a class"));
    let to = vec![readers[1], bomb, rival, readers[0], readers[1]];
    let herald = world.spawn(heralds::Herald { to }).expect("a class");
    assert!(world.send(herald, &Test));
    assert_eq!(heralds::ENDED.swap(0, std::sync::atomic::Ordering::Relaxed), 1);
    // Nothing happens between the deliveries to a crowd: the rival has its letter before it ends.
    assert_eq!(drain(&log), ["sent", "to all", "to all", "to all", "to all"]);
    assert!(!world.contains(rival) && world.take_faults().is_empty());
    assert!(world.send(herald, &Test));
    assert_eq!(drain(&log), ["sent", "to all", "to all", "to all"], "the same again, but for the one that is gone");
}

#[test]
fn a_chain_is_cut_within_a_crowd() {
    mod echo {
        use super::*;
        #[game_class(path = "game::Echo")]
        #[derive(Default)]
        pub struct Echo {
            pub all: Vec<ObjectId>,
            pub seen: u32,
        }
        #[game_class]
        impl Echo {
            fn event_ping(&mut self, event: &Ping, ctx: &mut Ctx) {
                self.seen += 1;
                ctx.send_each(&self.all, Ping { count: event.count });
            }
        }
    }
    for (budget, deliveries) in [
        // By depth: the one from outside, and the two, four and eight of three links.
        (ChainBudget { depth: 3, events: 1_000 }, 1 + 2 + 4 + 8),
        // By number: the fifth event that another one caused, with a link between, does not come any more.
        (ChainBudget { depth: 100, events: 5 }, 1 + 2 + 5),
    ] {
        let (mut world, _session, _log) = open(library().class::<echo::Echo>());
        let echoes = [(); 2].map(|()| spawn(&mut world, "game::Echo"));
        for echo in echoes {
            world.get_mut::<echo::Echo>(echo).expect("alive").all = echoes.to_vec();
        }
        world.set_chain_budget(budget);
        assert!(world.send(echoes[0], &Ping { count: 0 }));
        let faults = world.take_faults();
        assert_eq!(faults.len(), 1, "{faults:?}");
        let FaultKind::EndlessChain { dropped, .. } = &faults[0].kind else { panic!("{faults:?}") };
        let seen: u32 = echoes.iter().map(|echo| world.get::<echo::Echo>(*echo).expect("alive").seen).sum();
        assert_eq!(seen, deliveries, "{budget:?}");
        // Each that came asked for two more, and all that did not come are told.
        assert_eq!(*dropped as u32, 1 + 2 * seen - seen, "{budget:?}");
        assert!(!world.send(ObjectId::NONE, &Test) && world.take_faults().is_empty(), "nothing waits");
    }
}

mod meddling {
    use super::*;
    #[game_class(path = "game::Meddler")]
    #[derive(Default)]
    pub struct Meddler {
        pub other: ObjectId,
        pub touched: u32,
        pub log: Vec<String>,
    }
    #[game_class]
    impl Meddler {
        fn event_test(&mut self, ctx: &mut Ctx) {
            let me = ctx.id();
            assert!(ctx.get::<Meddler>(me).is_none(), "the object that runs is not handed out a second time");
            if let Some(other) = ctx.get_mut::<Meddler>(self.other) {
                other.touched += 1;
            }
            let child = ctx.spawn(Meddler { touched: 50, ..Meddler::default() });
            self.log.push(format!("{} {}", child.is_none(), ctx.get::<Meddler>(child).is_none()));
            ctx.send(child, Ping { count: 0 });
            ctx.destroy(me);
            ctx.send(me, Ping { count: 0 });
        }
        fn event_ping(&mut self, ctx: &mut Ctx) {
            self.touched += 1;
            ctx.emit(Heard { who: ctx.id(), what: format!("{}", self.touched) });
        }
    }
}

#[test]
fn commands_are_carried_out_in_order() {
    let (mut world, _session, log) = open(library().class::<meddling::Meddler>());
    let first = spawn(&mut world, "game::Meddler");
    let second = spawn(&mut world, "game::Meddler");
    world.get_mut::<meddling::Meddler>(first).expect("alive").other = second;
    assert!(world.send(first, &Test));
    assert!(world.take_faults().is_empty());
    assert!(!world.contains(first));
    assert_eq!(world.get::<meddling::Meddler>(second).expect("alive").touched, 1);
    assert_eq!(world.instances(), 2, "the second and the child");
    assert_eq!(drain(&log), ["51"], "the child was there before the ping, the first object was gone before its own");
}

#[test]
fn launched_events_wait_and_keep_their_order() {
    let (mut world, _session, log) = open(library().class::<v1::Creature>());
    let creature = spawn(&mut world, "game::Creature");
    world.launch(Heard { who: creature, what: "first".into() });
    world.launch_to(creature, Test);
    world.launch(Heard { who: creature, what: "last".into() });
    assert!(log.borrow().is_empty());
    world.settle();
    assert_eq!(drain(&log), ["first", "last", "creature"], "what a handler asks for comes after what waited before it");
    world.destroy(creature);
    world.launch(Heard { who: creature, what: "still".into() });
    assert!(!world.send(creature, &Test), "it is gone");
    assert_eq!(drain(&log), ["still"], "what waited is carried out all the same");
}
