//! The shape of state: one static table per type, which the host reads generically. A table holds
//! facts and guarded functions; it must never hold behaviour that the host could do itself.
#![expect(unsafe_code, reason = "`State` promises a layout, which only an unsafe trait can")]

use crate::boundary::{ObjectId, Outcome, RawSlice, RawStr, announce, guard, guard_announced};

/// The descriptor of a type that a field or an element has. A function, so that recursive types
/// work and nothing is evaluated before it is asked for.
pub type DescriptorFn = extern "C" fn() -> &'static Descriptor;

/// Drops the value in place.
pub type DropFn = unsafe extern "C" fn(value: *mut u8) -> Outcome;

/// Writes `count` new values to uninitialised memory, `stride` bytes apart, and counts them in `written`. When the outcome
/// is not fine the next one was not written. Many at once, because one guarded call serves them all. The host announces the
/// call (`boundary::announce`).
pub type WriteFn = unsafe extern "C" fn(out: *mut u8, count: usize, stride: usize, written: &mut usize) -> Outcome;

/// A type whose values live in pools, events and fields: its layout and its parts are known to the core.
///
/// Derived, never written by hand: `#[game_class]` for classes, `#[derive(State)]` for the types nested in them.
///
/// # What a field can be
///
/// `T`, `K` and `V` stand for any `State`.
///
/// | kind | types |
/// |---|---|
/// | plain values | `()`, `bool`, `char`, `f32`, `f64`, all integers from `i8` and `u8` to 128 bits, `isize`, `usize` |
/// | integers that are not zero | `NonZero<u32>` and those of all other integers |
/// | texts | `String`, `Box<str>`, `PathBuf` |
/// | names of objects | [`ObjectId`] |
/// | choices | `Option<T>`, `Result<T, E>` |
/// | several values | tuples of up to eight, `[T; N]` |
/// | lists | `Vec<T>`, `VecDeque<T>`, `BinaryHeap<T>` |
/// | sets and maps | `BTreeSet<T>`, `BTreeMap<K, V>`, `HashSet<T, S>`, `HashMap<K, V, S>` |
/// | owners and cells | `Box<T>`, `Cell<T>`, `RefCell<T>` |
/// | atomics | `AtomicBool`, those of all integers that the target has |
/// | ranges and time | `Range<T>`, `RangeInclusive<T>` where `T` is `Clone`, `Duration` |
/// | wrappers | `Wrapping<T>`, `Reverse<T>`, `PhantomData<T>` |
/// | feature `glam` | vectors of `f32`, `f64`, `i32`, `u32`; quaternions, matrices, affine transforms of `f32`, `f64` |
/// | feature `indexmap` | `IndexSet<T, S>`, `IndexMap<K, V, S>` |
/// | feature `smallvec` | `SmallVec<[T; N]>` |
/// | feature `uuid` | `Uuid` |
/// | your own | structs and enums with `#[derive(State)]`, classes |
///
/// A hasher `S` has a `Default` and holds no references: that of the standard library does, and any without fields.
/// What a type does not show is not carried when its value is made anew: that a `RefCell` is borrowed, how far a
/// `RangeInclusive` has been used up, how much room a `Vec` has. Values nested deeper than 400 levels are refused.
///
/// # What cannot be a field
///
/// What points into the library, or means something only to the code or the thread that made it, would dangle or lose
/// its meaning after a reload. It does not compile, and the message says what to use:
///
/// | instead of | use |
/// |---|---|
/// | `&'static str` | `String` |
/// | `Rc<T>`, `Arc<T>` | the [`ObjectId`] of an object that holds the `T` |
/// | `Box<dyn Trait>`, a function pointer | an enum |
/// | a raw pointer | [`ObjectId`] |
/// | handles of threads and files | events to the engine, which keeps them |
/// | a type of another crate | `#[field(serde)]`, `#[field(opaque)]` or `#[field(reset)]` on the field |
///
/// `reset` and `opaque` take any type, `serde` what serde can write and read; [`game_class`](macro@crate::game_class)
/// says what they do. While there are objects with an opaque field, old versions of the library stay mapped, in case it
/// points there.
///
/// # Safety
///
/// 1. Size, alignment, offsets and functions of `DESCRIPTOR` are those of `Self`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of live state",
    label = "a value of this type would dangle or lose its meaning after a reload",
    note = "a type of your own: put `#[derive(State)]` on it",
    note = "`&'static str` -> `String`; `Rc<T>`/`Arc<T>` -> `ObjectId` of an object that holds the `T`; \
            `Box<dyn Trait>` or a function pointer -> an enum; a raw pointer -> `ObjectId`; \
            thread and file handles -> keep them in the engine and talk to it with events",
    note = "a type of another crate: `#[field(serde)]` carries it through serde, `#[field(opaque)]` moves \
            its bytes while its layout is the same, `#[field(reset)]` starts over at each reload"
)]
pub unsafe trait State: Sized + 'static {
    /// The type's table. A struct gives only its parts.
    const DESCRIPTOR: Descriptor = super::struct_descriptor::<Self>(Self::STRUCT);
    /// The parts of a struct.
    const STRUCT: StructTable = StructTable { path: "", default: None, fields: &[] };
}

