//! `State` for the types of the standard library and, behind features, of the crates that games use.
//! Each kind of type has one small private trait; the boundary functions are generic over it and
//! instantiated in the image that names the type. What is not here is left out on purpose: it would dangle.
#![expect(unsafe_code, reason = "a boundary function of hash tables")]

mod choice;
mod crates;
mod map;
mod owner;
mod product;
mod proxy;
mod scalar;
mod sequence;
mod text;

use super::{Descriptor, RenewFn, Shape, WriteFn, drop_of};
use crate::boundary::{Outcome, RawStr, guard};

pub(crate) use product::TUPLE;
#[cfg(test)]
pub(in crate::schema) use proxy::{Proxied, proxied};

/// The table of `T`.
const fn table<T>(path: &'static str, default: Option<WriteFn>, shape: Shape) -> Descriptor {
    Descriptor {
        path: RawStr::new(path),
        size: size_of::<T>(),
        align: align_of::<T>(),
        drop_in_place: drop_of::<T>(),
        default,
        shape,
    }
}

/// A collection that hashes.
trait HashTable: Default {
    /// For how many elements there is room.
    fn room(&self) -> usize;
}

/// The entry of a collection that hashes.
const fn renewed<T: HashTable>() -> Option<RenewFn> {
    Some(renew::<T>)
}

/// See [`RenewFn`].
///
/// # Safety
///
/// 1. `first`, and each address `stride` bytes on up to `count`, is a valid `T` that nothing else refers to.
unsafe extern "C" fn renew<T: HashTable>(first: *mut u8, count: usize, stride: usize) -> Outcome {
    guard(&mut || {
        for number in 0..count {
            // SAFETY: (1)
            let table = unsafe { &mut *first.wrapping_add(number * stride).cast::<T>() };
            if table.room() == 0 {
                *table = T::default();
            }
        }
    })
}

/// Ends the call of a boundary function: what it was asked for cannot be had.
#[cold]
#[track_caller]
fn refuse(reason: &str) -> ! {
    // A panic is how a boundary function says no: its guard turns it into an outcome.
    panic!("{reason}")
}
