//! `State` for the types of the standard library.
#![expect(unsafe_code, reason = "layouts and functions of types that are not ours")]

use super::{Descriptor, Scalar, Shape, State, TextOps, default_of, descriptor, drop_of, ListOps, VisitFn};
use crate::boundary::{Outcome, RawStr, guard};

macro_rules! scalar {
    ($($ty:ty = $scalar:ident),* $(,)?) => {$(
        // SAFETY: a scalar of the language.
        unsafe impl State for $ty {
            const DESCRIPTOR: Descriptor = Descriptor {
                path: RawStr::new(stringify!($ty)),
                size: size_of::<Self>(),
                align: align_of::<Self>(),
                drop_in_place: None,
                default: Some(default_of::<Self>()),
                shape: Shape::Scalar(Scalar::$scalar),
            };
        }
    )*};
}
scalar!(() = Unit, bool = Bool, char = Char, i8 = I8, i16 = I16, i32 = I32, i64 = I64, i128 = I128, isize = Isize,
    u8 = U8, u16 = U16, u32 = U32, u64 = U64, u128 = U128, usize = Usize, f32 = F32, f64 = F64);

// SAFETY: functions of `String`.
unsafe impl State for String {
    const DESCRIPTOR: Descriptor = Descriptor {
        path: RawStr::new("String"),
        size: size_of::<Self>(),
        align: align_of::<Self>(),
        drop_in_place: drop_of::<Self>(),
        default: Some(default_of::<Self>()),
        shape: Shape::Text(TextOps {
            read: {
                unsafe extern "C" fn read(value: *const u8) -> RawStr {
                    // SAFETY: the caller gives a `String`.
                    RawStr::borrowed(unsafe { &*value.cast::<String>() })
                }
                read
            },
            build: {
                unsafe extern "C" fn build(out: *mut u8, text: RawStr) -> Outcome {
                    // SAFETY: the caller gives a readable text and room for a `String`.
                    guard(|| unsafe { out.cast::<String>().write(text.get().to_owned()) })
                }
                build
            },
        }),
    };
}

// SAFETY: functions of `Vec`.
unsafe impl<T: State> State for Vec<T> {
    const DESCRIPTOR: Descriptor = Descriptor {
        path: RawStr::new("Vec"),
        size: size_of::<Self>(),
        align: align_of::<Self>(),
        drop_in_place: drop_of::<Self>(),
        default: Some(default_of::<Self>()),
        shape: Shape::List(ListOps {
            element: descriptor::<T>,
            len: {
                unsafe extern "C" fn len<T>(value: *const u8) -> usize {
                    // SAFETY: the caller gives a `Vec<T>`.
                    unsafe { (*value.cast::<Vec<T>>()).len() }
                }
                len::<T>
            },
            each: {
                unsafe extern "C" fn each<T>(value: *const u8, visit: VisitFn, state: *mut u8) -> Outcome {
                    // SAFETY: the caller gives a `Vec<T>`.
                    let list = unsafe { &*value.cast::<Vec<T>>() };
                    for element in list {
                        // SAFETY: the caller's own function and state.
                        if !unsafe { visit(state, (&raw const *element).cast()) } {
                            break;
                        }
                    }
                    Outcome::FINE
                }
                each::<T>
            },
            build: {
                unsafe extern "C" fn build<T>(out: *mut u8, capacity: usize) -> Outcome {
                    // SAFETY: the caller gives room for a `Vec<T>`.
                    guard(|| unsafe { out.cast::<Vec<T>>().write(Vec::with_capacity(capacity)) })
                }
                build::<T>
            },
            push: {
                unsafe extern "C" fn push<T>(value: *mut u8, element: *mut u8) -> Outcome {
                    // SAFETY: the caller gives a `Vec<T>` and a `T` to move.
                    guard(|| unsafe { (*value.cast::<Vec<T>>()).push(element.cast::<T>().read()) })
                }
                push::<T>
            },
        }),
    };
}
