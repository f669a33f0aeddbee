//! A whole world as text, and back: into the same code, into newer code, and out of damaged files.
#![forbid(unsafe_code)]
#![allow(missing_docs, unreachable_pub, reason = "a test")]

mod names;
mod order;
mod places;

use reload_core::{
    AtticSelection, Ctx, InProcess, LibrarySource, MigrateError, Next, ObjectId, ObjectStatus, OldState, ReloadSession,
    Reloaded, World, event_table, game_class,
};
use std::{cell::RefCell, rc::Rc, time::Duration};

event_table! {
    pub table Events {
        Heard { what: String },
        Woken { by: String },
        Start,
        Fail,
    }
}

type Log = Rc<RefCell<Vec<String>>>;

fn library() -> InProcess {
    InProcess::new().table::<Events>()
}

fn open(library: InProcess) -> (World, ReloadSession, Log) {
    let mut world = World::new();
    let source = LibrarySource::in_process("game", library);
    let session = ReloadSession::open(source, &mut world).unwrap_or_else(|error| panic!("{error}"));
    let log = Log::default();
    let sink = log.clone();
    world.listen(move |event: &Heard, _: &mut Ctx| sink.borrow_mut().push(event.what.clone()));
    (world, session, log)
}

fn save(world: &World) -> String {
    world.save().unwrap_or_else(|error| panic!("{error}")).text
}

#[track_caller]
fn restore(world: &mut World, text: &str) -> String {
    world.restore(text).unwrap_or_else(|rejection| panic!("{rejection}")).to_string()
}

mod v1 {
    use super::*;
    #[game_class(path = "game::Cat")]
    #[derive(Default)]
    pub struct Cat {
        #[field(default = "Tom".into())]
        pub name: String,
        #[field(default = 9)]
        pub lives: u32,
        pub colour: String,
        pub friend: ObjectId,
        pub naps: u32,
    }
    #[game_class]
    impl Cat {
        fn event_start(&mut self, ctx: &mut Ctx) {
            ctx.after(Duration::from_secs(5), Woken { by: self.name.clone() });
        }
        fn event_woken(&mut self, event: &Woken, ctx: &mut Ctx) {
            ctx.emit(Heard { what: format!("{} woken by {}", self.name, event.by) });
        }
        fn event_fail(&mut self) {
            assert!(self.lives != 1, "the last life");
        }
        fn loop_nap(&mut self, ctx: &mut Ctx) -> Next {
            self.naps += 1;
            ctx.emit(Heard { what: format!("{} naps", self.name) });
            Next::after_secs(10.0)
        }
        fn loop_once(&mut self, ctx: &mut Ctx) -> Next {
            ctx.emit(Heard { what: format!("{} was once", self.name) });
            Next::stop()
        }
    }
    #[game_class(path = "game::Dog", no_handlers)]
    #[derive(Default)]
    pub struct Dog {
        pub bones: Vec<(u8, String)>,
    }
}

mod v2 {
    use super::*;
    /// Other types, a new field, one that is gone, and a new loop.
    #[game_class(path = "game::Tiger", was = "game::Cat")]
    #[derive(Default)]
    pub struct Tiger {
        #[field(was = "name")]
        pub title: String,
        pub lives: i64,
        #[field(default = 4)]
        pub paws: u8,
        pub friend: Option<ObjectId>,
        pub naps: u32,
        pub note: String,
    }
    #[game_class]
    impl Tiger {
        fn migrate(old: &OldState<'_>, mut carried: Self) -> Result<Self, MigrateError> {
            carried.note = format!("was {} {}", old.get::<String>("colour")?, old.get::<u64>("lives")?);
            Ok(carried)
        }
        fn event_woken(&mut self, event: &Woken, ctx: &mut Ctx) {
            ctx.emit(Heard { what: format!("tiger {} woken by {}", self.title, event.by) });
        }
        fn event_reloaded(&mut self, event: &Reloaded, ctx: &mut Ctx) {
            let lost: Vec<String> =
                event.discarded.iter().map(|lost| format!("{}: {} = {}", lost.name, lost.ty, lost.value)).collect();
            ctx.emit(Heard { what: format!("added {}, lost {}", event.added.join(" "), lost.join(" ")) });
        }
        fn loop_nap(&mut self, ctx: &mut Ctx) -> Next {
            ctx.emit(Heard { what: format!("tiger {} naps", self.title) });
            Next::after_secs(10.0)
        }
        fn loop_roar(&mut self, ctx: &mut Ctx) -> Next {
            ctx.emit(Heard { what: format!("tiger {} roars", self.title) });
            Next::stop()
        }
    }
}

