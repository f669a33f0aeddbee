//! The example does what it says.

use std::process::Command;

#[test]
fn the_engine_loop_runs_and_is_short() {
    let source = include_str!("../examples/engine_loop.rs");
    assert!(source.lines().count() < 60);
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--package", "reload-core", "--example", "engine_loop"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = told.lines().collect();
    let expected = ["0.02", "0.50", "1.00", "1.50", "2.00"].map(|seconds| format!("#0.1 has seen {seconds} s"));
    assert_eq!(lines, expected);
}
