//! A value on its way: bytes that have been moved out of where they were made.
#![expect(unsafe_code, reason = "owns memory of an erased type")]

use super::fault::FaultKind;
use crate::{
    boundary::Panicked,
    schema::{self, Descriptor, WriteFn},
};
use std::{
    alloc::{Layout, alloc, dealloc, handle_alloc_error},
    cell::UnsafeCell,
    fmt,
    mem::MaybeUninit,
    ptr::NonNull,
};

/// Most bytes of a value that lies in the payload itself.
const INLINE: usize = 64;

/// Owns the memory of a value; whoever takes it off a queue moves the value out or drops it. The value moves with it.
#[derive(Debug)]
pub(crate) struct Payload(Memory);

#[derive(Debug)]
enum Memory {
    /// In a cell, because the value is written through an address from a shared reference.
    Inline(UnsafeCell<Words>),
    Heap(NonNull<u8>, Layout),
}

/// Room for a value, aligned like a number of 64 bits.
type Words = [MaybeUninit<u64>; INLINE / size_of::<u64>()];

/// Why a value could not be constructed.
#[derive(Debug)]
pub(crate) enum Unconstructed {
    /// The type's own constructor panicked.
    Panicked(Panicked),
    /// A field has no default, or its default panicked.
    Default(schema::Fault),
}

impl fmt::Display for Unconstructed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(panic) => panic.fmt(f),
            Self::Default(fault) => fault.fmt(f),
        }
    }
}

impl Unconstructed {
    /// What ran, and what became of it.
    pub(super) fn into_fault(self) -> (String, FaultKind) {
        match self {
            Self::Panicked(panic) => ("constructor".to_owned(), FaultKind::Panicked { panic, quarantined: false }),
            Self::Default(fault) => match fault.reason {
                schema::Reason::Panicked(panic) => {
                    (format!("default of {}", fault.place), FaultKind::Panicked { panic, quarantined: false })
                }
                _ => ("constructor".to_owned(), FaultKind::Unknown { what: fault.to_string() }),
            },
        }
    }
}

impl Payload {
    /// Moves a value in.
    ///
    /// # Safety
    ///
    /// 1. `value` points to a valid value that `descriptor` describes, and is not used again.
    #[inline(always)]
    pub(crate) unsafe fn moved(value: *const u8, descriptor: &Descriptor) -> Self {
        let this = Self::room(descriptor);
        // SAFETY: (1); the new memory has the value's size.
        unsafe { core::ptr::copy_nonoverlapping(value, this.as_ptr(), descriptor.size) };
        this
    }

    /// Constructs a value: by the type's own constructor, else from its fields' defaults.
    ///
    /// # Errors
    ///
    /// Why it cannot be constructed; nothing is left behind.
    pub(crate) fn constructed(
        descriptor: &'static Descriptor,
        construct: Option<WriteFn>,
    ) -> Result<Self, Unconstructed> {
        let this = Self::room(descriptor);
        // SAFETY: the memory has the value's size and alignment.
        unsafe { construct_at(this.as_ptr(), descriptor, construct) }?;
        Ok(this)
    }

    /// Memory for a value, not initialised.
    #[inline]
    pub(crate) fn room(descriptor: &Descriptor) -> Self {
        if descriptor.size <= INLINE && descriptor.align <= align_of::<Words>() {
            return Self(Memory::Inline(UnsafeCell::new([MaybeUninit::uninit(); _])));
        }
        let layout = Layout::from_size_align(descriptor.size, descriptor.align)
            .unwrap_or_else(|_| unreachable!("the layout was validated"));
        let bytes = if layout.size() == 0 {
            // Aligned and never read.
            NonNull::without_provenance(
                core::num::NonZero::new(layout.align()).unwrap_or_else(|| unreachable!("an alignment is not zero")),
            )
        } else {
            // SAFETY: the size is not zero.
            NonNull::new(unsafe { alloc(layout) }).unwrap_or_else(|| handle_alloc_error(layout))
        };
        Self(Memory::Heap(bytes, layout))
    }

