//! `#[derive(State)]`: enums taken apart and put together through their tables, structs, parameters.
use reload_core::{
    State,
    __private::{Carry, Descriptor, Shape},
};
use std::mem::{ManuallyDrop, MaybeUninit};

#[derive(Clone, Debug, PartialEq, Default, State)]
enum Mood {
    #[default]
    Calm,
    #[field(was = "Furious")]
    Angry(i32, String),
    Sad {
        since: u64,
        #[field(default = vec![1], was = "why")]
        because: Vec<u8>,
    },
    Empty {},
    AlsoEmpty(),
    Nested(Box2<Option2>),
}

#[derive(Clone, Debug, PartialEq, State)]
struct Box2<T>(T, u8);

#[derive(Clone, Debug, PartialEq, State)]
struct Unit;

#[derive(Clone, Debug, PartialEq, State)]
#[repr(u8)]
enum Option2 {
    None = 3,
    Some(u8) = 9,
}

#[derive(State)]
struct Where<T, const N: usize>
where
    T: Clone,
{
    parts: Vec<T>,
}

#[derive(State)]
enum Never {}

#[derive(State)]
struct Recursive {
    r#type: u8,
    children: Vec<Recursive>,
}

fn check_round_trip(value: Mood) {
    let Shape::Enum(ops) = &Mood::DESCRIPTOR.shape else { panic!("an enum") };
    // SAFETY: tables of this image.
    let variants = unsafe { ops.variants.get() };
    let expected = value.clone();
    let value = ManuallyDrop::new(value);
    let address = (&raw const value).cast::<u8>();
    // SAFETY: a valid value of the table's type.
    let active = unsafe { (ops.variant)(address) };
    // SAFETY: as above.
    let count = unsafe { variants[active as usize].fields.get() }.len();
    let mut fields = vec![std::ptr::null::<u8>(); count];
    // SAFETY: room for every field of the active variant.
    unsafe { (ops.fields)(address, fields.as_mut_ptr()) };
    assert!(fields.iter().all(|field| !field.is_null()));
    let fields: Vec<*mut u8> = fields.into_iter().map(<*const u8>::cast_mut).collect();
    let mut built = MaybeUninit::<Mood>::uninit();
    // SAFETY: the fields are moved out of a value that is not dropped.
    let outcome = unsafe { (ops.build)(built.as_mut_ptr().cast(), active, fields.as_ptr()) };
    assert_eq!(outcome.into_result(), Ok(()));
    // SAFETY: the outcome was fine.
    assert_eq!(unsafe { built.assume_init() }, expected);
}

fn names(table: &Descriptor) -> Vec<&'static str> {
    // SAFETY: tables of this image.
    match &table.shape {
        Shape::Enum(ops) => unsafe { ops.variants.get() }.iter().map(|variant| unsafe { variant.name.get() }).collect(),
        Shape::Struct(fields) => unsafe { fields.get() }.iter().map(|field| unsafe { field.name.get() }).collect(),
        _ => Vec::new(),
    }
}

fn main() {
    for value in [
        Mood::Calm,
        Mood::Angry(-4, "why".to_owned()),
        Mood::Sad { since: 9, because: vec![1, 2, 3] },
        Mood::Empty {},
        Mood::AlsoEmpty(),
        Mood::Nested(Box2(Option2::Some(4), 5)),
        Mood::Nested(Box2(Option2::None, 5)),
    ] {
        check_round_trip(value);
    }
    assert_eq!(names(&Mood::DESCRIPTOR), ["Calm", "Angry", "Sad", "Empty", "AlsoEmpty", "Nested"]);
    assert_eq!(names(&Box2::<u8>::DESCRIPTOR), ["0", "1"]);
    assert_eq!(names(&Recursive::DESCRIPTOR), ["type", "children"]);
    assert_eq!(names(&Where::<u8, 2>::DESCRIPTOR), ["parts"]);
    assert!(names(&Never::DESCRIPTOR).is_empty() && names(&Unit::DESCRIPTOR).is_empty());
    assert!(Mood::DESCRIPTOR.default.is_some() && Recursive::DESCRIPTOR.default.is_none());

    let Shape::Enum(ops) = &Mood::DESCRIPTOR.shape else { panic!("an enum") };
    // SAFETY: tables of this image.
    let variants = unsafe { ops.variants.get() };
    // SAFETY: as above.
    assert_eq!(unsafe { variants[1].was.get() }, "Furious");
    // SAFETY: as above.
    let because = unsafe { &variants[2].fields.get()[1] };
    // SAFETY: as above.
    assert_eq!(unsafe { because.was.get() }, "why");
    assert!(because.default.is_some() && matches!(because.carry, Carry::ByShape));

    let mut out = MaybeUninit::<Mood>::uninit();
    // SAFETY: room for a value; there is no variant 6, so nothing is moved.
    let outcome = unsafe { (ops.build)(out.as_mut_ptr().cast(), 6, std::ptr::null()) };
    assert!(outcome.into_result().is_err());
}
