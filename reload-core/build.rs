//! Puts the compiler's identity into the ABI fingerprint.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=RUSTC");
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let verbose = Command::new(&rustc)
        .arg("-vV")
        .output()
        .ok()
        .filter(|output| output.status.success())
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .unwrap_or_else(|| panic!("`{rustc} -vV` did not answer: reload-core needs the compiler's version"));
    let line =
        |key: &str| verbose.lines().find_map(|line| line.strip_prefix(key)).map_or("unknown", str::trim).to_owned();
    println!("cargo:rustc-env=RELOAD_CORE_COMPILER=rustc {} ({})", line("release:"), line("commit-hash:"));
    println!("cargo:rustc-env=RELOAD_CORE_TARGET={}", std::env::var("TARGET").unwrap_or_else(|_| "unknown".into()));
}