    /// Where the value is until the payload is moved.
    #[inline]
    pub(crate) const fn as_ptr(&self) -> *mut u8 {
        match &self.0 {
            Memory::Inline(words) => words.get().cast(),
            Memory::Heap(bytes, _) => bytes.as_ptr(),
        }
    }

    /// Drops the value.
    ///
    /// # Safety
    ///
    /// 1. `descriptor` describes the value, and its image is mapped.
    /// 2. The value is not used again.
    pub(crate) unsafe fn drop_value(&self, descriptor: &Descriptor) -> Result<(), Panicked> {
        match descriptor.drop_in_place {
            // SAFETY: (1), (2)
            Some(drop_in_place) => unsafe { drop_in_place(self.as_ptr()) }.into_result(),
            None => Ok(()),
        }
    }
}

/// Constructs a value where it is to live.
///
/// # Errors
///
/// Why it cannot be constructed; then there is no value.
///
/// # Safety
///
/// 1. `place` is valid for a write of what `descriptor` describes.
#[inline]
pub(crate) unsafe fn construct_at(
    place: *mut u8,
    descriptor: &'static Descriptor,
    construct: Option<WriteFn>,
) -> Result<(), Unconstructed> {
    match construct {
        // Not announced: the pulse says what runs.
        // SAFETY: (1)
        Some(construct) => unsafe { construct(place, 1, 0, &mut 0) }.into_result().map_err(Unconstructed::Panicked),
        // SAFETY: (1)
        None => unsafe { schema::write_default(descriptor, place) }.map_err(Unconstructed::Default),
    }
}

impl Drop for Payload {
    /// Frees the memory only: the value has been moved out or dropped, or is leaked.
    fn drop(&mut self) {
        if let Memory::Heap(bytes, layout) = self.0
            && layout.size() != 0
        {
            // SAFETY: allocated in `room` with this layout.
            unsafe { dealloc(bytes.as_ptr(), layout) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::opaque_descriptor;

    fn stays_the_same<T: PartialEq + fmt::Debug + Clone + 'static>(value: T, is_inline: bool) {
        let descriptor: &'static Descriptor = Box::leak(Box::new(opaque_descriptor::<T>("test", None)));
        let given = core::mem::ManuallyDrop::new(value.clone());
        // SAFETY: the value is a `T`, and is not used again.
        let payload = unsafe { Payload::moved((&raw const given).cast(), descriptor) };
        assert_eq!(matches!(payload.0, Memory::Inline(_)), is_inline, "{value:?}");
        let moved = Box::new(Some(payload));
        let payload = moved.unwrap_or_else(|| unreachable!("it was put there"));
        assert_eq!(payload.as_ptr().addr() % align_of::<T>(), 0);
        // SAFETY: it holds the value that was moved in.
        assert_eq!(unsafe { &*payload.as_ptr().cast::<T>() }, &value);
        // SAFETY: as above; this image is mapped.
        unsafe { payload.drop_value(descriptor) }.expect("dropping it does not panic");
    }

    #[test]
    fn values_of_any_size_move_with_their_payload() {
        #[repr(align(64))]
        #[derive(Clone, Debug, PartialEq)]
        struct Aligned(u8);
        let counted = std::sync::Arc::new(1_u8);
        stays_the_same((), true);
        stays_the_same(String::from("Grix"), true);
        stays_the_same([7_u64; 8], true);
        stays_the_same([7_u64; 9], false);
        stays_the_same(1_u128, false);
        stays_the_same(Aligned(3), false);
        stays_the_same(std::sync::Arc::clone(&counted), true);
        stays_the_same([const { None::<std::sync::Arc<u8>> }; 9].map(|_| Some(std::sync::Arc::clone(&counted))), false);
        assert_eq!(std::sync::Arc::strong_count(&counted), 1, "each value was dropped once");
    }

    #[test]
    fn a_constructor_writes_into_the_payload() {
        let descriptor = crate::schema::descriptor::<String>();
        let payload = Payload::constructed(descriptor, descriptor.default).expect("a text has a default");
        // SAFETY: it was constructed.
        assert_eq!(unsafe { &*payload.as_ptr().cast::<String>() }, "");
    }
}
