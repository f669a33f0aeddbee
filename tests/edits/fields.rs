//! Fields that come, go, move and get another name.

use crate::edit::{Edit, fields, with};

const SEVEN: &str = "#[field(default = 7)] hp: i32";
const MOOD: &str = "#[derive(State)] pub enum Mood { Calm, Glad }";

pub(crate) fn edits() -> Vec<Edit> {
    let seven_and = |more: &str| format!("{SEVEN}, {more}");
    vec![
        fields("added_with_attribute", SEVEN, &seven_and("#[field(default = 5)] gold: u32"), r#"{"hp":7,"gold":5}"#),
        fields(
            "added_in_front",
            SEVEN,
            "#[field(default = String::from(\"Grix\"))] name: String, hp: i32",
            r#"{"name":"Grix","hp":7}"#,
        ),
        with(
            "added_with_type_default",
            [MOOD, SEVEN],
            ["#[derive(State, Default)] pub enum Mood { Calm, #[default] Glad }", "hp: i32, mood: Mood"],
            r#"{"hp":7,"mood":"Glad"}"#,
        ),
        with(
            "added_with_class_default",
            [MOOD, SEVEN],
            [
                "#[derive(State)] pub enum Mood { Calm, Glad }
                 impl Default for It { fn default() -> Self { It { hp: 1, mood: Mood::Glad } } }",
                "hp: i32, mood: Mood",
            ],
            r#"{"hp":7,"mood":"Glad"}"#,
        ),
        with(
            "added_from_parts",
            ["", SEVEN],
            ["#[derive(State)] pub struct Place { #[field(default = 3)] x: i32, y: i32 }", "hp: i32, at: Place"],
            r#"{"hp":7,"at":{"x":3,"y":0}}"#,
        ),
        fields(
            "added_of_std",
            SEVEN,
            "hp: i32, name: String, bag: Vec<u8>, best: Option<u32>, pair: (u8, bool), wait: Duration, tiles: [u8; 3]",
            r#"{"hp":7,"name":"","bag":[],"best":null,"pair":[0,false],"wait":{"secs":0,"nanos":0},"tiles":[0,0,0]}"#,
        ),
        fields("removed", &seven_and("#[field(default = 9)] gold: u32"), "hp: i32", r#"{"hp":7}"#),
        fields(
            "removed_with_heap",
            &seven_and("#[field(default = vec![\"a\".into(), \"b\".into()])] names: Vec<String>"),
            "hp: i32",
            r#"{"hp":7}"#,
        ),
        fields(
            "reordered",
            "#[field(default = 1)] a: u8, #[field(default = \"b\".into())] b: String, #[field(default = 3)] c: u64",
            "c: u64, b: String, a: u8",
            r#"{"c":3,"b":"b","a":1}"#,
        ),
        fields("renamed", SEVEN, "#[field(was = \"hp\")] health: i32", r#"{"health":7}"#),
        fields("renamed_and_converted", SEVEN, "#[field(was = \"hp\")] health: f64", r#"{"health":7.0}"#),
        fields(
            "renamed_and_name_taken",
            SEVEN,
            "#[field(was = \"hp\")] health: i32, #[field(default = 1)] hp: i32",
            r#"{"health":7,"hp":1}"#,
        ),
        fields(
            "names_passed_on",
            "#[field(default = 1)] a: u8, #[field(default = 2)] b: u8",
            "#[field(was = \"a\")] b: u8, #[field(was = \"b\")] c: u8",
            r#"{"b":1,"c":2}"#,
        ),
        fields("first_field", "", "#[field(default = 3)] n: u8", r#"{"n":3}"#),
        fields("last_field_removed", "#[field(default = 3)] n: u8", "", "{}"),
        fields(
            "all_at_once",
            "#[field(default = 1)] a: u8, #[field(default = 2)] b: u8, #[field(default = 3)] c: u8, #[field(default = 4)] d: u8",
            "#[field(default = 9)] e: u16, d: u8, #[field(was = \"a\")] first: u32, c: Option<u8>",
            r#"{"e":9,"d":4,"first":1,"c":3}"#,
        ),
    ]
}
