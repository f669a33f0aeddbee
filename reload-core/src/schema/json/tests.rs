#![expect(unsafe_code, reason = "tables written by hand, and values made in room for them")]

use super::*;
use crate::{
    ObjectId,
    schema::{testing::*, *},
};
use core::cell::RefCell;
use proptest::prelude::*;
use serde::de::DeserializeSeed;
use serde_json::{Value as Json, json};
use std::collections::*;

/// Reads JSON text as a `T`.
fn read<T: State>(text: &str, options: JsonOptions) -> Result<(T, JsonReport), String> {
    let report = RefCell::default();
    let mut room = core::mem::MaybeUninit::<T>::uninit();
    // SAFETY: room for a `T`.
    let seed = unsafe { JsonSeed::new(descriptor::<T>(), room.as_mut_ptr().cast(), options, &report) };
    seed.deserialize(&mut serde_json::Deserializer::from_str(text)).map_err(|error| error.to_string())?;
    // SAFETY: the seed was fine.
    Ok((unsafe { room.assume_init() }, report.into_inner()))
}

fn json<T: State>(value: &T) -> Json {
    serde_json::to_value(Value::of(value)).unwrap()
}

/// The value's JSON is as expected, and reading it gives a value with the same JSON.
fn check_json<T: State>(value: T, expected: Json) {
    assert_eq!(json(&value), expected);
    let text = serde_json::to_string(&Value::of(&value)).unwrap();
    let (again, report) = read::<T>(&text, JsonOptions::default()).unwrap();
    assert_eq!(json(&again), expected);
    assert_eq!(report, JsonReport::default());
}

