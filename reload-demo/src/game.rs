//! The core imported into an engine: a world, a session that keeps its code fresh, and the network on the other side.

use crate::{
    admin::{self, Admins, Command, Verdict},
    answer,
    keeper::Keeper,
    net::{ConnectionId, NetEvent, Outbox},
};
use anyhow::Context;
use core::time::Duration;
use mud_protocol::{Find, Found, Hangup, Input, Joined, Left, Output, Resumed, Tick};
use reload_core::{
    AtticSelection, ClassSummary, Hang, LibrarySource, ObjectId, ObjectStatus, Rejection, ReloadReport, ReloadSession,
    RestoreReport, World,
};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeSet, VecDeque},
    fs::File,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

#[cfg(feature = "linked")]
use mud_logic as _;

/// The object that the game starts from.
const TOWN: &str = "mud_logic::town::Town";
/// Reports that `@reload` shows.
const REPORTS: usize = 5;
/// Objects that `@inspect` shows.
const INSPECTED: usize = 3;

/// What somebody reads whose player takes no events.
const UNHEARD: &str = "Nothing comes of it: your part of the game has failed, and rests until its code is mended. \
`quit` leaves.";

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
    keeper: Keeper,
    /// Whether new code waits for @apply.
    held: bool,
    /// Whether there may be something for [`Game::renew`]; raised on another thread.
    news: Arc<AtomicBool>,
    /// The connections that may speak.
    connected: Rc<RefCell<BTreeSet<ConnectionId>>>,
    /// The connection whose line is carried into the world, until the game answers it.
    unanswered: Rc<Cell<Option<ConnectionId>>>,
    /// Who has asked for a restart that nobody has begun yet.
    restart: Option<ConnectionId>,
    found: Rc<RefCell<Vec<ObjectId>>>,
}

impl Game {
    /// Loads the logic, building it if needed, and the world that `start` says. Answers with a sentence about it, unless it
    /// is an ordinary new one. A world that was handed over has players in it, who wait as long as `again` says so of what
    /// keeps it from going on: code that is broken just now can be mended.
    ///
    /// # Errors
    ///
    /// When there is no logic to start with, or the world cannot be read. Its file is left as it is.
    pub fn open(
        source: LibrarySource,
        outbox: Outbox,
        admins: Admins,
        keeper: Keeper,
        (start, again): (Start, &mut dyn FnMut(&anyhow::Error) -> bool),
    ) -> anyhow::Result<(Self, Option<String>)> {
        let mut world = World::new();
        let unanswered: Rc<Cell<Option<ConnectionId>>> = Rc::default();
        let (to_players, asked) = (outbox.clone(), Rc::clone(&unanswered));
        world.listen::<Output>(move |ev, _| {
            answered(&asked, ev.connection);
            to_players.send(ev.connection, &ev.text);
        });
        let connected: Rc<RefCell<BTreeSet<ConnectionId>>> = Rc::default();
        let (to_players, asked, speaking) = (outbox.clone(), Rc::clone(&unanswered), Rc::clone(&connected));
        world.listen::<Hangup>(move |ev, _| {
            // What they have typed after that is not heard.
            speaking.borrow_mut().remove(&ev.connection);
            answered(&asked, ev.connection);
            to_players.close(ev.connection, &ev.farewell);
        });
        let found: Rc<RefCell<Vec<ObjectId>>> = Rc::default();
        let answer = Rc::clone(&found);
        world.listen::<Found>(move |ev, _| answer.borrow_mut().extend_from_slice(&ev.objects));

        let players_wait = matches!(start, Start::HandedOver { .. });
        let unloaded = "the game's logic could not be loaded";
        let mut wait = |rejection: &Rejection| players_wait && again(&anyhow::anyhow!("{unloaded}: {rejection}"));
        let session = ReloadSession::open_patiently(source, &mut world, &mut wait).context(unloaded)?;
        let mut game = Self {
            world,
            session,
            outbox,
            admins,
            reports: VecDeque::new(),
            keeper,
            held: false,
            news: Arc::default(),
            connected,
            unanswered,
            restart: None,
            found,
        };
        let told = match start {
            Start::FromFile => {
                game.keeper.file().clean_up();
                match game.keeper.file().read()? {
                    Some(text) => Some(game.restore(&text)?),
                    None => game.begin().map(|()| None)?,
                }
            }
            Start::Fresh => {
                game.begin()?;
                // Not before it is known that there will be a new one.
                let kept = game.keeper.file().set_aside()?;
                kept.map(|kept| format!("A new world begins; the old one is kept in {}.", kept.display()))
            }
            Start::HandedOver { world, connections } => {
                game.connected.borrow_mut().extend(connections);
                loop {
                    match game.restore(&world) {
                        Ok(told) => break Some(told),
                        Err(error) if !again(&error) => return Err(error),
                        // Not `renew`, which saves the world: this one is not there yet.
                        Err(_) => drop(game.session.poll(&mut game.world)),
                    }
                }
            }
        };
        Ok((game, told))
    }