/// What the table of a struct is made of.
#[derive(Clone, Copy, Debug)]
pub struct StructTable {
    /// The path, as in [`Descriptor`].
    pub path: &'static str,
    /// The type's `Default`, where it has one.
    pub default: Option<WriteFn>,
    /// The fields, in order of declaration.
    pub fields: &'static [Field],
}

/// The descriptor of `T`.
#[must_use]
pub extern "C" fn descriptor<T: State>() -> &'static Descriptor {
    const { &T::DESCRIPTOR }
}

/// The table of one type.
#[repr(C)]
#[derive(Debug)]
pub struct Descriptor {
    /// The path of a user's type (`game::Mood`), the plain name of a standard one (`Vec`).
    pub path: RawStr,
    /// Bytes.
    pub size: usize,
    /// Bytes.
    pub align: usize,
    /// Absent when dropping does nothing.
    pub drop_in_place: Option<DropFn>,
    /// The type's `Default`, where it has one.
    pub default: Option<WriteFn>,
    /// The parts.
    pub shape: Shape,
}

/// What a type is made of.
#[repr(C, u32)]
#[derive(Debug)]
pub enum Shape {
    /// One value of a fixed size.
    Scalar(Scalar),
    /// Text: `String`, `Box<str>`.
    Text(TextOps),
    /// A struct or a tuple; fields are named `0`, `1`, .. where they have no names.
    Struct(RawSlice<Field>),
    /// An enum, `Option` and `Result` among them.
    Enum(EnumOps),
    /// A sequence: `Vec`, `VecDeque`.
    List(ListOps),
    /// A set: `HashSet`, `BTreeSet`.
    Set(ListOps),
    /// A map: `HashMap`, `BTreeMap`.
    Map(MapOps),
    /// `[T; N]`.
    Array(ArrayOps),
    /// One value behind an owner: `Box`, `RefCell`.
    Owner(OwnerOps),
    /// A value that is described by another one that it can be turned into and made from:
    /// `Duration`, atomics, `RangeInclusive`.
    Proxy(ProxyOps),
    /// Bytes that are moved as long as path, layout and the compiler's name of the type stay the same: the path is as the
    /// programmer has written it, which may mean another type by now.
    Opaque(TypeNameFn),
}

/// The scalar types.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the types' names")]
pub enum Scalar {
    Unit,
    Bool,
    Char,
    I8,
    I16,
    I32,
    I64,
    I128,
    Isize,
    U8,
    U16,
    U32,
    U64,
    U128,
    Usize,
    F32,
    F64,
    /// [`ObjectId`].
    Object,
}

/// One field of a struct.
#[repr(C)]
#[derive(Debug)]
pub struct Field {
    /// The name, without `r#`.
    pub name: RawStr,
    /// The name it had before: `#[field(was = "..")]`.
    pub was: RawStr,
    /// Bytes from the start of the struct.
    pub offset: usize,
    /// The field's type.
    pub ty: DescriptorFn,
    /// `#[field(default = ..)]`, where there is one.
    pub default: Option<WriteFn>,
    /// How the field is carried over a reload.
    pub carry: Carry,
}