fn check_refused<T: State>(text: &str, expected: &str) {
    let error = read::<T>(text, JsonOptions::default()).map(|_| ()).expect_err("it is wrong");
    assert!(error.starts_with(expected), "{error}");
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Item {
    name: String,
    weight: u32,
}
state_struct!(Item, "game::Item" { name: String, weight was "mass": u32 });

#[derive(Clone, Debug, PartialEq)]
enum Mood {
    Calm,
    Angry { level: u32, at: ObjectId },
    Wants(Item),
    Pair(u8, u8),
}
state_enum!(Mood, "game::Mood" {
    Calm {}, Angry { level => level: u32 = 3, at => at: ObjectId }, Wants { 0 => item: Item }, Pair { 0 => a: u8, 1 => b: u8 }
});

struct Goblin {
    bag: Vec<Item>,
    mood: Mood,
    hp: i32,
}
state_struct!(Goblin, "game::Goblin" { bag: Vec<Item>, mood: Mood = Mood::Calm, hp: i32 = 10 });

#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Clone)]
struct PlayerId(u32);
state_struct!(PlayerId, "game::PlayerId" { 0: u32 });

#[derive(PartialEq, Eq, Hash)]
enum Stat {
    Strength,
    Wit,
}
state_enum!(Stat, "game::Stat" { Strength {}, Wit {} });

#[test]
fn structs_and_enums_are_as_serde_has_them() {
    let item = || Item { name: "axe".into(), weight: 7 };
    check_json(item(), json!({ "name": "axe", "weight": 7 }));
    check_json(Mood::Calm, json!("Calm"));
    check_json(
        Mood::Angry { level: 2, at: ObjectId::from_parts(12, 3) },
        json!({ "Angry": { "level": 2, "at": "#12.3" } }),
    );
    check_json(Mood::Wants(item()), json!({ "Wants": { "name": "axe", "weight": 7 } }));
    check_json(Mood::Pair(1, 2), json!({ "Pair": [1, 2] }));
    check_json(PlayerId(4), json!(4));
    check_json((1_u8, 'x', "y".to_owned()), json!([1, "x", "y"]));
    check_json((1_u8,), json!([1]));
}

#[test]
fn the_standard_librarys_types_are_plain() {
    check_json(Some(5_u8), json!(5));
    check_json(None::<u8>, json!(null));
    check_json(Ok::<u8, String>(5), json!({ "Ok": 5 }));
    check_json(Some(None::<u8>), json!({ "Some": null }));
    check_json(Some(Some(4_u8)), json!({ "Some": 4 }));
    check_json(Some(()), json!({ "Some": null }));
    check_json(Box::new([1.5_f32, f32::NAN, f32::NEG_INFINITY]), json!([1.5, "NaN", "-inf"]));
    check_json((u128::MAX, i128::MIN, 7_u128), json!([u128::MAX.to_string(), i128::MIN.to_string(), 7]));
    check_json(VecDeque::from([1_u8, 2]), json!([1, 2]));
    check_json(BTreeSet::from([2_u8, 1]), json!([1, 2]));
    check_json(HashSet::<u8>::from([2, 1]), json!([1, 2]));
    check_json(BTreeMap::from([(PlayerId(1), "a".to_owned())]), json!({ "1": "a" }));
    check_json(HashMap::<_, _>::from([(Stat::Wit, 1_u8), (Stat::Strength, 2)]), json!({ "Wit": 1, "Strength": 2 }));
    check_json(BTreeMap::from([(ObjectId::NONE, true)]), json!({ "#none": true }));
    check_json(BTreeMap::from([((1_u8, 2_u8), 'c')]), json!([[[1, 2], "c"]]));
    check_json(BTreeMap::from([(true, 'c')]), json!({ "true": "c" }));
    check_json(core::time::Duration::from_millis(1500), json!({ "secs": 1, "nanos": 500_000_000 }));
    check_json(1..4_u8, json!({ "start": 1, "end": 4 }));
    check_json(1..=4_u8, json!({ "start": 1, "end": 4 }));
    check_json(core::cell::RefCell::new(vec![core::cell::Cell::new(1_u8)]), json!([1]));
    check_json(core::sync::atomic::AtomicI16::new(-3), json!(-3));
    check_json(core::num::NonZeroU8::MAX, json!(255));
    check_json(core::num::Wrapping(3_u8), json!(3));
    check_json(core::marker::PhantomData::<fn()>, json!(null));
    check_json(std::path::PathBuf::from("a/b"), json!("a/b"));
    check_json(BinaryHeap::from([1_u8]), json!([1]));
}

#[cfg(feature = "glam")]
#[test]
fn vectors_are_lists() {
    check_json(glam::Vec3A::new(1.0, 2.0, 3.0), json!([1.0, 2.0, 3.0]));
    check_json(glam::Quat::IDENTITY, json!([0.0, 0.0, 0.0, 1.0]));
    check_json(glam::Mat2::IDENTITY, json!([1.0, 0.0, 0.0, 1.0]));
}

#[cfg(feature = "uuid")]
#[test]
fn uuids_are_texts() {
    check_json(uuid::Uuid::nil(), json!("00000000-0000-0000-0000-000000000000"));
    check_refused::<uuid::Uuid>("\"x\"", "Uuid: panicked");
}

#[cfg(all(feature = "smallvec", feature = "indexmap"))]
#[test]
fn collections_of_other_crates_keep_their_order() {
    check_json(smallvec::SmallVec::<[u8; 2]>::from_slice(&[3, 1, 2]), json!([3, 1, 2]));
    check_json(indexmap::IndexSet::<u8>::from([3, 1]), json!([3, 1]));
    let map = indexmap::IndexMap::<String, u8>::from([("b".into(), 1), ("a".into(), 2)]);
    assert_eq!(serde_json::to_string(&Value::of(&map)).unwrap(), r#"{"b":1,"a":2}"#);
    check_json(map, json!({ "b": 1, "a": 2 }));
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let goblin = |bag: &str| format!(r#"{{ "bag": {bag}, "hp": 1 }}"#);
    let item = r#"{ "name": "a", "weight": 1 }"#;
    check_refused::<Goblin>(
        &goblin(&format!(r#"[{item}, {item}, {item}, {{ "weight": "x" }}]"#)),
        r#"game::Goblin.bag[3].weight: expected u32, found string "x""#,
    );
    check_refused::<Goblin>(
        r#"{ "mood": { "Angry": { "level": -1 } } }"#,
        "game::Goblin.mood::Angry.level: expected u32, found -1, which does not fit",
    );
    check_refused::<Goblin>(
        r#"{ "mood": "Glad" }"#,
        r#"game::Goblin.mood: expected a variant of game::Mood, found "Glad""#,
    );
    check_refused::<Goblin>(r#"{ "bag": 1 }"#, "game::Goblin.bag: expected a list, found 1");
    check_refused::<Goblin>(r#"{ "hp": 1, "hp": 2 }"#, "game::Goblin.hp: expected the field once");
    check_refused::<Goblin>("[]", "game::Goblin: expected the fields of game::Goblin, found a list");
    check_refused::<BTreeMap<u8, BTreeMap<String, bool>>>(
        r#"{ "1": { "a b": 0 } }"#,
        r#"BTreeMap<u8, BTreeMap<String, bool>>["1"]["a b"]: expected bool, found 0"#,
    );
    check_refused::<BTreeMap<u8, ()>>(r#"{ "300": null }"#, r#"BTreeMap<u8, ()>["300"]: expected u8"#);
    check_refused::<[u8; 2]>("[1]", "[u8; 2]: expected a list of 2, found 1 elements");
    check_refused::<[u8; 2]>("[1, 2, 3]", "[u8; 2]: expected a list of 2, found more");
    check_refused::<core::num::NonZeroU8>("0", "NonZeroU8: panicked");
    check_refused::<Result<u8, u8>>(r#"{ "Ok": 1, "Err": 2 }"#, "Result<u8, u8>: expected one variant");
    check_refused::<Vec<Result<core::num::NonZeroU8, ()>>>(
        r#"["Ok"]"#,
        "Vec<Result<NonZeroU8, ()>>[0]::Ok.0: panicked",
    );
}

#[test]
fn missing_fields_get_defaults_and_unknown_ones_are_reported() {
    let (goblin, report) =
        read::<Goblin>(r#"{ "bag": [{ "mass": 4, "colour": {} }], "old": [1] }"#, JsonOptions::default()).unwrap();
    assert_eq!(goblin.bag, [Item { name: String::new(), weight: 4 }]);
    assert_eq!((goblin.mood, goblin.hp), (Mood::Calm, 10));
    assert_eq!(report.unknown, ["game::Goblin.bag[0].colour", "game::Goblin.old"]);
    assert_eq!(report.defaulted, ["game::Goblin.bag[0].name", "game::Goblin.mood", "game::Goblin.hp"]);
    let (mood, _) = read::<Mood>(r#""Angry""#, JsonOptions::default()).unwrap();
    assert_eq!(mood, Mood::Angry { level: 3, at: ObjectId::NONE });
}

#[test]
fn conversions_happen_when_asked_for() {
    let convert = JsonOptions { convert: true };
    assert_eq!(read::<u8>("\"12\"", convert).unwrap().0, 12);
    assert_eq!(read::<String>("12", convert).unwrap().0, "12");
    assert!(read::<bool>("\"true\"", convert).unwrap().0);
    assert!(read::<u8>("\"x\"", convert).is_err());
    assert!(read::<u8>("\"12\"", JsonOptions::default()).is_err());
}

struct Carried {
    through: BTreeMap<u8, char>,
    again: u32,
    opaque: Handle,
}
#[derive(Default)]
struct Handle(u64);
state_opaque!(Handle, "game::Handle");
state_struct!(Carried, "game::Carried" { through via serde: BTreeMap<u8, char>, again via reset: u32 = 9, opaque: Handle });

#[test]
fn fields_are_carried_as_they_say() {
    let carried = Carried { through: BTreeMap::from([(1, 'x')]), again: 5, opaque: Handle(3) };
    let expected = json!({ "through": { "1": "x" }, "again": 5, "opaque": { "opaque": "game::Handle" } });
    assert_eq!(json(&carried), expected);
    let (again, report) = read::<Carried>(&expected.to_string(), JsonOptions::default()).unwrap();
    assert_eq!((again.through, again.again, again.opaque.0), (BTreeMap::from([(1, 'x')]), 9, 0));
    assert_eq!(report.defaulted, ["game::Carried.again", "game::Carried.opaque"]);
    check_refused::<Carried>(r#"{ "through": 3 }"#, "game::Carried.through: invalid type: integer `3`, expected a map");
}

/// Something of everything that can hold something.
pub(super) struct Full {
    one: Token,
    list: Vec<Token>,
    deque: VecDeque<(Token, Token)>,
    set: BTreeSet<Token>,
    map: BTreeMap<String, Token>,
    pairs: BTreeMap<(u32, Token), Vec<Token>>,
    array: [Token; 3],
    option: Option<Box<Token>>,
    nested: Option<Option<Token>>,
    choice: Vec<Choice>,
    cell: core::cell::RefCell<Token>,
    range: core::ops::Range<Token>,
    owner: Owner,
}
state_struct!(Full, "game::Full" {
    one: Token, list: Vec<Token>, deque: VecDeque<(Token, Token)>, set: BTreeSet<Token>, map: BTreeMap<String, Token>,
    pairs: BTreeMap<(u32, Token), Vec<Token>>, array: [Token; 3], option: Option<Box<Token>>, nested: Option<Option<Token>>,
    choice: Vec<Choice>, cell: core::cell::RefCell<Token>, range: core::ops::Range<Token>, owner: Owner
});

enum Choice {
    Nothing,
    Two(Token, Token),
    Named { left: Token, right: Option<Token> },
}
state_enum!(Choice, "game::Choice" {
    Nothing {}, Two { 0 => a: Token, 1 => b: Token }, Named { left => left: Token, right => right: Option<Token> = Some(Token::new(1)) }
});

/// Counts as well when it is dropped as a whole: its parts alone must not count.
struct Owner {
    token: Token,
    whole: u32,
}
impl Drop for Owner {
    fn drop(&mut self) {
        assert_eq!(self.whole, 7, "dropped before it was whole");
        self.whole = 0;
    }
}
state_struct!(Owner, "game::Owner" { token: Token, whole: u32 = 7 });

pub(super) fn full() -> Full {
    let mut next = 0;
    let mut token = || {
        next += 1;
        Token::new(next)
    };
    Full {
        one: token(),
        list: vec![token(), token(), token()],
        deque: VecDeque::from([(token(), token())]),
        set: BTreeSet::from([token(), token()]),
        map: BTreeMap::from([("a".into(), token()), ("b".into(), token())]),
        pairs: BTreeMap::from([((1, token()), vec![token()]), ((2, token()), vec![])]),
        array: [token(), token(), token()],
        option: Some(Box::new(token())),
        nested: Some(Some(token())),
        choice: vec![Choice::Nothing, Choice::Two(token(), token()), Choice::Named { left: token(), right: None }],
        cell: RefCell::new(token()),
        range: token()..token(),
        owner: Owner { token: token(), whole: 7 },
    }
}

#[test]
fn nothing_leaks_and_nothing_is_dropped_twice_wherever_reading_fails() {
    let value = full();
    let (tokens, text) = (alive(), serde_json::to_string(&Value::of(&value)).unwrap());
    let ((again, _), failures) = check_every_failure(|| read::<Full>(&text, JsonOptions::default()));
    assert_eq!(json(&again), json(&value));
    assert_eq!((alive(), failures as i64), (2 * tokens, tokens));
    drop(again);
    // Whatever is cut off, what has been read goes.
    for end in 0..text.len() {
        if text.is_char_boundary(end) {
            assert!(read::<Full>(&text[..end], JsonOptions::default()).is_err());
            assert_eq!(alive(), tokens, "cut off at {end}");
        }
    }
    // Whatever is wrong, too.
    for (at, _) in text.match_indices(|c: char| c.is_ascii_digit()) {
        let mut spoilt = text.clone();
        spoilt.replace_range(at..at + 1, "\"?\"");
        drop(read::<Full>(&spoilt, JsonOptions::default()));
        assert_eq!(alive(), tokens, "spoilt at {at}");
    }
    drop(value);
    assert_eq!(alive(), 0);
}

#[test]
fn writing_leaves_everything_as_it_is() {
    let value = full();
    let before = alive();
    let (_, failures) = check_every_failure(|| serde_json::to_string(&Value::of(&value)));
    assert_eq!((alive(), failures), (before, 0));
}

struct Node {
    value: u32,
    next: Option<Box<Node>>,
}
state_struct!(Node, "game::Node" { value: u32, next: Option<Box<Node>> });

#[test]
fn deep_values_are_followed_and_deeper_ones_refused() {
    let chain = |length: u32| (0..length).fold(None, |next, value| Some(Box::new(Node { value, next })));
    let list = chain(90);
    let text = serde_json::to_string(&Value::of(&list)).unwrap();
    let (again, _) = read::<Option<Box<Node>>>(&text, JsonOptions::default()).unwrap();
    assert_eq!(json(&again), json(&list));
    let error = serde_json::to_string(&Value::of(&chain(1_000))).unwrap_err().to_string();
    assert!(error.contains("nested deeper than"), "{error}");
}

fn any_mood() -> impl Strategy<Value = Mood> {
    prop_oneof![
        Just(Mood::Calm),
        (any::<u32>(), any::<u32>(), any::<u32>()).prop_map(|(level, slot, generation)| Mood::Angry {
            level,
            at: ObjectId::from_parts(slot, if slot == u32::MAX { 0 } else { generation })
        }),
        (any::<String>(), any::<u32>()).prop_map(|(name, weight)| Mood::Wants(Item { name, weight })),
        (any::<u8>(), any::<u8>()).prop_map(|(a, b)| Mood::Pair(a, b)),
    ]
}

type Everything = (
    (f32, f64, i128, u128, char, bool),
    Vec<Option<Option<i64>>>,
    BTreeMap<String, Result<u8, String>>,
    HashMap<i32, [Mood; 2]>,
    BTreeMap<(bool, u16), VecDeque<char>>,
    Option<core::time::Duration>,
);

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_again(
        scalars: (f32, f64, i128, u128, char, bool),
        options: Vec<Option<Option<i64>>>,
        results: BTreeMap<String, Result<u8, String>>,
        moods in proptest::collection::hash_map(any::<i32>(), (any_mood(), any_mood()).prop_map(|(a, b)| [a, b]), 0..5),
        pairs: BTreeMap<(bool, u16), VecDeque<char>>,
        duration: Option<core::time::Duration>,
    ) {
        let value: Everything = (scalars, options, results, moods, pairs, duration);
        let text = serde_json::to_string(&Value::of(&value)).unwrap();
        let (again, report) = read::<Everything>(&text, JsonOptions::default()).map_err(TestCaseError::fail)?;
        prop_assert_eq!(&report, &JsonReport::default());
        prop_assert_eq!(&again.0.0.to_bits(), &value.0.0.to_bits());
        prop_assert_eq!(&again.0.1.to_bits(), &value.0.1.to_bits());
        prop_assert_eq!((again.0.2, again.0.3, again.0.4, again.0.5), (value.0.2, value.0.3, value.0.4, value.0.5));
        prop_assert_eq!((&again.1, &again.2, &again.3, &again.4, &again.5), (&value.1, &value.2, &value.3, &value.4, &value.5));
        // Through a tree of values as well, where numbers take another way.
        let tree: Json = serde_json::to_value(Value::of(&value)).unwrap();
        prop_assert_eq!(json(&again), tree);
    }
}
