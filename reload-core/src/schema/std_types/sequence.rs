//! Lists and sets.
#![expect(unsafe_code, reason = "boundary functions of collections")]

use super::{HashTable, refuse, renewed, table};
use crate::{
    boundary::{Outcome, guard},
    schema::{
        Descriptor, ListOps, RenewFn, Shape, State, TypeNameFn, VisitFn, default_of,
        derived::{WithFields, type_name_of},
        descriptor,
    },
};
use core::hash::{BuildHasher, Hash};
use std::collections::{BTreeSet, BinaryHeap, HashSet, TryReserveError, VecDeque};

/// A collection of elements.
pub(super) trait Sequence: Default {
    /// What it holds.
    type Element: State;
    /// The hasher's type, where there is one.
    const HASHER: Option<TypeNameFn> = None;
    /// Of a hash table.
    const RENEW: Option<RenewFn> = None;
    fn count(&self) -> usize;
    fn elements(&self) -> impl Iterator<Item = &Self::Element>;
    /// Makes room; a collection that allocates each element for itself has nothing to do.
    fn make_room(&mut self, _elements: usize) -> Result<(), TryReserveError> {
        Ok(())
    }
    fn add(&mut self, element: Self::Element);
}

/// The boundary functions of `L`.
pub(super) const fn list_ops<L: Sequence>() -> ListOps {
    ListOps {
        element: descriptor::<L::Element>,
        hasher: L::HASHER,
        len: len::<L>,
        each: each::<L>,
        build: build::<L>,
        push: push::<L>,
        renew: L::RENEW,
    }
}

/// The name of a hasher's type.
///
/// # Panics
///
/// At compile time, when the hasher may hold a reference, which would dangle after a reload.
pub(super) const fn hasher_of<S: 'static>() -> TypeNameFn {
    // A type with a reference, a box or a function pointer in it has a value to spare for `None`.
    assert!(
        size_of::<S>() == 0 || (size_of::<Option<S>>() > size_of::<S>() && !core::mem::needs_drop::<S>()),
        "this collection's hasher may hold references, which would dangle after a reload: \
         use the default hasher or one without fields, such as `BuildHasherDefault<_>`"
    );
    if size_of::<S>() == 0 { type_name_of::<S> } else { type_name_of::<WithFields<S>> }
}

/// # Safety
///
/// 1. `value` points to a valid `L`.
unsafe extern "C" fn len<L: Sequence>(value: *const u8) -> usize {
    // SAFETY: (1)
    let list = unsafe { &*value.cast::<L>() };
    list.count()
}

/// # Safety
///
/// 1. `value` points to a valid `L` that is not changed during the call.
/// 2. `visit` fits `state` and does not unwind.
unsafe extern "C" fn each<L: Sequence>(value: *const u8, visit: VisitFn, state: *mut u8) -> Outcome {
    // SAFETY: (1)
    let list = unsafe { &*value.cast::<L>() };
    guard(&mut || {
        for element in list.elements() {
            // SAFETY: (2)
            if !unsafe { visit(state, (&raw const *element).cast()) } {
                break;
            }
        }
    })
}

/// # Safety
///
/// 1. `out` is valid for a write of `L`.
unsafe extern "C" fn build<L: Sequence>(out: *mut u8, capacity: usize) -> Outcome {
    guard(&mut || {
        let mut list = L::default();
        if list.make_room(capacity).is_err() {
            refuse("out of memory");
        }
        // SAFETY: (1)
        unsafe { out.cast::<L>().write(list) }
    })
}

/// # Safety
///
/// 1. `value` points to a valid `L` that nothing else refers to during the call.
/// 2. `element` points to a valid element that is not used again.
unsafe extern "C" fn push<L: Sequence>(value: *mut u8, element: *mut u8) -> Outcome {
    guard(&mut || {
        // SAFETY: (2)
        let element = unsafe { element.cast::<L::Element>().read() };
        // SAFETY: (1)
        let list = unsafe { &mut *value.cast::<L>() };
        list.add(element);
    })
}

/// One collection: its elements are added with `$add`, room is made with `$reserve` where it can be.
macro_rules! sequence {
    ($path:literal, $shape:ident, [$($generics:tt)*] $ty:ty, $add:ident $(, reserve $reserve:ident)? $(, hasher $hasher:ty)?) => {
        impl<$($generics)*> Sequence for $ty {
            type Element = T;
            $(const HASHER: Option<TypeNameFn> =
                Some(hasher_of::<$hasher>());
            const RENEW: Option<RenewFn> = renewed::<Self>();)?
            fn count(&self) -> usize {
                self.len()
            }
            fn elements(&self) -> impl Iterator<Item = &T> {
                self.iter()
            }
            $(fn make_room(&mut self, elements: usize) -> Result<(), TryReserveError> {
                self.$reserve(elements)
            })?
            fn add(&mut self, element: T) {
                self.$add(element);
            }
        }

        // SAFETY: (1) functions of the same type.
        unsafe impl<$($generics)*> State for $ty {
            const DESCRIPTOR: Descriptor = table::<Self>(
                $path,
                Some(default_of::<Self>()),
                Shape::$shape(list_ops::<Self>()),
            );
        }
    };
}

sequence!("Vec", List, [T: State] Vec<T>, push, reserve try_reserve_exact);
sequence!("VecDeque", List, [T: State] VecDeque<T>, push_back, reserve try_reserve_exact);
sequence!("BinaryHeap", List, [T: State + Ord] BinaryHeap<T>, push, reserve try_reserve_exact);
sequence!("BTreeSet", Set, [T: State + Ord] BTreeSet<T>, insert);
sequence!(
    "HashSet", Set, [T: State + Eq + Hash, S: BuildHasher + Default + 'static] HashSet<T, S>,
    insert, reserve try_reserve, hasher S
);

impl<T, S: Default> HashTable for HashSet<T, S> {
    fn room(&self) -> usize {
        self.capacity()
    }
}