/// Two cats that know each other, one of which rests, a dog, and an id that was used before.
fn fill(world: &mut World) -> (ObjectId, ObjectId, ObjectId) {
    let gone = world.spawn_named("game::Dog").expect("a class");
    assert!(world.destroy(gone));
    let tom = world.spawn_named("game::Cat").expect("a class");
    let tim = world.spawn(v1::Cat { name: "Tim".into(), friend: tom, ..v1::Cat::default() }).expect("a class");
    let dog = world.spawn(v1::Dog { bones: vec![(1, "old".into()), (2, "new".into())] }).expect("a class");
    let cat = world.get_mut::<v1::Cat>(tom).expect("alive");
    (cat.friend, cat.colour, cat.lives, cat.name) = (tim, "black".into(), 1, "Tom".into());
    world.emit(&Start);
    world.advance(2.0);
    world.emit(&Fail);
    assert_eq!(world.status(tom), ObjectStatus::Resting);
    assert_eq!(gone.slot(), tom.slot(), "the slot was used again");
    (tom, tim, dog)
}

#[test]
fn a_world_comes_back_as_it_was() {
    let both = || library().class::<v1::Cat>().class::<v1::Dog>();
    let (mut world, _session, log) = open(both());
    let (tom, tim, dog) = fill(&mut world);
    world.launch(Heard { what: "queued".into() });
    let text = save(&world);
    let before: Vec<_> = [tom, tim, dog].map(|id| world.inspect(id)).into();
    log.borrow_mut().clear();

    let (mut again, _session_of_again, heard) = open(both());
    let stray = again.spawn_named("game::Dog").expect("a class");
    assert_eq!(restore(&mut again, &text), "restored 3 objects");
    assert_eq!(before, [tom, tim, dog].map(|id| again.inspect(id)));
    assert_eq!(save(&again), text, "what was read is what was written");
    assert!(again.status(tom) == ObjectStatus::Live && again.instances() == 3, "{stray} is no more");
    assert_eq!(again.now(), Duration::from_secs(2));

    // Time goes on where it stood: events at their time, loops at theirs, and loops that had ended have ended.
    for world in [&mut world, &mut again] {
        world.settle();
        world.advance(2.9);
        world.advance(0.2);
        world.advance(6.0);
    }
    assert_eq!(*log.borrow(), ["queued", "Tim woken by Tim", "Tim naps"], "Tom rests");
    let awake = ["queued", "Tom woken by Tom", "Tim woken by Tim", "Tom naps", "Tim naps"];
    assert_eq!(*heard.borrow(), awake, "nobody rests after a restore");
    let next = again.spawn_named("game::Dog").expect("a class");
    assert!(![tom, tim, dog].contains(&next), "no id is given out twice");
}

#[test]
fn newer_code_reads_it_by_the_rules_of_a_reload() {
    let (mut world, _session, _log) = open(library().class::<v1::Cat>().class::<v1::Dog>());
    let (tom, tim, dog) = fill(&mut world);
    let text = save(&world);

    let (mut newer, mut session, log) = open(library().class::<v2::Tiger>());
    let told = restore(&mut newer, &text);
    assert_eq!(
        told,
        "restored 2 objects\n  ~ game::Tiger: 2 carried over to its new shape\n  - game::Dog is gone: 1 in the attic \
         until it comes back"
    );
    let tiger = newer.get::<v2::Tiger>(tom).expect("alive");
    assert_eq!(
        (tiger.title.as_str(), tiger.lives, tiger.paws, tiger.friend, tiger.note.as_str()),
        ("Tom", 1, 4, Some(tim), "was black 1")
    );
    newer.settle();
    let told = |colour| format!("added note paws title, lost colour: String = {colour:?}");
    assert_eq!(*log.borrow(), [told(""), told("black")]);
    log.borrow_mut().clear();
    newer.advance(3.5);
    let expected = ["tiger Tim roars", "tiger Tom roars", "tiger Tom woken by Tom", "tiger Tim woken by Tim"];
    assert_eq!(*log.borrow(), expected, "a new loop starts, the others wait");
    assert_eq!((newer.status(dog), newer.class_of(dog)), (ObjectStatus::InAttic, Some("game::Dog")));

    // The dog and the colour are in the attic, and survive another save.
    let again = save(&newer);
    let (mut newest, mut session_of_newest, _log) = open(library().class::<v2::Tiger>());
    restore(&mut newest, &again);
    for (world, session) in [(&mut newer, &mut session), (&mut newest, &mut session_of_newest)] {
        let report = session.offer(world, library().class::<v1::Cat>().class::<v1::Dog>());
        assert!(report.is_reloaded(), "{report}");
        assert_eq!(world.get::<v1::Cat>(tom).expect("alive").colour, "black");
        assert_eq!(world.get::<v1::Dog>(dog).expect("alive again").bones.len(), 2);
    }
}

