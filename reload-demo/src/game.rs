//! The core imported into an engine: a world, a session that keeps its code fresh, and the network on the other side.

use crate::{
    admin::{self, Admins, Command, Verdict},
    net::{ConnectionId, NetEvent, Outbox},
    world_file::WorldFile,
};
use anyhow::Context;
use core::time::Duration;
use mud_protocol::{Find, Found, Hangup, Input, Joined, Left, Output, Resumed, Tick};
use reload_core::{
    AtticSelection, ClassSummary, Hang, LibrarySource, ObjectId, ReloadReport, ReloadSession, RestoreReport, World,
};
use std::{cell::RefCell, collections::VecDeque, fs::File, rc::Rc};

#[cfg(feature = "linked")]
use mud_logic as _;

/// The object that the game starts from.
const TOWN: &str = "mud_logic::town::Town";
/// Reports that `@reload` shows.
const REPORTS: usize = 5;
/// Objects that `@inspect` shows.
const INSPECTED: usize = 3;

/// Where a world begins.
#[derive(Debug)]
pub enum Start {
    /// In its file, if there is one.
    FromFile,
    /// Anew: a file that is there gets another name.
    Fresh,
    /// Where the process before this one stopped.
    HandedOver {
        /// The world, saved.
        world: String,
        /// The connections that still exist.
        connections: Vec<ConnectionId>,
    },
}

/// Whether the logic can read a world.
///
/// # Errors
///
/// Why it cannot.
pub fn check(source: LibrarySource, text: &str) -> anyhow::Result<RestoreReport> {
    let mut world = World::new();
    let _session = ReloadSession::open(source, &mut world).context("the game's logic could not be loaded")?;
    world.restore(text).context("the world cannot be restored")
}

/// The world, with the code that runs in it and the way to the players.
#[derive(Debug)]
pub struct Game {
    world: World,
    session: ReloadSession,
    outbox: Outbox,
    admins: Admins,
    reports: VecDeque<ReloadReport>,
    file: WorldFile,
    /// Who has asked for a restart that nobody has begun yet.
    restart: Option<ConnectionId>,
    found: Rc<RefCell<Vec<ObjectId>>>,
}

impl Game {
    /// Loads the logic, building it if needed, and the world that `start` says. Answers with a sentence about it, unless it
    /// is an ordinary new one.
    ///
    /// # Errors
    ///
    /// When there is no logic to start with, or the world cannot be read. Its file is left as it is.
    pub fn open(
        source: LibrarySource,
        outbox: Outbox,
        admins: Admins,
        file: WorldFile,
        start: Start,
    ) -> anyhow::Result<(Self, Option<String>)> {
        let mut world = World::new();
        let to_players = outbox.clone();
        world.listen::<Output>(move |ev, _| to_players.send(ev.connection, &ev.text));
        let to_players = outbox.clone();
        world.listen::<Hangup>(move |ev, _| to_players.close(ev.connection, &ev.farewell));
        let found: Rc<RefCell<Vec<ObjectId>>> = Rc::default();
        let answer = Rc::clone(&found);
        world.listen::<Found>(move |ev, _| answer.borrow_mut().extend_from_slice(&ev.objects));

        let session = ReloadSession::open(source, &mut world).context("the game's logic could not be loaded")?;
        let mut game = Self { world, session, outbox, admins, reports: VecDeque::new(), file, restart: None, found };
        let told = match start {
            Start::FromFile => {
                game.file.clean_up();
                match game.file.read()? {
                    Some(text) => Some(game.restore(&text, Vec::new())?),
                    None => game.begin().map(|()| None)?,
                }
            }
            Start::Fresh => {
                game.begin()?;
                // Not before it is known that there will be a new one.
                let kept = game.file.set_aside()?;
                kept.map(|kept| format!("A new world begins; the old one is kept in {}.", kept.display()))
            }
            Start::HandedOver { world, connections } => Some(game.restore(&world, connections)?),
        };
        Ok((game, told))
    }

    fn begin(&mut self) -> anyhow::Result<()> {
        self.world.spawn_named(TOWN).context("the logic has no town to start with")?;
        Ok(())
    }

    fn restore(&mut self, text: &str, connections: Vec<ConnectionId>) -> anyhow::Result<String> {
        let path = self.file.path().display().to_string();
        let report = self.world.restore(text).with_context(|| {
            format!("the world in {path} cannot be restored (--fresh starts a new one and keeps the file)")
        })?;
        if self.world.instances_of(TOWN).is_empty() {
            self.begin()?;
        }
        self.world.emit(&Resumed { connections });
        Ok(format!("{path}: {report}"))
    }

    /// Who has asked for a restart, once.
    pub fn restart_asked(&mut self) -> Option<ConnectionId> {
        self.restart.take()
    }

    /// Tells one connection something.
    pub fn tell(&self, to: ConnectionId, text: &str) {
        self.outbox.send(to, text);
    }

