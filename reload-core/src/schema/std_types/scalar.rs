//! Values of a fixed size without parts.
#![expect(unsafe_code, reason = "`State` promises a layout")]

use super::table;
use crate::schema::{Descriptor, Scalar, Shape, State, default_of};
use core::marker::PhantomData;

macro_rules! scalar {
    ($($ty:ty = $scalar:ident),* $(,)?) => {$(
        // SAFETY: (1) a scalar of the language.
        unsafe impl State for $ty {
            const DESCRIPTOR: Descriptor =
                table::<Self>(stringify!($ty), Some(default_of::<Self>()), Shape::Scalar(Scalar::$scalar));
        }
    )*};
}
scalar!(
    () = Unit,
    bool = Bool,
    char = Char,
    f32 = F32,
    f64 = F64,
    i8 = I8,
    i16 = I16,
    i32 = I32,
    i64 = I64,
    i128 = I128,
    isize = Isize,
    u8 = U8,
    u16 = U16,
    u32 = U32,
    u64 = U64,
    u128 = U128,
    usize = Usize,
);

// SAFETY: (1) has no bytes.
unsafe impl<T: ?Sized + 'static> State for PhantomData<T> {
    const DESCRIPTOR: Descriptor =
        table::<Self>("PhantomData", Some(default_of::<Self>()), Shape::Scalar(Scalar::Unit));
}
