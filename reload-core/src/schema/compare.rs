//! Compares the structures of two types: whether the bytes of one are those of the other, and what
//! differs, for people. Follows types that refer to themselves.

use super::{Carry, Descriptor, Direction, Field, Shape, Variant, fingerprint::plain_variants};
use core::fmt;
use std::collections::HashSet;

/// Pairs of types that have been, or are being, compared, and whether as [parts of a key](is_key_of).
type Pairs = HashSet<(*const Descriptor, *const Descriptor, bool)>;

/// Whether a value of `old` is a value of `new` as it lies in memory: the same paths, sizes, shapes,
/// and the same fields at the same offsets, all the way down; in keys in the same order as well.
#[must_use]
pub fn same_layout(old: &Descriptor, new: &Descriptor) -> bool {
    same(old, new, false, &mut Pairs::new())
}

/// Whether a struct of `old` is one of `new` as it lies in memory, whatever the two are called.
pub(crate) fn same_struct(old: &Descriptor, new: &Descriptor) -> bool {
    matches!((&old.shape, &new.shape), (Shape::Struct(_), Shape::Struct(_)))
        && (old.size, old.align) == (new.size, new.align)
        && same_fields(old.fields(), new.fields(), (true, false), &mut Pairs::new())
}

/// Whether a collection finds its elements, or keeps them sorted, by what they are: then the order in which a struct's fields
/// are written counts, because what is derived for it (`Hash`, `Ord`) goes by that.
fn is_key_of(collection: &Descriptor) -> bool {
    matches!(collection.shape, Shape::Set(_) | Shape::Map(_)) || collection.path() == "BinaryHeap"
}

/// `in_key`: as a part of a key.
fn same(old: &Descriptor, new: &Descriptor, in_key: bool, seen: &mut Pairs) -> bool {
    if core::ptr::eq(old, new) || !seen.insert((old, new, in_key)) {
        return true;
    }
    if old.path() != new.path()
        || old.size != new.size
        || old.align != new.align
        || old.distinct_by() != new.distinct_by()
    {
        return false;
    }
    let element_in_key = in_key || is_key_of(new);
    let mut types = |old: super::DescriptorFn, new: super::DescriptorFn| same(old(), new(), in_key, seen);
    match (&old.shape, &new.shape) {
        (Shape::Scalar(old), Shape::Scalar(new)) => old == new,
        (Shape::Text(_), Shape::Text(_)) => true,
        (Shape::Opaque(_), Shape::Opaque(_)) => old.drop_in_place.is_some() == new.drop_in_place.is_some(),
        (Shape::Struct(_), Shape::Struct(_)) => same_fields(old.fields(), new.fields(), (true, in_key), seen),
        (Shape::Enum(old_ops), Shape::Enum(new_ops)) => {
            old_ops.said() == new_ops.said()
                && old.variants().len() == new.variants().len()
                && old.variants().iter().zip(new.variants()).all(|(old, new)| {
                    old.name() == new.name() && same_fields(old.fields(), new.fields(), (false, in_key), seen)
                })
                && plain_variants(old) == plain_variants(new)
        }
        (Shape::List(old), Shape::List(new)) | (Shape::Set(old), Shape::Set(new)) => {
            same((old.element)(), (new.element)(), element_in_key, seen)
        }
        (Shape::Map(old), Shape::Map(new)) => {
            types(old.value, new.value) && same((old.key)(), (new.key)(), element_in_key, seen)
        }
        (Shape::Array(old), Shape::Array(new)) => old.len == new.len && types(old.element, new.element),
        (Shape::Owner(old), Shape::Owner(new)) => types(old.inner, new.inner),
        (Shape::Proxy(old), Shape::Proxy(new)) => types(old.proxy, new.proxy),
        _ => false,
    }
}

/// The fields of a variant have no offsets, so their order decides where they are.
fn same_fields(old: &[Field], new: &[Field], (in_struct, in_key): (bool, bool), seen: &mut Pairs) -> bool {
    old.len() == new.len()
        && new.iter().enumerate().all(|(index, new)| {
            let by_name = in_struct && !in_key;
            let old = if by_name { old.iter().find(|old| old.name() == new.name()) } else { old.get(index) };
            old.is_some_and(|old| {
                old.name() == new.name()
                    && (!in_struct || old.offset == new.offset)
                    && matches!(
                        (&old.carry, &new.carry),
                        (Carry::ByShape, Carry::ByShape)
                            | (Carry::Reset, Carry::Reset)
                            | (Carry::Serde(_), Carry::Serde(_))
                    )
                    && same(old.descriptor(), new.descriptor(), in_key, seen)
            })
        })
}