/// How a field is carried over a reload.
#[repr(C, u32)]
#[derive(Debug)]
pub enum Carry {
    /// By the shape of its type.
    ByShape,
    /// Started over with its default at every reload: `#[field(reset)]`.
    Reset,
    /// Through its serde form: `#[field(serde)]`. `ty` is opaque.
    Serde(SerdeOps),
}

/// Functions of a text.
#[repr(C)]
#[derive(Debug)]
pub struct TextOps {
    /// The text, valid as long as the value is not changed; absent where the value is not UTF-8.
    pub read: unsafe extern "C" fn(value: *const u8) -> RawStr,
    /// Writes a new value with this text.
    pub build: unsafe extern "C" fn(out: *mut u8, text: RawStr) -> Outcome,
}

/// Functions of an enum.
#[repr(C)]
#[derive(Debug)]
pub struct EnumOps {
    /// In order of declaration.
    pub variants: RawSlice<Variant>,
    /// What its author says of its layout, in numbers that mean the same in another build: its `repr` and its discriminants.
    /// Empty where nothing is said, so that the fields decide.
    pub said: RawSlice<u64>,
    /// Index of the variant of a value.
    pub variant: unsafe extern "C" fn(value: *const u8) -> u32,
    /// Writes the address of each field of the active variant to `out`, in order of declaration.
    pub fields: unsafe extern "C" fn(value: *const u8, out: *mut *const u8),
    /// Writes the variant `variant`, moving its fields out of the places given, in order of declaration.
    /// They are consumed whatever the outcome, which is only bad when there is no such variant.
    pub build: unsafe extern "C" fn(out: *mut u8, variant: u32, fields: *const *mut u8) -> Outcome,
}

/// One variant of an enum. The offsets of its fields are not used.
#[repr(C)]
#[derive(Debug)]
pub struct Variant {
    /// The name, without `r#`.
    pub name: RawStr,
    /// The name it had before: `#[field(was = "..")]` on the variant.
    pub was: RawStr,
    /// In order of declaration.
    pub fields: RawSlice<Field>,
}

/// Is called with each element; answers whether to go on. Must not unwind.
pub type VisitFn = unsafe extern "C" fn(state: *mut u8, element: *const u8) -> bool;

/// Is called with each entry; answers whether to go on. Must not unwind.
pub type VisitEntryFn = unsafe extern "C" fn(state: *mut u8, key: *const u8, value: *const u8) -> bool;

/// Names a type as the compiler does: one that decides, beside the elements, what the bytes of a collection mean, or one of
/// which nothing else is known.
pub type TypeNameFn = extern "C" fn() -> RawStr;

/// Makes `count` values, `stride` bytes apart, anew where they have no room: a hash table without room is a pointer to
/// a table in the image whose code made it.
pub type RenewFn = unsafe extern "C" fn(first: *mut u8, count: usize, stride: usize) -> Outcome;

/// Functions of a list or a set.
#[repr(C)]
#[derive(Debug)]
pub struct ListOps {
    /// The element's type.
    pub element: DescriptorFn,
    /// The hasher's type, where there is one: with another hasher the same bytes find nothing. For a list that holds some
    /// elements itself, the type of that room.
    pub hasher: Option<TypeNameFn>,
    /// Number of elements.
    pub len: unsafe extern "C" fn(value: *const u8) -> usize,
    /// Visits the elements in order.
    pub each: unsafe extern "C" fn(value: *const u8, visit: VisitFn, state: *mut u8) -> Outcome,
    /// Writes an empty value with room for `capacity` elements.
    pub build: unsafe extern "C" fn(out: *mut u8, capacity: usize) -> Outcome,
    /// Moves an element in, at the end. It is consumed whatever the outcome.
    pub push: unsafe extern "C" fn(value: *mut u8, element: *mut u8) -> Outcome,
    /// Of a hash table.
    pub renew: Option<RenewFn>,
}

