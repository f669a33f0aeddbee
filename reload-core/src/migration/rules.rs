//! From a pair of types to the rule by which a value of one becomes a value of the other. Looks at types only, never
//! at values: what depends on the value is found when a rule is applied (`convert`).

use crate::schema::{Carry, Descriptor, Direction, Field, Scalar, Shape, TUPLE, any_field, is_positional, same_layout};
use std::collections::{HashMap, HashSet};

/// A rule among [`Rules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RuleId(usize);

/// How a value becomes one of another type.
#[derive(Debug)]
pub(super) enum Rule {
    /// Being made: only seen through a type that contains itself.
    Pending,
    /// The same layout: an independent copy.
    Copy,
    /// A number becomes another kind of number.
    Scalar,
    /// A text becomes another kind of text.
    Text,
    /// A scalar becomes the text that shows it.
    ScalarToText,
    /// A text becomes the scalar that it shows.
    TextToScalar,
    /// Fields by name.
    Struct(FieldRules),
    /// Variants by name: for each old one the new one's index and its fields, or `None` where it is gone.
    Enum(Vec<Option<(usize, FieldRules)>>),
    /// Lists, sets and arrays, element by element.
    Elements(RuleId),
    /// Maps, entry by entry.
    Map(RuleId, RuleId),
    /// A value becomes `Some` of it.
    ToSome(RuleId),
    /// `Some` of a value becomes the value; `None` does not fit.
    FromSome(RuleId),
    /// What an owner, a wrapper or a described value holds becomes the value.
    Unwrap(RuleId),
    /// The value is put into an owner or a wrapper, or describes the new value.
    Wrap(RuleId),
    /// There is none.
    Impossible { from: String, to: String, why: &'static str },
}

/// How the fields of a struct or a variant become those of another.
#[derive(Debug)]
pub(super) struct FieldRules {
    /// For each new field.
    pub(super) fields: Vec<FieldRule>,
    /// The new fields' names.
    names: Vec<&'static str>,
    /// Old fields that none of the new ones continues.
    pub(super) removed: Vec<usize>,
}

/// Where a new field's value comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum FieldRule {
    /// The old type has no such field.
    Missing,
    /// It starts over.
    Reset { old: Option<usize> },
    /// From the old field with this index.
    Carried { old: usize, how: How },
}

impl FieldRule {
    /// The old field that goes on.
    pub(super) const fn continued(self) -> Option<usize> {
        match self {
            Self::Missing => None,
            Self::Reset { old } => old,
            Self::Carried { old, .. } => Some(old),
        }
    }
}

/// How one field's value is carried.
#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    ByRule(RuleId),
    SerdeToSerde,
    SerdeToShape,
    ShapeToSerde,
}

/// Why a value of one type cannot become one of the other, whatever its value.
#[derive(Clone, Debug)]
pub(crate) struct Obstacle {
    /// Where, as seen from the value: `bag[].weight`.
    pub(crate) place: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) why: &'static str,
}

/// Rules that refer to one another, so that types that contain themselves have finite ones.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    direction: Direction,
    rules: Vec<Rule>,
    known: HashMap<(*const Descriptor, *const Descriptor), RuleId>,
}

impl Rules {
    pub(crate) fn new(direction: Direction) -> Self {
        Self { direction, ..Self::default() }
    }

    pub(super) fn get(&self, id: RuleId) -> &Rule {
        &self.rules[id.0]
    }

    /// The rule from `old` to `new`. There is always one; [`Rules::obstacles`] says whether it leads anywhere.
    pub(crate) fn between(&mut self, old: &'static Descriptor, new: &'static Descriptor) -> RuleId {
        if let Some(known) = self.known.get(&(&raw const *old, &raw const *new)) {
            return *known;
        }
        let id = RuleId(self.rules.len());
        self.rules.push(Rule::Pending);
        self.known.insert((old, new), id);
        self.rules[id.0] = self.rule(old, new);
        id
    }

