//! A fault as a person needs it at two in the morning: what happened, where, and what to do.

use serde::Serialize;
use std::fmt;

/// One thing that is wrong. Whatever is reported this way, the running code goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Problem {
    /// A stable name for tools: `library.truncated`.
    pub code: &'static str,
    /// Where: a path, a class, a field.
    pub subject: String,
    /// What happened.
    pub message: String,
    /// What to do, and what still works meanwhile.
    pub advice: String,
}

impl Problem {
    /// A problem with `subject`.
    #[must_use]
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
        write!(f, "{}: {} [{}]", self.subject, self.message, self.code)?;
        if self.advice.is_empty() { Ok(()) } else { write!(f, "\n  = help: {}", self.advice) }
    }
}

impl std::error::Error for Problem {}

/// Why something was not accepted: every problem that one pass found, at least one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Rejection(Vec<Problem>);

impl Rejection {
    /// `Ok` if there are no problems.
    ///
    /// # Errors
    ///
    /// All of `problems`, if there are any.
    pub fn unless_empty(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self(problems)) }
    }

    /// The problems, in the order in which they were found; never empty.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }

    /// Whether one of the problems has this code.
    #[must_use]
    pub fn has(&self, code: &str) -> bool {
        self.0.iter().any(|problem| problem.code == code)
    }

    /// Adds a problem.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }
}

impl From<Problem> for Rejection {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl IntoIterator for Rejection {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Rejection {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejection_shows_every_problem_with_its_advice() {
        let mut rejection = Rejection::from(Problem::new("a.b", "here", "it broke", "mend it"));
        rejection.push(Problem::new("c.d", "there", "so did this", ""));
        assert_eq!(rejection.to_string(), "here: it broke [a.b]\n  = help: mend it\nthere: so did this [c.d]");
        assert!(rejection.has("c.d") && !rejection.has("c"));
        assert!(Rejection::unless_empty(Vec::new()).is_ok());
    }
}
