//! What a reload did, for people and for tools.

use crate::validation::Problem;
#[cfg(feature = "hot")]
use crate::validation::Rejection;
use core::{fmt, time::Duration};
use serde::Serialize;

/// What became of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ClassFate {
    /// The library did not have it before.
    Created,
    /// It runs the new code.
    Updated,
    /// The library no longer has it. Its objects are in the attic: they keep their ids and state, receive
    /// nothing, and go on when the class comes back.
    Removed,
}

/// What a reload means for one class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassChange {
    /// The class's path.
    pub path: String,
    /// The path it had before, if it has another one now.
    pub was: Option<String>,
    /// What became of it.
    pub fate: ClassFate,
    /// The epoch that runs now.
    pub epoch: u32,
    /// Number of objects that the change applies to.
    pub instances: usize,
    /// Events that the class handles from now on, own and inherited, by name.
    pub events_added: Vec<String>,
    /// Events that it no longer handles.
    pub events_removed: Vec<String>,
    /// Events that it goes on to handle, and that have another name now.
    pub events_renamed: Vec<EventRename>,
    /// Loops that it runs from now on.
    pub loops_added: Vec<String>,
    /// Loops that it no longer runs.
    pub loops_removed: Vec<String>,
    /// Objects that rested because of a panic and receive events again.
    pub released: usize,
    /// What becomes of the fields of its objects; empty where their shape stays.
    pub fields: Vec<FieldChange>,
    /// Objects that come back out of the attic.
    pub returned: usize,
}

/// An event that has another name, as handlers have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventRename {
    /// The name that it has now.
    pub name: String,
    /// The name that it had.
    pub was: String,
}

/// What becomes of a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "fate")]
pub enum FieldFate {
    /// It is new: it has the value that it had before it went away, if it ever was there, else its default.
    Added,
    /// It is gone: its values are in the attic.
    Removed,
    /// It is gone and so are its values: its type's parts are not known (`#[field(opaque)]`).
    Lost,
    /// It had another name.
    Renamed {
        /// The name it had.
        #[serde(rename = "was")]
        from: String,
    },
    /// It has another type; its values were converted.
    Converted,
    /// It starts over (`#[field(reset)]`).
    Reset,
    /// No rule leads from the old type to the new one: the class's `migrate` says what it is.
    LeftToMigrate,
}

/// What a reload means for one field of a class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// The field as seen from the object: `base.hp`.
    pub field: String,
    /// What becomes of it.
    #[serde(flatten)]
    pub fate: FieldFate,
    /// The old type, where there was one.
    pub from: Option<String>,
    /// The new type, where there is one.
    pub to: Option<String>,
    /// What differs inside of the type.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
}

impl fmt::Display for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, fate, from, to, details } = self;
        let (from, to) = (from.as_deref().unwrap_or("nothing"), to.as_deref().unwrap_or("nothing"));
        match fate {
            FieldFate::Added => write!(f, "+{field}: {to}"),
            FieldFate::Removed => write!(f, "-{field}: {from} (kept in the attic)"),
            FieldFate::Lost => write!(f, "-{field}: {from} (opaque, so its values are gone)"),
            FieldFate::Renamed { from } => write!(f, "{field}: was called {from}"),
            FieldFate::Converted if from == to => write!(f, "{field}: {to} changed inside"),
            FieldFate::Converted => write!(f, "{field}: {from} -> {to}"),
            FieldFate::Reset => write!(f, "{field}: {to} starts over"),
            FieldFate::LeftToMigrate => write!(f, "{field}: {from} -> {to} by `migrate`"),
        }?;
        if details.is_empty() { Ok(()) } else { write!(f, " ({})", details.join(", ")) }
    }
}

impl ClassChange {
    /// Whether the class does anything else than before, as far as can be seen from outside of its code.
    #[must_use]
    pub fn is_visible(&self) -> bool {
        self.fate != ClassFate::Updated
            || self.released > 0
            || self.returned > 0
            || self.was.is_some()
            || !self.fields.is_empty()
            || !self.events_renamed.is_empty()
            || ![&self.events_added, &self.events_removed, &self.loops_added, &self.loops_removed]
                .into_iter()
                .all(Vec::is_empty)
    }
}