    fn begin(&mut self) -> anyhow::Result<()> {
        self.world.spawn_named(TOWN).context("the logic has no town to start with")?;
        Ok(())
    }

    fn restore(&mut self, text: &str) -> anyhow::Result<String> {
        let path = self.keeper.file().path().display().to_string();
        let report = self.world.restore(text).with_context(|| {
            format!("the world in {path} cannot be restored (--fresh starts a new one and keeps the file)")
        })?;
        if self.world.instances_of(TOWN).is_empty() {
            self.begin()?;
        }
        self.go_on();
        Ok(format!("{path}: {report}"))
    }

    /// Tells the game who is connected, because some may have missed who came and went.
    fn go_on(&mut self) {
        let connections = self.connected.borrow().iter().copied().collect();
        self.world.emit(&Resumed { connections });
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

    /// Writes the world to its file, or elsewhere if that cannot be. Answers with a sentence about it.
    ///
    /// # Errors
    ///
    /// When it is not in its file; the error says where it is instead.
    pub fn save(&mut self) -> anyhow::Result<String> {
        self.keeper.save_somewhere(&self.world)
    }

    /// Ends. What keeps other hosts from the world's file is for the next one.
    #[must_use]
    pub fn into_lock(self) -> Option<File> {
        self.keeper.into_file().into_lock()
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
        let news = Arc::clone(&self.news);
        self.session.wake_with(move || {
            news.store(true, Ordering::Relaxed);
            wake();
        });
    }

    /// Says whether new code waits for `@apply`.
    pub fn hold(&mut self, hold: bool) {
        self.held = hold;
        self.session.hold(hold);
    }

    /// Whether it does.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.held
    }

    /// Takes in new code, if there is any. To be called between turns: nothing of the game runs then.
    /// What happened is told to the admins and returned.
    pub fn renew(&mut self) -> Vec<ReloadReport> {
        if self.news.swap(false, Ordering::Relaxed) {
            self.save_before_code();
        }
        let reports = self.session.poll(&mut self.world);
        for report in &reports {
            self.remember(report);
        }
        reports
    }

    fn save_before_code(&mut self) {
        if let Some(told) = self.keeper.save_before_code(&self.world) {
            self.tell_admins(&told);
        }
    }

    fn remember(&mut self, report: &ReloadReport) {
        self.tell_admins(&answer::shortened(report.to_string()));
        if report.is_reloaded() {
            self.go_on();
        }
        self.reports.truncate(REPORTS - 1);
        self.reports.push_front(report.clone());
    }

    /// Lets time pass.
    pub fn advance(&mut self, seconds: f32) {
        self.world.emit(&Tick { dt: seconds });
        self.world.advance(seconds);
        for told in answer::gathered(&self.world.take_faults()) {
            self.tell_admins(&answer::shortened(told));
        }
        if let Some(told) = self.keeper.save_in_time(&self.world) {
            self.tell_admins(&told);
        }
    }

