//! Structs and enums inside of objects, by name and at any depth.

use crate::edit::{Edit, with};

const ITEM: &str = "#[derive(State)] pub struct Item { name: String, weight: u8 }
    fn item(name: &str, weight: u8) -> Item { Item { name: name.into(), weight } }";
const ITEM_WIDER: &str =
    "#[derive(State)] pub struct Item { weight: u32, #[field(default = true)] sharp: bool, name: String }";
const ITEM_LESS: &str = "#[derive(State)] pub struct Item { name: String }";
const MOOD: &str = "#[derive(State)] pub enum Mood { Calm, Angry(u8), Sad { since: u64, why: String } }";

/// A field `x`, its value, and what it becomes when only the types beside it change.
fn nested(name: &'static str, old: &str, value: (&str, &str), new: &str, after: &'static str) -> Edit {
    let (ty, value) = value;
    with(name, [old, &format!("#[field(default = {value})] x: {ty}")], [new, &format!("x: {ty}")], after)
}

pub(crate) fn edits() -> Vec<Edit> {
    let mut edits = structs();
    edits.extend(enums());
    edits.extend(newtypes());
    edits.extend(recursive());
    edits.extend(keys());
    edits
}

/// Lines of a key change places, and with them what is derived for it, while each field stays where it is in memory.
fn keys() -> Vec<Edit> {
    let key = |fields: &str| {
        format!(
            "#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, State)] pub struct Key {{ {fields} }}
             fn key(level: u8, id: u64) -> Key {{ Key {{ level, id }} }}"
        )
    };
    let (old, new) = (key("level: u8, id: u64"), key("id: u64, level: u8"));
    let by_id = r#"{"x":[{"id":3,"level":2},{"id":9,"level":1}]}"#;
    vec![
        nested(
            "keys_of_a_tree_map_compare_in_another_order",
            &old,
            ("BTreeMap<Key, u8>", "BTreeMap::from([(key(1, 9), 1), (key(2, 3), 2)])"),
            &new,
            r#"{"x":[[{"id":3,"level":2},2],[{"id":9,"level":1},1]]}"#,
        ),
        nested(
            "parts_of_a_tree_sets_elements_compare_in_another_order",
            &old,
            ("BTreeSet<Vec<Key>>", "BTreeSet::from([vec![key(1, 9)], vec![key(2, 3)]])"),
            &new,
            r#"{"x":[[{"id":3,"level":2}],[{"id":9,"level":1}]]}"#,
        ),
        nested(
            "elements_of_a_list_compare_in_another_order",
            &old,
            ("Vec<Key>", "vec![key(2, 3), key(1, 9)]"),
            &new,
            by_id,
        ),
    ]
}

