//! What is wrong with a candidate, said to the person who has to mend it.

use core::fmt;
use serde::Serialize;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Stable and short, for tools: `class.duplicate`.
    pub code: &'static str,
    /// What it is about: a path, a class, a field.
    pub subject: String,
    /// What happened.
    pub message: String,
    /// What to do.
    pub advice: String,
}

impl Problem {
    /// A problem.
    pub fn new(
        code: &'static str,
        subject: impl Into<String>,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { code, subject: subject.into(), message: message.into(), advice: advice.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.message)?;
        if !self.advice.is_empty() {
            write!(f, "\n    -> {}", self.advice)?;
        }
        Ok(())
    }
}

/// Why a candidate does not run: one problem or more. What ran before goes on running.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejection(Vec<Problem>);

impl Rejection {
    /// `Ok` if there is no problem.
    ///
    /// # Errors
    ///
    /// All problems.
    pub fn unless_empty(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self(problems)) }
    }

    /// The problems, at least one.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }
}

impl From<Problem> for Rejection {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            write!(f, "  - {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Rejection {}
impl std::error::Error for Problem {}