    /// Carries what happened on the network into the world.
    pub fn hear(&mut self, event: NetEvent) {
        match event {
            NetEvent::Connected { id, peer } => {
                tracing::info!(connection = id, %peer, "connected");
                self.connected.borrow_mut().insert(id);
                self.world.emit(&Joined { connection: id });
            }
            // Typed before the end of their connection was known to them, or to us.
            NetEvent::Line { id, .. } if !self.connected.borrow().contains(&id) => {}
            NetEvent::Line { id, text } if text.starts_with('@') => self.command(id, &text),
            NetEvent::Line { id, text } => self.input(id, text),
            NetEvent::Left { id, departure } => {
                tracing::info!(connection = id, "{departure}");
                self.admins.forget(id);
                self.connected.borrow_mut().remove(&id);
                self.world.emit(&Left { connection: id });
            }
        }
    }

    /// Carries a line into the world. Who cannot be heard there because of a fault is answered here.
    fn input(&mut self, from: ConnectionId, line: String) {
        let (quits, empty) = (line.trim().eq_ignore_ascii_case("quit"), line.trim().is_empty());
        self.unanswered.set(Some(from));
        self.world.emit(&Input { connection: from, line });
        if self.unanswered.take().is_none() || empty {
            return;
        }
        if quits {
            self.close(from, "Goodbye.");
        } else if !self.meant(from, "me").iter().any(|&player| self.world.status(player) == ObjectStatus::Live) {
            self.outbox.send(from, UNHEARD);
        }
    }

    fn close(&mut self, id: ConnectionId, farewell: &str) {
        self.connected.borrow_mut().remove(&id);
        self.outbox.close(id, farewell);
    }

    fn command(&mut self, from: ConnectionId, line: &str) {
        let answer = match self.admins.decide(from, line.trim()) {
            Verdict::Close(farewell) => return self.close(from, farewell),
            Verdict::Answer(text) => text.to_owned(),
            Verdict::Obey(Command::Help) => admin::HELP.to_owned(),
            Verdict::Obey(Command::Reports) => self.last_reports(),
            Verdict::Obey(Command::Classes) => self.classes(),
            Verdict::Obey(Command::Inspect(thing)) => self.inspect(from, &thing),
            Verdict::Obey(Command::Undo) => {
                self.save_before_code();
                let report = self.session.undo(&mut self.world);
                self.report_of(report, "Nothing ran before: there is nothing to go back to.")
            }
            Verdict::Obey(Command::Apply) => {
                self.save_before_code();
                let report = self.session.apply(&mut self.world);
                self.report_of(report, "No code waits.")
            }
            Verdict::Obey(Command::Hold(hold)) => {
                self.hold(hold);
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
            Verdict::Obey(Command::Save) => {
                self.keeper.save(&self.world).unwrap_or_else(|error| format!("not saved: {error:#}"))
            }
        };
        self.outbox.send(from, &answer::shortened(answer));
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
        if let Some(plan) = self.session.plan(&self.world) {
            return format!("What @apply would do:\n{plan}");
        }
        let undo =
            self.session.plan_undo(&self.world).map(|plan| format!("No code waits. What @undo would do:\n{plan}"));
        undo.unwrap_or_else(|| "No code waits, and nothing ran before.".to_owned())
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
            Err(_) => self.meant(from, thing),
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

    /// What the player at a connection means by `name`.
    fn meant(&mut self, from: ConnectionId, name: &str) -> Vec<ObjectId> {
        self.found.borrow_mut().clear();
        self.world.emit(&Find { connection: from, name: name.to_owned() });
        self.found.take()
    }

    fn show(&self, id: ObjectId) -> String {
        let Some(class) = self.world.class_of(id) else { return format!("{id} is no more.") };
        match self.world.inspect(id).map(|state| serde_json::to_string_pretty(&state)) {
            Some(Ok(state)) => format!("{id} {class} {state}"),
            _ => format!("{id} {class}: its state cannot be shown"),
        }
    }
}

/// The game answers a line of this connection.
fn answered(asked: &Cell<Option<ConnectionId>>, connection: ConnectionId) {
    if asked.get() == Some(connection) {
        asked.set(None);
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
