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
    /// The library no longer has it. Its objects are parked: they keep their ids and state, receive
    /// nothing, and go on when the class comes back.
    Removed,
}

/// What a reload means for one class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassChange {
    /// The class's path.
    pub path: String,
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
    /// Loops that it runs from now on.
    pub loops_added: Vec<String>,
    /// Loops that it no longer runs.
    pub loops_removed: Vec<String>,
    /// Objects that rested because of a panic and receive events again.
    pub released: usize,
}

impl ClassChange {
    /// Whether the class does anything else than before, as far as can be seen from outside of its code.
    #[must_use]
    pub fn is_visible(&self) -> bool {
        self.fate != ClassFate::Updated
            || self.released > 0
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
        if self.released > 0 {
            write!(f, " {} awake again", self.released)?;
        }
        if self.fate == ClassFate::Removed && self.instances > 0 {
            write!(f, " parked until the class comes back")?;
        }
        Ok(())
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
        /// Queued and delayed events that were dropped because their event is gone or has another layout, by name.
        dropped_events: Vec<(String, usize)>,
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
                let (visible, same): (Vec<_>, Vec<_>) = classes.iter().partition(|class| class.is_visible());
                for class in visible {
                    write!(f, "\n  {class}")?;
                }
                if !same.is_empty() {
                    let objects: usize = same.iter().map(|class| class.instances).sum();
                    write!(
                        f,
                        "\n  ~ {} {} with the same events and loops ({objects} {})",
                        same.len(),
                        if same.len() == 1 { "class" } else { "classes" },
                        plural(objects, "object")
                    )?;
                }
                for (name, count) in dropped_events {
                    write!(
                        f,
                        "\n  ! {count} queued {} of event_{name} dropped: its declaration changed",
                        plural(*count, "event")
                    )?;
                }
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
