//! From what a derive lists to a type's table. Everything that generated code would otherwise repeat
//! per type is here once; the derive itself only names fields and variants.
#![expect(unsafe_code, reason = "boundary functions of enums")]

use super::{
    Carry, Descriptor, DescriptorFn, EnumOps, Field, Shape, State, StructTable, Variant, WriteFn, descriptor, drop_of,
};
use crate::boundary::{Outcome, RawSlice, RawStr, guard};
use core::marker::PhantomData;

/// The table of the struct `T`.
#[must_use]
pub const fn struct_descriptor<T>(table: StructTable) -> Descriptor {
    described::<T>(table.path, table.default, Shape::Struct(RawSlice::new(table.fields)))
}

/// The table of the enum `T`.
#[must_use]
pub const fn enum_descriptor<T: EnumState>(
    path: &'static str,
    default: Option<WriteFn>,
    variants: &'static [Variant],
    said: &'static [u64],
) -> Descriptor {
    let ops = EnumOps {
        variants: RawSlice::new(variants),
        said: RawSlice::new(said),
        variant: active_variant::<T>,
        fields: active_fields::<T>,
        build: build::<T>,
    };
    described::<T>(path, default, Shape::Enum(ops))
}

/// Marks, in the name of a hasher's type, that its values have something in them.
pub(crate) struct WithFields<S>(PhantomData<S>);

/// The compiler's name of a type, with all its modules.
pub(crate) extern "C" fn type_name_of<T>() -> RawStr {
    RawStr::new(core::any::type_name::<T>())
}

/// The table of a field's type that is not described: `opaque`, `serde` and `reset` fields.
#[must_use]
pub const fn opaque_descriptor<T>(path: &'static str, default: Option<WriteFn>) -> Descriptor {
    described::<T>(path, default, Shape::Opaque(type_name_of::<T>))
}

const fn described<T>(path: &'static str, default: Option<WriteFn>, shape: Shape) -> Descriptor {
    Descriptor {
        path: RawStr::new(path),
        size: size_of::<T>(),
        align: align_of::<T>(),
        drop_in_place: drop_of::<T>(),
        default,
        shape,
    }
}

/// A field that is carried by the shape of its type.
#[must_use]
pub const fn field(name: &'static str, offset: usize, ty: DescriptorFn) -> Field {
    Field { name: RawStr::new(name), was: RawStr::ABSENT, offset, ty, default: None, carry: Carry::ByShape }
}

/// Where a struct starts that need not hold a value: the tables of its fields are made there.
#[derive(Clone, Copy, Debug)]
pub struct Start(pub *const u8);

impl Start {
    /// The field at `part` of type `T`, carried by its shape.
    ///
    /// # Safety
    ///
    /// 1. `part` is the address of a field of the struct.
    #[must_use]
    pub const unsafe fn part<T: State>(self, name: &'static str, part: *const T) -> Field {
        // SAFETY: (1)
        unsafe { self.field(name, part as *const u8, descriptor::<T>) }
    }

    /// The field at `part`, whose type has the table `ty`.
    ///
    /// # Safety
    ///
    /// 1. `part` is the address of a field of the struct.
    #[must_use]
    pub const unsafe fn field(self, name: &'static str, part: *const u8, ty: DescriptorFn) -> Field {
        // SAFETY: (1) a field lies in the struct's memory.
        field(name, unsafe { part.offset_from(self.0) } as usize, ty)
    }
}

impl Field {
    /// `#[field(was = "..")]`.
    #[must_use]
    pub const fn renamed(mut self, was: &'static str) -> Self {
        self.was = RawStr::new(was);
        self
    }

    /// `#[field(default = ..)]`.
    #[must_use]
    pub const fn starting_with(mut self, default: WriteFn) -> Self {
        self.default = Some(default);
        self
    }

    /// `#[field(reset)]`, `#[field(serde)]`.
    #[must_use]
    pub const fn carried(mut self, carry: Carry) -> Self {
        self.carry = carry;
        self
    }
}

/// A variant and its fields, whose offsets are not used.
#[must_use]
pub const fn variant(name: &'static str, fields: &'static [Field]) -> Variant {
    Variant { name: RawStr::new(name), was: RawStr::ABSENT, fields: RawSlice::new(fields) }
}

