//! Where the base parts of an object lie, and lay: a class that is put between two others, or taken out from there, moves those
//! that they are based on. Knows classes by name only.

use super::program::Hook;
use crate::schema::{Descriptor, Field};
use serde_json::{Map, Value as Json};

/// The field that a class's base part is.
const BASE: &str = "base";

/// What is done to objects in another shape than their class's beside what the rules say.
#[derive(Debug, Default)]
pub(crate) struct Rework {
    /// Run for each object, in this order.
    pub(crate) hooks: Vec<Hook>,
    pub(crate) bases: Bases,
}

/// Which part of an old object each part of the new one continues, by depth.
#[derive(Debug, Default)]
pub(crate) struct Bases {
    old_depths: Vec<Option<usize>>,
    /// The classes of the parts, by depth.
    olds: Vec<String>,
    news: Vec<String>,
}

/// The part of an object that is of one class.
pub(super) struct Part {
    pub(super) ty: &'static Descriptor,
    /// Bytes from the object's start.
    pub(super) at: usize,
    pub(super) depth: usize,
    pub(super) class: String,
    /// Whether its field `base` is the next part, and not a field like others.
    pub(super) has_base: bool,
}

impl Part {
    /// Whether the field is the next part.
    pub(super) fn is_next(&self, field: &Field) -> bool {
        self.has_base && field.name() == BASE
    }

    pub(super) fn own_fields(&self) -> impl Iterator<Item = &'static Field> {
        self.ty.fields().iter().filter(|field| !self.is_next(field))
    }
}

impl Bases {
    /// From the classes of an object's parts, nearest first, to those that they are from now on, by what both are called. A part
    /// whose class is new, at a depth where the old class is gone, takes its place.
    pub(crate) fn between(old: &[&str], new: &[&str]) -> Self {
        let known = |class: &&str| old.iter().position(|other| other == class);
        let old_depths = new.iter().enumerate().map(|(depth, class)| {
            let replaced = || old.get(depth).filter(|class| !new.contains(class)).map(|_| depth);
            known(class).or_else(replaced)
        });
        let named = |classes: &[&str]| classes.iter().map(|class| (*class).to_owned()).collect();
        Self { old_depths: old_depths.collect(), olds: named(old), news: named(new) }
    }

    /// Whether a part lies at another depth than before.
    pub(super) fn is_shifted(&self) -> bool {
        self.old_depths.iter().enumerate().any(|(depth, old)| old.is_some_and(|old| old != depth))
    }

    /// An old object as JSON with its parts where they lie now; `keep` gets what belongs to none: where it is looked for, where it
    /// was, and what it is.
    pub(super) fn rebased(&self, mut object: Json, mut keep: impl FnMut(String, String, &Json)) -> Json {
        let mut olds = Vec::new();
        for (depth, class) in self.olds.iter().enumerate() {
            // Whoever reads it finds that.
            let Json::Object(mut fields) = object else { return object };
            object = if depth + 1 < self.olds.len() { fields.remove(BASE).unwrap_or_default() } else { Json::Null };
            if !self.continues(depth) {
                for (name, value) in &fields {
                    keep(format!("{}.{name}", place_without_part(class)), field_place(depth, name), value);
                }
            }
            olds.push(fields);
        }
        let mut base = None;
        for depth in (0..self.old_depths.len()).rev() {
            let old = self.old_depth(depth).and_then(|depth| olds.get_mut(depth));
            let mut fields: Map<String, Json> = old.map(std::mem::take).unwrap_or_default();
            if let Some(base) = base.take()
                && let Some(namesake) = fields.insert(BASE.to_owned(), base)
            {
                let was = self.old_depth(depth).unwrap_or(depth);
                keep(field_place(depth, BASE), field_place(was, BASE), &namesake);
            }
            base = Some(Json::Object(fields));
        }
        base.unwrap_or_default()
    }

    /// The parts of an old and of a new object.
    pub(super) fn parts(&self, old: &'static Descriptor, new: &'static Descriptor) -> (Vec<Part>, Vec<Part>) {
        (parts(old, &self.olds), parts(new, &self.news))
    }

    /// Where what is at `place` of a new object was in the old one; of a part that the old one did not have what was kept of it.
    pub(super) fn former_place(&self, place: &str) -> String {
        let (mut depth, mut rest) = (0, place);
        while depth + 1 < self.news.len()
            && let Some(within) = rest.strip_prefix(BASE).and_then(|rest| rest.strip_prefix('.'))
        {
            (depth, rest) = (depth + 1, within);
        }
        match (self.old_depth(depth), self.news.get(depth)) {
            (Some(old), _) => field_place(old, rest),
            (None, Some(class)) => format!("{}.{rest}", place_without_part(class)),
            (None, None) => place.to_owned(),
        }
    }