#[test]
fn objects_of_the_attic_come_back_when_the_file_is_read_by_code_that_has_their_class() {
    let (mut world, mut session, _log) = open(library().class::<v1::Dog>());
    let dog = world.spawn(v1::Dog { bones: vec![(3, "third".into())] }).expect("a class");
    session.offer(&mut world, library());
    let text = save(&world);
    let (mut again, _session, _log) = open(library().class::<v1::Dog>());
    assert_eq!(restore(&mut again, &text), "restored 1 object");
    assert_eq!(again.get::<v1::Dog>(dog).expect("alive").bones[0].1, "third");
    assert!(again.attic().entries.is_empty());
    assert_eq!(again.purge_attic(AtticSelection::All), (0, 0));
}

#[test]
fn objects_of_the_attic_come_back_under_another_name() {
    let (mut world, mut session, _log) = open(library().class::<v1::Cat>());
    let cat = world.spawn(v1::Cat { colour: "red".into(), lives: 9, ..v1::Cat::default() }).expect("a class");
    session.offer(&mut world, library());
    let text = save(&world);
    // Read by code that calls the class something else; and read without it, which then comes by a reload.
    let (mut at_once, _session, _log) = open(library().class::<v2::Tiger>());
    restore(&mut at_once, &text);
    let (mut later, mut session, _log) = open(library());
    restore(&mut later, &text);
    assert_eq!(later.status(cat), ObjectStatus::InAttic);
    let report = session.offer(&mut later, library().class::<v2::Tiger>());
    assert!(report.is_reloaded(), "{report}");
    for world in [&at_once, &later] {
        assert_eq!(world.get::<v2::Tiger>(cat).expect("alive").note, "was red 9");
        let entries = world.attic().entries;
        assert_eq!((entries[0].class.as_str(), entries[0].field.as_deref()), ("game::Tiger", Some("colour")));
    }
}

#[test]
fn an_id_that_was_given_out_after_the_file_reaches_nobody_when_it_is_read() {
    let (mut world, _session, _log) = open(library().class::<v1::Cat>().class::<v1::Dog>());
    let dog = |world: &mut World| world.spawn_named("game::Dog").expect("a class");
    // One slot that is free in the file, one whose object the file has.
    let (first, kept) = (dog(&mut world), dog(&mut world));
    world.destroy(first);
    let text = save(&world);
    let (stale, beyond) = (dog(&mut world), dog(&mut world));
    world.destroy(kept);
    let instead = dog(&mut world);
    assert_eq!((stale.slot(), instead.slot()), (first.slot(), kept.slot()), "the slots were used again");
    for _ in 0..2 {
        restore(&mut world, &text);
        assert!(world.contains(kept) && world.instances() == 1);
        for id in [first, stale, beyond, instead] {
            assert_eq!(world.status(id), ObjectStatus::Gone);
            assert!(!world.destroy(id), "{id} is nobody's");
        }
    }
    assert!(world.destroy(kept));
    let new: Vec<ObjectId> = (0..6).map(|_| dog(&mut world)).collect();
    for (at, id) in new.iter().enumerate() {
        assert!(![first, stale, beyond, kept, instead].contains(id), "{id} was somebody else's");
        assert!(!new[..at].contains(id), "{id} twice");
    }
    assert!(new.iter().all(|id| world.destroy(*id)) && world.instances() == 0);
}

#[test]
fn ids_of_a_time_that_was_taken_back_are_nobodys_in_later_files_either() {
    let open_one = || open(library().class::<v1::Cat>().class::<v1::Dog>());
    let (mut world, _session, _log) = open_one();
    let dog = |world: &mut World| world.spawn_named("game::Dog").expect("a class");
    let first = dog(&mut world);
    let text = save(&world);
    world.destroy(first);
    let stale = dog(&mut world);
    restore(&mut world, &text);
    let later = save(&world);
    let (mut another, _session, _log) = open_one();
    for world in [&mut another, &mut world] {
        restore(world, &later);
        world.destroy(first);
        assert_ne!(dog(world), stale, "{stale} was somebody else's");
    }
}