fn structs() -> Vec<Edit> {
    vec![
        nested(
            "struct_in_object",
            ITEM,
            ("Item", "item(\"axe\", 9)"),
            ITEM_WIDER,
            r#"{"x":{"weight":9,"sharp":true,"name":"axe"}}"#,
        ),
        nested(
            "struct_in_object_loses_a_field",
            ITEM,
            ("Item", "item(\"axe\", 9)"),
            ITEM_LESS,
            r#"{"x":{"name":"axe"}}"#,
        ),
        nested(
            "struct_in_vec",
            ITEM,
            ("Vec<Item>", "vec![item(\"axe\", 9), item(\"bow\", 4)]"),
            ITEM_WIDER,
            r#"{"x":[{"weight":9,"sharp":true,"name":"axe"},{"weight":4,"sharp":true,"name":"bow"}]}"#,
        ),
        nested(
            "struct_in_vec_loses_a_field",
            ITEM,
            ("Vec<Item>", "vec![item(\"axe\", 9), item(\"bow\", 4)]"),
            ITEM_LESS,
            r#"{"x":[{"name":"axe"},{"name":"bow"}]}"#,
        ),
        nested(
            "struct_in_map_loses_a_field",
            ITEM,
            ("BTreeMap<String, Item>", "BTreeMap::from([(\"belt\".into(), item(\"axe\", 9))])"),
            ITEM_LESS,
            r#"{"x":{"belt":{"name":"axe"}}}"#,
        ),
        nested(
            "struct_in_array_in_option",
            ITEM,
            ("Option<[Item; 2]>", "Some([item(\"axe\", 9), item(\"bow\", 4)])"),
            ITEM_LESS,
            r#"{"x":[{"name":"axe"},{"name":"bow"}]}"#,
        ),
        nested(
            "struct_field_renamed",
            ITEM,
            ("Vec<Item>", "vec![item(\"axe\", 9)]"),
            "#[derive(State)] pub struct Item { name: String, #[field(was = \"weight\")] grams: u16 }",
            r#"{"x":[{"name":"axe","grams":9}]}"#,
        ),
        nested(
            "struct_deep_inside",
            "#[derive(State)] pub struct Item { weight: u8 }
             #[derive(State)] pub enum Place { Empty, Holds(Option<Item>), Shelf { items: Vec<Item> } }",
            (
                "Vec<Option<Place>>",
                "vec![None, Some(Place::Empty), Some(Place::Holds(Some(Item { weight: 1 }))), \
                 Some(Place::Shelf { items: vec![Item { weight: 2 }] })]",
            ),
            "#[derive(State)] pub struct Item { weight: String, #[field(default = 5)] worn: u8 }
             #[derive(State)] pub enum Place { Shelf { items: VecDeque<Item> }, Empty, Holds(Option<Box<Item>>) }",
            r#"{"x":[null,"Empty",{"Holds":{"weight":"1","worn":5}},{"Shelf":{"items":[{"weight":"2","worn":5}]}}]}"#,
        ),
        with(
            "struct_of_another_name",
            [ITEM, "#[field(default = vec![item(\"axe\", 9)])] x: Vec<Item>"],
            ["#[derive(State)] pub struct Thing { weight: u16, name: String }", "x: Vec<Thing>"],
            r#"{"x":[{"weight":9,"name":"axe"}]}"#,
        ),
        nested(
            "struct_with_a_parameter",
            "#[derive(State)] pub struct Pair<T> { one: T, other: T }
             type Two = Pair<u8>;",
            ("Two", "Pair { one: 1, other: 2 }"),
            "#[derive(State)] pub struct Pair<T> { other: T, one: T }
             type Two = Pair<Option<u32>>;",
            r#"{"x":{"other":2,"one":1}}"#,
        ),
        nested(
            "unit_struct_gains_a_field",
            "#[derive(State)] pub struct Mark;",
            ("Vec<Mark>", "vec![Mark, Mark]"),
            "#[derive(State)] pub struct Mark { #[field(default = 2)] n: u8 }",
            r#"{"x":[{"n":2},{"n":2}]}"#,
        ),
        nested(
            "struct_loses_all_fields",
            ITEM,
            ("Item", "item(\"axe\", 9)"),
            "#[derive(State)] pub struct Item;",
            r#"{"x":{}}"#,
        ),
        nested(
            "tuple_struct_grows",
            "#[derive(State)] pub struct Point(u8, u8);",
            ("Point", "Point(1, 2)"),
            "#[derive(State)] pub struct Point(f32, f32, #[field(default = 3.0)] f32);",
            r#"{"x":[1.0,2.0,3.0]}"#,
        ),
    ]
}

fn enums() -> Vec<Edit> {
    vec![
        nested(
            "enum_with_other_numbers",
            "#[derive(State)] #[repr(u8)] pub enum Load { Num(u64, u64, u64) = 0, Text(String) = 1 }",
            ("Load", "Load::Num(5, 6, 7)"),
            "#[derive(State)] #[repr(u8)] pub enum Load { Num(u64, u64, u64) = 1, Text(String) = 0 }",
            r#"{"x":{"Num":[5,6,7]}}"#,
        ),
        nested(
            "enum_laid_out_otherwise",
            "#[derive(State)] pub enum Load { Small(u32), Large(u64) }",
            ("Load", "Load::Small(7)"),
            "#[derive(State)] #[repr(C)] pub enum Load { Small(u32), Large(u64) }",
            r#"{"x":{"Small":7}}"#,
        ),
        nested(
            "enum_numbered_by_constants",
            "const FIRST: i128 = 1 << 100; const PLACE: &[u8] = b\"x\"; #[derive(State)] #[repr(i128)] pub enum Load {
                Small(u32) = if cfg!(windows) { 3 } else { FIRST }, Next(u8), Large(u64) = { let low = -1; (low) }, Last(u8) = PLACE[0] as i128
            }",
            ("Load", "Load::Small(7)"),
            "const FIRST: i128 = 1 << 101; #[derive(State)] #[repr(i128)] pub enum Load {
                Small(u32) = FIRST, Next(u8), Large(u64) = -1, Last(u8) = 120
            }",
            r#"{"x":{"Small":7}}"#,
        ),
        nested(
            "variants_added_and_reordered",
            MOOD,
            ("Vec<Mood>", "vec![Mood::Calm, Mood::Angry(3), Mood::Sad { since: 9, why: \"rain\".into() }]"),
            "#[derive(State)] pub enum Mood { Glad, Sad { why: String, since: u64 }, Angry(u8), Bored(u8), Calm }",
            r#"{"x":["Calm",{"Angry":3},{"Sad":{"why":"rain","since":9}}]}"#,
        ),
        nested(
            "variant_renamed",
            MOOD,
            ("Mood", "Mood::Angry(3)"),
            "#[derive(State)] pub enum Mood { Calm, #[field(was = \"Angry\")] Furious(u8), Sad { since: u64, why: String } }",
            r#"{"x":{"Furious":3}}"#,
        ),
        nested(
            "variant_removed_that_nobody_is_in",
            MOOD,
            ("Mood", "Mood::Angry(3)"),
            "#[derive(State)] pub enum Mood { Angry(u8) }",
            r#"{"x":{"Angry":3}}"#,
        ),
        nested(
            "variant_payload_grows",
            MOOD,
            ("Mood", "Mood::Angry(3)"),
            "#[derive(State)] pub enum Mood { Calm, Angry(u32, #[field(default = \"me\".into())] String), \
             Sad { since: u64, why: String } }",
            r#"{"x":{"Angry":[3,"me"]}}"#,
        ),
        nested(
            "variant_gains_a_field",
            MOOD,
            ("Option<Mood>", "Some(Mood::Sad { since: 9, why: \"rain\".into() })"),
            "#[derive(State)] pub enum Mood { Sad { #[field(default = 1)] depth: u8, why: String, since: u8 } }",
            r#"{"x":{"Sad":{"depth":1,"why":"rain","since":9}}}"#,
        ),
        nested(
            "variant_loses_a_field",
            MOOD,
            ("Vec<Mood>", "vec![Mood::Sad { since: 9, why: \"rain\".into() }]"),
            "#[derive(State)] pub enum Mood { Sad { since: u64 } }",
            r#"{"x":[{"Sad":{"since":9}}]}"#,
        ),
        nested(
            "variant_gains_its_first_payload",
            "#[derive(State)] pub enum Mood { Calm }",
            ("Mood", "Mood::Calm"),
            "#[derive(State)] pub enum Mood { Calm(#[field(default = 4)] u8) }",
            r#"{"x":{"Calm":4}}"#,
        ),
    ]
}

