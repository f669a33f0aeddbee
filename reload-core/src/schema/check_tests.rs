use super::{super::*, *};
use std::collections::{BTreeMap, HashMap};

fn check_accepts<T: State>() {
    // SAFETY: a table of this image.
    assert_eq!(unsafe { check_descriptor(descriptor::<T>(), &Limits::default()) }, Ok(()));
}

fn check_refuses(descriptor: &Descriptor, expected: &str) {
    // SAFETY: a table of this image, but for what is wrong on purpose: nothing that a check follows.
    let problems = unsafe { check_descriptor(descriptor, &Limits::default()) }.expect_err("it is wrong");
    assert!(problems.iter().any(|problem| problem.contains(expected)), "{problems:?}");
}

const fn field(name: &'static str, offset: usize, ty: DescriptorFn) -> Field {
    Field { name: RawStr::new(name), was: RawStr::ABSENT, offset, ty, default: None, carry: Carry::ByShape }
}

const fn of(size: usize, align: usize, shape: Shape) -> Descriptor {
    Descriptor { path: RawStr::new("game::Thing"), size, align, drop_in_place: None, default: None, shape }
}

const fn structure(size: usize, align: usize, fields: &'static [Field]) -> Descriptor {
    of(size, align, Shape::Struct(RawSlice::new(fields)))
}

#[test]
fn tables_of_the_standard_library_are_fine() {
    check_accepts::<HashMap<String, Vec<Option<Box<(u8, [i64; 3])>>>>>();
    check_accepts::<BTreeMap<core::time::Duration, Result<char, std::path::PathBuf>>>();
    check_accepts::<core::ops::RangeInclusive<core::num::NonZeroU8>>();
    check_accepts::<core::cell::RefCell<core::marker::PhantomData<fn()>>>();
    check_accepts::<crate::Reloaded>();
}

#[test]
fn layouts_that_cannot_be_are_refused() {
    static FIELDS: [Field; 2] = [field("a", 0, descriptor::<u32>), field("b", 2, descriptor::<u32>)];
    let problems = structure(8, 4, &FIELDS);
    check_refuses(&problems, "the fields `a` and `b` overlap");
    check_refuses(&problems, "game::Thing.b: the offset 2 is not aligned to 4");
    check_refuses(&of(3, 3, Shape::Opaque(crate::schema::derived::type_name_of::<u8>)), "not a power of two");
    check_refuses(
        &of(6, 4, Shape::Opaque(crate::schema::derived::type_name_of::<u8>)),
        "not a multiple of the alignment",
    );
    check_refuses(&of(8, 8, Shape::Scalar(Scalar::U32)), "not this scalar's");
    static OUT: [Field; 1] = [field("a", 8, descriptor::<u32>)];
    check_refuses(&structure(8, 4, &OUT), "4 bytes at 8 are not inside 8 bytes");
    static WIDE: [Field; 1] = [field("a", 0, descriptor::<u64>)];
    check_refuses(&structure(8, 4, &WIDE), "does not fit");
    check_refuses(&of(8, 4, Shape::Array(ArrayOps { element: descriptor::<u32>, len: 3 })), "are not 8 bytes");
}

#[test]
fn names_are_there_and_differ() {
    static TWICE: [Field; 2] = [field("a", 0, descriptor::<u8>), field("a", 1, descriptor::<u8>)];
    check_refuses(&structure(2, 1, &TWICE), "two fields are called `a`");
    static NAMELESS: [Field; 1] = [field("", 0, descriptor::<u8>)];
    check_refuses(&structure(1, 1, &NAMELESS), "the field 0 has no name");
    static ABSENT: [Field; 1] = [Field {
        name: RawStr::ABSENT,
        was: RawStr::ABSENT,
        offset: 0,
        ty: descriptor::<u8>,
        default: None,
        carry: Carry::Reset,
    }];
    check_refuses(&structure(1, 1, &ABSENT), "the name is missing");
    let mut bad_path = Copied::of(descriptor::<u32>());
    bad_path.spoil(offset_of!(Descriptor, path), b"\xff\xfe\xfd".as_ptr());
    bad_path.check("not UTF-8");
}

