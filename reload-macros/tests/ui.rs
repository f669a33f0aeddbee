//! What the macros accept, and what they say about mistakes.

#[test]
fn mistakes_are_told_where_they_stand() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

#[test]
fn everything_that_is_promised_compiles_and_runs() {
    trybuild::TestCases::new().pass("tests/pass/*.rs");
}