    /// The world as text.
    ///
    /// # Errors
    ///
    /// The first object that cannot be written.
    pub fn world_text(&self) -> anyhow::Result<String> {
        Ok(self.world.save()?.text)
    }

    /// The token, and who has shown it.
    #[must_use]
    pub fn admins(&self) -> (String, Vec<ConnectionId>) {
        (self.admins.secret().to_owned(), self.admins.all().collect())
    }

    /// Writes the world to its file. Answers with a sentence about it.
    ///
    /// # Errors
    ///
    /// When it cannot be written; the file that was there is as it was.
    pub fn save(&self) -> anyhow::Result<String> {
        let saved = self.world.save()?;
        self.file.write(&saved.text)?;
        let kibibytes = saved.text.len().div_ceil(1024);
        let mut told = format!("saved {} objects, {kibibytes} KiB, to {}", saved.objects, self.file.path().display());
        if saved.in_attic > 0 {
            told += &format!("; {} more are in the attic", saved.in_attic);
        }
        if !saved.left_out.is_empty() {
            told += &format!("; not in the file, because they are opaque: {}", saved.left_out.join(", "));
        }
        Ok(told)
    }

    /// Writes the world to its file, or elsewhere if that cannot be. Answers with a sentence about it.
    ///
    /// # Errors
    ///
    /// When it is not in its file; the error says where it is instead.
    pub fn save_somewhere(&self) -> anyhow::Result<String> {
        self.save().or_else(|error| {
            let file = WorldFile::write_elsewhere(&self.world_text()?).with_context(|| format!("{error:#}"))?;
            let file = file.display();
            Err(error.context(format!("the world is not in its file but in {file} (--world {file} starts from there)")))
        })
    }

    /// Ends. What keeps other hosts from the world's file is for the next one.
    #[must_use]
    pub fn into_lock(self) -> Option<File> {
        self.file.into_lock()
    }

    /// Tells `tell`, on another thread, of game code that does not return within `limit`.
    ///
    /// # Errors
    ///
    /// When the system has no thread for it.
    pub fn watch(&mut self, limit: Duration, tell: impl FnMut(&Hang) + Send + 'static) -> std::io::Result<()> {
        self.world.watchdog(limit, tell)
    }

    /// Has `wake` called, on another thread, when there is something for [`Game::renew`] to take in.
    pub fn wake_with(&mut self, wake: impl Fn() + Send + 'static) {
        self.session.wake_with(wake);
    }

    /// Takes in new code, if there is any. To be called between turns: nothing of the game runs then.
    /// What happened is told to the admins and returned.
    pub fn renew(&mut self) -> Vec<ReloadReport> {
        let reports = self.session.poll(&mut self.world);
        for report in &reports {
            self.remember(report);
        }
        reports
    }

    fn remember(&mut self, report: &ReloadReport) {
        self.tell_admins(&report.to_string());
        self.reports.truncate(REPORTS - 1);
        self.reports.push_front(report.clone());
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
            Verdict::Obey(Command::Undo) => {
                let report = self.session.undo(&mut self.world);
                self.report_of(report, "Nothing ran before: there is nothing to go back to.")
            }
            Verdict::Obey(Command::Apply) => {
                let report = self.session.apply(&mut self.world);
                self.report_of(report, "No code waits.")
            }
            Verdict::Obey(Command::Hold(hold)) => {
                self.session.hold(hold);
                if hold {
                    "New code waits for @apply from now on; @plan shows what it would do."
                } else {
                    "New code is taken at once."
                }
                .to_owned()
            }
            Verdict::Obey(Command::Plan) => self.plan(),
            Verdict::Obey(Command::Attic { purge }) => self.attic(purge),
            Verdict::Obey(Command::Restart) => {
                self.restart = Some(from);
                "The new host is built and tried; you will be told. The town goes on meanwhile.".to_owned()
            }
            Verdict::Obey(Command::Save) => self.save().unwrap_or_else(|error| format!("not saved: {error:#}")),
        };
        self.outbox.send(from, &answer);
    }

    /// Every admin is told of a report, so there is nothing left to answer.
    fn report_of(&mut self, report: Option<ReloadReport>, otherwise: &str) -> String {
        match report {
            Some(report) => {
                self.remember(&report);
                "That was it.".to_owned()
            }
            None => otherwise.to_owned(),
        }
    }

    fn plan(&self) -> String {
        let plan = self.session.plan(&self.world).or_else(|| self.session.plan_undo(&self.world));
        plan.map_or_else(|| "No code waits, and nothing ran before.".to_owned(), |plan| plan.to_string())
    }

    fn attic(&mut self, purge: bool) -> String {
        if !purge {
            return self.world.attic().to_string();
        }
        let (objects, values) = self.world.purge_attic(AtticSelection::All);
        format!("gone for good: {objects} objects and {values} values of fields")
    }

    /// Tells everybody who has shown the token something.
    pub fn tell_admins(&self, text: &str) {
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
    let parked = if class.present { "" } else { ", in the attic: the class is gone" };
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