impl Variant {
    /// `#[field(was = "..")]` on a variant.
    #[must_use]
    pub const fn renamed(mut self, was: &'static str) -> Self {
        self.was = RawStr::new(was);
        self
    }
}

/// A discriminant as a number, typed as the enum's `repr` types it.
macro_rules! discriminants {
    ($($name:ident $ty:ty),*) => {
        $(
            #[doc = concat!("A discriminant of `repr(", stringify!($ty), ")`, sign and all.")]
            #[must_use]
            pub const fn $name(discriminant: $ty) -> u64 {
                let bits = discriminant as u128;
                // Odd, so that both halves count.
                bits as u64 ^ ((bits >> 64) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            }
        )*
    };
}
discriminants! {
    discriminant_u8 u8, discriminant_u16 u16, discriminant_u32 u32, discriminant_u64 u64, discriminant_usize usize,
    discriminant_u128 u128, discriminant_i8 i8, discriminant_i16 i16, discriminant_i32 i32, discriminant_i64 i64,
    discriminant_i128 i128, discriminant_isize isize
}

/// An enum taken apart and put together, as `#[derive(State)]` writes it.
///
/// # Safety
///
/// 1. `addresses` puts the fields of the active variant, and `build` takes those of the variant asked for,
///    each once, in the order and with the types of the table made for the enum.
pub unsafe trait EnumState: Sized {
    /// Index of the active variant.
    fn variant(&self) -> u32;
    /// Puts the active variant's fields.
    fn addresses<'a>(&'a self, out: &mut Addresses<'a>);
    /// Takes the variant's fields.
    fn build(variant: u32, parts: &mut Parts<'_>) -> Self;
}

/// Where the addresses of a variant's fields go.
#[derive(Debug)]
pub struct Addresses<'a> {
    next: *mut *const u8,
    value: PhantomData<&'a u8>,
}

impl<'a> Addresses<'a> {
    /// The next field.
    pub const fn put<T>(&mut self, field: &'a T) {
        // SAFETY: made by `active_fields` with room for every field; `EnumState` (1) puts no more.
        unsafe { self.next.write((&raw const *field).cast()) };
        self.next = self.next.wrapping_add(1);
    }
}

/// Where a variant's fields come from.
#[derive(Debug)]
pub struct Parts<'a> {
    next: *const *mut u8,
    parts: PhantomData<&'a mut u8>,
}

impl Parts<'_> {
    /// The next field, moved out.
    #[must_use]
    pub const fn take<T>(&mut self) -> T {
        // SAFETY: made by `build` with an address for every field; `EnumState` (1) takes no more, and of these types.
        let part = unsafe { self.next.read().cast::<T>().read() };
        self.next = self.next.wrapping_add(1);
        part
    }
}

/// The answer of [`EnumState::build`] to an index that is not a variant's.
#[cold]
pub fn no_such_variant(variant: u32) -> ! {
    panic!("no variant {variant}")
}

/// # Safety
///
/// 1. `value` points to a valid `T`.
unsafe extern "C" fn active_variant<T: EnumState>(value: *const u8) -> u32 {
    // SAFETY: (1)
    unsafe { &*value.cast::<T>() }.variant()
}

/// # Safety
///
/// 1. `value` points to a valid `T`.
/// 2. `out` has room for the addresses of the active variant's fields.
unsafe extern "C" fn active_fields<T: EnumState>(value: *const u8, out: *mut *const u8) {
    // SAFETY: (1)
    let value = unsafe { &*value.cast::<T>() };
    value.addresses(&mut Addresses { next: out, value: PhantomData });
}

/// # Safety
///
/// 1. `out` is valid for a write of `T`.
/// 2. `fields` holds the address of each field of the variant: valid values that are not used again.
unsafe extern "C" fn build<T: EnumState>(out: *mut u8, variant: u32, fields: *const *mut u8) -> Outcome {
    guard(&mut || {
        let value = T::build(variant, &mut Parts { next: fields, parts: PhantomData });
        // SAFETY: (1)
        unsafe { out.cast::<T>().write(value) }
    })
}
