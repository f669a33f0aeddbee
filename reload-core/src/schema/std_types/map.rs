//! Maps.
#![expect(unsafe_code, reason = "boundary functions of collections")]

use super::{HashTable, refuse, renewed, sequence::hasher_of, table};
use crate::{
    boundary::{Outcome, guard},
    schema::{Descriptor, MapOps, RenewFn, Shape, State, TypeNameFn, VisitEntryFn, default_of, descriptor},
};
use core::hash::{BuildHasher, Hash};
use std::collections::{BTreeMap, HashMap, TryReserveError};

/// A collection of entries.
pub(super) trait Mapping: Default {
    type Key: State;
    type Value: State;
    /// The hasher's type, where there is one.
    const HASHER: Option<TypeNameFn> = None;
    /// Of a hash table.
    const RENEW: Option<RenewFn> = None;
    fn count(&self) -> usize;
    fn entries(&self) -> impl Iterator<Item = (&Self::Key, &Self::Value)>;
    /// Makes room; a map that allocates as it grows has nothing to do.
    fn make_room(&mut self, _entries: usize) -> Result<(), TryReserveError> {
        Ok(())
    }
    fn add(&mut self, key: Self::Key, value: Self::Value);
}

/// The boundary functions of `M`.
pub(super) const fn map_ops<M: Mapping>() -> MapOps {
    MapOps {
        key: descriptor::<M::Key>,
        value: descriptor::<M::Value>,
        hasher: M::HASHER,
        len: len::<M>,
        each: each::<M>,
        build: build::<M>,
        insert: insert::<M>,
        renew: M::RENEW,
    }
}

/// # Safety
///
/// 1. `map` points to a valid `M`.
unsafe extern "C" fn len<M: Mapping>(map: *const u8) -> usize {
    // SAFETY: (1)
    let map = unsafe { &*map.cast::<M>() };
    map.count()
}

/// # Safety
///
/// 1. `map` points to a valid `M` that is not changed during the call.
/// 2. `visit` fits `state` and does not unwind.
unsafe extern "C" fn each<M: Mapping>(map: *const u8, visit: VisitEntryFn, state: *mut u8) -> Outcome {
    // SAFETY: (1)
    let map = unsafe { &*map.cast::<M>() };
    guard(&mut || {
        for (key, value) in map.entries() {
            // SAFETY: (2)
            if !unsafe { visit(state, (&raw const *key).cast(), (&raw const *value).cast()) } {
                break;
            }
        }
    })
}

/// # Safety
///
/// 1. `out` is valid for a write of `M`.
unsafe extern "C" fn build<M: Mapping>(out: *mut u8, capacity: usize) -> Outcome {
    guard(&mut || {
        let mut map = M::default();
        if map.make_room(capacity).is_err() {
            refuse("out of memory");
        }
        // SAFETY: (1)
        unsafe { out.cast::<M>().write(map) }
    })
}

/// # Safety
///
/// 1. `map` points to a valid `M` that nothing else refers to during the call.
/// 2. `key` and `value` point to a valid key and a valid value that are not used again.
unsafe extern "C" fn insert<M: Mapping>(map: *mut u8, key: *mut u8, value: *mut u8) -> Outcome {
    guard(&mut || {
        // SAFETY: (2)
        let key = unsafe { key.cast::<M::Key>().read() };
        // SAFETY: (2)
        let value = unsafe { value.cast::<M::Value>().read() };
        // SAFETY: (1)
        let map = unsafe { &mut *map.cast::<M>() };
        map.add(key, value);
    })
}

/// One map; room is made with `$reserve` where it can be.
macro_rules! mapping {
    ($path:literal, [$($generics:tt)*] $ty:ty $(, reserve $reserve:ident)? $(, hasher $hasher:ty)?) => {
        impl<$($generics)*> Mapping for $ty {
            type Key = K;
            type Value = V;
            $(const HASHER: Option<TypeNameFn> =
                Some(hasher_of::<$hasher>());
            const RENEW: Option<RenewFn> = renewed::<Self>();)?
            fn count(&self) -> usize {
                self.len()
            }
            fn entries(&self) -> impl Iterator<Item = (&K, &V)> {
                self.iter()
            }
            $(fn make_room(&mut self, entries: usize) -> Result<(), TryReserveError> {
                self.$reserve(entries)
            })?
            fn add(&mut self, key: K, value: V) {
                self.insert(key, value);
            }
        }

        // SAFETY: (1) functions of the same type.
        unsafe impl<$($generics)*> State for $ty {
            const DESCRIPTOR: Descriptor = table::<Self>(
                $path,
                Some(default_of::<Self>()),
                Shape::Map(map_ops::<Self>()),
            );
        }
    };
}

mapping!("BTreeMap", [K: State + Ord, V: State] BTreeMap<K, V>);
mapping!(
    "HashMap", [K: State + Eq + Hash, V: State, S: BuildHasher + Default + 'static] HashMap<K, V, S>,
    reserve try_reserve, hasher S
);

impl<K, V, S: Default> HashTable for HashMap<K, V, S> {
    fn room(&self) -> usize {
        self.capacity()
    }
}
