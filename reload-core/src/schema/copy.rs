//! Makes an independent copy of a value, by its table. No `Clone` is needed and none is called.
#![expect(unsafe_code, reason = "calls the table's functions on memory that the caller vouches for")]

use super::{
    Carry, Descriptor, Fault, Field, Partial, Path, Place, Reason, Shape, Step, Value,
    build::{build_owner, build_proxied, build_variant, field_default_at, fill_array},
    carry::{read_serde, write_serde},
    place::Undo,
};

/// Writes to `out` a value that equals the one at `from` and shares nothing with it; of an opaque part without a
/// destructor the bytes.
///
/// # Errors
///
/// A part is opaque and has a destructor, or code of a part panicked; then nothing is left at `out`.
///
/// # Safety
///
/// 1. `from` points to a valid value of the type, which is not changed during the call.
/// 2. `out` is valid for a write of the type.
pub unsafe fn deep_copy(descriptor: &'static Descriptor, from: *const u8, out: *mut u8) -> Result<(), Fault> {
    let name = descriptor.type_name();
    // SAFETY: (1)
    let from = unsafe { Value::new(from, descriptor) };
    // SAFETY: (2)
    unsafe { copy_at(from, out, &Path::root(&name)) }
}

/// # Safety
///
/// 1. `out` is valid for a write of the value's type.
pub(crate) unsafe fn copy_at(from: Value<'_>, out: *mut u8, path: &Path<'_>) -> Result<(), Fault> {
    path.check_depth()?;
    let descriptor = from.descriptor();
    let panicked = |panicked| path.fault(Reason::Panicked(panicked));
    match &descriptor.shape {
        Shape::Scalar(_) => {
            // SAFETY: (1) two values of the same size, one of them not yet there.
            unsafe { from.as_ptr().copy_to_nonoverlapping(out, descriptor.size) };
            Ok(())
        }
        Shape::Text(ops) => {
            let Some(text) = from.text() else {
                return Err(path.fault(Reason::NotText { ty: descriptor.type_name() }));
            };
            // SAFETY: (1)
            unsafe { (ops.build)(out, crate::boundary::RawStr::borrowed(text)) }.into_result().map_err(panicked)
        }
        Shape::Struct(_) => {
            // SAFETY: (1)
            let mut partial = unsafe { Partial::of_struct(out, descriptor.fields(), None) };
            for (index, (field, value)) in from.fields().enumerate() {
                // SAFETY: the field's own place in `out`.
                unsafe { copy_field(field, value, partial.at(index), &path.then(Step::Field(field.name())))? };
                // SAFETY: just written.
                unsafe { partial.set_done(index) };
            }
            partial.finish();
            Ok(())
        }
        Shape::Enum(ops) => {
            let Some(active) = from.variant() else { return Err(no_variant(path)) };
            let mut partial = Partial::of_variant(active.variant.fields());
            let within = path.then(Step::Variant(active.variant.name()));
            for (index, (field, value)) in active.variant.fields().iter().zip(&active.values).enumerate() {
                // SAFETY: the field's own room.
                unsafe { copy_field(field, *value, partial.at(index), &within.then(Step::Field(field.name())))? };
                // SAFETY: just written.
                unsafe { partial.set_done(index) };
            }
            // SAFETY: (1); all fields are done.
            unsafe { build_variant(ops, out, active.index, partial, path) }
        }
        Shape::List(ops) | Shape::Set(ops) => {
            // SAFETY: (1)
            unsafe { (ops.build)(out, from.len()) }.into_result().map_err(panicked)?;
            // SAFETY: just written.
            let undo = unsafe { Undo::new(descriptor, out) };
            let place = Place::new((ops.element)());
            let (mut index, mut result) = (0, Ok(()));
            from.each(|element| {
                // SAFETY: room for an element.
                result = unsafe { copy_at(element, place.as_ptr(), &path.then(Step::Index(index))) }.and_then(|()| {
                    // SAFETY: a list, and an element that is consumed.
                    unsafe { (ops.push)(out, place.as_ptr()) }.into_result().map_err(panicked)
                });
                index += 1;
                result.is_ok()
            })
            .map_err(panicked)?;
            result?;
            undo.keep();
            Ok(())
        }
        Shape::Map(ops) => {
            // SAFETY: (1)
            unsafe { (ops.build)(out, from.len()) }.into_result().map_err(panicked)?;
            // SAFETY: just written.
            let undo = unsafe { Undo::new(descriptor, out) };
            let (mut key_place, value_place) = (Place::new((ops.key)()), Place::new((ops.value)()));
            let (mut index, mut result) = (0, Ok(()));
            from.entries(|key, value| {
                let entry = path.then(Step::Index(index));
                // SAFETY: room for a key.
                result = unsafe { copy_at(key, key_place.as_ptr(), &entry.then(Step::KeyItself)) }.and_then(|()| {
                    // SAFETY: just written.
                    unsafe { key_place.set_full() };
                    // SAFETY: room for a value.
                    unsafe { copy_at(value, value_place.as_ptr(), &entry)? };
                    key_place.set_empty();
                    // SAFETY: a map, and an entry that is consumed.
                    unsafe { (ops.insert)(out, key_place.as_ptr(), value_place.as_ptr()) }
                        .into_result()
                        .map_err(panicked)
                });
                index += 1;
                result.is_ok()
            })
            .map_err(panicked)?;
            result?;
            undo.keep();
            Ok(())
        }
        Shape::Array(ops) => {
            let element = (ops.element)();
            // SAFETY: (1); `copy_at` writes a valid element where it succeeds.
            unsafe {
                fill_array(element, ops.len, out, |index, at| {
                    let from = Value::new(from.as_ptr().wrapping_add(index * element.size), element);
                    copy_at(from, at, &path.then(Step::Index(index)))
                })
            }
        }
        Shape::Owner(ops) => {
            let Some(owned) = from.owned() else { return Err(borrowed(from, path)) };
            let mut inner = Place::new((ops.inner)());
            // SAFETY: room for the inner value.
            unsafe { copy_at(owned, inner.as_ptr(), &path.then(Step::Within))? };
            // SAFETY: just written.
            unsafe { inner.set_full() };
            // SAFETY: (1)
            unsafe { build_owner(ops, out, &mut inner, path) }
        }
        Shape::Proxy(ops) => {
            let mut proxy = Place::new((ops.proxy)());
            // SAFETY: the value, and room for its proxy.
            unsafe { (ops.read)(from.as_ptr(), proxy.as_ptr()) }.into_result().map_err(panicked)?;
            // SAFETY: just written.
            unsafe { proxy.set_full() };
            // SAFETY: (1)
            unsafe { build_proxied(ops, out, &mut proxy, path) }
        }
        Shape::Opaque(_) if descriptor.drop_in_place.is_none() => {
            // SAFETY: (1) two values of the same size, one of them not yet there.
            unsafe { from.as_ptr().copy_to_nonoverlapping(out, descriptor.size) };
            Ok(())
        }
        Shape::Opaque(_) => Err(path.fault(Reason::Opaque { ty: descriptor.type_name() })),
    }
}