#[test]
fn what_lies_inside_itself_is_refused() {
    extern "C" fn endless() -> &'static Descriptor {
        static FIELDS: [Field; 1] = [field("again", 0, endless)];
        static ENDLESS: Descriptor = structure(8, 8, &FIELDS);
        &ENDLESS
    }
    check_refuses(endless(), "game::Thing: it lies inside itself");
}

/// A copy of a table in memory that may be spoilt.
struct Copied(Box<core::mem::MaybeUninit<Descriptor>>);

impl Copied {
    fn of(descriptor: &Descriptor) -> Self {
        let mut copy = Box::new(core::mem::MaybeUninit::zeroed());
        // SAFETY: a table has no destructor, so two copies do no harm.
        unsafe { core::ptr::copy_nonoverlapping(descriptor, copy.as_mut_ptr(), 1) };
        Self(copy)
    }

    fn spoil<W: Copy>(&mut self, offset: usize, word: W) {
        // SAFETY: inside the copy.
        unsafe { self.0.as_mut_ptr().cast::<u8>().add(offset).cast::<W>().write(word) };
    }

    fn check(&self, expected: &str) {
        // SAFETY: readable, and only spoilt by what the check must see.
        let problems = unsafe { check_descriptor(self.0.as_ptr(), &Limits::default()) }.expect_err("it is wrong");
        assert!(problems.iter().any(|problem| problem.contains(expected)), "{problems:?}");
    }
}

#[test]
fn words_with_forbidden_values_are_seen_before_they_are_believed() {
    const SHAPE: usize = offset_of!(Descriptor, shape);
    let mut no_shape = Copied::of(descriptor::<u32>());
    no_shape.spoil(SHAPE, 11_u32);
    no_shape.check("there is no shape 11");

    let mut no_scalar = Copied::of(descriptor::<u32>());
    no_scalar.spoil(SHAPE + PAYLOAD, 99_u32);
    no_scalar.check("there is no scalar 99");

    for function in [offset_of!(ListOps, element), offset_of!(ListOps, each), offset_of!(ListOps, push)] {
        let mut no_function = Copied::of(descriptor::<Vec<u32>>());
        no_function.spoil(SHAPE + PAYLOAD + function, 0_usize);
        no_function.check("a function is missing");
    }

    let mut no_fields = Copied::of(descriptor::<(u8, u8)>());
    no_fields.spoil(SHAPE + PAYLOAD, 0_usize);
    no_fields.check("the list of fields is not there");
    no_fields.spoil(SHAPE + PAYLOAD, 3_usize);
    no_fields.check("the list of fields is not there");

    let mut many = Copied::of(descriptor::<(u8, u8)>());
    many.spoil(SHAPE + PAYLOAD + size_of::<usize>(), 65_537_usize);
    many.check("65537 fields, at most 65536 are believed");

    // SAFETY: null is what the check must see.
    assert!(unsafe { check_descriptor(core::ptr::null(), &Limits::default()) }.is_err());
}

#[test]
fn the_numbers_of_shapes_and_carries_are_those_that_the_check_expects() {
    fn tag<T: State>() -> u32 {
        // SAFETY: the tag of a `repr(C, u32)` enum.
        unsafe { (&raw const descriptor::<T>().shape).cast::<u32>().read() }
    }
    assert_eq!(
        [
            tag::<u8>(),
            tag::<String>(),
            tag::<(u8,)>(),
            tag::<Option<u8>>(),
            tag::<Vec<u8>>(),
            tag::<std::collections::BTreeSet<u8>>(),
            tag::<BTreeMap<u8, u8>>(),
            tag::<[u8; 1]>(),
            tag::<Box<u8>>(),
            tag::<core::time::Duration>(),
        ],
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    );
    assert_eq!(offset_of!(EnumOps, variants), 0);
}
