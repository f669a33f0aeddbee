//! Reads tables as ordinary texts, slices and references. For tables that this image made or that
//! [`check_descriptor`](super::check_descriptor) has passed; never for others.
#![expect(unsafe_code, reason = "a checked table's raw texts and slices are read here")]

use super::{Descriptor, EnumOps, Field, Shape, Variant};

impl Descriptor {
    /// The type's path.
    #[must_use]
    pub fn path(&self) -> &'static str {
        // SAFETY: (1) an implementation of `State` made it, and a library's table has been checked.
        unsafe { self.path.get() }
    }

    /// The fields of a struct or a tuple; none for other shapes.
    #[must_use]
    pub fn fields(&self) -> &'static [Field] {
        match &self.shape {
            // SAFETY: (1) as for `path`.
            Shape::Struct(fields) => unsafe { fields.get() },
            _ => &[],
        }
    }

    /// The variants of an enum; none for other shapes.
    #[must_use]
    pub fn variants(&self) -> &'static [Variant] {
        match &self.shape {
            // SAFETY: (1) as for `path`.
            Shape::Enum(ops) => unsafe { ops.variants.get() },
            _ => &[],
        }
    }

    /// The types that this one is made of, in order.
    pub(crate) fn parts(&self) -> Vec<&'static Self> {
        match &self.shape {
            Shape::Scalar(_) | Shape::Text(_) | Shape::Opaque(_) => Vec::new(),
            Shape::Struct(_) => self.fields().iter().map(Field::descriptor).collect(),
            Shape::Enum(_) => self.variants().iter().flat_map(Variant::fields).map(Field::descriptor).collect(),
            Shape::List(ops) | Shape::Set(ops) => vec![(ops.element)()],
            Shape::Map(ops) => vec![(ops.key)(), (ops.value)()],
            Shape::Array(ops) => vec![(ops.element)()],
            Shape::Owner(ops) => vec![(ops.inner)()],
            Shape::Proxy(ops) => vec![(ops.proxy)()],
        }
    }

    /// Whether this is `Option<_>`.
    pub(crate) fn is_option(&self) -> bool {
        self.path() == "Option"
            && matches!(self.variants(), [none, some] if none.fields().is_empty() && some.fields().len() == 1)
    }

    /// Whether this is a tuple struct with one field, which stands for that field.
    pub(crate) fn is_newtype(&self) -> bool {
        self.fields().len() == 1 && is_positional(self.fields()) && self.path() != super::TUPLE
    }

    /// The compiler's name of the type that decides, beside path and parts, what the bytes mean, where there is one: the type
    /// that hashes, and the type itself if it is opaque.
    pub(crate) fn distinct_by(&self) -> Option<&'static str> {
        let name = match &self.shape {
            Shape::List(ops) | Shape::Set(ops) => ops.hasher,
            Shape::Map(ops) => ops.hasher,
            Shape::Opaque(name) => Some(*name),
            _ => None,
        };
        // SAFETY: (1) as for `path`.
        name.map(|name| unsafe { name().get() })
    }
}

impl Field {
    /// The field's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        // SAFETY: (1) an implementation of `State` made it, and a library's table has been checked.
        unsafe { self.name.get() }
    }

    /// The name that the field had before; empty where it had none.
    #[must_use]
    pub fn was(&self) -> &'static str {
        // SAFETY: (1) as for `name`.
        unsafe { self.was.get() }
    }

    /// The field's type.
    #[must_use]
    pub fn descriptor(&self) -> &'static Descriptor {
        (self.ty)()
    }
}

impl EnumOps {
    /// [`EnumOps::said`].
    pub(crate) fn said(&self) -> &'static [u64] {
        // SAFETY: a table of a mapped image, or one that has been checked.
        unsafe { self.said.get() }
    }
}

impl Variant {
    /// The variant's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        // SAFETY: (1) an implementation of `State` made it, and a library's table has been checked.
        unsafe { self.name.get() }
    }

    /// The name that the variant had before; empty where it had none.
    #[must_use]
    pub fn was(&self) -> &'static str {
        // SAFETY: (1) as for `name`.
        unsafe { self.was.get() }
    }

    /// The variant's fields.
    #[must_use]
    pub fn fields(&self) -> &'static [Field] {
        // SAFETY: (1) as for `name`.
        unsafe { self.fields.get() }
    }
}

/// Whether the fields have numbers for names: a tuple, a tuple struct, a tuple variant.
pub(crate) fn is_positional(fields: &[Field]) -> bool {
    fields.first().is_some_and(|field| field.name() == "0")
}

