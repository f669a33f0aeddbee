//! Types for tests, described by hand where the derive would do it, and values that are counted.
#![expect(unsafe_code, reason = "tables written by hand")]

use super::{
    Descriptor, State, default_of,
    std_types::{Proxied, proxied},
};
use core::cell::Cell;

/// The table of a struct: `state_struct!(Item, "game::Item" { name: String, weight: u32 = 5 })`.
macro_rules! state_struct {
    ($ty:ident, $path:literal $(default $default:ident)? {
        $($field:tt $(was $was:literal)? $(via $carry:ident)?: $field_ty:ty $(= $value:expr)?),* $(,)?
    }) => {
        // SAFETY: (1) layout taken from the compiler.
        unsafe impl $crate::schema::State for $ty {
            const DESCRIPTOR: $crate::schema::Descriptor = {
                #[allow(unused_imports, unused_mut, unused_assignments, reason = "not every struct has all of it")]
                use $crate::{boundary::*, schema::*};
                let mut default = None;
                $(let _ = stringify!($default); default = Some($crate::schema::default_of::<$ty>());)?
                Descriptor {
                    path: RawStr::new($path),
                    size: size_of::<Self>(),
                    align: align_of::<Self>(),
                    drop_in_place: drop_of::<Self>(),
                    default,
                    shape: Shape::Struct(RawSlice::new(const { &[$(
                        $crate::schema::testing::state_field!(
                            $field, core::mem::offset_of!($ty, $field), [$($was)?] [$($carry)?] $field_ty, [$($value)?]
                        )
                    ),*] })),
                }
            };
        }
    };
}

macro_rules! state_field {
    ($field:tt, $offset:expr, [$($was:literal)?] [$($carry:ident)?] $ty:ty, [$($value:expr)?]) => {
        $crate::schema::Field {
            name: RawStr::new(stringify!($field)),
            was: {
                #[allow(unused_mut, unused_assignments, reason = "most fields were always called that")]
                let mut was = RawStr::ABSENT;
                $(was = RawStr::new($was);)?
                was
            },
            offset: $offset,
            ty: $crate::schema::descriptor::<$ty>,
            default: {
                #[allow(unused_mut, unused_assignments, reason = "most fields have none")]
                let mut default: Option<$crate::schema::WriteFn> = None;
                $(default = Some($crate::schema::default_with(|| -> $ty { $value }));)?
                default
            },
            carry: $crate::schema::testing::state_carry!($ty, $($carry)?),
        }
    };
}

macro_rules! state_carry {
    ($ty:ty,) => {
        $crate::schema::Carry::ByShape
    };
    ($ty:ty, reset) => {
        $crate::schema::Carry::Reset
    };
    ($ty:ty, serde) => {
        $crate::schema::Carry::Serde($crate::schema::SerdeOps {
            read: $crate::schema::testing::read_serde::<$ty>,
            build: $crate::schema::testing::build_serde::<$ty>,
        })
    };
}

/// The table of an enum: `state_enum!(Mood, "game::Mood" { Calm {}, Angry { level => level: u32 }, Pair { 0 => a: u8, 1 => b: u8 } })`.
macro_rules! state_enum {
    ($ty:ident, $path:literal $(default $default:ident)? {
        $($variant:ident $(was $was:literal)? {
            $($field:tt $(was $field_was:literal)? => $bind:ident: $field_ty:ty $(= $value:expr)?),*
        }),* $(,)?
    }) => {
        // SAFETY: (1) functions of the same type.
        unsafe impl $crate::schema::State for $ty {
            const DESCRIPTOR: $crate::schema::Descriptor = {
                #[allow(unused_imports, unused_mut, unused_assignments, reason = "not every enum has all of it")]
                use $crate::{boundary::*, schema::*};
                unsafe extern "C" fn variant(value: *const u8) -> u32 {
                    // SAFETY: the caller gives a value.
                    let value = unsafe { &*value.cast::<$ty>() };
                    let name = match value { $($ty::$variant { .. } => stringify!($variant)),* };
                    [$(stringify!($variant)),*].iter().position(|other| *other == name).unwrap() as u32
                }
                #[allow(unused_mut, unused_variables, unused_assignments, unused_unsafe, reason = "variants without fields")]
                unsafe extern "C" fn fields(value: *const u8, mut out: *mut *const u8) {
                    // SAFETY: the caller gives a value, and room for the addresses.
                    match unsafe { &*value.cast::<$ty>() } {
                        $($ty::$variant { $($field: $bind),* } => unsafe {
                            $(out.write((&raw const *$bind).cast()); out = out.add(1);)*
                        }),*
                    }
                }
                #[allow(unused_mut, unused_variables, unused_assignments, unused_unsafe, reason = "variants without fields")]
                unsafe extern "C" fn build(out: *mut u8, variant: u32, mut fields: *const *mut u8) -> Outcome {
                    guard(&mut || {
                        let mut index = 0;
                        $(
                            if variant == index {
                                // SAFETY: the caller gives the variant's fields, and room.
                                unsafe {
                                    $(let $bind = fields.read().cast::<$field_ty>().read(); fields = fields.add(1);)*
                                    out.cast::<$ty>().write($ty::$variant { $($field: $bind),* });
                                }
                                return;
                            }
                            index += 1;
                        )*
                        panic!("no such variant");
                    })
                }
                let mut default = None;
                $(let _ = stringify!($default); default = Some($crate::schema::default_of::<$ty>());)?
                Descriptor {
                    path: RawStr::new($path),
                    size: size_of::<Self>(),
                    align: align_of::<Self>(),
                    drop_in_place: drop_of::<Self>(),
                    default,
                    shape: Shape::Enum(EnumOps {
                        variants: RawSlice::new(const { &[$(Variant {
                            name: RawStr::new(stringify!($variant)),
                            was: {
                                let mut was = RawStr::ABSENT;
                                $(was = RawStr::new($was);)?
                                was
                            },
                            fields: RawSlice::new(const { &[$(
                                $crate::schema::testing::state_field!($field, 0, [$($field_was)?] [] $field_ty, [$($value)?])
                            ),*] }),
                        }),*] }),
                        said: RawSlice::EMPTY,
                        variant,
                        fields,
                        build,
                    }),
                }
            };
        }
    };
}