#[test]
fn a_slot_without_generation_is_damage() {
    let (mut world, _session, _log) = open(library().class::<v1::Dog>());
    world.spawn_named("game::Dog").expect("a class");
    let text = save(&world);
    let damaged: String = text.replace("\"generations\":[1]", "\"generations\":[1,0]");
    assert_ne!(damaged, text);
    let damaged: String = damaged.lines().filter(|line| !line.contains("checksum")).collect();
    let error = world.restore(&damaged).expect_err("it is damaged").to_string();
    assert!(error.contains("save.damaged") && error.contains("slot 1"), "{error}");
    assert_eq!(world.instances(), 1);
}

#[test]
fn a_loop_that_was_taken_out_and_put_back_runs_once_in_a_restored_world() {
    let (mut world, mut session, log) = open(library().class::<v1::Cat>());
    world.spawn_named("game::Cat").expect("a class");
    world.advance(1.0);
    // Without the class's loops, and with them: the turn that waited belongs to a loop that has ended.
    for version in [library().class::<quiet::Cat>(), library().class::<v1::Cat>()] {
        let report = session.offer(&mut world, version);
        assert!(report.is_reloaded(), "{report}");
    }
    let text = save(&world);
    restore(&mut world, &text);
    log.borrow_mut().clear();
    world.advance(30.0);
    let naps = log.borrow().iter().filter(|what| what.ends_with("naps")).count();
    assert_eq!(naps, 4, "at once, then each ten seconds: {:?}", log.borrow());
}

mod two {
    use super::*;
    #[game_class(path = "game::Puppy", no_handlers)]
    #[derive(Default)]
    pub struct Puppy {
        pub age: u8,
    }
    #[game_class(path = "game::Dog", was = "game::Puppy", no_handlers)]
    #[derive(Default)]
    pub struct Dog {
        pub age: u8,
    }
}

#[test]
fn of_two_groups_in_the_attic_that_one_class_continues_its_namesakes_come_back() {
    let (mut world, mut session, _log) = open(library().class::<two::Puppy>().class::<v1::Dog>());
    let puppy = world.spawn(two::Puppy { age: 1 }).expect("a class");
    let dog = world.spawn(v1::Dog { bones: Vec::new() }).expect("a class");
    session.offer(&mut world, library());
    let text = save(&world);
    let (mut again, _session, _log) = open(library().class::<two::Dog>());
    restore(&mut again, &text);
    assert_eq!((again.status(dog), again.status(puppy)), (ObjectStatus::Live, ObjectStatus::InAttic));
    assert_eq!(again.instances(), 1);
}

mod titled {
    use super::*;
    #[game_class(path = "game::Cat", no_handlers)]
    #[derive(Default)]
    pub struct Cat {
        #[field(was = "breed")]
        pub name: String,
        #[field(was = "name")]
        pub title: String,
    }
}
mod bred {
    use super::*;
    #[game_class(path = "game::Cat", no_handlers)]
    #[derive(Default)]
    pub struct Cat {
        pub breed: String,
        pub name: String,
    }
}

#[test]
fn names_that_are_passed_on_are_followed_out_of_files_and_the_attic() {
    let (mut world, mut session, _log) = open(library().class::<bred::Cat>());
    let [breed, name] = ["tabby", "Tom"].map(String::from);
    let tom = world.spawn(bred::Cat { breed, name }).expect("a class");
    let text = save(&world);
    session.offer(&mut world, library());
    let stored = save(&world);
    for text in [&text, &stored] {
        let (mut again, _session, _log) = open(library().class::<titled::Cat>());
        restore(&mut again, text);
        let cat = again.get::<titled::Cat>(tom).expect("alive");
        assert_eq!((cat.name.as_str(), cat.title.as_str()), ("tabby", "Tom"));
        // Written with the new names, which are not passed on again.
        let text = save(&again);
        let (mut third, _session, _log) = open(library().class::<titled::Cat>());
        restore(&mut third, &text);
        assert_eq!(third.get::<titled::Cat>(tom).expect("alive").name, "tabby");
    }
    session.offer(&mut world, library().class::<titled::Cat>());
    let cat = world.get::<titled::Cat>(tom).expect("out of the attic");
    assert_eq!((cat.name.as_str(), cat.title.as_str()), ("tabby", "Tom"));
}

mod narrow {
    use super::*;
    #[game_class(path = "game::Cat", no_handlers)]
    #[derive(Default)]
    pub struct Cat {
        pub name: u8,
    }
}
mod quiet {
    use super::*;
    #[game_class(path = "game::Cat", no_handlers)]
    #[derive(Default)]
    pub struct Cat {
        pub name: String,
    }
}

