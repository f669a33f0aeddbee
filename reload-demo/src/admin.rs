//! Who may use the commands that begin with `@`, and what those commands are. Knows nothing of the world.

use crate::net::ConnectionId;
use core::time::Duration;
use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

/// Wrong tokens that a connection may try before it is closed.
const TRIES: u8 = 3;

/// Wrong tokens that are judged in a second, whoever sends them: many connections guess no faster than one.
const JUDGED: u32 = 5;

/// What `@help` shows.
pub const HELP: &str = "\
@reload          the last reloads: what changed, or why not
@classes         every class: its objects, events and loops
@inspect <thing> everything in an object: goblin, here, me, town, or an id such as #3.0
@undo            back to the code that ran before, the state as well
@hold on | off   whether new code waits for @apply
@plan            what @apply would do, or else what @undo would do
@apply           take the code that waits, or the one that was refused last
@attic           what is kept of fields and classes that are gone; @attic purge ends it
@save            write the world to its file
@restart         build the host anew and let it take over, with everybody still connected
@help            this";

/// A command of an admin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `@reload`
    Reports,
    /// `@classes`
    Classes,
    /// `@inspect <thing>`
    Inspect(String),
    /// `@undo`
    Undo,
    /// `@hold on`, `@hold off`
    Hold(bool),
    /// `@plan`
    Plan,
    /// `@apply`
    Apply,
    /// `@attic`, `@attic purge`
    Attic {
        /// Whether to empty it.
        purge: bool,
    },
    /// `@save`
    Save,
    /// `@restart`
    Restart,
    /// `@help`
    Help,
}

/// What becomes of a line that begins with `@`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Do it.
    Obey(Command),
    /// Say this instead.
    Answer(&'static str),
    /// Close the connection with this farewell.
    Close(&'static str),
}

/// The connections that have shown the token.
#[derive(Debug)]
pub struct Admins {
    token: String,
    known: HashSet<ConnectionId>,
    failed: HashMap<ConnectionId, u8>,
    /// When the second began that wrong tokens are counted in, and how many there were.
    judged: (Instant, u32),
}

impl Admins {
    /// Nobody yet.
    #[must_use]
    pub fn new(token: String) -> Self {
        Self { token, known: HashSet::new(), failed: HashMap::new(), judged: (Instant::now(), 0) }
    }

    /// Those who have shown the token already.
    #[must_use]
    pub fn resume(token: String, known: Vec<ConnectionId>) -> Self {
        Self { known: known.into_iter().collect(), ..Self::new(token) }
    }

    /// The token.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.token
    }

    /// A token that nobody can guess within the limits of the network.
    ///
    /// # Errors
    ///
    /// When the system has no random numbers.
    pub fn token() -> Result<String, getrandom::Error> {
        Ok(format!("{:016x}", getrandom::u64()?))
    }

    /// Decides about a line that begins with `@`.
    pub fn decide(&mut self, from: ConnectionId, line: &str) -> Verdict {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        if verb == "@admin" {
            return self.admit(from, rest);
        }
        if !self.known.contains(&from) {
            return Verdict::Answer("That needs the admin token, which the host printed at its start: @admin TOKEN");
        }
        match (verb, rest) {
            ("@reload" | "@reloads", _) => Verdict::Obey(Command::Reports),
            ("@classes", _) => Verdict::Obey(Command::Classes),
            ("@inspect", "") => Verdict::Answer("Inspect what? Try @inspect here."),
            ("@inspect", thing) => Verdict::Obey(Command::Inspect(thing.to_owned())),
            ("@undo", _) => Verdict::Obey(Command::Undo),
            ("@hold", "on" | "") => Verdict::Obey(Command::Hold(true)),
            ("@hold", "off") => Verdict::Obey(Command::Hold(false)),
            ("@plan", _) => Verdict::Obey(Command::Plan),
            ("@apply", _) => Verdict::Obey(Command::Apply),
            ("@attic", "purge") => Verdict::Obey(Command::Attic { purge: true }),
            ("@attic", "") => Verdict::Obey(Command::Attic { purge: false }),
            ("@save", _) => Verdict::Obey(Command::Save),
            ("@restart", _) => Verdict::Obey(Command::Restart),
            ("@help", _) => Verdict::Obey(Command::Help),
            _ => Verdict::Answer("There is no such command. @help lists them."),
        }
    }

    fn admit(&mut self, from: ConnectionId, token: &str) -> Verdict {
        if self.judged.0.elapsed() >= Duration::from_secs(1) {
            self.judged = (Instant::now(), 0);
        }
        if self.judged.1 >= JUDGED {
            return Verdict::Answer(
                "There are too many wrong tokens just now, and yours was not looked at: wait a second.",
            );
        }
        if same(token, &self.token) {
            self.failed.remove(&from);
            self.known.insert(from);
            tracing::info!(connection = from, "admin");
            return Verdict::Answer(
                "You may use the commands that begin with @ now; @help lists them. Reloads are told to you.",
            );
        }
        self.judged.1 += 1;
        let failed = self.failed.entry(from).or_default();
        *failed = failed.saturating_add(1);
        tracing::warn!(connection = from, tries = *failed, "wrong admin token");
        if *failed < TRIES {
            Verdict::Answer("That is not the token.")
        } else {
            Verdict::Close("That is not the token. Goodbye.")
        }
    }

    /// The connections that have shown the token.
    pub fn all(&self) -> impl Iterator<Item = ConnectionId> {
        self.known.iter().copied()
    }

    /// A connection has ended.
    pub fn forget(&mut self, id: ConnectionId) {
        self.known.remove(&id);
        self.failed.remove(&id);
    }
}

