//! Reads tables as ordinary texts, slices and references. For tables that this image made or that
//! [`check_descriptor`](super::check_descriptor) has passed; never for others.
#![expect(unsafe_code, reason = "a checked table's raw texts and slices are read here")]

use super::{Descriptor, Field, Shape, Variant};

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
            Shape::Scalar(_) | Shape::Text(_) | Shape::Opaque => Vec::new(),
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

    /// The name of the type that hashes, where there is one.
    pub(crate) fn hasher(&self) -> Option<&'static str> {
        let hasher = match &self.shape {
            Shape::List(ops) | Shape::Set(ops) => ops.hasher,
            Shape::Map(ops) => ops.hasher,
            _ => None,
        };
        // SAFETY: (1) as for `path`.
        hasher.map(|name| unsafe { name().get() })
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
/// any. In this order: a new name that says it `was` an old one and has no namesake of its own; a namesake; an old name
/// that says it `was` the new one, which is what going back to an older version looks like.
pub(crate) fn continued(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<Option<usize>> {
    let find = |name: &str| old.iter().position(|(old, _)| *old == name);
    let mut found: Vec<Option<usize>> =
        new.iter().map(|&(name, was)| if was.is_empty() || find(name).is_some() { None } else { find(was) }).collect();
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

/// [`continued`] for fields.
pub(crate) fn continued_fields(old: &[Field], new: &[Field]) -> Vec<Option<usize>> {
    let old: Vec<(&str, &str)> = old.iter().map(|field| (field.name(), field.was())).collect();
    let new: Vec<(&str, &str)> = new.iter().map(|field| (field.name(), field.was())).collect();
    continued(&old, &new)
}

/// [`continued`] for variants.
pub(crate) fn continued_variants(old: &[Variant], new: &[Variant]) -> Vec<Option<usize>> {
    let old: Vec<(&str, &str)> = old.iter().map(|variant| (variant.name(), variant.was())).collect();
    let new: Vec<(&str, &str)> = new.iter().map(|variant| (variant.name(), variant.was())).collect();
    continued(&old, &new)
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
        // The old name is taken by something new.
        assert_eq!(continued(&[("hp", "")], &[("hp", ""), ("health", "hp")]), [None, Some(0)]);
    }

    #[test]
    fn a_rename_is_taken_back() {
        assert_eq!(continued(&[("health", "hp")], &[("hp", "")]), [Some(0)]);
        // Unless the name still exists: then the other one is something new.
        assert_eq!(continued(&[("health", "hp")], &[("hp", ""), ("health", "")]), [None, Some(0)]);
    }
}
