//! Makes values from nothing and drops them, by their tables.
#![expect(unsafe_code, reason = "calls the table's functions on memory that the caller vouches for")]

use super::{
    Carry, Descriptor, EnumOps, Fault, Field, OwnerOps, Partial, Path, Place, ProxyOps, Reason, Shape, Step, Value,
    Variant, WriteFn, copy_at, place::Undo, read_serde, write_one, write_serde,
};
use crate::boundary::Panicked;

/// Drops the value at `value`. A panic leaves what its own code left; it is not tried again.
///
/// # Errors
///
/// The panic of a destructor.
///
/// # Safety
///
/// 1. `value` points to a valid value of the descriptor's type, which is not used again.
pub unsafe fn drop_value(descriptor: &Descriptor, value: *mut u8) -> Result<(), Panicked> {
    match descriptor.drop_in_place {
        // SAFETY: (1)
        Some(drop_in_place) => unsafe { drop_in_place(value) }.into_result(),
        None => Ok(()),
    }
}

/// Writes the type's default, or else one made from its parts: the fields of a struct with their own
/// defaults, the elements of an array, what an owner holds.
///
/// # Errors
///
/// There is no default, or making it panicked; then nothing is left at `out`.
///
/// # Safety
///
/// 1. `out` is valid for a write of the type.
pub unsafe fn write_default(descriptor: &'static Descriptor, out: *mut u8) -> Result<(), Fault> {
    let name = descriptor.type_name();
    // SAFETY: (1)
    unsafe { default_at(descriptor, out, &Path::root(&name)) }
}

/// [`write_default`] for a field: its own default goes before its type's.
///
/// # Errors
///
/// As for [`write_default`].
///
/// # Safety
///
/// 1. `out` is valid for a write of the field's type.
pub unsafe fn write_field_default(owner: &str, field: &Field, out: *mut u8) -> Result<(), Fault> {
    let root = Path::root(owner);
    // SAFETY: (1)
    unsafe { field_default_at(field, out, &root.then(Step::Field(field.name())), None) }
}

/// Whether [`write_default`] has something to start from.
pub(crate) fn has_default(descriptor: &Descriptor) -> bool {
    let of_field = |field: &Field| field.default.is_some() || has_default(field.descriptor());
    descriptor.default.is_some()
        || match &descriptor.shape {
            Shape::Struct(_) => descriptor.fields().iter().all(of_field),
            Shape::Array(ops) => has_default((ops.element)()),
            Shape::Owner(ops) => has_default((ops.inner)()),
            Shape::Proxy(ops) => has_default((ops.proxy)()),
            _ => false,
        }
}

/// # Safety
///
/// 1. `out` is valid for a write of the type.
pub(crate) unsafe fn default_at(descriptor: &'static Descriptor, out: *mut u8, path: &Path<'_>) -> Result<(), Fault> {
    path.check_depth()?;
    if let Some(default) = descriptor.default {
        // SAFETY: (1)
        return unsafe { write_one(default, out) }.map_err(|panicked| path.fault(Reason::Panicked(panicked)));
    }
    match &descriptor.shape {
        Shape::Struct(_) => {
            // SAFETY: (1)
            let mut partial = unsafe { Partial::of_struct(out, descriptor.fields(), None) };
            for (index, field) in descriptor.fields().iter().enumerate() {
                // SAFETY: a field's own place in `out`.
                unsafe { field_default_at(field, partial.at(index), &path.then(Step::Field(field.name())), None)? };
                // SAFETY: just written.
                unsafe { partial.set_done(index) };
            }
            partial.finish();
            Ok(())
        }
        Shape::Array(ops) => {
            // SAFETY: (1)
            unsafe {
                fill_array((ops.element)(), ops.len, out, |index, at| {
                    default_at((ops.element)(), at, &path.then(Step::Index(index)))
                })
            }
        }
        Shape::Owner(ops) => {
            let mut inner = Place::new((ops.inner)());
            // SAFETY: room for the inner value.
            unsafe { default_at((ops.inner)(), inner.as_ptr(), &path.then(Step::Within))? };
            // SAFETY: just written.
            unsafe { inner.set_full() };
            // SAFETY: (1); the place holds a value of the inner type.
            unsafe { build_owner(ops, out, &mut inner, path) }
        }
        Shape::Proxy(ops) => {
            let mut proxy = Place::new((ops.proxy)());
            // SAFETY: room for the proxy.
            unsafe { default_at((ops.proxy)(), proxy.as_ptr(), &path.then(Step::Within))? };
            // SAFETY: just written.
            unsafe { proxy.set_full() };
            // SAFETY: (1); the place holds a value of the proxy's type.
            unsafe { build_proxied(ops, out, &mut proxy, path) }
        }
        _ => Err(path.fault(Reason::NoDefault { ty: descriptor.type_name() })),
    }
}