/// All that differs, in one line.
pub(crate) fn differences_told(old: &Descriptor, new: &Descriptor) -> String {
    differences(old, new).iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// One difference between two types.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// Where, as seen from the type: `bag[].weight`; empty for the type itself.
    pub path: String,
    /// What kind of difference.
    pub kind: DifferenceKind,
    /// The old type, where there was one.
    pub old: Option<String>,
    /// The new type, where there is one.
    pub new: Option<String>,
}

/// A kind of difference.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// A field that the old type does not have.
    Added,
    /// A field that the new type does not have.
    Removed,
    /// A field that had another name.
    Renamed {
        /// The name it had.
        from: String,
    },
    /// Another type.
    TypeChanged,
    /// The same field at another offset.
    Moved,
    /// A field is carried in another way: by its shape, through serde, not at all.
    CarryChanged,
    /// A variant that the old type does not have.
    VariantAdded,
    /// A variant that the new type does not have.
    VariantRemoved,
    /// A variant that had another name.
    VariantRenamed {
        /// The name it had.
        from: String,
    },
    /// The same fields in another order, in what a collection finds or sorts by: what derives `Hash` or `Ord` goes by the order.
    Reordered,
    /// The same variants with other discriminants, another `repr`, or in another order.
    VariantsMoved,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.path.is_empty() { "the type" } else { &self.path };
        let old = self.old.as_deref().unwrap_or("nothing");
        let new = self.new.as_deref().unwrap_or("nothing");
        match &self.kind {
            DifferenceKind::Added => write!(f, "{place}: added, {new}"),
            DifferenceKind::Removed => write!(f, "{place}: removed, was {old}"),
            DifferenceKind::Renamed { from } => write!(f, "{place}: was called {from}"),
            DifferenceKind::TypeChanged => write!(f, "{place}: was {old}, is {new}"),
            DifferenceKind::Moved => write!(f, "{place}: moved"),
            DifferenceKind::CarryChanged => write!(f, "{place}: carried in another way"),
            DifferenceKind::VariantAdded => write!(f, "{place}: variant added"),
            DifferenceKind::VariantRemoved => write!(f, "{place}: variant removed"),
            DifferenceKind::VariantRenamed { from } => write!(f, "{place}: variant was called {from}"),
            DifferenceKind::Reordered => write!(f, "{place}: the fields stand in another order"),
            DifferenceKind::VariantsMoved => write!(f, "{place}: the variants have other numbers"),
        }
    }
}

/// What differs between two types, each difference once, at the deepest place that shows it.
#[must_use]
pub fn differences(old: &Descriptor, new: &Descriptor) -> Vec<Difference> {
    let mut walk = Walk { seen: Pairs::new(), found: Vec::new() };
    walk.types(old, new, "");
    walk.found
}

struct Walk {
    seen: Pairs,
    found: Vec<Difference>,
}

impl Walk {
    fn report(&mut self, path: &str, kind: DifferenceKind, old: Option<&Descriptor>, new: Option<&Descriptor>) {
        self.found.push(Difference {
            path: path.to_owned(),
            kind,
            old: old.map(Descriptor::type_name),
            new: new.map(Descriptor::type_name),
        });
    }

