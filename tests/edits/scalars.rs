//! Numbers, texts, options and owners that become one another.

use crate::edit::{Edit, fields, typed};

pub(crate) fn edits() -> Vec<Edit> {
    let mut edits = numbers();
    edits.extend(texts());
    edits.extend(options());
    edits.extend(owners());
    edits
}

fn numbers() -> Vec<Edit> {
    vec![
        typed("u8_widened", "u8", "200", "u64", r#"{"x":200}"#),
        typed("i8_widened", "i8", "-5", "i64", r#"{"x":-5}"#),
        typed("u16_widened_with_sign", "u16", "65535", "i32", r#"{"x":65535}"#),
        typed("u64_widened", "u64", "u64::MAX", "u128", r#"{"x":18446744073709551615}"#),
        typed("i32_widened_far", "i32", "i32::MIN", "i128", r#"{"x":-2147483648}"#),
        typed("usize_to_u64", "usize", "12", "u64", r#"{"x":12}"#),
        typed("i64_to_isize", "i64", "-12", "isize", r#"{"x":-12}"#),
        typed("f32_widened", "f32", "1.5", "f64", r#"{"x":1.5}"#),
        typed("f64_narrowed", "f64", "-0.25", "f32", r#"{"x":-0.25}"#),
        typed("i64_narrowed_and_fits", "i64", "-128", "i8", r#"{"x":-128}"#),
        typed("u64_narrowed_and_fits", "u64", "255", "u8", r#"{"x":255}"#),
        typed("i128_narrowed_and_fits", "i128", "i64::MIN.into()", "i64", r#"{"x":-9223372036854775808}"#),
        typed("i32_to_u32", "i32", "5", "u32", r#"{"x":5}"#),
        typed("u32_to_f32", "u32", "16_777_216", "f32", r#"{"x":16777216.0}"#),
        typed("f64_to_u8", "f64", "3.0", "u8", r#"{"x":3}"#),
        typed("bool_to_u8", "bool", "true", "u8", r#"{"x":1}"#),
        typed("u8_to_bool", "u8", "1", "bool", r#"{"x":true}"#),
    ]
}

fn texts() -> Vec<Edit> {
    vec![
        typed("i32_to_text", "i32", "-42", "String", r#"{"x":"-42"}"#),
        typed("f32_to_text", "f32", "1.5", "String", r#"{"x":"1.5"}"#),
        typed("bool_to_text", "bool", "true", "String", r#"{"x":"true"}"#),
        typed("char_to_text", "char", "'\\u{e9}'", "String", r#"{"x":"é"}"#),
        typed("object_to_text", "ObjectId", "ObjectId::from_parts(3, 9)", "String", r##"{"x":"#3.9"}"##),
        typed("text_to_u32", "String", "\" 42 \".into()", "u32", r#"{"x":42}"#).back(r#"{"x":"42"}"#),
        typed("text_to_i64", "String", "\"-42\".into()", "i64", r#"{"x":-42}"#),
        typed("text_to_f64", "String", "\"2.5\".into()", "f64", r#"{"x":2.5}"#),
        typed("text_to_bool", "String", "\"false\".into()", "bool", r#"{"x":false}"#),
        typed("text_to_char", "String", "\"z\".into()", "char", r#"{"x":"z"}"#),
        typed("text_to_object", "String", "\"#1.2\".into()", "ObjectId", r##"{"x":"#1.2"}"##),
        typed("text_to_boxed_text", "String", "\"hi\".into()", "Box<str>", r#"{"x":"hi"}"#),
        typed("text_to_path", "String", "\"a/b\".into()", "PathBuf", r#"{"x":"a/b"}"#),
    ]
}

fn options() -> Vec<Edit> {
    vec![
        typed("value_to_option", "u32", "7", "Option<u32>", r#"{"x":7}"#),
        typed("value_to_option_of_wider", "u8", "7", "Option<u64>", r#"{"x":7}"#),
        typed("value_to_option_of_box", "String", "\"a\".into()", "Option<Box<String>>", r#"{"x":"a"}"#),
        typed("some_to_value", "Option<u32>", "Some(7)", "u32", r#"{"x":7}"#),
        fields("none_to_value_with_default", "x: Option<u32>", "#[field(default = 4)] x: u32", r#"{"x":4}"#)
            .back(r#"{"x":4}"#),
        typed("none_stays_none", "Option<u8>", "None", "Option<String>", r#"{"x":null}"#),
        typed("some_converted", "Option<u8>", "Some(7)", "Option<String>", r#"{"x":"7"}"#),
        typed("option_of_option", "Option<Option<u8>>", "Some(None)", "Option<Option<u32>>", r#"{"x":{"Some":null}}"#),
        typed("ok_converted", "Result<u8, String>", "Ok(3)", "Result<u32, String>", r#"{"x":{"Ok":3}}"#),
        typed("err_converted", "Result<u8, u8>", "Err(3)", "Result<u8, String>", r#"{"x":{"Err":"3"}}"#),
    ]
}

fn owners() -> Vec<Edit> {
    vec![
        typed("unboxed", "Box<u32>", "Box::new(5)", "u32", r#"{"x":5}"#),
        typed("boxed", "u32", "5", "Box<u64>", r#"{"x":5}"#),
        typed("cell_to_ref_cell", "Cell<u8>", "Cell::new(5)", "RefCell<u32>", r#"{"x":5}"#),
        typed("atomic_to_plain", "AtomicU32", "AtomicU32::new(5)", "u32", r#"{"x":5}"#),
        typed("plain_to_atomic", "u8", "5", "AtomicU64", r#"{"x":5}"#),
        typed("plain_to_non_zero", "u32", "5", "NonZero<u32>", r#"{"x":5}"#),
        typed("range_widened", "std::ops::Range<u8>", "2..5", "std::ops::Range<i32>", r#"{"x":{"start":2,"end":5}}"#),
        typed(
            "inclusive_range_widened",
            "std::ops::RangeInclusive<u8>",
            "2..=5",
            "std::ops::RangeInclusive<i32>",
            r#"{"x":{"start":2,"end":5}}"#,
        ),
    ]
}
