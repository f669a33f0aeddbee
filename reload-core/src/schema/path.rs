//! Where in a value something is, and what is wrong there.

use crate::boundary::Panicked;
use core::fmt;

/// Levels of nesting that are followed. Deeper values are refused: the walk itself needs stack.
pub(crate) const MAX_DEPTH: u32 = 400;

/// One step into a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'a> {
    /// The whole; named by its type.
    Root(&'a str),
    Field(&'a str),
    Index(usize),
    /// An element of a list that has so many: an index alone means another element when the list has changed.
    Element {
        index: usize,
        of: usize,
    },
    /// An element that has no place of its own: of a set, or of a map whose keys are not texts.
    Member(usize),
    /// The value at a key.
    Key(&'a str),
    /// The key of an entry.
    KeyItself,
    Variant(&'a str),
    /// What an owner, a proxy or `Some` holds: not shown.
    Within,
}

/// A place in a value, as a list that lies on the stack of the walk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
    /// The name that the field or variant had before, if it is another one.
    former: Option<&'a str>,
    depth: u32,
}

impl<'a> Path<'a> {
    pub(crate) const fn root(name: &'a str) -> Self {
        Self { parent: None, step: Step::Root(name), former: None, depth: 0 }
    }

    pub(crate) const fn then(&'a self, step: Step<'a>) -> Self {
        Self { parent: Some(self), step, former: None, depth: self.depth + 1 }
    }

    /// The field or variant at the end had another name before, perhaps.
    pub(crate) fn formerly(self, name: &'a str) -> Self {
        let former = match self.step {
            Step::Field(now) | Step::Variant(now) if now != name => Some(name),
            _ => None,
        };
        Self { former, ..self }
    }

    /// The place as seen from the root, such that equal texts mean the same place of equal values:
    /// `bag[3/7].weight`. What a value no longer has room for is kept under this name.
    pub(crate) fn key(&self) -> String {
        let mut key = String::new();
        self.write_key(&mut key, false);
        key
    }

    /// [`Path::key`] as it was before something on the way got another name; `None` if nothing did.
    pub(crate) fn former_key(&self) -> Option<String> {
        let renamed = core::iter::successors(Some(self), |path| path.parent).any(|path| path.former.is_some());
        renamed.then(|| {
            let mut key = String::new();
            self.write_key(&mut key, true);
            key
        })
    }

    fn write_key(&self, key: &mut String, former: bool) {
        if let Some(parent) = self.parent {
            parent.write_key(key, former);
        }
        let step = match (self.step, self.former.filter(|_| former)) {
            (Step::Field(_), Some(name)) => Step::Field(name),
            (Step::Variant(_), Some(name)) => Step::Variant(name),
            (step, _) => step,
        };
        match step {
            Step::Root(_) => {}
            Step::Field(name) if key.is_empty() => key.push_str(name),
            Step::Element { index, of } => key.push_str(&format!("[{index}/{of}]")),
            step => key.push_str(&step.to_string()),
        }
    }

    /// Whether the place can be found again in another value: it does not lead through something without order.
    pub(crate) fn can_be_found(&self) -> bool {
        !matches!(self.step, Step::Member(_) | Step::KeyItself) && self.parent.is_none_or(Path::can_be_found)
    }

    /// Whether only fields of structs lead there.
    pub(crate) fn is_of_fields(&self) -> bool {
        matches!(self.step, Step::Root(_) | Step::Field(_)) && self.parent.is_none_or(Path::is_of_fields)
    }

    /// A fault at this place.
    pub(crate) fn fault(&self, reason: Reason) -> Fault {
        Fault { place: self.to_string(), reason }
    }

    pub(crate) fn check_depth(&self) -> Result<(), Fault> {
        if self.depth < MAX_DEPTH { Ok(()) } else { Err(self.fault(Reason::TooDeep)) }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            fmt::Display::fmt(parent, f)?;
        }
        fmt::Display::fmt(&self.step, f)
    }
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Step::Root(name) => f.write_str(name),
            Step::Field(name) => write!(f, ".{name}"),
            Step::Index(index) | Step::Element { index, .. } => write!(f, "[{index}]"),
            Step::Member(index) => write!(f, "[~{index}]"),
            Step::Key(key) => write!(f, "[{key:?}]"),
            Step::KeyItself => f.write_str("[key]"),
            Step::Variant(name) => write!(f, "::{name}"),
            Step::Within => Ok(()),
        }
    }
}

/// Why a value could not be read or made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where: `game::Goblin.bag[3].weight`.
    pub place: String,
    /// Why.
    pub reason: Reason,
}

/// What is wrong at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Neither the field nor its type has a default, and none can be made from parts.
    NoDefault {
        /// The type.
        ty: String,
    },
    /// The type's parts are not known.
    Opaque {
        /// The type.
        ty: String,
    },
    /// A text that is not UTF-8.
    NotText {
        /// The type.
        ty: String,
    },
    /// It is borrowed to be changed.
    Borrowed {
        /// The owner's type.
        ty: String,
    },
    /// The value's serde form could not be made or read.
    Serde(String),
    /// A value that is to go to the attic cannot be written down; why.
    Unkept(String),
    /// The user's code panicked, or a value of this kind does not exist.
    Panicked(Panicked),
    /// Nested too deep.
    TooDeep,
    /// The value is one that the new type does not have.
    DoesNotFit {
        /// The value.
        value: String,
        /// The type that it should become.
        ty: String,
    },
    /// No rule leads from one type to the other.
    NoRule {
        /// The old type.
        from: String,
        /// The new type.
        to: String,
        /// Why not, where there is more to say.
        why: &'static str,
    },
    /// Something else than what the type needs.
    Expected {
        /// What the type needs.
        expected: String,
        /// What is there.
        found: String,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDefault { ty } => {
                write!(f, "no default for `{ty}`: give the field `#[field(default = ..)]`, or the type a `Default`")
            }
            Self::Opaque { ty } => write!(
                f,
                "the parts of `{ty}` are not known: `#[derive(State)]` on the type or `#[field(serde)]` on the field makes them so"
            ),
            Self::NotText { ty } => write!(f, "this `{ty}` is not UTF-8 text"),
            Self::Borrowed { ty } => write!(
                f,
                "this `{ty}` is borrowed to be changed, so that it cannot be read: end the borrow (one that was leaked, as by \
                 `mem::forget`, never ends: destroy the object)"
            ),
            Self::Serde(reason) => f.write_str(reason),
            Self::Unkept(reason) => write!(f, "its value cannot be written down for the attic: {reason}"),
            Self::Panicked(panicked) => fmt::Display::fmt(panicked, f),
            Self::DoesNotFit { value, ty } => write!(f, "the value {value} does not fit into `{ty}`"),
            Self::NoRule { from, to, why } => {
                write!(f, "no rule leads from `{from}` to `{to}`")?;
                if why.is_empty() { Ok(()) } else { write!(f, ": {why}") }
            }
            Self::TooDeep => write!(f, "nested deeper than {MAX_DEPTH} levels"),
            Self::Expected { expected, found } => write!(f, "expected {expected}, found {found}"),
        }
    }
}

impl std::error::Error for Fault {}