    fn rule(&mut self, old: &'static Descriptor, new: &'static Descriptor) -> Rule {
        if same_layout(old, new) && !is_remade(new) {
            return if can_be_copied(new) {
                Rule::Copy
            } else {
                impossible(
                    old,
                    new,
                    "a part of it is `#[field(opaque)]` and has a destructor, so that there can be only one of it, but \
                     the old value has to stay until the reload has succeeded",
                )
            };
        }
        match (&old.shape, &new.shape) {
            (Shape::Owner(from), Shape::Owner(to)) => {
                let inner = self.between((from.inner)(), (to.inner)());
                let wrapped = self.push(Rule::Wrap(inner));
                Rule::Unwrap(wrapped)
            }
            (Shape::Proxy(from), Shape::Proxy(to)) => {
                let inner = self.between((from.proxy)(), (to.proxy)());
                let wrapped = self.push(Rule::Wrap(inner));
                Rule::Unwrap(wrapped)
            }
            (Shape::Struct(_), Shape::Struct(_)) if is_wrapper(old) == is_wrapper(new) || grows(old, new) => {
                if (old.path() == TUPLE) != (new.path() == TUPLE) || !both_named_alike(old.fields(), new.fields()) {
                    return impossible(old, new, "the fields of one have names, those of the other have places");
                }
                Rule::Struct(self.fields(old.fields(), new.fields()))
            }
            (Shape::Enum(_), Shape::Enum(_)) if old.is_option() == new.is_option() => self.variants(old, new),
            (_, Shape::Enum(_)) if new.is_option() => {
                Rule::ToSome(self.between(old, new.variants()[1].fields()[0].descriptor()))
            }
            (_, Shape::Owner(to)) => Rule::Wrap(self.between(old, (to.inner)())),
            (_, Shape::Proxy(to)) => Rule::Wrap(self.between(old, (to.proxy)())),
            (_, Shape::Struct(_)) if is_wrapper(new) => Rule::Wrap(self.between(old, new.fields()[0].descriptor())),
            (Shape::Owner(from), _) => Rule::Unwrap(self.between((from.inner)(), new)),
            (Shape::Proxy(from), _) => Rule::Unwrap(self.between((from.proxy)(), new)),
            (Shape::Struct(_), _) if is_wrapper(old) => Rule::Unwrap(self.between(old.fields()[0].descriptor(), new)),
            (Shape::Enum(_), _) if old.is_option() => {
                Rule::FromSome(self.between(old.variants()[1].fields()[0].descriptor(), new))
            }
            (Shape::Scalar(from), Shape::Scalar(to)) if scalars_convert(*from, *to) => Rule::Scalar,
            (Shape::Text(_), Shape::Text(_)) => Rule::Text,
            (Shape::Scalar(from), Shape::Text(_)) if *from != Scalar::Unit => Rule::ScalarToText,
            (Shape::Text(_), Shape::Scalar(to)) if *to != Scalar::Unit => Rule::TextToScalar,
            (Shape::Map(from), Shape::Map(to)) => {
                Rule::Map(self.between((from.key)(), (to.key)()), self.between((from.value)(), (to.value)()))
            }
            (Shape::Opaque(_), Shape::Opaque(_)) if old.distinct_by() == new.distinct_by() => {
                impossible(old, new, "its layout is another one, and its parts are not known")
            }
            (Shape::Opaque(_), Shape::Opaque(_)) if old.path() == new.path() => {
                impossible(old, new, "it is another type of that name, and its parts are not known")
            }
            (Shape::Opaque(_), _) | (_, Shape::Opaque(_)) => impossible(old, new, "the parts of one are not known"),
            _ => match (element_of(old), element_of(new)) {
                (Some(from), Some(to)) => Rule::Elements(self.between(from, to)),
                _ => impossible(old, new, ""),
            },
        }
    }

    fn push(&mut self, rule: Rule) -> RuleId {
        self.rules.push(rule);
        RuleId(self.rules.len() - 1)
    }

    fn variants(&mut self, old: &'static Descriptor, new: &'static Descriptor) -> Rule {
        let continued = self.direction.continued_variants(old.variants(), new.variants());
        let rules = old.variants().iter().enumerate().map(|(index, variant)| {
            let to = continued.iter().position(|from| *from == Some(index))?;
            let next = &new.variants()[to];
            if both_named_alike(variant.fields(), next.fields()) {
                return Some((to, self.fields(variant.fields(), next.fields())));
            }
            // `A(x)` that became `A { x: .. }`: nothing says which place became which name.
            let why = "the fields of one variant have names, those of the other have places";
            let rule = self.push(impossible(old, new, why));
            let fields = vec![FieldRule::Carried { old: 0, how: How::ByRule(rule) }];
            Some((to, FieldRules { fields, names: vec![next.name()], removed: Vec::new() }))
        });
        Rule::Enum(rules.collect())
    }

    /// The rules of the fields of a struct or a variant.
    pub(super) fn fields(&mut self, old: &'static [Field], new: &'static [Field]) -> FieldRules {
        let continued = self.direction.continued_fields(old, new);
        let removed = (0..old.len()).filter(|index| !continued.contains(&Some(*index))).collect();
        let fields = new.iter().zip(&continued).map(|(new, from)| self.field(old, new, *from)).collect();
        FieldRules { fields, names: new.iter().map(Field::name).collect(), removed }
    }

