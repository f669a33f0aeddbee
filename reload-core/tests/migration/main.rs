//! Objects whose class gets another shape, in process: what they become, what they are told, where the rest goes, and
//! that whatever fails leaves the world as it was.
#![allow(missing_docs, unreachable_pub, reason = "a test")]

mod attic;
mod bare;
mod bases;
mod going_on;
mod hook;
mod left;
mod plan;
mod token;
mod told;
mod transaction;
mod unborn;
mod undo;

use reload_core::{Ctx, InProcess, LibrarySource, ObjectId, ReloadReport, ReloadSession, World, event_table};
use std::{cell::RefCell, rc::Rc};

event_table! {
    pub table Events {
        Test,
        Heard { who: ObjectId, what: String },
    }
}

/// One version of a class with the path `game::It`.
macro_rules! version {
    ($name:ident { $($fields:tt)* } $($body:item)*) => {
        pub mod $name {
            #[allow(unused_imports, reason = "not every version needs all")]
            use super::*;
            #[reload_core::game_class(path = "game::It", no_handlers)]
            #[derive(Default)]
            pub struct It { $($fields)* }
            $($body)*
        }
    };
}
pub(crate) use version;

/// A world with one library.
pub(crate) struct Game {
    pub(crate) world: World,
    pub(crate) session: ReloadSession,
    heard: Rc<RefCell<Vec<(ObjectId, String)>>>,
}

pub(crate) fn library() -> InProcess {
    InProcess::new().table::<Events>()
}

impl Game {
    pub(crate) fn open(library: InProcess) -> Self {
        let mut world = World::new();
        let session = ReloadSession::open(LibrarySource::in_process("game", library), &mut world)
            .unwrap_or_else(|error| panic!("{error}"));
        let heard = Rc::new(RefCell::new(Vec::new()));
        let sink = heard.clone();
        world.listen(move |event: &Heard, _: &mut Ctx| sink.borrow_mut().push((event.who, event.what.clone())));
        Self { world, session, heard }
    }

    pub(crate) fn spawn(&mut self, path: &str) -> ObjectId {
        self.world.spawn_named(path).unwrap_or_else(|error| panic!("{error}"))
    }

    #[track_caller]
    pub(crate) fn reload(&mut self, library: InProcess) -> ReloadReport {
        let report = self.session.offer(&mut self.world, library);
        assert!(report.is_reloaded(), "{report}");
        report
    }

    #[track_caller]
    pub(crate) fn undo(&mut self) -> ReloadReport {
        let report = self.session.undo(&mut self.world).expect("something ran before");
        assert!(report.is_reloaded(), "{report}");
        report
    }

    /// What the objects said since the last time.
    pub(crate) fn heard(&self) -> Vec<(ObjectId, String)> {
        self.heard.borrow_mut().drain(..).collect()
    }

    pub(crate) fn json(&self, id: ObjectId) -> String {
        let Some(mut json) = self.world.inspect(id) else { return "nothing".to_owned() };
        // Versions have their fields in orders of their own.
        json.sort_all_objects();
        json.to_string()
    }

    /// Everything that can be seen of the world, the order in which objects receive an event included.
    pub(crate) fn snapshot(&mut self) -> Vec<String> {
        self.heard();
        self.world.emit(&Test);
        let order = self.heard().into_iter().map(|(id, what)| format!("{id} says {what}"));
        let mut seen: Vec<String> = order.collect();
        for class in self.world.classes() {
            seen.push(serde_json::to_string(&class).expect("it has a JSON form"));
            for id in self.world.instances_of(&class.path) {
                seen.push(format!("{id} {:?} {}", self.world.status(id), self.json(id)));
            }
        }
        seen.push(self.world.attic().to_string());
        seen.push(format!("{:?}", self.world.now()));
        seen
    }

    /// The reload is refused for one reason, of which the words are part, and changes nothing.
    #[track_caller]
    pub(crate) fn check_refused(&mut self, library: InProcess, code: &str, subject: &str, words: &[&str]) {
        let before = self.snapshot();
        let plan = self.session.plan_offer(&self.world, library.clone());
        let report = self.session.offer(&mut self.world, library);
        let [problem] = report.problems() else { panic!("one problem expected\n{report}") };
        assert_eq!((problem.code, problem.subject.as_str()), (code, subject), "{report}");
        for word in words {
            assert!(problem.message.contains(word), "{word:?} is not in\n{report}");
        }
        assert_eq!(plan.problems, report.problems(), "the plan says the same");
        assert_eq!(self.snapshot(), before, "nothing has changed");
    }
}