impl fmt::Display for ClassChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.fate {
            ClassFate::Created => '+',
            ClassFate::Updated => '~',
            ClassFate::Removed => '-',
        };
        write!(f, "{sign} {} ({} {})", self.path, self.instances, plural(self.instances, "object"))?;
        if let Some(was) = &self.was {
            write!(f, " was {was}")?;
        }
        for (sign, kind, names) in [
            ('+', "event", &self.events_added),
            ('-', "event", &self.events_removed),
            ('+', "loop", &self.loops_added),
            ('-', "loop", &self.loops_removed),
        ] {
            for name in names {
                write!(f, " {sign}{kind}_{name}")?;
            }
        }
        for EventRename { name, was } in &self.events_renamed {
            write!(f, " event_{name} (was event_{was})")?;
        }
        if self.released > 0 {
            write!(f, " {} awake again", self.released)?;
        }
        if self.returned > 0 {
            write!(f, " {} back from the attic", self.returned)?;
        }
        if self.fate == ClassFate::Removed && self.instances > 0 {
            write!(f, " to the attic until the class comes back")?;
        }
        for field in &self.fields {
            write!(f, "\n      {field}")?;
        }
        Ok(())
    }
}

/// Something that was queued, or waited for its time, and could not be carried over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DroppedEvent {
    /// `event_damaged`, or `spawn of game::Goblin`.
    pub name: String,
    /// How many.
    pub count: usize,
    /// Why.
    pub why: String,
}

impl fmt::Display for DroppedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, count, why } = self;
        write!(f, "{count} queued {name} dropped: {why}")
    }
}

/// How a candidate ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "outcome")]
pub enum Outcome {
    /// It runs.
    Reloaded {
        /// Every class of the library, before or now.
        classes: Vec<ClassChange>,
        /// Queued and delayed events that could not be carried over, by name.
        dropped_events: Vec<DroppedEvent>,
    },
    /// It does not run; what ran before goes on.
    Refused {
        /// Everything that is wrong with it.
        problems: Vec<Problem>,
    },
    /// There is none: the build failed. What ran before goes on.
    #[serde(rename = "build_failed")]
    BuildFailed {
        /// The compiler's errors.
        messages: String,
        /// What is wrong in one sentence, and what to do.
        problem: Problem,
    },
}

/// What a stage of a reload took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StageTime {
    /// The stage's name: `build`, `probe`, `commit`, ..
    pub stage: &'static str,
    /// Nanoseconds.
    #[serde(serialize_with = "nanoseconds")]
    pub took: Duration,
}

fn nanoseconds<S: serde::Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX))
}

/// What a reload would do, worked out without doing it: everything that could fail was tried and taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReloadPlan {
    /// The library.
    pub library: String,
    /// The epoch that runs.
    pub from_epoch: u32,
    /// The epoch that would run.
    pub epoch: u32,
    /// Why the reload would be refused; empty if it would not be.
    pub problems: Vec<Problem>,
    /// What would become of every class and its fields.
    pub classes: Vec<ClassChange>,
    /// Queued events that could not be carried over.
    pub dropped_events: Vec<DroppedEvent>,
    /// Bytes that would go to the attic.
    pub attic_bytes: usize,
    /// What the programmer should know besides.
    pub warnings: Vec<String>,
    /// What each stage took that was tried.
    pub stages: Vec<StageTime>,
}

impl ReloadPlan {
    /// Whether the reload would happen.
    #[must_use]
    pub const fn would_succeed(&self) -> bool {
        self.problems.is_empty()
    }
}

impl fmt::Display for ReloadPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.would_succeed() {
            write!(f, "a reload of {} would be refused, epoch {} would go on", self.library, self.from_epoch)?;
            return self.problems.iter().try_for_each(|problem| write!(f, "\n  - {problem}"));
        }
        write!(f, "a reload of {} would lead from epoch {} to {}", self.library, self.from_epoch, self.epoch)?;
        write_changes(f, &self.classes, &self.dropped_events)?;
        if self.attic_bytes > 0 {
            write!(f, "\n  {} bytes would go to the attic", self.attic_bytes)?;
        }
        self.warnings.iter().try_for_each(|warning| write!(f, "\n  ! {warning}"))
    }
}

