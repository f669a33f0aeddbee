//! Turns a type's table into one number that is the same in every build where the type has the same
//! structure. Must never use addresses or `TypeId`s: a build has several tables of one type, and a
//! `TypeId` says nothing across builds.
#![expect(unsafe_code, reason = "asks an enum for the bytes of its variants")]

use super::{Carry, Descriptor, Field, Place, Scalar, Shape};
use std::collections::{HashMap, HashSet};

/// The number that stands for the structure of a type: paths, sizes, alignments, shapes, fields with
/// names and offsets, all the way down. Equal numbers are a strong hint; [`same_layout`](super::same_layout) is the proof.
///
/// Types that refer to one another are told apart by refinement: each type starts with the number
/// of what is its own, and takes in those of its parts until no more types come apart.
#[must_use]
pub fn fingerprint(descriptor: &'static Descriptor) -> u64 {
    let (mut types, mut index) = (vec![descriptor], HashMap::from([((&raw const *descriptor), 0)]));
    let mut parts: Vec<Vec<usize>> = Vec::new();
    while let Some(&next) = types.get(parts.len()) {
        let of_next = next
            .parts()
            .into_iter()
            .map(|part| {
                *index.entry(&raw const *part).or_insert_with(|| {
                    types.push(part);
                    types.len() - 1
                })
            })
            .collect();
        parts.push(of_next);
    }
    let own: Vec<u64> = types.iter().map(|ty| own_number(ty)).collect();
    let (mut numbers, mut kinds) = (own.clone(), 0);
    loop {
        // The count of kinds does not depend on how many tables one type has, so neither does the result.
        let count = numbers.iter().collect::<HashSet<_>>().len();
        if count == kinds {
            return numbers[0];
        }
        kinds = count;
        numbers = own
            .iter()
            .zip(&parts)
            .map(|(own, parts)| {
                let mut hash = Fnv::new();
                hash.number(*own);
                parts.iter().for_each(|part| hash.number(numbers[*part]));
                hash.0
            })
            .collect();
    }
}

/// What a type has of its own, without its parts' structure.
fn own_number(ty: &Descriptor) -> u64 {
    let mut hash = Fnv::new();
    hash.text(ty.path());
    hash.number(ty.size as u64);
    hash.number(ty.align as u64);
    // What is opaque is written by its serde form or not at all: what the compiler calls it says nothing of a file.
    let is_written = !matches!(ty.shape, Shape::Opaque(_));
    hash.text(ty.distinct_by().filter(|_| is_written).unwrap_or(""));
    match &ty.shape {
        Shape::Scalar(scalar) => hash.number(scalar_number(*scalar)),
        Shape::Text(_) => hash.number(32),
        Shape::Struct(_) => {
            hash.number(33);
            ty.fields().iter().for_each(|field| hash.field(field, field.offset));
        }
        Shape::Enum(_) => {
            hash.number(34);
            for variant in ty.variants() {
                hash.text(variant.name());
                hash.number(variant.fields().len() as u64);
                variant.fields().iter().for_each(|field| hash.field(field, 0));
            }
            for byte in plain_variants(ty).into_iter().flatten() {
                hash.number(byte.into());
            }
        }
        Shape::List(_) => hash.number(35),
        Shape::Set(_) => hash.number(36),
        Shape::Map(_) => hash.number(37),
        Shape::Array(ops) => hash.number(64 + ops.len as u64),
        Shape::Owner(_) => hash.number(38),
        Shape::Proxy(_) => hash.number(39),
        Shape::Opaque(_) => hash.number(40),
    }
    hash.0
}

const fn scalar_number(scalar: Scalar) -> u64 {
    scalar as u64
}

/// The bytes of each variant of an enum whose variants have no fields: its discriminants, which names
/// and order alone do not tell. Empty for other types.
pub(super) fn plain_variants(ty: &Descriptor) -> Vec<Vec<u8>> {
    let Shape::Enum(ops) = &ty.shape else { return Vec::new() };
    if ty.drop_in_place.is_some() || ty.variants().iter().any(|variant| !variant.fields().is_empty()) {
        return Vec::new();
    }
    (0..ty.variants().len())
        .map(|index| {
            let place = Place::zeroed(ty.size, ty.align);
            // SAFETY: room for a value; the variant has no fields.
            let outcome = unsafe { (ops.build)(place.as_ptr(), index as u32, core::ptr::null()) };
            if outcome.is_fine() { place.bytes().to_vec() } else { Vec::new() }
        })
        .collect()
}

/// FNV-1a, 64 bit.
struct Fnv(u64);

impl Fnv {
    const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes(text.as_bytes());
    }

    fn field(&mut self, field: &Field, offset: usize) {
        self.text(field.name());
        self.number(offset as u64);
        self.number(match field.carry {
            Carry::ByShape => 0,
            Carry::Reset => 1,
            Carry::Serde(_) => 2,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{super::descriptor, *};
    use std::collections::*;

    #[test]
    fn equal_structures_have_equal_numbers_and_others_do_not() {
        let all = [
            fingerprint(descriptor::<u32>()),
            fingerprint(descriptor::<i32>()),
            fingerprint(descriptor::<Vec<u32>>()),
            fingerprint(descriptor::<Vec<i32>>()),
            fingerprint(descriptor::<VecDeque<u32>>()),
            fingerprint(descriptor::<Vec<Vec<u32>>>()),
            fingerprint(descriptor::<[u32; 4]>()),
            fingerprint(descriptor::<[u32; 5]>()),
            fingerprint(descriptor::<(u32, u64)>()),
            fingerprint(descriptor::<(u64, u32)>()),
            fingerprint(descriptor::<Option<u32>>()),
            fingerprint(descriptor::<HashMap<u32, u32>>()),
            fingerprint(descriptor::<BTreeMap<u32, u32>>()),
        ];
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        // The number itself is part of the contract between builds.
        assert_eq!(all[0], fingerprint(descriptor::<u32>()));
    }
}
