//! `State` for the types of the standard library and, behind features, of the crates that games use.
//! Each kind of type has one small private trait; the boundary functions are generic over it and
//! instantiated in the image that names the type. What is not here is left out on purpose: it would dangle.

mod choice;
mod crates;
mod map;
mod owner;
mod product;
mod proxy;
mod scalar;
mod sequence;
mod text;

use super::{Descriptor, Shape, WriteFn, drop_of};
use crate::boundary::RawStr;

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

/// Ends the call of a boundary function: what it was asked for cannot be had.
#[cold]
#[track_caller]
fn refuse(reason: &str) -> ! {
    // A panic is how a boundary function says no: its guard turns it into an outcome.
    panic!("{reason}")
}