    fn types(&mut self, old: &Descriptor, new: &Descriptor, path: &str) {
        if core::ptr::eq(old, new) || !self.seen.insert((old, new, false)) {
            return;
        }
        if !same_head(old, new) {
            self.report(path, DifferenceKind::TypeChanged, Some(old), Some(new));
        }
        let element = || format!("{path}[]");
        let has_keys = is_key_of(new);
        match (&old.shape, &new.shape) {
            (Shape::Struct(_), Shape::Struct(_)) => self.fields(old.fields(), new.fields(), path, true),
            (Shape::Enum(_), Shape::Enum(_)) if old.is_option() && new.is_option() => {
                self.types(old.parts()[0], new.parts()[0], path);
            }
            (Shape::Enum(old_ops), Shape::Enum(new_ops)) => {
                self.variants(old.variants(), new.variants(), path);
                let have_moved = || old_ops.said() != new_ops.said() || plain_variants(old) != plain_variants(new);
                if old.path() == new.path() && self.found.is_empty() && have_moved() {
                    self.report(path, DifferenceKind::VariantsMoved, None, None);
                }
            }
            (Shape::List(old) | Shape::Set(old), Shape::List(new) | Shape::Set(new)) => {
                self.types((old.element)(), (new.element)(), &element());
                if has_keys {
                    self.order((old.element)(), (new.element)(), &element());
                }
            }
            (Shape::Array(old), Shape::Array(new)) => self.types((old.element)(), (new.element)(), &element()),
            (Shape::Map(old), Shape::Map(new)) => {
                self.types((old.key)(), (new.key)(), &format!("{path}[key]"));
                self.order((old.key)(), (new.key)(), &format!("{path}[key]"));
                self.types((old.value)(), (new.value)(), &element());
            }
            (Shape::Owner(old), Shape::Owner(new)) => self.types((old.inner)(), (new.inner)(), path),
            (Shape::Proxy(old), Shape::Proxy(new)) => self.types((old.proxy)(), (new.proxy)(), path),
            _ => {}
        }
    }

    /// What only counts because the type is a part of a key.
    fn order(&mut self, old: &Descriptor, new: &Descriptor, path: &str) {
        if same_layout(old, new) && !same(old, new, true, &mut Pairs::new()) {
            self.report(path, DifferenceKind::Reordered, None, None);
        }
    }

    fn fields(&mut self, old: &[Field], new: &[Field], path: &str, in_struct: bool) {
        let at = |field: &Field| {
            if path.is_empty() { field.name().to_owned() } else { format!("{path}.{}", field.name()) }
        };
        let continued = Direction::Forwards.continued_fields(old, new);
        for (new, from) in new.iter().zip(&continued) {
            let Some(old) = from.map(|index| &old[index]) else {
                self.report(&at(new), DifferenceKind::Added, None, Some(new.descriptor()));
                continue;
            };
            if old.name() != new.name() {
                let kind = DifferenceKind::Renamed { from: old.name().to_owned() };
                self.report(&at(new), kind, Some(old.descriptor()), Some(new.descriptor()));
            } else if in_struct && old.offset != new.offset {
                self.report(&at(new), DifferenceKind::Moved, Some(old.descriptor()), Some(new.descriptor()));
            }
            if core::mem::discriminant(&old.carry) != core::mem::discriminant(&new.carry) {
                self.report(&at(new), DifferenceKind::CarryChanged, Some(old.descriptor()), Some(new.descriptor()));
            }
            self.types(old.descriptor(), new.descriptor(), &at(new));
        }
        for (index, old) in old.iter().enumerate() {
            if !continued.contains(&Some(index)) {
                self.report(&at(old), DifferenceKind::Removed, Some(old.descriptor()), None);
            }
        }
    }

    fn variants(&mut self, old: &[Variant], new: &[Variant], path: &str) {
        let at = |variant: &Variant| format!("{path}::{}", variant.name());
        let continued = Direction::Forwards.continued_variants(old, new);
        for (new, from) in new.iter().zip(&continued) {
            let Some(old) = from.map(|index| &old[index]) else {
                self.report(&at(new), DifferenceKind::VariantAdded, None, None);
                continue;
            };
            if old.name() != new.name() {
                let kind = DifferenceKind::VariantRenamed { from: old.name().to_owned() };
                self.report(&at(new), kind, None, None);
            }
            self.fields(old.fields(), new.fields(), &at(new), false);
        }
        for (index, old) in old.iter().enumerate() {
            if !continued.contains(&Some(index)) {
                self.report(&at(old), DifferenceKind::VariantRemoved, None, None);
            }
        }
    }
}

/// Whether two types are of the same kind, whatever their parts are.
fn same_head(old: &Descriptor, new: &Descriptor) -> bool {
    old.path() == new.path()
        && old.distinct_by() == new.distinct_by()
        && match (&old.shape, &new.shape) {
            (Shape::Scalar(old), Shape::Scalar(new)) => old == new,
            (Shape::Array(old), Shape::Array(new)) => old.len == new.len,
            (Shape::Opaque(_), Shape::Opaque(_)) => old.size == new.size && old.align == new.align,
            (old, new) => core::mem::discriminant(old) == core::mem::discriminant(new),
        }
}
