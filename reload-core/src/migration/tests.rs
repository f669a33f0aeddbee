//! Converting, against other ways to say the same: reading the old value's JSON as the new type, and a plain model of
//! structs.
#![expect(unsafe_code, reason = "makes values by their tables, in room made for them")]

use super::{
    convert::{Conversion, Target},
    rules::Rules,
};
use crate::{
    ObjectId, State,
    boundary::{RawSlice, RawStr},
    schema::{
        Carry, Descriptor, Direction, Fault, Field, Keeper, NoKeeper, Path, Place, Reason, Scalar, Shape, Value,
        default_at, descriptor, drop_value, value_from_json,
    },
};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, VecDeque},
    num::NonZero,
};

#[derive(State)]
struct Item {
    name: String,
    weight: u8,
}

#[derive(State)]
struct Thing {
    weight: i32,
    worn: bool,
    name: String,
}

#[derive(State)]
enum Mood {
    Calm,
    Angry(u8),
    Sad { since: u64, items: Vec<Item> },
}

#[derive(State)]
enum Feeling {
    Sad { items: VecDeque<Thing>, depth: u8, since: String },
    Angry(i64),
    Calm,
}

#[derive(State)]
struct Gold(u16);

#[derive(State)]
struct Tree {
    value: u8,
    children: Vec<Tree>,
}

#[derive(State)]
struct Bush {
    children: VecDeque<Bush>,
    value: Option<i16>,
}

const TYPES: &[extern "C" fn() -> &'static Descriptor] = &[
    descriptor::<u8>,
    descriptor::<i8>,
    descriptor::<i64>,
    descriptor::<u64>,
    descriptor::<u128>,
    descriptor::<f32>,
    descriptor::<f64>,
    descriptor::<bool>,
    descriptor::<char>,
    descriptor::<String>,
    descriptor::<ObjectId>,
    descriptor::<NonZero<u32>>,
    descriptor::<Box<u32>>,
    descriptor::<Gold>,
    descriptor::<Option<u32>>,
    descriptor::<Option<String>>,
    descriptor::<Option<Option<u8>>>,
    descriptor::<Result<u8, String>>,
    descriptor::<Vec<u8>>,
    descriptor::<Vec<Option<i8>>>,
    descriptor::<VecDeque<String>>,
    descriptor::<BTreeSet<i32>>,
    descriptor::<[u8; 3]>,
    descriptor::<[i64; 2]>,
    descriptor::<(u8, String)>,
    descriptor::<(u32,)>,
    descriptor::<BTreeMap<String, u8>>,
    descriptor::<BTreeMap<u8, i64>>,
    descriptor::<Item>,
    descriptor::<Thing>,
    descriptor::<Vec<Item>>,
    descriptor::<Option<Box<Thing>>>,
    descriptor::<Mood>,
    descriptor::<Feeling>,
    descriptor::<Tree>,
    descriptor::<Bush>,
];