/// Functions of a map.
#[repr(C)]
#[derive(Debug)]
pub struct MapOps {
    /// The key's type.
    pub key: DescriptorFn,
    /// The value's type.
    pub value: DescriptorFn,
    /// The hasher's type, where there is one: with another hasher the same bytes find nothing.
    pub hasher: Option<TypeNameFn>,
    /// Number of entries.
    pub len: unsafe extern "C" fn(map: *const u8) -> usize,
    /// Visits the entries.
    pub each: unsafe extern "C" fn(map: *const u8, visit: VisitEntryFn, state: *mut u8) -> Outcome,
    /// Writes an empty map with room for `capacity` entries.
    pub build: unsafe extern "C" fn(out: *mut u8, capacity: usize) -> Outcome,
    /// Moves an entry in. Key and value are consumed whatever the outcome.
    pub insert: unsafe extern "C" fn(map: *mut u8, key: *mut u8, value: *mut u8) -> Outcome,
    /// Of a hash table.
    pub renew: Option<RenewFn>,
}

/// An array.
#[repr(C)]
#[derive(Debug)]
pub struct ArrayOps {
    /// The element's type.
    pub element: DescriptorFn,
    /// Number of elements.
    pub len: usize,
}

/// Functions of an owner of one value.
#[repr(C)]
#[derive(Debug)]
pub struct OwnerOps {
    /// The owned type.
    pub inner: DescriptorFn,
    /// Address of the owned value; null while it is borrowed to be changed.
    pub get: unsafe extern "C" fn(value: *const u8) -> *const u8,
    /// Writes a new owner, moving the value in. It is consumed whatever the outcome.
    pub build: unsafe extern "C" fn(out: *mut u8, inner: *mut u8) -> Outcome,
}

/// Functions of a value that is described by another.
#[repr(C)]
#[derive(Debug)]
pub struct ProxyOps {
    /// The describing type.
    pub proxy: DescriptorFn,
    /// Writes the describing value.
    pub read: unsafe extern "C" fn(value: *const u8, out: *mut u8) -> Outcome,
    /// Writes a value made from the describing one, which is consumed whatever the outcome.
    pub build: unsafe extern "C" fn(out: *mut u8, proxy: *mut u8) -> Outcome,
}

/// Functions of a field that is carried through serde. The text is JSON.
#[repr(C)]
#[derive(Debug)]
pub struct SerdeOps {
    /// Hands the JSON text to `take`, or the reason why there is none (`ok` false).
    pub read: unsafe extern "C" fn(
        value: *const u8,
        take: unsafe extern "C" fn(state: *mut u8, ok: bool, text: RawStr),
        state: *mut u8,
    ) -> Outcome,
    /// Writes a value made from JSON text; a panic's message is the reason when it cannot be.
    pub build: unsafe extern "C" fn(out: *mut u8, json: RawStr) -> Outcome,
}

/// The drop entry of `T`.
#[must_use]
pub const fn drop_of<T>() -> Option<DropFn> {
    /// # Safety
    ///
    /// 1. `value` points to a valid `T` that is not used again.
    unsafe extern "C" fn drop_in_place<T>(value: *mut u8) -> Outcome {
        // SAFETY: pointers to types of a known size are passed alike.
        let drop: unsafe fn(*mut u8) = unsafe { core::mem::transmute(core::ptr::drop_in_place::<T> as unsafe fn(_)) };
        // SAFETY: (1)
        unsafe { drop_guarded(drop, value) }
    }
    if core::mem::needs_drop::<T>() { Some(drop_in_place::<T>) } else { None }
}

/// # Safety
///
/// 1. `value` is what `drop` drops, and is not used again.
unsafe fn drop_guarded(drop: unsafe fn(*mut u8), value: *mut u8) -> Outcome {
    // SAFETY: (1)
    guard(&mut || unsafe { drop(value) })
}