#[cold]
pub(crate) fn borrowed(owner: Value<'_>, path: &Path<'_>) -> Fault {
    path.fault(Reason::Borrowed { ty: owner.descriptor().type_name() })
}

#[cold]
fn no_variant(path: &Path<'_>) -> Fault {
    path.fault(Reason::Expected { expected: "a variant of the type".into(), found: "a value without one".into() })
}

/// # Safety
///
/// 1. `out` is valid for a write of the field's type.
unsafe fn copy_field(field: &Field, from: Value<'_>, out: *mut u8, path: &Path<'_>) -> Result<(), Fault> {
    match &field.carry {
        // SAFETY: (1)
        Carry::ByShape => unsafe { copy_at(from, out, path) },
        // What starts over at a reload has no state worth a copy, and often none that could be copied.
        // SAFETY: (1)
        Carry::Reset if matches!(from.descriptor().shape, Shape::Opaque(_)) => unsafe {
            field_default_at(field, out, path, None)
        },
        // SAFETY: (1)
        Carry::Reset => unsafe { copy_at(from, out, path) },
        Carry::Serde(ops) => {
            let text = read_serde(ops, from).map_err(|reason| path.fault(reason))?;
            // SAFETY: (1)
            unsafe { write_serde(ops, out, &text) }.map_err(|reason| path.fault(reason))
        }
    }
}
