//! What of a value may point into the image whose code made it, so that the image must stay mapped or the value be
//! made anew: a hash table without room is a pointer to a static of its image, and of an opaque value nobody knows.
#![expect(unsafe_code, reason = "calls the table's functions on memory that the caller vouches for")]

use super::{Carry, Descriptor, Field, RenewFn, Shape};
use crate::boundary::Panicked;
use std::collections::HashSet;

/// How values of a type are tied to the image that made them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ties {
    /// By hash tables at these places, from the start of the value, and by nothing else; mostly there are none.
    Tables(Vec<Table>),
    /// By something that is not reached without its owner, or that nobody knows.
    Hidden,
}

/// A hash table that lies in the value itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    offset: usize,
    renew: RenewFn,
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.offset == other.offset
    }
}

impl Eq for Table {}

impl Ties {
    /// Those of a type.
    pub(crate) fn of(descriptor: &'static Descriptor) -> Self {
        let mut tables = Vec::new();
        if find(descriptor, 0, &mut tables) { Self::Tables(tables) } else { Self::Hidden }
    }

    /// Whether there are none.
    pub(crate) fn are_none(&self) -> bool {
        matches!(self, Self::Tables(tables) if tables.is_empty())
    }

    /// Makes what ties `count` values, `stride` bytes apart, anew in the image that made the type's table. Answers false
    /// where that is not possible.
    ///
    /// # Errors
    ///
    /// The panic of a hasher's `Default`: some tables are not made anew, all are valid.
    ///
    /// # Safety
    ///
    /// 1. The values are valid, of the type, and nothing else refers to them.
    pub(crate) unsafe fn renew(&self, first: *mut u8, count: usize, stride: usize) -> Result<bool, Panicked> {
        let Self::Tables(tables) = self else { return Ok(false) };
        for table in tables {
            // SAFETY: (1) a field's place in each of the values.
            unsafe { (table.renew)(first.wrapping_add(table.offset), count, stride) }.into_result()?;
        }
        Ok(true)
    }
}

/// Notes the tables of a type. False if it has ties of another kind.
fn find(descriptor: &'static Descriptor, at: usize, tables: &mut Vec<Table>) -> bool {
    let renew = match &descriptor.shape {
        Shape::Struct(_) => {
            return carried(descriptor.fields()).all(|field| find(field.descriptor(), at + field.offset, tables));
        }
        Shape::List(ops) | Shape::Set(ops) => ops.renew,
        Shape::Map(ops) => ops.renew,
        _ => None,
    };
    if let Some(renew) = renew {
        tables.push(Table { offset: at, renew });
        return descriptor.parts().into_iter().all(|part| is_free(part, &mut HashSet::new()));
    }
    is_free(descriptor, &mut HashSet::new())
}

/// Whether nothing of the type ties it.
fn is_free(descriptor: &'static Descriptor, seen: &mut HashSet<*const Descriptor>) -> bool {
    if !seen.insert(descriptor) {
        return true;
    }
    let free = |part: &'static Descriptor, seen: &mut HashSet<_>| is_free(part, seen);
    match &descriptor.shape {
        Shape::Opaque(_) => false,
        Shape::Struct(_) => carried(descriptor.fields()).all(|field| free(field.descriptor(), seen)),
        Shape::Enum(_) => descriptor
            .variants()
            .iter()
            .flat_map(|variant| carried(variant.fields()))
            .all(|field| free(field.descriptor(), seen)),
        Shape::List(ops) | Shape::Set(ops) if ops.renew.is_some() => false,
        Shape::Map(ops) if ops.renew.is_some() => false,
        _ => descriptor.parts().into_iter().all(|part| free(part, seen)),
    }
}

/// The fields whose values outlive a reload; the others are made anew at each.
fn carried(fields: &'static [Field]) -> impl Iterator<Item = &'static Field> {
    fields.iter().filter(|field| matches!(field.carry, Carry::ByShape))
}

#[cfg(test)]
mod tests {
    use super::Ties;
    use crate::schema::State;
    use std::collections::{BTreeMap, HashMap, HashSet};

    type Names = HashMap<String, u32>;

    #[test]
    fn tables_are_found_where_they_lie() {
        assert!(Ties::of(&<(String, Vec<u32>, BTreeMap<u8, Option<String>>)>::DESCRIPTOR).are_none());
        let Ties::Tables(tables) = Ties::of(&<(Names, (u8, HashSet<u32>))>::DESCRIPTOR) else {
            panic!("both are seen")
        };
        assert_eq!(tables.len(), 2);
    }

    #[test]
    fn what_lies_behind_something_is_hidden() {
        assert_eq!(Ties::of(&Vec::<Names>::DESCRIPTOR), Ties::Hidden);
        assert_eq!(Ties::of(&Option::<Names>::DESCRIPTOR), Ties::Hidden);
        assert_eq!(Ties::of(&HashMap::<u8, Names>::DESCRIPTOR), Ties::Hidden);
        assert_eq!(Ties::of(&<[Names; 2]>::DESCRIPTOR), Ties::Hidden);
    }

    #[test]
    fn only_tables_without_room_are_made_anew() {
        let mut values = [(7_u8, Names::new()), (8, Names::from([("a".into(), 1)])), (9, Names::with_capacity(10))];
        let rooms = values.each_ref().map(|(_, names)| names.capacity());
        let stride = size_of_val(&values[0]);
        let ties = Ties::of(&<(u8, Names)>::DESCRIPTOR);
        // SAFETY: the values are the array's.
        assert_eq!(unsafe { ties.renew(values.as_mut_ptr().cast(), values.len(), stride) }, Ok(true));
        assert_eq!(values.each_ref().map(|(number, _)| *number), [7, 8, 9]);
        assert_eq!(values.each_ref().map(|(_, names)| names.capacity()), rooms);
        assert_eq!(values[1].1["a"], 1);
    }
}