/// [`default_of`], as a table has it of a type whose `Default` is derived.
#[must_use]
pub const fn own_default<T: Default>() -> Option<WriteFn> {
    Some(default_of::<T>())
}

/// The default entry of `T`.
#[must_use]
pub const fn default_of<T: Default>() -> WriteFn {
    /// # Safety
    ///
    /// 1. `out` is valid for a write of `T`.
    unsafe fn make<T: Default>(out: *mut u8) {
        // SAFETY: (1)
        unsafe { core::ptr::write(out as *mut T, T::default()) }
    }
    /// # Safety
    ///
    /// 1. `out` is valid for writes of `count` values of `T`, `stride` bytes apart.
    unsafe extern "C" fn write<T: Default>(out: *mut u8, count: usize, stride: usize, written: &mut usize) -> Outcome {
        // SAFETY: (1)
        unsafe { write_each(make::<T>, out, count, stride, written) }
    }
    write::<T>
}

/// The entry of `#[field(default = expression)]`; `make` is a closure without captures.
#[must_use]
pub const fn default_with<T, F: Fn() -> T + Copy>(_make: F) -> WriteFn {
    /// # Safety
    ///
    /// 1. `out` is valid for a write of `T`.
    unsafe fn make<T, F: Fn() -> T + Copy>(out: *mut u8) {
        // SAFETY: `F` has no size (checked where the table is made) and a value of it existed there.
        let make = unsafe { core::ptr::NonNull::<F>::dangling().as_ref() };
        // SAFETY: (1)
        unsafe { out.cast::<T>().write(make()) }
    }
    /// # Safety
    ///
    /// 1. `out` is valid for writes of `count` values of `T`, `stride` bytes apart.
    unsafe extern "C" fn write<T, F: Fn() -> T + Copy>(
        out: *mut u8,
        count: usize,
        stride: usize,
        written: &mut usize,
    ) -> Outcome {
        // SAFETY: (1)
        unsafe { write_each(make::<T, F>, out, count, stride, written) }
    }
    const { assert!(size_of::<F>() == 0, "a field's default cannot capture anything") };
    write::<T, F>
}

/// Without types, so that it is compiled once for a library that is not optimised.
///
/// # Safety
///
/// 1. `make` can write to `count` places, `stride` bytes apart, the first at `out`.
#[inline]
unsafe fn write_each(
    make: unsafe fn(out: *mut u8),
    out: *mut u8,
    count: usize,
    stride: usize,
    written: &mut usize,
) -> Outcome {
    *written = 0;
    guard_announced(&mut || {
        for index in 0..count {
            // SAFETY: (1)
            unsafe { make(out.wrapping_add(index * stride)) };
            *written = index + 1;
        }
    })
}

/// Writes one value.
///
/// # Errors
///
/// The panic of the code that makes it; then nothing was written.
///
/// # Safety
///
/// 1. `out` is valid for a write of the entry's type.
pub(crate) unsafe fn write_one(write: WriteFn, out: *mut u8) -> Result<(), crate::boundary::Panicked> {
    // SAFETY: (1)
    announce(|| unsafe { write(out, 1, 0, &mut 0) }).into_result()
}

/// Answers at compile time whether `T` is `Default`: the inherent constant is found first where its bound holds.
#[derive(Debug)]
pub struct Probe<T>(core::marker::PhantomData<T>);

impl<T: Default> Probe<T> {
    /// The default entry.
    pub const DEFAULT: Option<WriteFn> = Some(default_of::<T>());
}

/// The answer where `T` is not `Default`.
pub trait NoDefault {
    /// No entry.
    const DEFAULT: Option<WriteFn> = None;
}
impl<T> NoDefault for Probe<T> {}

// SAFETY: layout of `ObjectId`, which is a scalar to the core.
unsafe impl State for ObjectId {
    const DESCRIPTOR: Descriptor = Descriptor {
        path: RawStr::new("ObjectId"),
        size: size_of::<Self>(),
        align: align_of::<Self>(),
        drop_in_place: None,
        default: Some(default_of::<Self>()),
        shape: Shape::Scalar(Scalar::Object),
    };
}