/// A struct that something lies in, and what that lies in: what has no default of its own may have one there.
#[derive(Clone, Copy)]
pub(crate) struct Enclosing<'a> {
    pub(crate) ty: &'static Descriptor,
    /// Where the struct begins, whether it is there yet or not.
    pub(crate) base: *mut u8,
    pub(crate) outer: Option<&'a Self>,
}

impl Enclosing<'_> {
    /// The nearest one that has a default.
    fn with_default(&self) -> Option<&Self> {
        core::iter::successors(Some(self), |enclosing| enclosing.outer).find(|enclosing| enclosing.ty.default.is_some())
    }
}

/// # Safety
///
/// 1. `out` is valid for a write of the field's type.
/// 2. `out` is the field's place in what it lies in.
pub(crate) unsafe fn field_default_at(
    field: &Field,
    out: *mut u8,
    path: &Path<'_>,
    enclosing: Option<&Enclosing<'_>>,
) -> Result<(), Fault> {
    // SAFETY: (1), (2)
    unsafe { own_default_at((field.default, field.descriptor(), &field.carry), out, path, enclosing) }
}

/// The default that a field of the type says, else its type's, else the one that the nearest struct around it has there.
///
/// # Safety
///
/// 1. `out` is valid for a write of the type.
/// 2. `out` is the value's place in what it lies in.
pub(crate) unsafe fn own_default_at(
    (default, ty, carry): (Option<WriteFn>, &'static Descriptor, &Carry),
    out: *mut u8,
    path: &Path<'_>,
    enclosing: Option<&Enclosing<'_>>,
) -> Result<(), Fault> {
    if let Some(default) = default {
        // SAFETY: (1)
        return unsafe { write_one(default, out) }.map_err(|panicked| path.fault(Reason::Panicked(panicked)));
    }
    match enclosing.filter(|_| !has_default(ty)).and_then(Enclosing::with_default) {
        // SAFETY: (1), (2)
        Some(whole) => unsafe { part_of_default(whole, (ty, carry), out, path) },
        // SAFETY: (1)
        None => unsafe { default_at(ty, out, path) },
    }
}

/// A copy of what the default of a struct has at `out`, if it can be copied.
///
/// # Safety
///
/// 1. `out` is valid for a write of `ty`, and is the place of a value of it in `whole`.
unsafe fn part_of_default(
    whole: &Enclosing<'_>,
    (ty, carry): (&'static Descriptor, &Carry),
    out: *mut u8,
    path: &Path<'_>,
) -> Result<(), Fault> {
    let mut place = Place::new(whole.ty);
    // SAFETY: room for the whole.
    unsafe { write_default(whole.ty, place.as_ptr())? };
    // SAFETY: just written; the images stay mapped while a value is made.
    unsafe { place.set_full() };
    let at = out.addr() - whole.base.addr();
    // SAFETY: (1)
    let value = unsafe { Value::new(place.as_ptr().wrapping_add(at), ty) };
    let copied = match carry {
        // SAFETY: (1)
        Carry::Serde(ops) => read_serde(ops, value).is_ok_and(|text| unsafe { write_serde(ops, out, &text) }.is_ok()),
        // SAFETY: (1)
        Carry::ByShape | Carry::Reset => unsafe { copy_at(value, out, path) }.is_ok(),
    };
    // What cannot be copied is no default for others.
    if copied { Ok(()) } else { Err(path.fault(Reason::NoDefault { ty: ty.type_name() })) }
}

/// Writes the elements of an array with `write`; drops those that were written when one fails.
///
/// # Safety
///
/// 1. `out` is valid for a write of `len` elements.
/// 2. Where `write` succeeds it has written a valid element at the address it was given.
pub(crate) unsafe fn fill_array<E>(
    element: &'static Descriptor,
    len: usize,
    out: *mut u8,
    mut write: impl FnMut(usize, *mut u8) -> Result<(), E>,
) -> Result<(), E> {
    let mut written = Vec::with_capacity(if element.drop_in_place.is_some() { len } else { 0 });
    for index in 0..len {
        let at = out.wrapping_add(index * element.size);
        write(index, at)?;
        if element.drop_in_place.is_some() {
            // SAFETY: (2)
            written.push(unsafe { Undo::new(element, at) });
        }
    }
    written.into_iter().for_each(Undo::keep);
    Ok(())
}

/// Moves `inner` into a new owner at `out`.
///
/// # Safety
///
/// 1. `out` is valid for a write of the owner.
/// 2. `inner` holds a value of the inner type.
pub(crate) unsafe fn build_owner(
    ops: &OwnerOps,
    out: *mut u8,
    inner: &mut Place,
    path: &Path<'_>,
) -> Result<(), Fault> {
    inner.set_empty();
    // SAFETY: (1), (2); the function consumes the value whatever comes of it.
    let outcome = unsafe { (ops.build)(out, inner.as_ptr()) };
    outcome.into_result().map_err(|panicked| path.fault(Reason::Panicked(panicked)))
}

/// Makes a value at `out` from its proxy.
///
/// # Safety
///
/// 1. `out` is valid for a write of the value.
/// 2. `proxy` holds a value of the proxy's type.
pub(crate) unsafe fn build_proxied(
    ops: &ProxyOps,
    out: *mut u8,
    proxy: &mut Place,
    path: &Path<'_>,
) -> Result<(), Fault> {
    proxy.set_empty();
    // SAFETY: (1), (2); the function consumes the proxy whatever comes of it.
    let outcome = unsafe { (ops.build)(out, proxy.as_ptr()) };
    outcome.into_result().map_err(|panicked| path.fault(Reason::Panicked(panicked)))
}

/// Makes a variant at `out` from its fields, all of which are done.
///
/// # Safety
///
/// 1. `out` is valid for a write of the enum.
/// 2. All fields of `partial` are done, and they are those of the variant `index`.
pub(crate) unsafe fn build_variant(
    ops: &EnumOps,
    out: *mut u8,
    index: usize,
    partial: Partial<'_>,
    path: &Path<'_>,
) -> Result<(), Fault> {
    // SAFETY: (1), (2)
    let outcome = unsafe { (ops.build)(out, index as u32, partial.addresses()) };
    partial.finish();
    outcome.into_result().map_err(|panicked| path.fault(Reason::Panicked(panicked)))
}

/// Makes a variant at `out`, each of its fields with its default.
///
/// # Safety
///
/// 1. `out` is valid for a write of the enum.
/// 2. `variant` is the variant `index` of the enum.
pub(crate) unsafe fn variant_of_defaults(
    ops: &EnumOps,
    out: *mut u8,
    index: usize,
    variant: &'static Variant,
    path: &Path<'_>,
) -> Result<(), Fault> {
    let mut partial = Partial::of_variant(variant.fields());
    for (position, field) in variant.fields().iter().enumerate() {
        // SAFETY: the field's own room.
        unsafe { field_default_at(field, partial.at(position), &path.then(Step::Field(field.name())), None)? };
        // SAFETY: just written.
        unsafe { partial.set_done(position) };
    }
    // SAFETY: (1), (2)
    unsafe { build_variant(ops, out, index, partial, path) }
}