    pub(crate) fn old_depth(&self, depth: usize) -> Option<usize> {
        self.old_depths.get(depth).copied().flatten()
    }

    /// Whether a part of the old object goes on.
    pub(super) fn continues(&self, old_depth: usize) -> bool {
        self.old_depths.contains(&Some(old_depth))
    }
}

/// The parts of an object that is of these classes: the object, its field `base`, the field `base` of that ..
fn parts(of: &'static Descriptor, classes: &[String]) -> Vec<Part> {
    let (mut found, mut next) = (Vec::new(), Some((of, 0)));
    for (depth, class) in classes.iter().enumerate() {
        let Some((ty, at)) = next else { break };
        let base = ty.fields().iter().find(|field| field.name() == BASE && depth + 1 < classes.len());
        found.push(Part { ty, at, depth, class: class.clone(), has_base: base.is_some() });
        next = base.map(|base| (base.descriptor(), at + base.offset));
    }
    found
}

/// What is kept of a part of this class is found here while objects have none. No other part is ever there.
pub(super) fn place_without_part(class: &str) -> String {
    format!("<{class}>")
}

/// Where the part this deep is in an object, by name.
pub(crate) fn place(depth: usize) -> String {
    vec![BASE; depth].join(".")
}

/// Where a field of the part this deep is.
pub(super) fn field_place(depth: usize, field: &str) -> String {
    if depth == 0 { field.to_owned() } else { format!("{}.{field}", place(depth)) }
}

#[cfg(test)]
mod tests {
    use super::Bases;

    #[test]
    fn a_part_goes_on_where_its_class_is() {
        let depths = |old: &[&str], new: &[&str]| {
            let bases = Bases::between(old, new);
            (bases.old_depths.clone(), bases.is_shifted())
        };
        assert_eq!(depths(&["a", "c"], &["a", "b", "c"]), (vec![Some(0), None, Some(1)], true), "put between");
        assert_eq!(depths(&["a", "b", "c"], &["a", "c"]), (vec![Some(0), Some(2)], true), "taken out");
        assert_eq!(depths(&["a", "b", "c"], &["a", "d", "c"]), (vec![Some(0), Some(1), Some(2)], false), "replaced");
        assert_eq!(depths(&["a"], &["a", "b"]), (vec![Some(0), None], false), "put at the end");
        assert_eq!(depths(&["a", "b"], &["a"]), (vec![Some(0)], false), "taken from the end");
        assert!(!Bases::between(&["a", "b", "c"], &["a", "c"]).continues(1));
    }

    #[test]
    fn a_place_is_found_where_it_was() {
        let longer = Bases::between(&["a", "c"], &["a", "b", "c"]);
        let formers = ["x", "base.x", "base.base.x", "base.base.base.x"].map(|place| longer.former_place(place));
        assert_eq!(formers, ["x", "<b>.x", "base.x", "base.base.x"]);
        let shorter = Bases::between(&["a", "b", "c"], &["a", "c"]);
        assert_eq!(["x", "base.x"].map(|place| shorter.former_place(place)), ["x", "base.base.x"]);
        assert_eq!(Bases::default().former_place("base.x"), "base.x");
    }

    #[test]
    fn parts_of_json_go_where_their_class_is() {
        let check = |old: &[&str], new: &[&str], from: &str, to: &str, kept: &[&str]| {
            let mut keeps = Vec::new();
            let from = serde_json::from_str(from).expect("JSON");
            let rebased =
                Bases::between(old, new).rebased(from, |place, was, json| keeps.push(format!("{was} {place}={json}")));
            assert_eq!(
                (rebased.to_string().as_str(), keeps),
                (to, kept.iter().map(|text| (*text).to_owned()).collect())
            );
        };
        let (short, long) = (r#"{"a":1,"base":{"c":3}}"#, r#"{"a":1,"base":{"b":2,"base":{"c":3}}}"#);
        check(&["a", "c"], &["a", "b", "c"], short, r#"{"a":1,"base":{"base":{"c":3}}}"#, &[]);
        check(&["a", "b", "c"], &["a", "c"], long, short, &["base.b <b>.b=2"]);
        let plain = r#"{"a":1,"base":{"b":2,"base":{"base":4,"c":3}}}"#;
        check(&["a", "b", "c"], &["a", "c"], plain, r#"{"a":1,"base":{"base":4,"c":3}}"#, &["base.b <b>.b=2"]);
        let with_base = r#"{"a":1,"base":{"base":{},"c":3}}"#;
        check(&["a", "b", "c"], &["a", "c", "d"], plain, with_base, &["base.b <b>.b=2", "base.base.base base.base=4"]);
        check(&["a", "c"], &["a", "b", "c"], "7", "7", &[]);
        check(&["a", "c"], &["a", "b", "c"], "{}", "null", &[]);
    }
}