fn newtypes() -> Vec<Edit> {
    vec![
        with(
            "newtype_made",
            ["", "#[field(default = 7)] x: u32"],
            ["#[derive(State)] pub struct Gold(u64);", "x: Gold"],
            r#"{"x":7}"#,
        ),
        with(
            "newtype_dissolved",
            ["#[derive(State)] pub struct Gold(u64);", "#[field(default = Gold(7))] x: Gold"],
            ["", "x: u32"],
            r#"{"x":7}"#,
        ),
        nested(
            "newtype_of_another_type",
            "#[derive(State)] pub struct Gold(u32);",
            ("Vec<Gold>", "vec![Gold(7)]"),
            "#[derive(State)] pub struct Gold(String);",
            r#"{"x":["7"]}"#,
        ),
        nested(
            "newtype_gains_a_field",
            "#[derive(State)] pub struct Gold(u32);",
            ("Vec<Gold>", "vec![Gold(7)]"),
            "#[derive(State)] pub struct Gold(u64, #[field(default = true)] bool);",
            r#"{"x":[[7,true]]}"#,
        ),
        nested(
            "newtype_around_a_struct_that_loses_a_field",
            "#[derive(State)] pub struct Item { name: String, weight: u8 }
             #[derive(State)] pub struct Worn(Item);",
            ("Worn", "Worn(Item { name: \"axe\".into(), weight: 9 })"),
            "#[derive(State)] pub struct Item { name: String }
             #[derive(State)] pub struct Worn(Item);",
            r#"{"x":{"name":"axe"}}"#,
        ),
        with(
            "newtype_in_option",
            ["", "#[field(default = 7)] x: u32"],
            ["#[derive(State)] pub struct Gold(u32);", "x: Option<Gold>"],
            r#"{"x":7}"#,
        ),
    ]
}

fn recursive() -> Vec<Edit> {
    vec![
        nested(
            "tree",
            "#[derive(State)] pub struct Tree { value: u8, children: Vec<Tree> }
             fn tree(value: u8, children: Vec<Tree>) -> Tree { Tree { value, children } }",
            ("Tree", "tree(1, vec![tree(2, vec![tree(3, vec![])]), tree(4, vec![])])"),
            "#[derive(State)] pub struct Tree { children: Vec<Tree>, value: u32, tag: Option<String> }",
            r#"{"x":{"children":[{"children":[{"children":[],"value":3,"tag":null}],"value":2,"tag":null},
                {"children":[],"value":4,"tag":null}],"value":1,"tag":null}}"#,
        ),
        nested(
            "tree_that_loses_its_values",
            "#[derive(State)] pub struct Tree { value: u8, children: Vec<Tree> }
             fn tree(value: u8, children: Vec<Tree>) -> Tree { Tree { value, children } }",
            ("Option<Tree>", "Some(tree(1, vec![tree(2, vec![]), tree(3, vec![])]))"),
            "#[derive(State)] pub struct Tree { children: Vec<Tree> }",
            r#"{"x":{"children":[{"children":[]},{"children":[]}]}}"#,
        ),
        nested(
            "chain",
            "#[derive(State)] pub enum Chain { End, Link(u8, Box<Chain>) }",
            ("Chain", "Chain::Link(1, Box::new(Chain::Link(2, Box::new(Chain::End))))"),
            "#[derive(State)] pub enum Chain { Link(String, Box<Chain>), End }",
            r#"{"x":{"Link":["1",{"Link":["2","End"]}]}}"#,
        ),
    ]
}
