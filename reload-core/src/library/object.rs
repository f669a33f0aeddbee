//! Turns a file's bytes into the certainty that the system's loader can map them. Must never load them.

use super::ENTRY_SYMBOL;
use crate::validation::Problem;
use object::{Architecture, BinaryFormat, Endianness, Object, ObjectKind, ObjectSection, ObjectSegment, ObjectSymbol};
use std::path::Path;

/// Checks that `bytes`, read from `path`, are a complete shared library for this machine with one entry symbol.
pub(super) fn inspect(bytes: &[u8], path: &Path) -> Result<(), Problem> {
    let problem = |code, message: String, advice: &str| Problem::new(code, path.display().to_string(), message, advice);
    if bytes.is_empty() {
        return Err(problem("library.empty", "the file is empty".into(), WAIT_FOR_BUILD));
    }
    let file = object::File::parse(bytes).map_err(|error| {
        if looks_native(bytes) {
            problem("library.truncated", format!("the file is incomplete or damaged: {error}"), WAIT_FOR_BUILD)
        } else {
            problem(
                "library.not_an_object",
                format!("the file is not a library of this system: {error}"),
                "look at what wrote this file; building the library again puts it right",
            )
        }
    })?;
    check_machine(&file).map_err(|message| {
        problem("library.wrong_machine", message, "build the library for the target that the host was built for")
    })?;
    if file.kind() != ObjectKind::Dynamic {
        return Err(problem(
            "library.not_shared",
            format!("the file is not a shared library but of kind {:?}", file.kind()),
            MAKE_CDYLIB,
        ));
    }
    if let Some(end) = claimed_end(&file).filter(|end| *end > bytes.len() as u64) {
        return Err(problem(
            "library.truncated",
            format!("the file has {} bytes but describes contents up to byte {end}", bytes.len()),
            WAIT_FOR_BUILD,
        ));
    }
    match entry_symbols(&file) {
        Err(error) => Err(problem(
            "library.truncated",
            format!("the list of exported symbols cannot be read: {error}"),
            WAIT_FOR_BUILD,
        )),
        Ok(0) => Err(problem(
            "library.no_entry",
            format!("the library does not export `{ENTRY_SYMBOL}`"),
            "write `reload_core::library!();` once in the root of the library's crate, and make the crate a `cdylib`",
        )),
        Ok(1) => Ok(()),
        Ok(count) => Err(problem(
            "library.two_entries",
            format!("the library exports `{ENTRY_SYMBOL}` {count} times"),
            "write `reload_core::library!();` in one crate only",
        )),
    }
}

const WAIT_FOR_BUILD: &str = "a build that was interrupted leaves such a file; build the library again";
const MAKE_CDYLIB: &str = "put `crate-type = [\"cdylib\", \"rlib\"]` under `[lib]` in the library's Cargo.toml";

fn looks_native(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x7fELF") || bytes.starts_with(&[0xcf, 0xfa, 0xed, 0xfe])
}

fn check_machine(file: &object::File<'_>) -> Result<(), String> {
    let format = if cfg!(target_vendor = "apple") { BinaryFormat::MachO } else { BinaryFormat::Elf };
    let architecture = native_architecture();
    let endianness = if cfg!(target_endian = "little") { Endianness::Little } else { Endianness::Big };
    let fits = file.format() == format
        && architecture.is_none_or(|native| native == file.architecture())
        && file.endianness() == endianness
        && file.is_64() == cfg!(target_pointer_width = "64");
    if fits {
        return Ok(());
    }
    Err(format!(
        "the library is made for {:?} in {:?} format, {} bit; this process is {} on {}",
        file.architecture(),
        file.format(),
        if file.is_64() { 64 } else { 32 },
        std::env::consts::ARCH,
        std::env::consts::OS,
    ))
}

/// `None` where the name is not known here: then the loader decides, in the probe.
fn native_architecture() -> Option<Architecture> {
    Some(match std::env::consts::ARCH {
        "x86_64" if cfg!(target_pointer_width = "32") => Architecture::X86_64_X32,
        "x86_64" => Architecture::X86_64,
        "x86" => Architecture::I386,
        "aarch64" => Architecture::Aarch64,
        "arm" => Architecture::Arm,
        "riscv64" => Architecture::Riscv64,
        "powerpc64" => Architecture::PowerPc64,
        "s390x" => Architecture::S390x,
        "loongarch64" => Architecture::LoongArch64,
        _ => return None,
    })
}

/// One past the last byte that a segment or section claims. The loader maps segments without looking
/// at the file's length; touching a page beyond the end is SIGBUS.
fn claimed_end(file: &object::File<'_>) -> Option<u64> {
    let segments = file.segments().map(|segment| segment.file_range());
    let sections = file.sections().filter_map(|section| section.file_range());
    segments.chain(sections).map(|(start, len)| start.saturating_add(len)).max()
}

fn entry_symbols(file: &object::File<'_>) -> object::Result<usize> {
    if file.format() == BinaryFormat::Elf {
        let defined = file.dynamic_symbols().filter(|symbol| symbol.is_definition());
        return Ok(defined.filter(|symbol| symbol.name() == Ok(ENTRY_SYMBOL)).count());
    }
    let mut count = 0;
    for export in file.exports()? {
        if let object::read::NameOrOrdinal::Name(name) = export?.name() {
            count += usize::from(name.strip_prefix(b"_").unwrap_or(name) == ENTRY_SYMBOL.as_bytes());
        }
    }
    Ok(count)
}
