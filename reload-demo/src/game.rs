//! The core imported into an engine: a world, a session that keeps its code fresh, and the network on the other side.

use crate::{
    admin::{self, Admins, Command, Verdict},
    net::{ConnectionId, NetEvent, Outbox},
};
use anyhow::Context;
use core::time::Duration;
use mud_protocol::{Find, Found, Hangup, Input, Joined, Left, Output, Tick};
use reload_core::{ClassSummary, Hang, LibrarySource, ObjectId, ReloadReport, ReloadSession, World};
use std::{cell::RefCell, collections::VecDeque, rc::Rc};

#[cfg(feature = "linked")]
use mud_logic as _;

/// The object that the game starts from.
const TOWN: &str = "mud_logic::town::Town";
/// Reports that `@reload` shows.
const REPORTS: usize = 5;
/// Objects that `@inspect` shows.
const INSPECTED: usize = 3;

/// The world, with the code that runs in it and the way to the players.
#[derive(Debug)]
pub struct Game {
    world: World,
    session: ReloadSession,
    outbox: Outbox,
    admins: Admins,
    reports: VecDeque<ReloadReport>,
    found: Rc<RefCell<Vec<ObjectId>>>,
}

impl Game {
    /// Loads the logic, building it if needed, and creates the town.
    ///
    /// # Errors
    ///
    /// When there is no logic to start with.
    pub fn open(source: LibrarySource, outbox: Outbox, admins: Admins) -> anyhow::Result<Self> {
        let mut world = World::new();
        let to_players = outbox.clone();
        world.listen::<Output>(move |ev, _| to_players.send(ev.connection, &ev.text));
        let to_players = outbox.clone();
        world.listen::<Hangup>(move |ev, _| to_players.close(ev.connection, &ev.farewell));
        let found: Rc<RefCell<Vec<ObjectId>>> = Rc::default();
        let answer = Rc::clone(&found);
        world.listen::<Found>(move |ev, _| answer.borrow_mut().extend_from_slice(&ev.objects));

        let session = ReloadSession::open(source, &mut world).context("the game's logic could not be loaded")?;
        world.spawn_named(TOWN).context("the logic has no town to start with")?;
        Ok(Self { world, session, outbox, admins, reports: VecDeque::new(), found })
    }

    /// Tells `tell`, on another thread, of game code that does not return within `limit`.
    ///
    /// # Errors
    ///
    /// When the system has no thread for it.
    pub fn watch(&mut self, limit: Duration, tell: impl FnMut(&Hang) + Send + 'static) -> std::io::Result<()> {
        self.world.watchdog(limit, tell)
    }

    /// Takes in new code, if there is any. To be called between turns: nothing of the game runs then.
    /// What happened is told to the admins and returned.
    pub fn renew(&mut self) -> Vec<ReloadReport> {
        let reports = self.session.poll(&mut self.world);
        for report in &reports {
            self.tell_admins(&report.to_string());
            self.reports.truncate(REPORTS - 1);
            self.reports.push_front(report.clone());
        }
        reports
    }

    /// Lets time pass.
    pub fn advance(&mut self, seconds: f32) {
        self.world.emit(&Tick { dt: seconds });
        self.world.advance(seconds);
        for fault in self.world.take_faults() {
            self.tell_admins(&format!("fault: {fault}"));
        }
    }

    /// Carries what happened on the network into the world.
    pub fn hear(&mut self, event: NetEvent) {
        match event {
            NetEvent::Connected { id, peer } => {
                tracing::info!(connection = id, %peer, "connected");
                self.world.emit(&Joined { connection: id });
            }
            NetEvent::Line { id, text } if text.starts_with('@') => self.command(id, &text),
            NetEvent::Line { id, text } => self.world.emit(&Input { connection: id, line: text }),
            NetEvent::Left { id, departure } => {
                tracing::info!(connection = id, "{departure}");
                self.admins.forget(id);
                self.world.emit(&Left { connection: id });
            }
        }
    }

    fn command(&mut self, from: ConnectionId, line: &str) {
        let answer = match self.admins.decide(from, line.trim()) {
            Verdict::Close(farewell) => return self.outbox.close(from, farewell),
            Verdict::Answer(text) => text.to_owned(),
            Verdict::Obey(Command::Help) => admin::HELP.to_owned(),
            Verdict::Obey(Command::Reports) => self.last_reports(),
            Verdict::Obey(Command::Classes) => self.classes(),
            Verdict::Obey(Command::Inspect(thing)) => self.inspect(from, &thing),
        };
        self.outbox.send(from, &answer);
    }

    fn tell_admins(&self, text: &str) {
        for admin in self.admins.all() {
            self.outbox.send(admin, text);
        }
    }

    fn last_reports(&self) -> String {
        if self.reports.is_empty() {
            return "Nothing has been reloaded yet. Edit the logic and save.".to_owned();
        }
        self.reports.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    fn classes(&self) -> String {
        self.world.classes().iter().map(describe).collect::<Vec<_>>().join("\n")
    }

    /// Objects by id, or by the name that the game knows them under.
    fn inspect(&mut self, from: ConnectionId, thing: &str) -> String {
        let objects = match thing.parse::<ObjectId>() {
            Ok(id) => vec![id],
            Err(_) => {
                self.found.borrow_mut().clear();
                self.world.emit(&Find { connection: from, name: thing.to_owned() });
                self.found.take()
            }
        };
        if objects.is_empty() {
            return format!("Nothing is called {thing}. An id such as #3.0 does as well.");
        }
        let mut shown: Vec<String> = objects.iter().take(INSPECTED).map(|&id| self.show(id)).collect();
        if objects.len() > INSPECTED {
            let rest: Vec<String> = objects[INSPECTED..].iter().map(ToString::to_string).collect();
            shown.push(format!("and {}", rest.join(", ")));
        }
        shown.join("\n")
    }

    fn show(&self, id: ObjectId) -> String {
        let Some(class) = self.world.class_of(id) else { return format!("{id} is no more.") };
        match self.world.inspect(id).map(|state| serde_json::to_string_pretty(&state)) {
            Some(Ok(state)) => format!("{id} {class} {state}"),
            _ => format!("{id} {class}: its state cannot be shown"),
        }
    }
}

/// One class in `@classes`.
fn describe(class: &ClassSummary) -> String {
    let base = class.base.as_ref().map(|base| format!(" on {base}")).unwrap_or_default();
    let parked = if class.present { "" } else { ", parked: its class is gone" };
    let mut text = format!(
        "{}{base}: {} {}, epoch {}{parked}\n    handles {}",
        class.path,
        class.instances,
        if class.instances == 1 { "object" } else { "objects" },
        class.epoch,
        list(&class.events),
    );
    if !class.loops.is_empty() {
        text += &format!("; loops {}", list(&class.loops));
    }
    if !class.quarantined.is_empty() {
        text += &format!("\n    rest until the next reload: {}", list(&class.quarantined));
    }
    text
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}
