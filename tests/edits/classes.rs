//! Base classes, and classes that come, go and get another name.

use crate::edit::{Edit, classes};
use std::fmt::Write as _;

/// Classes, each with its options and its fields.
fn module(classes: &[(&str, &str, &str)]) -> String {
    let mut text = String::new();
    for (class, options, fields) in classes {
        write!(text, "#[game_class({options})]\npub struct {class} {{ {fields} }}\n").expect("a text takes it");
    }
    text
}

const PLAIN: &str = "no_handlers";
const HP: &str = "#[field(default = 7)] hp: i32";

pub(crate) fn edits() -> Vec<Edit> {
    // `C` is based on `B`, which is based on `A`.
    let tower = |of_a: &str, of_b: &str| {
        module(&[
            ("A", PLAIN, of_a),
            ("B", "no_handlers, base = A", &format!("base: A, {of_b}")),
            ("C", "no_handlers, base = B", "base: B, #[field(default = 1)] c: u8"),
        ])
    };
    vec![
        classes(
            "base_gains_a_field",
            "C",
            &tower(HP, ""),
            &tower("#[field(default = 3)] armor: u64, hp: i32", ""),
            r#"{"base":{"base":{"armor":3,"hp":7}},"c":1}"#,
        ),
        classes(
            "base_loses_a_field",
            "C",
            &tower(&format!("{HP}, #[field(default = \"x\".into())] name: String"), ""),
            &tower(HP, ""),
            r#"{"base":{"base":{"hp":7}},"c":1}"#,
        ),
        classes(
            "base_field_converted",
            "C",
            &tower(HP, "#[field(default = 2)] b: u8"),
            &tower("hp: Option<f64>", "b: String"),
            r#"{"base":{"base":{"hp":7.0},"b":"2"},"c":1}"#,
        ),
        classes(
            "base_field_renamed",
            "C",
            &tower(HP, ""),
            &tower("#[field(was = \"hp\")] health: i32", ""),
            r#"{"base":{"base":{"health":7}},"c":1}"#,
        ),
        classes(
            "base_renamed",
            "C",
            &tower(HP, ""),
            &tower(HP, "")
                .replace("struct A ", "struct Being ")
                .replace("base = A", "base = Being")
                .replace("base: A", "base: Being")
                .replacen("no_handlers", "no_handlers, was = \"edits::base_renamed::A\"", 1),
            r#"{"base":{"base":{"hp":7}},"c":1}"#,
        ),
        classes(
            "base_given",
            "It",
            &module(&[("A", PLAIN, "#[field(default = 3)] armor: u8"), ("It", PLAIN, HP)]),
            &module(&[
                ("A", PLAIN, "#[field(default = 3)] armor: u8"),
                ("It", "no_handlers, base = A", "base: A, hp: i32"),
            ]),
            r#"{"base":{"armor":3},"hp":7}"#,
        ),
        classes(
            "class_put_between",
            "C",
            &module(&[("A", PLAIN, HP), ("C", "no_handlers, base = A", "base: A, #[field(default = 1)] c: u8")]),
            &tower("hp: i32", "#[field(default = 2)] b: u8"),
            r#"{"base":{"b":2,"base":{"hp":7}},"c":1}"#,
        ),
        classes(
            "class_between_taken_out",
            "C",
            &tower(HP, "#[field(default = 2)] b: u8"),
            &module(&[("A", PLAIN, "hp: i64"), ("C", "no_handlers, base = A", "c: u8, base: A")]),
            r#"{"base":{"hp":7},"c":1}"#,
        ),
        classes(
            "class_renamed",
            "It",
            &module(&[("It", PLAIN, HP)]),
            &module(&[("Other", "no_handlers, was = \"edits::class_renamed::It\"", "hp: u64")]),
            r#"{"hp":7}"#,
        ),
        classes(
            "class_renamed_that_loses_a_field",
            "It",
            &module(&[("It", PLAIN, "#[field(default = 7)] hp: i32, #[field(default = 9)] gold: u8")]),
            &module(&[("Other", "no_handlers, was = \"edits::class_renamed_that_loses_a_field::It\"", "hp: i32")]),
            r#"{"hp":7}"#,
        ),
        classes(
            "class_moved",
            "It",
            &module(&[("It", PLAIN, HP)]),
            &format!(
                "pub mod deep {{ use crate::prelude::*;\n{} }}\n",
                module(&[("It", "no_handlers, was = \"edits::class_moved::It\"", HP)])
            ),
            r#"{"hp":7}"#,
        ),
        classes(
            "class_renamed_with_its_subclass",
            "B",
            &module(&[("A", PLAIN, HP), ("B", "no_handlers, base = A", "base: A")]),
            &module(&[
                ("Being", "no_handlers, was = \"edits::class_renamed_with_its_subclass::A\"", "hp: i32"),
                (
                    "Beast",
                    "no_handlers, base = Being, was = \"edits::class_renamed_with_its_subclass::B\"",
                    "base: Being",
                ),
            ]),
            r#"{"base":{"hp":7}}"#,
        ),
        // The object is in the attic meanwhile, where it is as it was.
        classes("class_removed", "It", &module(&[("It", PLAIN, HP)]), "", r#"{"hp":7}"#),
        classes(
            "class_removed_with_its_base",
            "B",
            &module(&[("A", PLAIN, HP), ("B", "no_handlers, base = A", "base: A, #[field(default = 1)] b: u8")]),
            &module(&[("Unrelated", PLAIN, "")]),
            r#"{"base":{"hp":7},"b":1}"#,
        ),
    ]
}