/// Numbers without end, from a seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.roll(choices.len() as u64) as usize].clone()
    }

    fn integer(&mut self, least: i128, most: i128) -> Json {
        let number = self.pick(&[0, 1, 2, 7, -1, 100, 255, 256, -128, 70_000, least, most]).clamp(least, most);
        match i64::try_from(number) {
            Ok(number) => number.into(),
            Err(_) => u64::try_from(number).map_or_else(|_| number.to_string().into(), Json::from),
        }
    }

    /// A value of the type, as JSON. Floats are such that `f32` and `f64` write them alike.
    fn json(&mut self, ty: &'static Descriptor, depth: u32) -> Json {
        let count = if depth > 3 { 0 } else { self.roll(4) };
        match &ty.shape {
            Shape::Scalar(scalar) => match scalar {
                Scalar::Bool => (self.roll(2) == 1).into(),
                Scalar::Char => self.pick(&["a", "7", "é", " "]).into(),
                Scalar::Object => self.pick(&["#none", "#3.9"]).into(),
                Scalar::I8 => self.integer(i8::MIN.into(), i8::MAX.into()),
                Scalar::I16 => self.integer(i16::MIN.into(), i16::MAX.into()),
                Scalar::I32 => self.integer(i32::MIN.into(), i32::MAX.into()),
                Scalar::I64 => self.integer(i64::MIN.into(), i64::MAX.into()),
                Scalar::U8 => self.integer(0, u8::MAX.into()),
                Scalar::U16 => self.integer(0, u16::MAX.into()),
                Scalar::U32 => self.integer(0, u32::MAX.into()),
                Scalar::U64 => self.integer(0, u64::MAX.into()),
                // Larger ones are texts in JSON, which parse as numbers that they would not fit into live.
                Scalar::U128 => self.integer(0, u64::MAX.into()),
                Scalar::F32 => self.pick(&[0.0, 1.0, -2.5, 300.0, 16_777_216.0]).into(),
                Scalar::F64 => self.pick(&[0.0, 1.0, -2.5, 300.0, 1e300, 4_503_599_627_370_496.0]).into(),
                _ => panic!("no values of {} are made", ty.type_name()),
            },
            Shape::Text(_) => {
                self.pick(&["", "a", "7", " 12 ", "-3", "300", "2.5", "true", "Calm", "#3.9", "ten"]).into()
            }
            Shape::Struct(_) if ty.is_newtype() => self.json(ty.fields()[0].descriptor(), depth + 1),
            Shape::Struct(_) if crate::schema::is_positional(ty.fields()) => {
                ty.fields().iter().map(|field| self.json(field.descriptor(), depth + 1)).collect()
            }
            Shape::Struct(_) => self.fields(ty.fields(), depth),
            Shape::Enum(_) if ty.is_option() => {
                let some = ty.variants()[1].fields()[0].descriptor();
                match (self.roll(3), some.is_option()) {
                    (0, _) => Json::Null,
                    (_, false) => self.json(some, depth + 1),
                    (_, true) => json!({ "Some": self.json(some, depth + 1) }),
                }
            }
            Shape::Enum(_) => {
                let variant = &ty.variants()[self.roll(ty.variants().len() as u64) as usize];
                match variant.fields() {
                    [] => variant.name().into(),
                    [field] if field.name() == "0" => {
                        json!({ variant.name(): self.json(field.descriptor(), depth + 1) })
                    }
                    fields => json!({ variant.name(): self.fields(fields, depth) }),
                }
            }
            Shape::List(ops) => (0..count).map(|_| self.json((ops.element)(), depth + 1)).collect(),
            Shape::Set(_) => (0..count).map(|index| Json::from(index as i64 * 90 - 100)).collect(),
            Shape::Array(ops) => (0..ops.len).map(|_| self.json((ops.element)(), depth + 1)).collect(),
            Shape::Map(ops) => {
                let keys = ["1", "2", "200", "01", "key"];
                let keys = if matches!((ops.key)().shape, Shape::Text(_)) { &keys[..] } else { &keys[..3] };
                let entries = (0..count).map(|_| (self.pick(keys).to_owned(), self.json((ops.value)(), depth + 1)));
                Json::Object(entries.collect())
            }
            Shape::Owner(ops) => self.json((ops.inner)(), depth),
            // The only one among the types: it is not zero.
            Shape::Proxy(_) => (self.roll(500) + 1).into(),
            Shape::Opaque(_) => panic!("no values of {} are made", ty.type_name()),
        }
    }

    fn fields(&mut self, fields: &'static [Field], depth: u32) -> Json {
        let fields = fields.iter().map(|field| (field.name().to_owned(), self.json(field.descriptor(), depth + 1)));
        Json::Object(fields.collect())
    }
}

/// A value of `ty` made by `make`, as JSON; it is dropped.
fn made<E>(ty: &'static Descriptor, make: impl FnOnce(*mut u8) -> Result<(), E>) -> Result<Json, E> {
    let mut place = Place::new(ty);
    make(place.as_ptr())?;
    // SAFETY: just made.
    unsafe { place.set_full() };
    Ok(serde_json::to_value(place.value().expect("full")).expect("it has a JSON form"))
}

fn read(ty: &'static Descriptor, json: &Json, keeper: &dyn Keeper) -> Result<Json, String> {
    let path = Path::root("old");
    // SAFETY: `made` gives room for the type.
    made(ty, |out| unsafe { value_from_json(ty, out, &json.to_string(), &path, keeper) })
}

/// The value with this JSON, converted.
fn converted(
    old: &'static Descriptor,
    new: &'static Descriptor,
    json: &Json,
    keeper: &dyn Keeper,
) -> Result<Json, Fault> {
    let mut place = Place::new(old);
    let path = Path::root("old");
    // SAFETY: room for the type.
    unsafe { value_from_json(old, place.as_ptr(), &json.to_string(), &path, &NoKeeper) }.expect("a value of the type");
    // SAFETY: just made.
    unsafe { place.set_full() };
    let mut rules = Rules::default();
    let rule = rules.between(old, new);
    let conversion = Conversion { rules: &rules, keeper };
    let value = place.value().expect("full");
    // SAFETY: the rule of these types; `made` gives room for the new one.
    made(new, |out| unsafe { conversion.convert(rule, value, Target { ty: new, out, path: &path, outer: None }) })
}