fn write_changes(f: &mut fmt::Formatter<'_>, classes: &[ClassChange], dropped: &[DroppedEvent]) -> fmt::Result {
    let (visible, same): (Vec<_>, Vec<_>) = classes.iter().partition(|class| class.is_visible());
    for class in visible {
        write!(f, "\n  {class}")?;
    }
    if !same.is_empty() {
        let objects: usize = same.iter().map(|class| class.instances).sum();
        let noun = if same.len() == 1 { "class" } else { "classes" };
        let (count, objects_noun) = (same.len(), plural(objects, "object"));
        write!(f, "\n  ~ {count} {noun} with the same events and loops ({objects} {objects_noun})")?;
    }
    dropped.iter().try_for_each(|dropped| write!(f, "\n  ! {dropped}"))
}

/// What a reload did, or why it did not happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReloadReport {
    /// The library.
    pub library: String,
    /// The epoch that ran before.
    pub from_epoch: u32,
    /// The epoch that runs now.
    pub epoch: u32,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What each stage took, in order.
    pub stages: Vec<StageTime>,
    /// What the programmer should know besides.
    pub warnings: Vec<String>,
    /// Versions of the library that are mapped into the process.
    pub mapped_versions: usize,
}

impl ReloadReport {
    /// Whether the new code runs.
    #[must_use]
    pub const fn is_reloaded(&self) -> bool {
        matches!(self.outcome, Outcome::Reloaded { .. })
    }

    /// The changes of classes; empty if there was no reload.
    #[must_use]
    pub fn classes(&self) -> &[ClassChange] {
        match &self.outcome {
            Outcome::Reloaded { classes, .. } => classes,
            _ => &[],
        }
    }

    /// The problems; empty if there was a reload.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        match &self.outcome {
            Outcome::Refused { problems } => problems,
            _ => &[],
        }
    }

    /// From the first stage to the last.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.stages.iter().map(|stage| stage.took).sum()
    }

    /// A report of something that changed nothing.
    #[cfg(feature = "hot")]
    pub(crate) fn refused(library: &str, epoch: u32, rejection: &Rejection) -> Self {
        let outcome = Outcome::Refused { problems: rejection.problems().to_vec() };
        Self { outcome, ..Self::nothing(library, epoch) }
    }

    #[cfg(feature = "hot")]
    pub(crate) fn nothing(library: &str, epoch: u32) -> Self {
        Self {
            library: library.to_owned(),
            from_epoch: epoch,
            epoch,
            outcome: Outcome::Refused { problems: Vec::new() },
            stages: Vec::new(),
            warnings: Vec::new(),
            mapped_versions: 0,
        }
    }
}

impl fmt::Display for ReloadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            Outcome::Reloaded { classes, dropped_events } => {
                write!(f, "reloaded {}: epoch {} -> {}", self.library, self.from_epoch, self.epoch)?;
                self.write_stages(f)?;
                write_changes(f, classes, dropped_events)?;
            }
            Outcome::Refused { problems } => {
                write!(f, "refused {}: epoch {} goes on, nothing is lost", self.library, self.epoch)?;
                self.write_stages(f)?;
                for problem in problems {
                    write!(f, "\n  - {problem}")?;
                }
            }
            Outcome::BuildFailed { problem, .. } => {
                write!(f, "build of {} failed: epoch {} goes on, nothing is lost", self.library, self.epoch)?;
                write!(f, "\n  - {problem}")?;
            }
        }
        for warning in &self.warnings {
            write!(f, "\n  ! {warning}")?;
        }
        Ok(())
    }
}

impl ReloadReport {
    fn write_stages(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.stages.is_empty() {
            return Ok(());
        }
        write!(f, " in {:.1} ms (", self.took().as_secs_f64() * 1e3)?;
        for (at, stage) in self.stages.iter().enumerate() {
            let separator = if at == 0 { "" } else { ", " };
            write!(f, "{separator}{} {:.1}", stage.stage, stage.took.as_secs_f64() * 1e3)?;
        }
        write!(f, ")")
    }
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { noun.to_owned() } else { format!("{noun}s") }
}
