//! How many instructions the compiler takes for a build, counted by valgrind: of an edit, and of a file that was saved as it was.

use crate::generated::{Case, Crates, run};
use std::{fs, os::unix::fs::PermissionsExt as _};

/// Prints both for each case.
#[expect(clippy::print_stdout, reason = "the result of a benchmark")]
pub(crate) fn print(crates: &Crates, cases: &[Case]) {
    println!("\n| billions of instructions | an edit | nothing edited |\n|---|---:|---:|");
    for case in cases {
        // The first builds everything, the second is the first with something to go on from.
        for version in [10, 11] {
            crates.edit(*case, version, 0);
            crates.build(*case);
        }
        let [edit, nothing] = [(); 2].map(|()| {
            crates.edit(*case, 12, 0);
            count(crates, *case) as f64 / 1e9
        });
        println!("| {} | {edit:.2} | {nothing:.2} |", case.kind.name());
    }
}

/// Builds a case with a compiler that is watched.
fn count(crates: &Crates, case: Case) -> u64 {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (logs, wrapper) = (folder.path().join("logs"), folder.path().join("wrapper"));
    fs::create_dir(&logs).expect("writable");
    // The linker is not counted. Where the compiler is a name for another program, that one is.
    let options = "--tool=callgrind --callgrind-out-file=/dev/null --trace-children=yes '--trace-children-skip=*cc,*ld*,*collect2'";
    let script = format!("#!/bin/sh\nexec valgrind {options} '--log-file={}/%p' \"$@\"\n", logs.display());
    fs::write(&wrapper, script).expect("writable");
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o700)).expect("its own file");
    let mut command = crates.cargo("build", case);
    command.env("RUSTC_WRAPPER", &wrapper);
    run(command);
    // Cargo asks the compiler for its version as well, which is short.
    let counted = fs::read_dir(logs).expect("readable").filter_map(|log| {
        let text = fs::read_to_string(log.ok()?.path()).ok()?;
        text.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
    });
    counted.max().expect("valgrind runs (`apt-get install valgrind`?)")
}