/// Reading the JSON agrees with converting the value. It may accept more only where converting refuses the types as
/// such: JSON does not know that a text was a `char`, an id or a variant, that a map was a struct, that a list was a
/// tuple. Of an option in an option JSON has to say that it is there, which only another such reads again.
fn check_agreement(old: &'static Descriptor, new: &'static Descriptor, json: &Json) {
    if is_option_of_option(old) && !is_option_of_option(new) {
        return;
    }
    let (live, by_json) = (converted(old, new, json, &NoKeeper), read(new, json, &NoKeeper));
    let pair = format!("{} -> {}: {json}: {live:?}, by JSON {by_json:?}", old.type_name(), new.type_name());
    match (&live, &by_json) {
        (Ok(live), Ok(by_json)) => assert_eq!(live, by_json, "{pair}"),
        (Err(fault), Ok(_)) => assert!(matches!(fault.reason, Reason::NoRule { .. }), "{pair}"),
        (Ok(_), Err(_)) => panic!("{pair}"),
        (Err(_), Err(_)) => {}
    }
}

fn is_option_of_option(ty: &Descriptor) -> bool {
    ty.is_option() && ty.variants()[1].fields()[0].descriptor().is_option()
}

#[test]
fn every_pair_of_types_converts_live_as_it_does_out_of_json() {
    crate::boundary::install_hook();
    let mut dice = Dice(7);
    for old in TYPES {
        for new in TYPES {
            for _ in 0..12 {
                let json = dice.json(old(), 0);
                check_agreement(old(), new(), &json);
            }
        }
    }
}

/// Keeps what is left over of one value.
#[derive(Default)]
struct Shelf(RefCell<BTreeMap<String, Json>>);

impl Keeper for Shelf {
    fn keep(&self, place: String, _: String, json: String) {
        self.0.borrow_mut().insert(place, serde_json::from_str(&json).expect("JSON"));
    }
    fn kept(&self, place: &str, _: &Descriptor) -> Option<String> {
        self.0.borrow().get(place).map(Json::to_string)
    }
    fn returned(&self, place: String, _: &'static Descriptor) {
        self.0.borrow_mut().remove(&place);
    }
    fn misfits(&self, _: String, _: String) {}
}

/// A field of a struct of the model: its name, the name that it had, and its type.
type ModelField = (&'static str, &'static str, &'static Descriptor);

/// A struct with these fields, whose table lives as long as the tests.
fn table(fields: &[ModelField]) -> &'static Descriptor {
    let (mut size, mut align, mut written) = (0_usize, 1, Vec::new());
    for &(name, was, ty) in fields {
        let offset = size.next_multiple_of(ty.align);
        (size, align) = (offset + ty.size, align.max(ty.align));
        // A field's type is a function without a state.
        let index = TYPES.iter().position(|known| core::ptr::eq(known(), ty)).expect("one of the types");
        let was = if was.is_empty() { RawStr::ABSENT } else { RawStr::new(was) };
        written.push(Field {
            name: RawStr::new(name),
            was,
            offset,
            ty: TYPES[index],
            default: None,
            carry: Carry::ByShape,
        });
    }
    Box::leak(Box::new(Descriptor {
        path: RawStr::new("model::Struct"),
        size: size.next_multiple_of(align),
        align,
        drop_in_place: None,
        default: None,
        shape: Shape::Struct(RawSlice::new(Vec::leak(written))),
    }))
}

/// Which old field each new one continues, said anew: a rename that is noted, unless its new name was there already and
/// is not passed on; then the same name; then a rename that is taken back. No old field goes on twice.
fn model_continued(old: &[ModelField], new: &[ModelField]) -> Vec<Option<usize>> {
    let named = |name: &str| old.iter().position(|field| field.0 == name);
    let mut from = vec![None; new.len()];
    // As often as there are names to be passed on.
    for rank in vec![0; new.len()].into_iter().chain([1, 2]) {
        for (index, (name, was, _)) in new.iter().enumerate() {
            let found = match rank {
                0 if !was.is_empty() && named(name).is_none_or(|own| from.contains(&Some(own))) => named(was),
                1 => named(name),
                2 => old.iter().position(|field| field.1 == *name),
                _ => None,
            };
            if from[index].is_none() && !from.contains(&found) {
                from[index] = found;
            }
        }
    }
    from
}

/// What the struct becomes, and what is left over.
fn model(old: &[ModelField], new: &[ModelField], json: &Json) -> Option<(Json, BTreeMap<String, Json>)> {
    let from = model_continued(old, new);
    let mut becomes = Map::new();
    for ((name, _, ty), from) in new.iter().zip(&from) {
        let value = match from {
            Some(index) => converted(old[*index].2, ty, &json[old[*index].0], &NoKeeper).ok()?,
            // SAFETY: `made` gives room for the type.
            None => made(ty, |out| unsafe { default_at(ty, out, &Path::root("new")) }).ok()?,
        };
        becomes.insert((*name).to_owned(), value);
    }
    let left = old.iter().enumerate().filter(|(index, _)| !from.contains(&Some(*index)));
    Some((Json::Object(becomes), left.map(|(_, field)| (field.0.to_owned(), json[field.0].clone())).collect()))
}

