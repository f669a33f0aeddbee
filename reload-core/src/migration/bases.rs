//! Where the base parts of an object lie, and lay: a class that is put between two others, or taken out from there, moves those
//! that they are based on. Knows classes by number only.

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
    /// Number of parts of the old object.
    olds: usize,
}

/// The part of an object that is of one class.
pub(super) struct Part {
    pub(super) ty: &'static Descriptor,
    /// Bytes from the object's start.
    pub(super) at: usize,
    pub(super) depth: usize,
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
    /// From the classes of an object's parts, nearest first, to those that they are from now on. A part whose class is new, at a
    /// depth where the old class is gone, takes its place.
    pub(crate) fn between<T: PartialEq>(old: &[T], new: &[T]) -> Self {
        let known = |class: &T| old.iter().position(|other| other == class);
        let old_depths = new.iter().enumerate().map(|(depth, class)| {
            let replaced = || old.get(depth).filter(|class| !new.contains(class)).map(|_| depth);
            known(class).or_else(replaced)
        });
        Self { old_depths: old_depths.collect(), olds: old.len() }
    }

    /// Whether a part lies at another depth than before.
    pub(super) fn is_shifted(&self) -> bool {
        self.old_depths.iter().enumerate().any(|(depth, old)| old.is_some_and(|old| old != depth))
    }

    /// An old object as JSON with its parts where they lie now; `keep` gets what belongs to none, and where it is looked for: in
    /// the part that it had, where that is now.
    pub(super) fn rebased(&self, mut object: Json, mut keep: impl FnMut(String, &Json)) -> Json {
        let mut olds = Vec::new();
        for depth in 0..self.olds {
            // Whoever reads it finds that.
            let Json::Object(mut fields) = object else { return object };
            object = if depth + 1 < self.olds { fields.remove(BASE).unwrap_or_default() } else { Json::Null };
            if !self.continues(depth) {
                fields.iter().for_each(|(name, value)| keep(field_place(depth, name), value));
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
                keep(field_place(depth, BASE), &namesake);
            }
            base = Some(Json::Object(fields));
        }
        base.unwrap_or_default()
    }

    /// The parts of an old and of a new object.
    pub(super) fn parts(&self, old: &'static Descriptor, new: &'static Descriptor) -> (Vec<Part>, Vec<Part>) {
        (parts(old, self.olds), parts(new, self.old_depths.len()))
    }

    pub(super) fn old_depth(&self, depth: usize) -> Option<usize> {
        self.old_depths.get(depth).copied().flatten()
    }

    /// Whether a part of the old object goes on.
    pub(super) fn continues(&self, old_depth: usize) -> bool {
        self.old_depths.contains(&Some(old_depth))
    }
}

/// The parts of an object that is of so many classes: the object, its field `base`, the field `base` of that ..
fn parts(of: &'static Descriptor, classes: usize) -> Vec<Part> {
    let (mut found, mut next) = (Vec::new(), Some((of, 0)));
    while let Some((ty, at)) = next.filter(|_| found.len() < classes) {
        let depth = found.len();
        let base = ty.fields().iter().find(|field| field.name() == BASE && depth + 1 < classes);
        found.push(Part { ty, at, depth, has_base: base.is_some() });
        next = base.map(|base| (base.descriptor(), at + base.offset));
    }
    found
}

/// Where the part this deep is in an object, by name.
pub(super) fn place(depth: usize) -> String {
    vec![BASE; depth].join(".")
}

/// Where a field of the part this deep is.
fn field_place(depth: usize, field: &str) -> String {
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
    fn parts_of_json_go_where_their_class_is() {
        let check = |old: &[&str], new: &[&str], from: &str, to: &str, kept: &[&str]| {
            let mut keeps = Vec::new();
            let from = serde_json::from_str(from).expect("JSON");
            let rebased = Bases::between(old, new).rebased(from, |place, json| keeps.push(format!("{place}={json}")));
            assert_eq!(
                (rebased.to_string().as_str(), keeps),
                (to, kept.iter().map(|text| (*text).to_owned()).collect())
            );
        };
        let (short, long) = (r#"{"a":1,"base":{"c":3}}"#, r#"{"a":1,"base":{"b":2,"base":{"c":3}}}"#);
        check(&["a", "c"], &["a", "b", "c"], short, r#"{"a":1,"base":{"base":{"c":3}}}"#, &[]);
        check(&["a", "b", "c"], &["a", "c"], long, short, &["base.b=2"]);
        let plain = r#"{"a":1,"base":{"b":2,"base":{"base":4,"c":3}}}"#;
        check(&["a", "b", "c"], &["a", "c"], plain, r#"{"a":1,"base":{"base":4,"c":3}}"#, &["base.b=2"]);
        let with_base = r#"{"a":1,"base":{"base":{},"c":3}}"#;
        check(&["a", "b", "c"], &["a", "c", "d"], plain, with_base, &["base.b=2", "base.base=4"]);
        check(&["a", "c"], &["a", "b", "c"], "7", "7", &[]);
        check(&["a", "c"], &["a", "b", "c"], "{}", "null", &[]);
    }
}
