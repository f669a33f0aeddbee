//! One edit, as data: a class before and after, what its object is then, and what it is when the edit is taken back.

use serde_json::Value;
use std::fmt::Write as _;

/// What every module of the built crate sees.
const PRELUDE: &str = "\
#![forbid(unsafe_code)]
#![allow(dead_code, unused_imports, unreachable_code)]
reload_core::library!();
pub mod prelude {
    pub use reload_core::{Ctx, ObjectId, State, game_class};
    pub use std::{cell::*, collections::*, num::NonZero, path::PathBuf, sync::atomic::*, time::Duration};
    pub use test_protocol::{Answered, Test};
}
";

/// An edit of one module with at least one class.
pub(crate) struct Edit {
    /// The module's name.
    pub(crate) name: &'static str,
    old: String,
    new: String,
    /// The class of the object, as seen from the module.
    pub(crate) class: &'static str,
    after: &'static str,
    back: Option<&'static str>,
    says: Option<[&'static str; 2]>,
}

fn module(support: &str, fields: &str) -> String {
    format!("{support}\n#[game_class(no_handlers)]\npub struct It {{ {fields} }}\n")
}

/// An edit of the fields of a class.
pub(crate) fn fields(name: &'static str, old: &str, new: &str, after: &'static str) -> Edit {
    with(name, ["", old], ["", new], after)
}

/// A field `x` with a value, as another type; the value comes back as it was.
pub(crate) fn typed(name: &'static str, old: &str, value: &str, new: &str, after: &'static str) -> Edit {
    fields(name, &format!("#[field(default = {value})] x: {old}"), &format!("x: {new}"), after)
}

/// An edit of the fields of a class and of the types beside it: for both versions the types, then the fields.
pub(crate) fn with(name: &'static str, old: [&str; 2], new: [&str; 2], after: &'static str) -> Edit {
    classes(name, "It", &module(old[0], old[1]), &module(new[0], new[1]), after)
}

/// [`with`] for a field `x` that JSON does not show: the object answers `Test` with it.
pub(crate) fn told(
    name: &'static str,
    old: [&str; 2],
    new: [&str; 2],
    says: [&'static str; 2],
    after: &'static str,
) -> Edit {
    let module = |[support, fields]: [&str; 2]| {
        format!(
            "{support}\n#[game_class]\npub struct It {{ {fields} }}\n#[game_class]\nimpl It {{\n    \
             fn event_test(&mut self, ctx: &mut Ctx) {{\n        \
             ctx.emit(Answered {{ who: ctx.id(), by: format!(\"{{:?}}\", self.x) }});\n    }}\n}}\n"
        )
    };
    Edit { says: Some(says), ..classes(name, "It", &module(old), &module(new), after) }
}

/// An edit of a whole module; `class` is the one whose object is looked at.
pub(crate) fn classes(name: &'static str, class: &'static str, old: &str, new: &str, after: &'static str) -> Edit {
    Edit { name, old: old.to_owned(), new: new.to_owned(), class, after, back: None, says: None }
}

impl Edit {
    /// The object is another one than before the edit when it is taken back.
    pub(crate) fn back(mut self, json: &'static str) -> Self {
        self.back = Some(json);
        self
    }

    fn json(&self, text: &str) -> Value {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{}: {text}: {error}", self.name))
    }

    /// What the object is after the edit.
    pub(crate) fn after(&self) -> Value {
        self.json(self.after)
    }

    /// What it is when the edit was taken back, `original` being what it was before.
    pub(crate) fn taken_back(&self, original: &Value) -> Value {
        self.back.map_or_else(|| original.clone(), |text| self.json(text))
    }
}

impl Edit {
    /// What the object says on one side.
    pub(crate) fn says(&self, side: Side) -> Option<&'static str> {
        self.says.map(|[old, new]| if side == Side::Old { old } else { new })
    }
}

/// Which side of the edits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Old,
    New,
}

/// What the source of a crate with one class begins with.
pub(crate) const HEADER: &str = "#![forbid(unsafe_code)]\nuse reload_core::game_class;\nreload_core::library!();\n";

/// The source of a crate with all edits, on one side.
pub(crate) fn source(edits: &[&Edit], side: Side) -> String {
    source_where(edits, |_| side)
}

/// The source of a crate with all edits, each on the side that `side_of` says.
pub(crate) fn source_where(edits: &[&Edit], side_of: impl Fn(&Edit) -> Side) -> String {
    let mut text = PRELUDE.to_owned();
    for edit in edits {
        let body = if side_of(edit) == Side::Old { &edit.old } else { &edit.new };
        write!(text, "pub mod {} {{\nuse crate::prelude::*;\n{body}}}\n", edit.name).expect("a text takes it");
    }
    text
}
