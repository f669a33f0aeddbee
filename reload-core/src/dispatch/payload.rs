//! A value on its way: bytes that have been moved out of where they were made.
#![expect(unsafe_code, reason = "owns memory of an erased type")]

use super::fault::FaultKind;
use crate::{
    boundary::Panicked,
    instance::move_one,
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
///
/// A struct and not an enum, so that a queue can make one where it is to lie: moved about, its bytes cost more than all else
/// that is done for an event.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Payload {
    /// In a cell, because the value is written through an address from a shared reference.
    memory: UnsafeCell<Memory>,
    lies: Lies,
}

/// Where the value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lies {
    /// Here, and has no destructor.
    Plain,
    /// Here.
    Inline,
    /// On the heap.
    Heap,
}

/// The value, or where it is.
#[derive(Clone, Copy)]
union Memory {
    words: Words,
    heap: (NonNull<u8>, Layout),
}

/// Room for a value, aligned like a number of 64 bits.
type Words = [MaybeUninit<u64>; INLINE / size_of::<u64>()];

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory")
    }
}

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
    pub(crate) unsafe fn moved(value: *const u8, descriptor: &Descriptor) -> Self {
        let mut this = MaybeUninit::uninit();
        // SAFETY: (1); it is written there.
        unsafe {
            Self::move_to(this.as_mut_ptr(), value, descriptor);
            this.assume_init()
        }
    }

    /// [`Payload::moved`], made at `place`.
    ///
    /// # Safety
    ///
    /// 1. As for [`Payload::moved`].
    /// 2. `place` is valid for a write of a payload.
    #[inline(always)]
    pub(super) unsafe fn move_to(place: *mut Self, value: *const u8, descriptor: &Descriptor) {
        // SAFETY: (1), (2); the room has the value's size.
        unsafe {
            let room = Self::room_at(place, descriptor);
            move_one(value, room, descriptor.size);
        }
    }

    /// Whether nothing has to be done for the value to end.
    #[inline(always)]
    pub(crate) const fn is_plain(&self) -> bool {
        matches!(self.lies, Lies::Plain)
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

    /// Whether a value of the type lies in its payload: then nothing is allocated for it.
    #[inline(always)]
    const fn is_inline(descriptor: &Descriptor) -> bool {
        descriptor.size <= INLINE && descriptor.align <= align_of::<Words>()
    }

    /// Without a value.
    pub(super) const fn nothing() -> Self {
        Self { memory: UnsafeCell::new(Memory { words: [MaybeUninit::uninit(); _] }), lies: Lies::Plain }
    }

    /// Memory for a value, not initialised.
    pub(crate) fn room(descriptor: &Descriptor) -> Self {
        let mut this = Self::nothing();
        // SAFETY: what is overwritten has no memory of its own.
        unsafe { Self::room_at(&raw mut this, descriptor) };
        this
    }

    /// [`Payload::room`], made at `place`. Answers with the address for the value.
    ///
    /// # Safety
    ///
    /// 1. `place` is valid for a write of a payload.
    #[inline(always)]
    unsafe fn room_at(place: *mut Self, descriptor: &Descriptor) -> *mut u8 {
        // SAFETY: (1) parts of the payload.
        let (memory, lies) = unsafe { ((&raw mut (*place).memory).cast::<Memory>(), &raw mut (*place).lies) };
        if Self::is_inline(descriptor) {
            // SAFETY: (1)
            unsafe { lies.write(if descriptor.drop_in_place.is_none() { Lies::Plain } else { Lies::Inline }) };
            return memory.cast();
        }
        let (bytes, layout) = Self::on_the_heap(descriptor);
        // SAFETY: (1)
        unsafe {
            memory.write(Memory { heap: (bytes, layout) });
            lies.write(Lies::Heap);
        }
        bytes.as_ptr()
    }

    #[cold]
    fn on_the_heap(descriptor: &Descriptor) -> (NonNull<u8>, Layout) {
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
        (bytes, layout)
    }

    /// Where the value is, if that is on the heap.
    const fn heap(&self) -> Option<(NonNull<u8>, Layout)> {
        match self.lies {
            Lies::Plain | Lies::Inline => None,
            // SAFETY: it says that this is what has been written, and it is not written again: the value lies elsewhere.
            Lies::Heap => Some(unsafe { (*self.memory.get()).heap }),
        }
    }

    /// Where the value is until the payload is moved.
    #[inline]
    pub(crate) const fn as_ptr(&self) -> *mut u8 {
        match self.heap() {
            None => self.memory.get().cast(),
            Some((bytes, _)) => bytes.as_ptr(),
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
        if let Some((bytes, layout)) = self.heap()
            && layout.size() != 0
        {
            // SAFETY: allocated in `on_the_heap` with this layout.
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
        assert_eq!(payload.heap().is_none(), is_inline, "{value:?}");
        assert_eq!(payload.is_plain(), is_inline && !core::mem::needs_drop::<T>(), "{value:?}");
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