/// For each new name the index of the old one that it continues. Names come with the name that they had before, if
/// any. In this order: a new name that says it `was` an old one, and whose namesake, if there is one, goes on under
/// another name in the same way; a namesake; an old name that says it `was` the new one, which is what an older version
/// looks like.
pub(crate) fn continued(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<Option<usize>> {
    let find = |name: &str| old.iter().position(|(old, _)| *old == name);
    let mut found: Vec<Option<usize>> = vec![None; new.len()];
    // `a` became `b`, because `b` became `c`, which is seen first. A note that is stale, or goes round, is never seen.
    while let Some((index, from)) = new.iter().enumerate().find_map(|(index, &(name, was))| {
        let from = find(was).filter(|from| !was.is_empty() && !found.contains(&Some(*from)))?;
        let is_free = find(name).is_none_or(|namesake| found.contains(&Some(namesake)));
        (found[index].is_none() && is_free).then_some((index, from))
    }) {
        found[index] = Some(from);
    }
    let fill = |found: &mut Vec<Option<usize>>, look: &dyn Fn(&str) -> Option<usize>| {
        for (index, (name, _)) in new.iter().enumerate() {
            if found[index].is_none() {
                found[index] = look(name).filter(|old| !found.contains(&Some(*old)));
            }
        }
    };
    fill(&mut found, &find);
    fill(&mut found, &|name| old.iter().position(|(_, was)| *was == name));
    found
}

/// For each new name the index of the one that it continues, of those that were written down by some older version.
pub(crate) fn continued_names(old: &[&str], new: &[(&str, &str)]) -> Vec<Option<usize>> {
    let old: Vec<(&str, &str)> = old.iter().map(|name| (*name, "")).collect();
    continued(&old, new)
}

/// The names of fields, each with the one that it had.
pub(crate) fn names(fields: &[Field]) -> Vec<(&str, &str)> {
    fields.iter().map(|field| (field.name(), field.was())).collect()
}

/// Whether a version comes after the one that runs, or is the one before it, to which an undo goes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Direction {
    #[default]
    Forwards,
    Backwards,
}

impl Direction {
    pub(crate) const fn reversed(self) -> Self {
        match self {
            Self::Forwards => Self::Backwards,
            Self::Backwards => Self::Forwards,
        }
    }

    /// For each new name the index of the old one that it continues: [`continued`], or what that has done, undone.
    fn continued(self, old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<Option<usize>> {
        match self {
            Self::Forwards => continued(old, new),
            Self::Backwards => {
                let there = continued(new, old);
                (0..new.len()).map(|index| there.iter().position(|from| *from == Some(index))).collect()
            }
        }
    }

    pub(crate) fn continued_fields(self, old: &[Field], new: &[Field]) -> Vec<Option<usize>> {
        self.continued(&names(old), &names(new))
    }

    pub(crate) fn continued_variants(self, old: &[Variant], new: &[Variant]) -> Vec<Option<usize>> {
        let old: Vec<(&str, &str)> = old.iter().map(|variant| (variant.name(), variant.was())).collect();
        let new: Vec<(&str, &str)> = new.iter().map(|variant| (variant.name(), variant.was())).collect();
        self.continued(&old, &new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rename_is_followed_once_and_a_namesake_wins_over_it() {
        assert_eq!(continued(&[("a", ""), ("b", "")], &[("b", ""), ("a", "")]), [Some(1), Some(0)]);
        assert_eq!(continued(&[("hp", "")], &[("health", "hp")]), [Some(0)]);
        // Already renamed: the note is stale and does no harm.
        assert_eq!(continued(&[("hp", ""), ("health", "")], &[("health", "hp"), ("hp", "")]), [Some(1), Some(0)]);
        // Names are passed on.
        assert_eq!(continued(&[("a", ""), ("b", "")], &[("b", "a"), ("c", "b")]), [Some(0), Some(1)]);
        assert_eq!(continued(&[("b", "a"), ("c", "b")], &[("b", "a"), ("c", "b")]), [Some(0), Some(1)]);
        assert_eq!(continued(&[("a", "b"), ("b", "a")], &[("a", "b"), ("b", "a")]), [Some(0), Some(1)]);
        // The old name is taken by something new.
        assert_eq!(continued(&[("hp", "")], &[("hp", ""), ("health", "hp")]), [None, Some(0)]);
    }

    #[test]
    fn going_back_is_the_way_there_undone() {
        let back = |old: &[(&str, &str)], new: &[(&str, &str)]| Direction::Backwards.continued(old, new);
        // `hp` became `health`, and something new is called `hp`.
        assert_eq!(back(&[("health", "hp"), ("hp", "")], &[("hp", "")]), [Some(0)]);
        // `a` became `b`, `b` became `c`.
        assert_eq!(back(&[("b", "a"), ("c", "b")], &[("a", ""), ("b", "")]), [Some(0), Some(1)]);
        assert_eq!(back(&[("c", "")], &[("b", ""), ("c", "")]), [None, Some(0)]);
        // And there again.
        assert_eq!(
            Direction::Backwards.reversed().continued(&[("hp", "")], &[("health", "hp"), ("hp", "")]),
            [Some(0), None]
        );
    }

    #[test]
    fn a_rename_is_taken_back() {
        assert_eq!(continued(&[("health", "hp")], &[("hp", "")]), [Some(0)]);
        // Unless the name still exists: then the other one is something new.
        assert_eq!(continued(&[("health", "hp")], &[("hp", ""), ("health", "")]), [None, Some(0)]);
    }
}