/// The table of a type whose parts nobody knows.
macro_rules! state_opaque {
    ($ty:ident, $path:literal) => {
        // SAFETY: (1) layout taken from the compiler.
        unsafe impl $crate::schema::State for $ty {
            const DESCRIPTOR: $crate::schema::Descriptor = $crate::schema::Descriptor {
                path: $crate::boundary::RawStr::new($path),
                size: size_of::<Self>(),
                align: align_of::<Self>(),
                drop_in_place: $crate::schema::drop_of::<Self>(),
                default: $crate::schema::Probe::<Self>::DEFAULT,
                shape: $crate::schema::Shape::Opaque($crate::schema::derived::type_name_of::<Self>),
            };
        }
    };
}
pub(crate) use {state_carry, state_enum, state_field, state_opaque, state_struct};

/// The functions that `#[field(serde)]` makes.
pub(crate) unsafe extern "C" fn read_serde<T: serde::Serialize>(
    value: *const u8,
    take: unsafe extern "C" fn(*mut u8, bool, crate::boundary::RawStr),
    state: *mut u8,
) -> crate::boundary::Outcome {
    crate::boundary::guard(&mut || {
        // SAFETY: the caller gives a value.
        let text = serde_json::to_string(unsafe { &*value.cast::<T>() });
        let (ok, text) = match text {
            Ok(text) => (true, text),
            Err(error) => (false, error.to_string()),
        };
        // SAFETY: the caller's own function and state.
        unsafe { take(state, ok, crate::boundary::RawStr::borrowed(&text)) }
    })
}

pub(crate) unsafe extern "C" fn build_serde<T: serde::de::DeserializeOwned>(
    out: *mut u8,
    json: crate::boundary::RawStr,
) -> crate::boundary::Outcome {
    crate::boundary::guard(&mut || {
        // SAFETY: the caller gives a readable text.
        match serde_json::from_str::<T>(unsafe { json.get() }) {
            // SAFETY: the caller gives room.
            Ok(value) => unsafe { out.cast::<T>().write(value) },
            Err(error) => panic!("{error}"),
        }
    })
}

thread_local! {
    static ALIVE: Cell<i64> = const { Cell::new(0) };
    static FUEL: Cell<u64> = const { Cell::new(u64::MAX) };
}

/// A number whose values are counted; making one panics when the fuel has run out.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Token(u32);

impl Token {
    pub(crate) fn new(number: u32) -> Self {
        match FUEL.get() {
            0 => panic!("out of fuel"),
            fuel => FUEL.set(fuel - 1),
        }
        ALIVE.set(ALIVE.get() + 1);
        Self(number)
    }
}

impl Default for Token {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get() - 1);
    }
}

impl Proxied for Token {
    type Proxy = u32;
    fn read(&self) -> u32 {
        self.0
    }
    fn build(proxy: u32) -> Self {
        Self::new(proxy)
    }
}

// SAFETY: (1) functions of the same type.
unsafe impl State for Token {
    const DESCRIPTOR: Descriptor = proxied::<Self>("game::Token", Some(default_of::<Self>()));
}

/// How many tokens there are on this thread.
pub(crate) fn alive() -> i64 {
    ALIVE.get()
}

/// Runs `attempt` with fuel for 0, 1, 2, .. tokens until it succeeds; each failure must leave as many
/// tokens as there were before. Answers with the number of failures.
pub(crate) fn check_every_failure<T, E: core::fmt::Debug>(mut attempt: impl FnMut() -> Result<T, E>) -> (T, u64) {
    crate::boundary::install_hook();
    crate::boundary::install_hook();
    for fuel in 0..10_000 {
        let before = alive();
        FUEL.set(fuel);
        let result = attempt();
        FUEL.set(u64::MAX);
        match result {
            Ok(value) => return (value, fuel),
            Err(error) => assert_eq!(alive(), before, "after failing at step {fuel}: {error:?}"),
        }
    }
    panic!("it never succeeds");
}
