//! Objects that are looked at while code of theirs runs, or while somebody changes them.

use super::{library, open};
use reload_core::{
    InProcess, LibrarySource, MigrateError, ObjectId, OldState, ReloadSession, State, World, game_class,
};
use std::cell::{Cell, RefCell};

#[game_class(path = "game::Bag", no_handlers)]
#[derive(Default)]
pub struct Bag {
    pub names: RefCell<Vec<String>>,
}

mod wider {
    use super::*;
    #[game_class(path = "game::Bag")]
    #[derive(Default)]
    pub struct Bag {
        pub names: RefCell<Vec<String>>,
        pub size: u8,
    }
    #[game_class]
    impl Bag {
        fn migrate(_: &OldState<'_>, carried: Self) -> Result<Self, MigrateError> {
            Ok(carried)
        }
    }
}

#[test]
fn what_somebody_changes_is_not_read() {
    let (mut world, session, _log) = open(library().class::<Bag>());
    let names = ["a", "a", "b"].map(|name| name.repeat(40)).to_vec();
    let id = world.spawn(Bag { names: RefCell::new(names) }).expect("its class is linked");
    let bag = world.get::<Bag>(id).expect("it lives");
    let mut looks = 0;
    bag.names.borrow_mut().dedup_by(|one, other| {
        looks += 1;
        let told = world.inspect(id).expect("it lives").to_string();
        assert!(told.contains("unreadable") && told.contains("borrowed to be changed"), "{told}");
        let error = world.save().expect_err("it cannot be read").to_string();
        assert!(error.contains("names") && error.contains("borrowed to be changed"), "{error}");
        let plan = session.plan_offer(&world, library().class::<wider::Bag>());
        let told = format!("{:?}", plan.problems);
        assert!(told.contains("borrowed to be changed"), "{told}");
        one == other
    });
    assert_eq!(looks, 2);
    assert_eq!(world.inspect(id).expect("it lives")["names"].as_array().map(Vec::len), Some(2));
}

thread_local! {
    static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
    static DESK: Cell<ObjectId> = const { Cell::new(ObjectId::NONE) };
    static TRIES: Cell<usize> = const { Cell::new(0) };
}

/// Empties what it lies in while it is written, if it gets at it.
#[derive(Default)]
pub struct Note(String);

impl serde::Serialize for Note {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WORLD.with_borrow(|world| {
            TRIES.set(TRIES.get() + 1);
            if let Some(desk) = world.as_ref().and_then(|world| world.get::<Desk>(DESK.get())) {
                desk.notes.take();
            }
        });
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Note {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

#[derive(Default, State)]
pub struct Item {
    #[field(serde)]
    note: Note,
    text: String,
}

#[game_class(path = "game::Desk", no_handlers)]
#[derive(Default)]
pub struct Desk {
    notes: Cell<Vec<Item>>,
}

#[test]
fn what_is_read_does_not_go_away_meanwhile() {
    let (mut world, session, _log) = open(library().class::<Desk>());
    let item = |text: &str| Item { note: Note(text.to_owned()), text: text.repeat(50) };
    let notes = Cell::new(vec![item("a"), item("b")]);
    DESK.set(world.spawn(Desk { notes }).expect("its class is linked"));
    WORLD.set(Some(world));
    WORLD.with_borrow(|world| {
        let world = world.as_ref().expect("just put there");
        let json = world.inspect(DESK.get()).expect("it lives");
        assert_eq!((json["notes"][1]["note"].as_str(), TRIES.get()), (Some("b"), 2), "{json}");
        let text = world.save().expect("it can be read").text;
        assert!(text.contains(&"b".repeat(50)) && TRIES.get() == 4);
        assert!(session.plan_offer(world, library().class::<Desk>()).problems.is_empty());
        assert!(world.get::<Desk>(DESK.get()).is_some(), "nobody reads any more");
    });
    drop(WORLD.take());
}

#[game_class(path = "game::One", no_handlers)]
#[derive(Default)]
pub struct One {}

#[test]
fn a_session_is_refused_another_world() {
    let own = || InProcess::new().class::<One>();
    let (mut world, mut other) = (World::new(), World::new());
    let open = |world: &mut World| {
        ReloadSession::open(LibrarySource::in_process("game", own()), world).unwrap_or_else(|error| panic!("{error}"))
    };
    let (mut session, _other) = (open(&mut world), open(&mut other));
    session.offer(&mut world, own().class::<Bag>());
    let reports = [session.undo(&mut other).expect("something ran before"), session.offer(&mut other, own())];
    for report in &reports {
        let [problem] = report.problems() else { panic!("one problem expected\n{report}") };
        assert_eq!(problem.code, "session.other_world", "{report}");
    }
    assert_eq!(other.classes().len(), 1, "nothing has changed");
    assert!(session.undo(&mut world).expect("something ran before").is_reloaded());
}

/// Of this crate, as the classes below are by their paths.
#[derive(Default, serde::Serialize, serde::Deserialize)]
pub struct Foo(u32);

/// A class as one library was built with it.
macro_rules! base {
    ($name:ident $($more:item)*) => {
        mod $name {
            use super::*;
            #[game_class(path = "world::Base", no_handlers)]
            #[derive(Default)]
            pub struct Base {
                #[field(serde)]
                pub foo: Foo,
            }
            $($more)*
        }
    };
}
base!(one);
base!(other
    #[game_class(path = "world::Based", base = Base, no_handlers)]
    #[derive(Default)]
    pub struct Based {
        pub base: Base,
    }
);

#[test]
fn two_libraries_share_no_base_with_a_part_that_neither_can_compare() {
    let (mut world, _session, _log) = open(library().class::<one::Base>());
    let second = LibrarySource::in_process("other", library().class::<other::Based>());
    let rejection = ReloadSession::open(second, &mut world).expect_err("`Foo` may be another one");
    let [problem] = rejection.problems() else { panic!("{rejection}") };
    assert_eq!((problem.code, problem.subject.as_str()), ("field.opaque_own", "world::Base.foo"), "{rejection}");
}