/// The file is refused with this code and these words, and the world is as it was.
#[track_caller]
fn check_refused(text: &str, code: &str, words: &[&str]) {
    let (mut world, _session, _log) = open(library().class::<narrow::Cat>());
    let cat = world.spawn(narrow::Cat { name: 3 }).expect("a class");
    let before = save(&world);
    let rejection = world.restore(text).expect_err("it is refused");
    assert_eq!(rejection.problems()[0].code, code, "{rejection}");
    for word in words {
        assert!(rejection.to_string().contains(word), "{rejection}");
    }
    assert!(world.contains(cat));
    assert_eq!(save(&world), before);
}

#[test]
fn what_cannot_be_read_is_refused_and_the_world_goes_on() {
    let (mut world, _session, _log) = open(library().class::<v1::Cat>().class::<v1::Dog>());
    let (tom, tim, _) = fill(&mut world);
    let text = save(&world);
    check_refused("", "save.damaged", &["no save file"]);
    check_refused(&text[..text.len() / 2], "save.damaged", &["damaged"]);
    check_refused(&text.replace("black", "white"), "save.damaged", &["checksum", "take the line"]);
    check_refused(&text.replace("reload-core world", "tax return"), "save.damaged", &["tax return"]);
    check_refused(&text.replace("\"version\": 1", "\"version\": 2"), "save.version", &["reads version 1"]);
    check_refused(&text, "migrate.value", &["game::Cat.name", &tim.to_string(), "Tim"]);
    // Edited by hand, and the line with the checksum taken out.
    let by_hand: String = text.lines().filter(|line| !line.starts_with("\"checksum\"")).collect();
    let twice = by_hand.replace(&format!("[\"{tom}\""), "[\"#7.7\"");
    check_refused(&twice, "save.damaged", &["#7.7"]);
    let (mut again, _session, _log) = open(library().class::<v1::Cat>().class::<v1::Dog>());
    restore(&mut again, &by_hand.replace("black", "white"));
    assert_eq!(again.get::<v1::Cat>(tom).expect("alive").colour, "white");
}

mod deep {
    use super::*;
    use reload_core::State;
    #[derive(Default, State)]
    pub struct Node {
        pub next: Option<Box<Node>>,
    }
    #[game_class(path = "game::Chain", no_handlers)]
    #[derive(Default)]
    pub struct Chain {
        pub first: Node,
    }
    #[derive(Default, State)]
    pub struct Branch {
        pub under: Vec<Branch>,
    }
    #[game_class(path = "game::Tree", no_handlers)]
    #[derive(Default)]
    pub struct Tree {
        pub trunk: Branch,
    }
    pub mod newer {
        use super::*;
        #[game_class(path = "game::Tree")]
        #[derive(Default)]
        pub struct Tree {
            pub trunk: Branch,
            pub note: String,
        }
        #[game_class]
        impl Tree {
            fn migrate(_: &OldState<'_>, mut carried: Self) -> Result<Self, MigrateError> {
                carried.note = "went through the hook".into();
                Ok(carried)
            }
        }
    }
}

#[test]
fn deeply_nested_state_comes_back_and_what_is_too_deep_is_told() {
    let chain = |links: usize| deep::Chain {
        first: (0..links).fold(deep::Node::default(), |node, _| deep::Node { next: Some(Box::new(node)) }),
    };
    let (mut world, _session, _log) = open(library().class::<deep::Chain>());
    let id = world.spawn(chain(90)).expect("a class");
    let text = save(&world);
    restore(&mut world, &text);
    assert_eq!(save(&world), text);
    let _ = world.destroy(id);
    let id = world.spawn(chain(1_000)).expect("a class");
    let error = world.save().expect_err("too deep").to_string();
    assert!(error.contains(&format!("game::Chain {id}")) && error.contains("nested deeper"), "{error}");
}

#[test]
fn a_hook_sees_state_that_is_deeper_than_a_reader_of_json_goes_by_itself() {
    let (mut world, _session, _log) = open(library().class::<deep::Tree>());
    let trunk = (0..80).fold(deep::Branch::default(), |branch, _| deep::Branch { under: vec![branch] });
    let id = world.spawn(deep::Tree { trunk }).expect("a class");
    let (mut newer, _session, _log) = open(library().class::<deep::newer::Tree>());
    restore(&mut newer, &save(&world));
    assert_eq!(newer.get::<deep::newer::Tree>(id).expect("alive").note, "went through the hook");
}
