//! Fields that are carried in a way of their own: through serde, as bytes, or not at all.

use crate::edit::{Edit, told, with};

const SERDE: &str =
    "#[derive(serde::Serialize, serde::Deserialize)] pub struct Note { text: String, #[serde(default)] page: u32 }";

const STAMP: &str = "use std::sync::Mutex as Stamp;";

pub(crate) fn edits() -> Vec<Edit> {
    let note = "#[field(serde, default = Note { text: \"hi\".into(), page: 3 })] x: Note";
    vec![
        with(
            "serde_type_gains_a_field",
            [
                "#[derive(serde::Serialize, serde::Deserialize)] pub struct Note { text: String }",
                "#[field(serde, default = Note { text: \"hi\".into() })] x: Note",
            ],
            [SERDE, "#[field(serde)] x: Note"],
            r#"{"x":{"text":"hi","page":0}}"#,
        )
        .back(r#"{"x":{"text":"hi"}}"#),
        with(
            "serde_becomes_state",
            [SERDE, note],
            ["#[derive(State)] pub struct Note { page: u64, text: String }", "x: Note"],
            r#"{"x":{"page":3,"text":"hi"}}"#,
        ),
        with(
            "state_becomes_serde",
            [
                "#[derive(State)] pub struct Note { page: u64, text: String }",
                "#[field(default = Note { text: \"hi\".into(), page: 3 })] x: Note",
            ],
            [SERDE, "#[field(serde)] x: Note"],
            r#"{"x":{"text":"hi","page":3}}"#,
        ),
        with("serde_removed", [SERDE, note], ["", "#[field(default = 1)] n: u8"], r#"{"n":1}"#),
        with(
            "serde_beside_a_change",
            [SERDE, &format!("{note}, #[field(default = 1)] n: u8")],
            [SERDE, "n: u16, #[field(serde)] x: Note"],
            r#"{"n":1,"x":{"text":"hi","page":3}}"#,
        ),
        told(
            "opaque_beside_a_change",
            [
                STAMP,
                "#[field(opaque, default = Stamp::new(vec![4, 2]))] x: Stamp<Vec<u32>>, #[field(default = 1)] n: u8",
            ],
            [STAMP, "n: u64, #[field(opaque)] x: Stamp<Vec<u32>>"],
            ["Mutex { data: [4, 2], poisoned: false, .. }", "Mutex { data: [4, 2], poisoned: false, .. }"],
            r#"{"n":1,"x":{"opaque":"Stamp<Vec<u32>>"}}"#,
        ),
        told(
            "reset",
            ["", "#[field(default = 7)] x: u8"],
            ["", "#[field(reset, default = 9)] x: u8"],
            ["7", "9"],
            r#"{"x":{"opaque":"u8"}}"#,
        ),
        told(
            "reset_of_another_type",
            ["", "#[field(default = 7)] x: u8"],
            ["", "#[field(reset)] x: Vec<u8>"],
            ["7", "[]"],
            r#"{"x":{"opaque":"Vec<u8>"}}"#,
        ),
        told(
            "reset_of_what_cannot_be_state",
            ["", "#[field(reset, default = Some(std::rc::Rc::new(5)))] x: Option<std::rc::Rc<u8>>"],
            ["", "#[field(reset)] x: Option<std::rc::Rc<u8>>"],
            ["Some(5)", "None"],
            r#"{"x":{"opaque":"Option<std::rc::Rc<u8>>"}}"#,
        ),
        told(
            "reset_each_time",
            ["", "#[field(reset, default = 1)] x: u8"],
            ["", "#[field(reset, default = 2)] x: u8"],
            ["1", "2"],
            r#"{"x":{"opaque":"u8"}}"#,
        ),
        told(
            "reset_of_a_removed_variant",
            ["#[derive(Debug, State)] pub enum Mood { Calm, Angry(u8) }", "#[field(default = Mood::Angry(3))] x: Mood"],
            ["#[derive(Debug, Default)] pub enum Mood { #[default] Calm }", "#[field(reset)] x: Mood"],
            ["Angry(3)", "Calm"],
            r#"{"x":{"opaque":"Mood"}}"#,
        ),
    ]
}
