//! The name of a type, as a programmer would write it.

use super::{Descriptor, Field, Shape, TUPLE};
use core::fmt;

/// Levels of type arguments that are printed.
const MAX_ARGUMENTS: u32 = 12;

/// Structs of the standard library that are named with the type of their first field.
const OF_ONE_TYPE: [&str; 4] = ["Range", "Wrapping", "Reverse", "Bounds"];

struct TypeName<'a>(&'a Descriptor, u32);

impl Descriptor {
    /// The type's name with its arguments: `Vec<game::Item>`, `Option<u32>`, `[u8; 4]`.
    #[must_use]
    pub fn type_name(&self) -> String {
        TypeName(self, 0).to_string()
    }
}

impl fmt::Display for TypeName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(descriptor, depth) = *self;
        if depth > MAX_ARGUMENTS {
            return f.write_str("..");
        }
        let path = descriptor.path();
        let inner = |descriptor: &'static Descriptor| TypeName(descriptor, depth + 1);
        let first = |fields: &'static [Field]| fields.first().map(|field| inner(field.descriptor()));
        match &descriptor.shape {
            Shape::Array(ops) => write!(f, "[{}; {}]", inner((ops.element)()), ops.len),
            Shape::List(ops) | Shape::Set(ops) => write!(f, "{path}<{}>", inner((ops.element)())),
            Shape::Map(ops) => write!(f, "{path}<{}, {}>", inner((ops.key)()), inner((ops.value)())),
            Shape::Owner(ops) => write!(f, "{path}<{}>", inner((ops.inner)())),
            Shape::Proxy(ops) if (ops.proxy)().path() == "Bounds" => match first((ops.proxy)().fields()) {
                Some(bound) => write!(f, "{path}<{bound}>"),
                None => f.write_str(path),
            },
            Shape::Struct(_) if path == TUPLE => {
                f.write_str("(")?;
                for (index, field) in descriptor.fields().iter().enumerate() {
                    write!(f, "{}{}", if index == 0 { "" } else { ", " }, inner(field.descriptor()))?;
                }
                f.write_str(if descriptor.fields().len() == 1 { ",)" } else { ")" })
            }
            Shape::Struct(_) if OF_ONE_TYPE.contains(&path) => match first(descriptor.fields()) {
                Some(field) => write!(f, "{path}<{field}>"),
                None => f.write_str(path),
            },
            Shape::Enum(_) if path == "Option" || path == "Result" => {
                f.write_str(path)?;
                let mut arguments = 0;
                for variant in descriptor.variants() {
                    if let Some(field) = first(variant.fields()) {
                        write!(f, "{}{field}", if arguments == 0 { "<" } else { ", " })?;
                        arguments += 1;
                    }
                }
                f.write_str(if arguments == 0 { "" } else { ">" })
            }
            _ => f.write_str(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{State, descriptor};
    use std::{collections::*, ops::RangeInclusive, time::Duration};

    fn check_name<T: State>(expected: &str) {
        assert_eq!(descriptor::<T>().type_name(), expected);
    }

    #[test]
    fn names_are_those_that_one_writes() {
        check_name::<Vec<Option<u32>>>("Vec<Option<u32>>");
        check_name::<[u8; 4]>("[u8; 4]");
        check_name::<HashMap<String, Box<(u8, i64)>>>("HashMap<String, Box<(u8, i64)>>");
        check_name::<(f32,)>("(f32,)");
        check_name::<Result<(), String>>("Result<(), String>");
        check_name::<RangeInclusive<i32>>("RangeInclusive<i32>");
        check_name::<BTreeSet<Duration>>("BTreeSet<Duration>");
        check_name::<std::num::NonZeroU8>("NonZeroU8");
        check_name::<std::num::Wrapping<u8>>("Wrapping<u8>");
    }
}