/// Fields with different names, some of which had the names of others, with types among the first `types`.
fn model_fields(dice: &mut Dice, types: &[&'static Descriptor], before: &[ModelField]) -> Vec<ModelField> {
    let names = ["a", "b", "c", "d", "e", "f"];
    let mut fields: Vec<ModelField> = Vec::new();
    for _ in 0..dice.roll(6) {
        let name = dice.pick(&names);
        let ty = match before.iter().find(|field| field.0 == name) {
            // Most fields stay what they are.
            Some(field) if dice.roll(3) > 0 => field.2,
            _ => dice.pick(types),
        };
        let was = dice.pick(&names);
        let renamed = dice.roll(3) == 0 && was != name && fields.iter().all(|field| field.1 != was);
        if fields.iter().all(|field| field.0 != name) {
            fields.push((name, if renamed { was } else { "" }, ty));
        }
    }
    fields
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn structs_become_what_a_plain_model_says(seed in any::<u64>()) {
        crate::boundary::install_hook();
        let mut dice = Dice(seed);
        // Types that have a default, without kept parts of their own, whose places a flat model does not know.
        let types: Vec<&'static Descriptor> =
            [0, 2, 3, 6, 7, 9, 13, 14, 15, 18, 20, 24, 26].iter().map(|index| TYPES[*index]()).collect();
        let old = model_fields(&mut dice, &types, &[]);
        let new = model_fields(&mut dice, &types, &old);
        let json: Json = Json::Object(old.iter().map(|(name, _, ty)| ((*name).to_owned(), dice.json(ty, 0))).collect());
        let shelf = Shelf::default();
        let live = converted_struct((table(&old), table(&new), Direction::Forwards), &json, &shelf);
        let expected = model(&old, &new, &json);
        match (&live, &expected) {
            (Ok(live), Some((becomes, left))) => {
                prop_assert_eq!(live, becomes);
                prop_assert_eq!(&*shelf.0.borrow(), left);
            }
            (Err(_), None) => return Ok(()),
            _ => prop_assert!(false, "{:?} instead of {:?}", live, expected),
        }
        let became = live.expect("just looked at");
        // Out of a file the same, but for a rename that is taken back: there are no notes of the old names in it.
        let unnoted: Vec<ModelField> = old.iter().map(|&(name, _, ty)| (name, "", ty)).collect();
        let by_json_left = Shelf::default();
        if model_continued(&unnoted, &new) == model_continued(&old, &new) {
            prop_assert_eq!(read(table(&new), &json, &by_json_left), Ok(became.clone()));
            prop_assert_eq!(&*by_json_left.0.borrow(), &*shelf.0.borrow());
        }
        // The way back: what was left over is there again, so only what was converted may differ.
        let way = (table(&new), table(&old), Direction::Backwards);
        let Ok(back) = converted_struct(way, &became, &shelf) else { return Ok(()) };
        let there = model_continued(&old, &new);
        for (index, (name, _, ty)) in old.iter().enumerate() {
            let went_to = there.iter().position(|from| *from == Some(index));
            if went_to.is_none_or(|to| core::ptr::eq(new[to].2, *ty)) {
                prop_assert_eq!(&back[*name], &json[*name], "{}", name);
            }
        }
    }
}

/// [`converted`] for structs of the model, whose fields are dropped one by one.
fn converted_struct(
    (old, new, direction): (&'static Descriptor, &'static Descriptor, Direction),
    json: &Json,
    keeper: &Shelf,
) -> Result<Json, Fault> {
    let drop_fields = |place: &Place, ty: &'static Descriptor| {
        for field in ty.fields() {
            // SAFETY: the place holds the struct, whose fields are dropped once.
            unsafe { drop_value(field.descriptor(), place.as_ptr().wrapping_add(field.offset)) }.expect("no panic");
        }
    };
    let (from, to, path) = (Place::new(old), Place::new(new), Path::root("model"));
    // SAFETY: room for the type.
    unsafe { value_from_json(old, from.as_ptr(), &json.to_string(), &path, &NoKeeper) }.expect("a value of the type");
    let mut rules = Rules::new(direction);
    let rule = rules.between(old, new);
    let conversion = Conversion { rules: &rules, keeper };
    // SAFETY: just made.
    let value = unsafe { Value::new(from.as_ptr(), old) };
    // SAFETY: the rule of these types; there is room for the new one.
    let result =
        unsafe { conversion.convert(rule, value, Target { ty: new, out: to.as_ptr(), path: &path, outer: None }) };
    let result = result.map(|()| {
        // SAFETY: just made.
        let json = serde_json::to_value(unsafe { Value::new(to.as_ptr(), new) }).expect("it has a JSON form");
        drop_fields(&to, new);
        json
    });
    drop_fields(&from, old);
    result
}
