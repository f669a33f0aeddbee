//! Types whose parts are private, described by another type that they turn into and are made from.
#![expect(unsafe_code, reason = "boundary functions of proxies")]

use super::{product::product, refuse, table};
use crate::{
    boundary::{Outcome, guard},
    schema::{Descriptor, ProxyOps, Shape, State, WriteFn, default_of, descriptor},
};
use core::{num::NonZero, ops::RangeInclusive, sync::atomic, time::Duration};

/// A type that is described by another.
pub(in crate::schema) trait Proxied: Sized {
    type Proxy: State;
    fn read(&self) -> Self::Proxy;
    /// Refuses a proxy that no value has.
    fn build(proxy: Self::Proxy) -> Self;
}

/// The table of `T`.
pub(in crate::schema) const fn proxied<T: Proxied>(path: &'static str, default: Option<WriteFn>) -> Descriptor {
    let ops = ProxyOps { proxy: descriptor::<T::Proxy>, read: read::<T>, build: build::<T> };
    table::<T>(path, default, Shape::Proxy(ops))
}

/// # Safety
///
/// 1. `value` points to a valid `T`.
/// 2. `out` is valid for a write of the proxy.
unsafe extern "C" fn read<T: Proxied>(value: *const u8, out: *mut u8) -> Outcome {
    guard(&mut || {
        // SAFETY: (1)
        let value = unsafe { &*value.cast::<T>() };
        let proxy = value.read();
        // SAFETY: (2)
        unsafe { out.cast::<T::Proxy>().write(proxy) }
    })
}

/// # Safety
///
/// 1. `out` is valid for a write of `T`.
/// 2. `proxy` points to a valid proxy that is not used again.
unsafe extern "C" fn build<T: Proxied>(out: *mut u8, proxy: *mut u8) -> Outcome {
    guard(&mut || {
        // SAFETY: (2)
        let proxy = unsafe { proxy.cast::<T::Proxy>().read() };
        let value = T::build(proxy);
        // SAFETY: (1)
        unsafe { out.cast::<T>().write(value) }
    })
}

/// A type with a default that is described by another.
macro_rules! proxy {
    ($([$ty:ty as $proxy:ty] $path:expr, |$value:ident| $read:expr, |$from:ident| $build:expr;)*) => {$(
        impl $crate::schema::std_types::proxy::Proxied for $ty {
            type Proxy = $proxy;
            fn read(&self) -> $proxy {
                let $value = self;
                $read
            }
            fn build($from: $proxy) -> Self {
                $build
            }
        }

        // SAFETY: (1) functions of the same type.
        unsafe impl $crate::schema::State for $ty {
            const DESCRIPTOR: $crate::schema::Descriptor = $crate::schema::std_types::proxy::proxied::<Self>(
                $path,
                Some($crate::schema::default_of::<Self>()),
            );
        }
    )*};
}
#[cfg(any(feature = "glam", feature = "uuid"))]
pub(super) use proxy;

macro_rules! atomics {
    ($($width:literal: $($atomic:ident = $ty:ty),*;)*) => {$($(
        #[cfg(target_has_atomic = $width)]
        impl Proxied for atomic::$atomic {
            type Proxy = $ty;
            fn read(&self) -> $ty {
                self.load(atomic::Ordering::SeqCst)
            }
            fn build(proxy: $ty) -> Self {
                Self::new(proxy)
            }
        }

        #[cfg(target_has_atomic = $width)]
        // SAFETY: (1) functions of the same type.
        unsafe impl State for atomic::$atomic {
            const DESCRIPTOR: Descriptor = proxied::<Self>(stringify!($atomic), Some(default_of::<Self>()));
        }
    )*)*};
}
atomics! {
    "8": AtomicBool = bool, AtomicI8 = i8, AtomicU8 = u8;
    "16": AtomicI16 = i16, AtomicU16 = u16;
    "32": AtomicI32 = i32, AtomicU32 = u32;
    "64": AtomicI64 = i64, AtomicU64 = u64;
    "ptr": AtomicIsize = isize, AtomicUsize = usize;
}

macro_rules! nonzero {
    ($($ty:ty = $path:literal),*) => {$(
        impl Proxied for NonZero<$ty> {
            type Proxy = $ty;
            fn read(&self) -> $ty {
                self.get()
            }
            fn build(proxy: $ty) -> Self {
                Self::new(proxy).unwrap_or_else(|| refuse("zero is not a value of a non-zero type"))
            }
        }

        // SAFETY: (1) functions of the same type.
        unsafe impl State for NonZero<$ty> {
            const DESCRIPTOR: Descriptor = proxied::<Self>($path, None);
        }
    )*};
}
nonzero!(
    i8 = "NonZeroI8",
    i16 = "NonZeroI16",
    i32 = "NonZeroI32",
    i64 = "NonZeroI64",
    i128 = "NonZeroI128",
    isize = "NonZeroIsize",
    u8 = "NonZeroU8",
    u16 = "NonZeroU16",
    u32 = "NonZeroU32",
    u64 = "NonZeroU64",
    u128 = "NonZeroU128",
    usize = "NonZeroUsize"
);

/// Describes a `Duration`.
pub(in crate::schema) struct Time {
    secs: u64,
    nanos: u32,
}
product!("Time", [] Time { "secs" = secs: u64, "nanos" = nanos: u32 });

proxy! {
    [Duration as Time] "Duration",
        |value| Time { secs: value.as_secs(), nanos: value.subsec_nanos() },
        |proxy| Self::from_secs(proxy.secs)
            .checked_add(Self::from_nanos(proxy.nanos.into()))
            .unwrap_or_else(|| refuse("more seconds than a duration holds"));
}

/// Describes a `RangeInclusive`. Whether an iteration has used the range up is not part of it.
pub(in crate::schema) struct Bounds<T> {
    start: T,
    end: T,
}
product!("Bounds", [T: State] Bounds<T> { "start" = start: T, "end" = end: T });

impl<T: State + Clone> Proxied for RangeInclusive<T> {
    type Proxy = Bounds<T>;
    fn read(&self) -> Bounds<T> {
        Bounds { start: self.start().clone(), end: self.end().clone() }
    }
    fn build(proxy: Bounds<T>) -> Self {
        Self::new(proxy.start, proxy.end)
    }
}

// SAFETY: (1) functions of the same type.
unsafe impl<T: State + Clone> State for RangeInclusive<T> {
    const DESCRIPTOR: Descriptor = proxied::<Self>("RangeInclusive", None);
}
