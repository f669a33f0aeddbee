//! Types that are the sum of their fields: tuples, arrays, ranges, wrappers.
#![expect(unsafe_code, reason = "`State` promises a layout")]

use super::table;
use crate::{
    boundary::RawStr,
    schema::{ArrayOps, Carry, Descriptor, DescriptorFn, Field, Shape, State, descriptor},
};
use core::{cmp::Reverse, num::Wrapping, ops::Range};

/// The path of every tuple.
pub(crate) const TUPLE: &str = "(..)";

/// A field that is carried by its shape.
pub(super) const fn field(name: &'static str, offset: usize, ty: DescriptorFn) -> Field {
    Field { name: RawStr::new(name), was: RawStr::ABSENT, offset, ty, default: None, carry: Carry::ByShape }
}

/// A struct with the given fields. Its default, if it has one, is made of those of its fields.
macro_rules! product {
    ($path:expr, [$($generics:tt)*] $ty:ty { $($name:literal = $member:tt: $field:ty),* }) => {
        // SAFETY: (1) offsets taken from the compiler.
        unsafe impl<$($generics)*> $crate::schema::State for $ty {
            const DESCRIPTOR: $crate::schema::Descriptor = $crate::schema::std_types::table::<Self>(
                $path,
                None,
                $crate::schema::Shape::Struct($crate::boundary::RawSlice::new(const { &[
                    $($crate::schema::std_types::product::field(
                        $name,
                        core::mem::offset_of!($ty, $member),
                        $crate::schema::descriptor::<$field>,
                    )),*
                ] })),
            );
        }
    };
}
pub(super) use product;

product!(TUPLE, [A: State] (A,) { "0" = 0: A });
product!(TUPLE, [A: State, B: State] (A, B) { "0" = 0: A, "1" = 1: B });
product!(TUPLE, [A: State, B: State, C: State] (A, B, C) { "0" = 0: A, "1" = 1: B, "2" = 2: C });
product!(TUPLE, [A: State, B: State, C: State, D: State] (A, B, C, D) {
    "0" = 0: A, "1" = 1: B, "2" = 2: C, "3" = 3: D
});
product!(TUPLE, [A: State, B: State, C: State, D: State, E: State] (A, B, C, D, E) {
    "0" = 0: A, "1" = 1: B, "2" = 2: C, "3" = 3: D, "4" = 4: E
});
product!(TUPLE, [A: State, B: State, C: State, D: State, E: State, F: State] (A, B, C, D, E, F) {
    "0" = 0: A, "1" = 1: B, "2" = 2: C, "3" = 3: D, "4" = 4: E, "5" = 5: F
});
product!(TUPLE, [A: State, B: State, C: State, D: State, E: State, F: State, G: State] (A, B, C, D, E, F, G) {
    "0" = 0: A, "1" = 1: B, "2" = 2: C, "3" = 3: D, "4" = 4: E, "5" = 5: F, "6" = 6: G
});
product!(TUPLE, [A: State, B: State, C: State, D: State, E: State, F: State, G: State, H: State]
    (A, B, C, D, E, F, G, H) {
    "0" = 0: A, "1" = 1: B, "2" = 2: C, "3" = 3: D, "4" = 4: E, "5" = 5: F, "6" = 6: G, "7" = 7: H
});

product!("Range", [T: State] Range<T> { "start" = start: T, "end" = end: T });
product!("Wrapping", [T: State] Wrapping<T> { "0" = 0: T });
product!("Reverse", [T: State] Reverse<T> { "0" = 0: T });

// SAFETY: (1) an array is its elements, one after the other.
unsafe impl<T: State, const N: usize> State for [T; N] {
    const DESCRIPTOR: Descriptor =
        table::<Self>("[_]", None, Shape::Array(ArrayOps { element: descriptor::<T>, len: N }));
}