/// Compares without telling by its duration how much was right.
fn same(left: &str, right: &str) -> bool {
    left.len() == right.len() && left.bytes().zip(right.bytes()).fold(0, |all, (left, right)| all | (left ^ right)) == 0
}

#[cfg(test)]
mod tests {
    use super::{Admins, Command, JUDGED, Verdict};

    #[test]
    fn commands_need_the_token() {
        let mut admins = Admins::new("letmein".into());
        assert!(matches!(admins.decide(1, "@classes"), Verdict::Answer(_)));
        assert!(matches!(admins.decide(1, "@admin letmein"), Verdict::Answer(_)));
        assert_eq!(admins.decide(1, "@classes"), Verdict::Obey(Command::Classes));
        assert_eq!(admins.decide(1, "@inspect  the goblin "), Verdict::Obey(Command::Inspect("the goblin".into())));
        assert!(matches!(admins.decide(2, "@classes"), Verdict::Answer(_)));
        admins.forget(1);
        assert!(matches!(admins.decide(1, "@reload"), Verdict::Answer(_)));
    }

    #[test]
    fn guessing_ends_the_connection() {
        let mut admins = Admins::new("letmein".into());
        for guess in ["@admin", "@admin letmei"] {
            assert!(matches!(admins.decide(1, guess), Verdict::Answer(_)), "{guess}");
        }
        for _ in 0..1000 {
            admins.judged.1 = 0;
            assert!(matches!(admins.decide(1, "@admin letmeinn"), Verdict::Close(_)));
        }
        assert_eq!(admins.all().count(), 0);
    }

    #[test]
    fn many_connections_guess_no_faster_than_one() {
        let mut admins = Admins::new("letmein".into());
        admins.judged.0 += core::time::Duration::from_secs(60);
        for guessing in 0..JUDGED.into() {
            assert_eq!(admins.decide(guessing, "@admin no"), Verdict::Answer("That is not the token."));
        }
        // Not even the right one: else the rest could be guessed.
        for token in ["@admin no", "@admin letmein"] {
            let verdict = admins.decide(99, token);
            assert!(matches!(verdict, Verdict::Answer(told) if told.contains("wait")), "{verdict:?}");
        }
        admins.judged.0 = std::time::Instant::now();
        std::thread::sleep(core::time::Duration::from_millis(1100));
        admins.decide(99, "@admin letmein");
        assert_eq!(admins.all().count(), 1);
    }
}
