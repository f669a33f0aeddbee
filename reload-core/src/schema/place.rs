//! Memory for values that are being made: whatever is finished there is dropped unless it is moved on.
#![expect(unsafe_code, reason = "owns uninitialised memory and knows when it is not")]

use super::{Descriptor, Field, Value, build::Enclosing, drop_value};
use core::{fmt, ptr::NonNull};
use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};

/// A piece of the heap.
pub(crate) struct Memory {
    ptr: NonNull<u8>,
    layout: Layout,
}

impl Memory {
    fn new(size: usize, align: usize) -> Self {
        // A table that has been checked has an alignment that is a power of two and a size that fits it.
        let layout = Layout::from_size_align(size, align).unwrap_or(Layout::new::<()>());
        assert!(layout.size() == size && layout.align() == align, "no type has size {size} and alignment {align}");
        if size == 0 {
            let ptr = core::ptr::without_provenance_mut(align);
            return Self { ptr: NonNull::new(ptr).unwrap_or(NonNull::dangling()), layout };
        }
        // SAFETY: the layout has a size.
        let ptr = unsafe { alloc_zeroed(layout) };
        Self { ptr: NonNull::new(ptr).unwrap_or_else(|| handle_alloc_error(layout)), layout }
    }

    pub(crate) const fn as_ptr(&self) -> *mut u8 {
        self.ptr.as_ptr()
    }

    /// The bytes as they were last written from outside Rust's sight; zero where nothing was written.
    pub(crate) const fn bytes(&self) -> &[u8] {
        // SAFETY: was allocated zeroed with this size.
        unsafe { core::slice::from_raw_parts(self.ptr.as_ptr(), self.layout.size()) }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if self.layout.size() > 0 {
            // SAFETY: allocated in `new` with this layout.
            unsafe { dealloc(self.ptr.as_ptr(), self.layout) }
        }
    }
}

/// Room for one value of a type on the heap; the value, if there is one, is dropped with it.
pub struct Place {
    memory: Memory,
    descriptor: &'static Descriptor,
    full: bool,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value() {
            Some(value) => value.fmt(f),
            None => write!(f, "<no {}>", self.descriptor.type_name()),
        }
    }
}

impl Place {
    /// Room without a value.
    #[must_use]
    pub fn new(descriptor: &'static Descriptor) -> Self {
        Self { memory: Memory::new(descriptor.size, descriptor.align), descriptor, full: false }
    }

    /// Zeroed memory.
    pub(crate) fn zeroed(size: usize, align: usize) -> Memory {
        Memory::new(size, align)
    }

    /// The room's address.
    #[must_use]
    pub const fn as_ptr(&self) -> *mut u8 {
        self.memory.as_ptr()
    }

    /// The value, if there is one.
    #[must_use]
    pub fn value(&self) -> Option<Value<'_>> {
        // SAFETY: (1) the duty of `set_full`'s caller. (2) full, and not changed while borrowed.
        self.full.then(|| unsafe { Value::new(self.as_ptr(), self.descriptor) })
    }

    /// Takes note that a value was written; drops it from now on.
    ///
    /// # Safety
    ///
    /// 1. There is a valid value of the descriptor's type, and its code stays mapped as long as this place.
    pub const unsafe fn set_full(&mut self) {
        self.full = true;
    }

    /// Takes note that the value was moved out.
    pub const fn set_empty(&mut self) {
        self.full = false;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.full {
            // SAFETY: full, and nothing uses the value after this.
            let dropped = unsafe { drop_value(self.descriptor, self.as_ptr()) };
            // A panic in a destructor changes nothing here: the memory goes in any case.
            drop(dropped);
        }
    }
}

/// Drops a value in place unless told to keep it.
pub(crate) struct Undo {
    descriptor: &'static Descriptor,
    ptr: *mut u8,
}

impl Undo {
    /// # Safety
    ///
    /// 1. `ptr` points to a valid value of the type, which nothing else drops as long as this lives.
    pub(crate) const unsafe fn new(descriptor: &'static Descriptor, ptr: *mut u8) -> Self {
        Self { descriptor, ptr }
    }

    pub(crate) const fn keep(self) {
        core::mem::forget(self);
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        // SAFETY: the duty of `new`'s caller.
        drop(unsafe { drop_value(self.descriptor, self.ptr) });
    }
}

/// The fields of a struct or of a variant while they are being made, one by one and in any order.
pub(crate) struct Partial<'a> {
    fields: &'a [Field],
    at: Vec<*mut u8>,
    done: Vec<bool>,
    /// The struct, as what its fields lie in; none for a variant's, and where nobody looks for it.
    enclosing: Option<&'a Enclosing<'a>>,
    /// Holds the fields of a variant, which have no place in it until it is built.
    _memory: Vec<Memory>,
}

impl<'a> Partial<'a> {
    /// The fields of a struct at `base`.
    ///
    /// # Safety
    ///
    /// 1. `base` is valid for writes of a struct with these fields.
    pub(crate) unsafe fn of_struct(base: *mut u8, fields: &'a [Field], enclosing: Option<&'a Enclosing<'a>>) -> Self {
        let at = fields.iter().map(|field| base.wrapping_add(field.offset)).collect();
        Self { fields, at, done: vec![false; fields.len()], enclosing, _memory: Vec::new() }
    }

    /// The fields of the struct that `enclosing` is.
    ///
    /// # Safety
    ///
    /// 1. Its base is valid for writes of its type.
    pub(crate) unsafe fn of_enclosing(enclosing: &'a Enclosing<'a>) -> Self {
        // SAFETY: (1)
        unsafe { Self::of_struct(enclosing.base, enclosing.ty.fields(), Some(enclosing)) }
    }

    /// What the fields lie in.
    pub(crate) const fn enclosing(&self) -> Option<&'a Enclosing<'a>> {
        self.enclosing
    }

    /// The fields of a variant, each in memory of its own.
    pub(crate) fn of_variant(fields: &'a [Field]) -> Self {
        let memory: Vec<Memory> = fields
            .iter()
            .map(Field::descriptor)
            .map(|descriptor| Memory::new(descriptor.size, descriptor.align))
            .collect();
        let at = memory.iter().map(Memory::as_ptr).collect();
        Self { fields, at, done: vec![false; fields.len()], enclosing: None, _memory: memory }
    }

    pub(crate) fn at(&self, index: usize) -> *mut u8 {
        self.at[index]
    }

    pub(crate) fn is_done(&self, index: usize) -> bool {
        self.done[index]
    }

    /// # Safety
    ///
    /// 1. A valid value of the field's type has been written to `at(index)`.
    pub(crate) unsafe fn set_done(&mut self, index: usize) {
        self.done[index] = true;
    }

    /// The addresses in the form that an enum's `build` takes.
    pub(crate) const fn addresses(&self) -> *const *mut u8 {
        self.at.as_ptr()
    }

    /// All fields are made, and belong to the whole from now on.
    pub(crate) fn finish(mut self) {
        self.done.fill(false);
    }
}

impl Drop for Partial<'_> {
    fn drop(&mut self) {
        for (index, field) in self.fields.iter().enumerate() {
            if self.done[index] {
                // SAFETY: the duty of `set_done`'s caller; nothing uses the field after this.
                drop(unsafe { drop_value(field.descriptor(), self.at[index]) });
            }
        }
    }
}
