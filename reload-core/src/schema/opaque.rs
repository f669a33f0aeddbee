//! What a type says about its fields at a glance: their types by name, and which of them nobody can look into.

use super::{Carry, Descriptor, Field, Shape};
use rustc_hash::FxHashSet;
use std::collections::{BTreeMap, HashSet};

/// The types of a struct's fields, and of those of its structs, by place: `base.hp`.
pub(crate) fn field_types(descriptor: &'static Descriptor) -> BTreeMap<String, String> {
    let mut types = BTreeMap::new();
    collect(descriptor, "", &mut HashSet::new(), &mut |place, _, field| {
        types.insert(place, field.descriptor().type_name());
    });
    types
}

/// The places of opaque fields: what they hold cannot be written down.
pub(crate) fn opaque_fields(descriptor: &'static Descriptor) -> Vec<String> {
    let mut fields = Vec::new();
    collect(descriptor, "", &mut HashSet::new(), &mut |place, _, field| {
        if is_opaque(field) {
            fields.push(place);
        }
    });
    fields
}

/// The places of opaque fields whose type is, or has as a parameter, one of the crate that the field stands in, with the
/// type's name. Such a type is edited as the field's own is, and nobody could tell when its bytes mean something else.
pub(crate) fn opaque_fields_of_own_types(descriptor: &'static Descriptor) -> Vec<(String, &'static str)> {
    fields_of_own_types(descriptor, is_opaque)
}

/// Types of hashers that have fields and are, or have as a parameter, one of the crate of `descriptor`: their values lie in the
/// collections, and nobody could tell when the bytes mean something else.
pub(crate) fn hashers_of_own_types(descriptor: &'static Descriptor) -> Vec<&'static str> {
    let mut found = Vec::new();
    any_type(descriptor, &mut |ty| {
        if !matches!(ty.shape, Shape::Opaque(_)) {
            let marked = ty.distinct_by().and_then(|name| name.split_once("WithFields<"));
            found.extend(marked.and_then(|(_, hasher)| hasher.strip_suffix('>')));
        }
        false
    });
    let krate = descriptor.path().split_once("::").map(|(krate, _)| krate);
    found.retain(|name| krate.is_some_and(|krate| has_part_of(name, krate)));
    found
}

/// The same for what two images have, each as it was built: there neither's fields are made anew, so `serde` and `reset` are
/// opaque as well. Nothing where both have it from one image.
pub(crate) fn unknown_fields_of_shared(
    one: &'static Descriptor,
    other: &'static Descriptor,
) -> Vec<(String, &'static str)> {
    if core::ptr::eq(one, other) {
        return Vec::new();
    }
    fields_of_own_types(other, |field| matches!(field.descriptor().shape, Shape::Opaque(_)))
}

fn fields_of_own_types(descriptor: &'static Descriptor, which: fn(&Field) -> bool) -> Vec<(String, &'static str)> {
    let mut fields = Vec::new();
    // Most types have none, and places are made of texts.
    if !any_field(descriptor, &which) {
        return fields;
    }
    collect(descriptor, "", &mut HashSet::new(), &mut |place, owner, field| {
        let name = field.descriptor().distinct_by().filter(|_| which(field));
        let of_own_type =
            |name: &&str| owner.path().split_once("::").is_some_and(|(krate, _)| has_part_of(name, krate));
        if let Some(name) = name.filter(of_own_type) {
            fields.push((place, name));
        }
    });
    fields
}

/// Whether `which` holds for a field of the type or of a type that it is made of.
pub(crate) fn any_field(descriptor: &'static Descriptor, which: &dyn Fn(&Field) -> bool) -> bool {
    any_type(descriptor, &mut |ty| {
        let variants = ty.variants().iter().flat_map(|variant| variant.fields());
        ty.fields().iter().chain(variants).any(which)
    })
}

/// Whether `which` holds for the type or for one that it is made of. Each is looked at once.
fn any_type(descriptor: &'static Descriptor, which: &mut dyn FnMut(&'static Descriptor) -> bool) -> bool {
    fn any(
        descriptor: &'static Descriptor,
        seen: &mut FxHashSet<*const Descriptor>,
        which: &mut dyn FnMut(&'static Descriptor) -> bool,
    ) -> bool {
        seen.insert(descriptor)
            && (which(descriptor) || descriptor.parts().into_iter().any(|part| any(part, seen, which)))
    }
    any(descriptor, &mut FxHashSet::default(), which)
}

fn is_opaque(field: &Field) -> bool {
    matches!(field.carry, Carry::ByShape) && matches!(field.descriptor().shape, Shape::Opaque(_))
}

/// Whether a path in the compiler's name of a type starts at `krate`.
fn has_part_of(name: &str, krate: &str) -> bool {
    name.match_indices(krate).any(|(at, _)| {
        let goes_on = |character: char| character.is_alphanumeric() || character == '_' || character == ':';
        name[at + krate.len()..].starts_with("::") && !name[..at].ends_with(goes_on)
    })
}

fn collect(
    descriptor: &'static Descriptor,
    place: &str,
    seen: &mut HashSet<(*const Descriptor, String)>,
    visit: &mut dyn FnMut(String, &'static Descriptor, &'static Field),
) {
    // A type that contains itself is looked at once on each way to it that has another name.
    if seen.iter().filter(|(known, _)| core::ptr::eq(*known, descriptor)).count() > 8
        || !seen.insert((descriptor, place.to_owned()))
    {
        return;
    }
    let dotted = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
    for field in descriptor.fields() {
        visit(dotted(field.name()), descriptor, field);
        collect(field.descriptor(), &dotted(field.name()), seen, visit);
    }
    for variant in descriptor.variants().iter().filter(|_| !descriptor.is_option()) {
        for field in variant.fields() {
            let place = format!("{place}::{}.{}", variant.name(), field.name());
            visit(place.clone(), descriptor, field);
            collect(field.descriptor(), &place, seen, visit);
        }
    }
    if !matches!(descriptor.shape, Shape::Struct(_)) && (descriptor.variants().is_empty() || descriptor.is_option()) {
        for part in descriptor.parts() {
            collect(part, &format!("{place}[]"), seen, visit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::has_part_of;

    #[test]
    fn a_crates_types_are_found_wherever_they_stand_in_a_name() {
        for name in
            ["game::Stamp", "alloc::rc::Rc<game::a::Node>", "dyn game::Draw", "[game::Cell; 3]", "(u8, game::B)"]
        {
            assert!(has_part_of(name, "game"), "{name}");
        }
        for name in ["u8", "mygame::Stamp", "other::game::Stamp", "game2::Stamp", "alloc::rc::Rc<other::game::Stamp>"] {
            assert!(!has_part_of(name, "game"), "{name}");
        }
    }
}
