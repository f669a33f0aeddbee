//! Classes and what they are based on, which may be a class of another library.

use super::{LibraryId, Registry, check_shared};
use crate::{
    schema::{self, Descriptor, Field},
    validation::{Problem, Validated},
};
use std::collections::BTreeMap;

/// The shape in which each base of a class was when its objects were written, by the path of the base.
pub(crate) type BaseShapes = BTreeMap<String, String>;

/// What identifies a shape, as text: not every reader of JSON takes 64 bits.
pub(crate) fn shape_text(state: &'static Descriptor) -> String {
    format!("{:016x}", schema::fingerprint(state))
}

impl Registry {
    /// The shapes of a class's bases.
    pub(crate) fn base_shapes(&self, number: u16) -> BaseShapes {
        let bases = self.parts(number).into_iter().skip(1).map(|(base, _)| self.class(base));
        bases.map(|base| (base.path.to_string(), shape_text(base.state))).collect()
    }

    /// Links each class with its base, when all are entered.
    pub(super) fn link(&mut self, validated: &Validated, problems: &mut Vec<Problem>) {
        for valid in &validated.classes {
            let (Some(number), Some(base_path)) = (self.find(&valid.path), &valid.base) else { continue };
            match self.find(base_path) {
                Some(base) if base != number => self.classes[usize::from(number)].base = Some(base),
                _ => problems.push(Problem::new(
                    "class.base_missing",
                    &valid.path,
                    format!("its base `{base_path}` is not a class of this library or of the world"),
                    "is the crate of the base class linked into the library? `use that_crate as _;` in its root does it",
                )),
            }
        }
        for valid in &validated.classes {
            let Some(number) = self.find(&valid.path) else { continue };
            let (mut at, mut steps) = (Some(number), 0);
            while let Some(current) = at {
                at = self.class(current).base;
                steps += 1;
                if steps > self.classes.len() {
                    problems.push(Problem::new(
                        "class.base_circle",
                        &valid.path,
                        "it is, in the end, based on itself",
                        "the library's tables are damaged: build it again",
                    ));
                    break;
                }
            }
        }
    }

    /// A class may be based on one of another library: both have to see the base in the same way.
    pub(super) fn compare_bases(&self, library: LibraryId, problems: &mut Vec<Problem>) {
        for class in self.classes.iter().filter(|class| class.present) {
            let Some(base) = class.base.map(|base| self.class(base)).filter(|base| base.library != class.library)
            else {
                continue;
            };
            if class.library != library && base.library != library {
                continue;
            }
            let advice = "restart needed: both libraries have to be built with the same base class; until then the old code goes on";
            let part = class.state.fields().iter().find(|field| field.name() == "base").map(Field::descriptor);
            if let Some(part) = part {
                check_shared(&base.path, part, base.state, problems);
            }
            let what = if !base.present {
                format!("`{}` of another library of this world is based on it, and it is gone", class.path)
            } else if part.is_none_or(|part| !schema::same_layout(part, base.state)) {
                let differences = part.map_or_else(String::new, |part| schema::differences_told(part, base.state));
                format!(
                    "`{}` of another library of this world was built with another layout of its base: {differences}",
                    class.path
                )
            } else {
                continue;
            };
            problems.push(Problem::new("class.base_used", &*base.path, what, advice));
        }
    }
}
