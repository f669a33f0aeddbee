//! Owners of one value.
#![expect(unsafe_code, reason = "boundary functions of owners")]

use super::{refuse, table};
use crate::{
    boundary::{Outcome, guard},
    schema::{Descriptor, OwnerOps, Shape, State, descriptor},
};
use core::cell::{Cell, RefCell};
use std::alloc::{Layout, alloc};

/// An owner of one value.
trait Owner: Sized {
    type Inner: State;
    /// `None` while somebody else may change the value.
    fn address(&self) -> Option<*const Self::Inner>;
    fn of(inner: Self::Inner) -> Self;
}

impl<T: State> Owner for Box<T> {
    type Inner = T;
    fn address(&self) -> Option<*const T> {
        Some(&raw const **self)
    }
    /// `Box::new`, but without memory the answer is no, where `Box::new` would abort.
    fn of(inner: T) -> Self {
        let layout = Layout::new::<T>();
        if layout.size() == 0 {
            return Self::new(inner);
        }
        // SAFETY: the layout has a size.
        let memory = unsafe { alloc(layout) }.cast::<T>();
        if memory.is_null() {
            refuse("out of memory");
        }
        // SAFETY: fresh memory for a `T`.
        unsafe { memory.write(inner) };
        // SAFETY: holds a `T`, and comes from the global allocator with the layout of `T`.
        unsafe { Self::from_raw(memory) }
    }
}

impl<T: State> Owner for Cell<T> {
    type Inner = T;
    fn address(&self) -> Option<*const T> {
        Some(self.as_ptr())
    }
    fn of(inner: T) -> Self {
        Self::new(inner)
    }
}

impl<T: State> Owner for RefCell<T> {
    type Inner = T;
    /// Whoever has borrowed it to change it may be in the middle of that.
    fn address(&self) -> Option<*const T> {
        self.try_borrow().ok().map(|value| &raw const *value)
    }
    fn of(inner: T) -> Self {
        Self::new(inner)
    }
}

/// # Safety
///
/// 1. `value` points to a valid `O`.
unsafe extern "C" fn get<O: Owner>(value: *const u8) -> *const u8 {
    // SAFETY: (1)
    let owner = unsafe { &*value.cast::<O>() };
    owner.address().map_or(core::ptr::null(), <*const O::Inner>::cast)
}

/// # Safety
///
/// 1. `out` is valid for a write of `O`.
/// 2. `inner` points to a valid value that is not used again.
unsafe extern "C" fn build<O: Owner>(out: *mut u8, inner: *mut u8) -> Outcome {
    guard(&mut || {
        // SAFETY: (2)
        let inner = unsafe { inner.cast::<O::Inner>().read() };
        let owner = O::of(inner);
        // SAFETY: (1)
        unsafe { out.cast::<O>().write(owner) }
    })
}

macro_rules! owner {
    ($($path:literal = $owner:ident),*) => {$(
        // SAFETY: (1) functions of the same type.
        unsafe impl<T: State> State for $owner<T> {
            // Whether `T` has a default cannot be asked here; the core makes one from the inner type's.
            const DESCRIPTOR: Descriptor = table::<Self>(
                $path,
                None,
                Shape::Owner(OwnerOps { inner: descriptor::<T>, get: get::<Self>, build: build::<Self> }),
            );
        }
    )*};
}
owner!("Box" = Box, "Cell" = Cell, "RefCell" = RefCell);
