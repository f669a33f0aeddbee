//! What a type says about its fields at a glance: their types by name, and which of them nobody can look into.

use super::{Carry, Descriptor, Field, Shape};
use std::collections::{BTreeMap, HashSet};

/// The types of a struct's fields, and of those of its structs, by place: `base.hp`.
pub(crate) fn field_types(descriptor: &'static Descriptor) -> BTreeMap<String, String> {
    let mut types = BTreeMap::new();
    collect(descriptor, "", &mut HashSet::new(), &mut |place, field| {
        types.insert(place, field.descriptor().type_name());
    });
    types
}

/// The places of opaque fields: what they hold cannot be written down.
pub(crate) fn opaque_fields(descriptor: &'static Descriptor) -> Vec<String> {
    let mut fields = Vec::new();
    collect(descriptor, "", &mut HashSet::new(), &mut |place, field| {
        if matches!(field.carry, Carry::ByShape) && matches!(field.descriptor().shape, Shape::Opaque(_)) {
            fields.push(place);
        }
    });
    fields
}

fn collect(
    descriptor: &'static Descriptor,
    place: &str,
    seen: &mut HashSet<(*const Descriptor, String)>,
    visit: &mut dyn FnMut(String, &'static Field),
) {
    // A type that contains itself is looked at once on each way to it that has another name.
    if seen.iter().filter(|(known, _)| core::ptr::eq(*known, descriptor)).count() > 8
        || !seen.insert((descriptor, place.to_owned()))
    {
        return;
    }
    let dotted = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
    for field in descriptor.fields() {
        visit(dotted(field.name()), field);
        collect(field.descriptor(), &dotted(field.name()), seen, visit);
    }
    for variant in descriptor.variants().iter().filter(|_| !descriptor.is_option()) {
        for field in variant.fields() {
            let place = format!("{place}::{}.{}", variant.name(), field.name());
            visit(place.clone(), field);
            collect(field.descriptor(), &place, seen, visit);
        }
    }
    if !matches!(descriptor.shape, Shape::Struct(_)) && (descriptor.variants().is_empty() || descriptor.is_option()) {
        for part in descriptor.parts() {
            collect(part, &format!("{place}[]"), seen, visit);
        }
    }
}