    fn field(&mut self, old: &'static [Field], new: &'static Field, from: Option<usize>) -> FieldRule {
        if matches!(new.carry, Carry::Reset) {
            return FieldRule::Reset { old: from };
        }
        let Some(index) = from else { return FieldRule::Missing };
        let old = &old[index];
        let how = match (&old.carry, &new.carry) {
            // What started over at each reload starts over once more: its bytes say nothing.
            (Carry::Reset, _) => return FieldRule::Reset { old: from },
            (Carry::Serde(_), Carry::Serde(_)) => How::SerdeToSerde,
            (Carry::Serde(_), _) => How::SerdeToShape,
            (_, Carry::Serde(_)) => How::ShapeToSerde,
            _ => How::ByRule(self.between(old.descriptor(), new.descriptor())),
        };
        FieldRule::Carried { old: index, how }
    }

    /// What keeps every value from being carried by this rule; `place` is where the value is.
    pub(crate) fn obstacles(&self, rule: RuleId, place: &str) -> Vec<Obstacle> {
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        self.look(rule, place, &mut seen, &mut found);
        found
    }

    fn look(&self, id: RuleId, place: &str, seen: &mut HashSet<usize>, found: &mut Vec<Obstacle>) {
        if !seen.insert(id.0) {
            return;
        }
        match self.get(id) {
            Rule::Impossible { from, to, why } => {
                found.push(Obstacle { place: place.to_owned(), from: from.clone(), to: to.clone(), why });
            }
            Rule::Struct(rules) => self.look_into(rules, place, seen, found),
            Rule::Enum(variants) => {
                for (_, rules) in variants.iter().flatten() {
                    self.look_into(rules, place, seen, found);
                }
            }
            Rule::Elements(inner) => self.look(*inner, &format!("{place}[]"), seen, found),
            Rule::Map(key, value) => {
                self.look(*key, &format!("{place}[key]"), seen, found);
                self.look(*value, &format!("{place}[]"), seen, found);
            }
            Rule::ToSome(inner) | Rule::FromSome(inner) | Rule::Wrap(inner) | Rule::Unwrap(inner) => {
                self.look(*inner, place, seen, found);
            }
            _ => {}
        }
    }

    fn look_into(&self, rules: &FieldRules, place: &str, seen: &mut HashSet<usize>, found: &mut Vec<Obstacle>) {
        for (rule, name) in rules.fields.iter().zip(&rules.names) {
            if let FieldRule::Carried { how: How::ByRule(rule), .. } = rule {
                self.look(*rule, &format!("{place}.{name}"), seen, found);
            }
        }
    }
}

fn impossible(old: &Descriptor, new: &Descriptor, why: &'static str) -> Rule {
    Rule::Impossible { from: old.type_name(), to: new.type_name(), why }
}

/// Whether the type stands for its one field.
fn is_wrapper(descriptor: &Descriptor) -> bool {
    descriptor.is_newtype() && matches!(descriptor.fields()[0].carry, Carry::ByShape)
}

/// Whether the same tuple struct has more or fewer fields than before, one of them being the only one.
fn grows(old: &Descriptor, new: &Descriptor) -> bool {
    old.path() == new.path() && is_positional(old.fields()) && is_positional(new.fields())
}

fn both_named_alike(old: &[Field], new: &[Field]) -> bool {
    old.is_empty() || new.is_empty() || is_positional(old) == is_positional(new)
}

fn element_of(descriptor: &Descriptor) -> Option<&'static Descriptor> {
    match &descriptor.shape {
        Shape::List(ops) | Shape::Set(ops) => Some((ops.element)()),
        Shape::Array(ops) => Some((ops.element)()),
        _ => None,
    }
}

/// Whether some values of one are values of the other.
fn scalars_convert(from: Scalar, to: Scalar) -> bool {
    let is_float = |scalar| matches!(scalar, Scalar::F32 | Scalar::F64);
    let is_integer = |scalar: Scalar| {
        !is_float(scalar) && !matches!(scalar, Scalar::Unit | Scalar::Bool | Scalar::Char | Scalar::Object)
    };
    let is_number = |scalar| is_float(scalar) || is_integer(scalar);
    from == to
        || (is_number(from) && is_number(to))
        || (from == Scalar::Bool && is_integer(to))
        || (is_integer(from) && to == Scalar::Bool)
}

/// Whether a value of the type is made anew at every reload, in whole or in part, even if nothing has changed: it
/// has fields that start over, or that only serde knows, whose layout nobody can compare.
pub(crate) fn is_remade(descriptor: &'static Descriptor) -> bool {
    any_field(descriptor, &|field| !matches!(field.carry, Carry::ByShape))
}

/// Whether an independent copy can be made.
fn can_be_copied(descriptor: &'static Descriptor) -> bool {
    let is_closed =
        |descriptor: &Descriptor| matches!(descriptor.shape, Shape::Opaque(_)) && descriptor.drop_in_place.is_some();
    !is_closed(descriptor)
        && !any_field(descriptor, &|field| matches!(field.carry, Carry::ByShape) && is_closed(field.descriptor()))
}
