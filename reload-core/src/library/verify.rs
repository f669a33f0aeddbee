//! Turns the address behind the entry symbol into a table that may be read. Must never call into the library.
#![expect(unsafe_code, reason = "reads a table that is not validated yet")]

use super::{Fingerprint, LibraryTable, MAGIC};
use crate::validation::Problem;
use serde::{Deserialize, Serialize};
use std::{mem::offset_of, path::Path};

/// Why a table is not believed. Crosses a process boundary, so it owns everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Finding {
    NotLoadable(String),
    NoEntry(String),
    Magic([u8; 16]),
    Fingerprint(String),
    Table(String),
}

/// The table at `address`, if it is one that this image understands.
///
/// # Safety
///
/// 1. `address` is that of the symbol [`ENTRY_SYMBOL`](super::ENTRY_SYMBOL) of a library that stays mapped for `'a`.
/// 2. Behind it lie as many readable bytes as [`LibraryTable`] has. (They may be anything.)
pub(super) unsafe fn verify<'a>(address: *const u8) -> Result<&'a LibraryTable, Vec<Finding>> {
    let table = address.cast::<LibraryTable>();
    if table.is_null() || !table.is_aligned() {
        return Err(vec![Finding::Table(format!("the table's address {address:p} is not aligned"))]);
    }
    // SAFETY: (2); any bytes are a valid array.
    let magic = unsafe { address.cast::<[u8; 16]>().read() };
    if magic != MAGIC {
        return Err(vec![Finding::Magic(magic)]);
    }
    // SAFETY: (2)
    let fingerprint = unsafe { address.add(offset_of!(LibraryTable, fingerprint)) }.cast::<Fingerprint>();
    // SAFETY: (2); a fingerprint is pointers and numbers, for which any bytes are valid.
    let fingerprint = unsafe { &*fingerprint };
    // SAFETY: the magic has been checked.
    let differences = unsafe { fingerprint.differences() };
    if !differences.is_empty() {
        return Err(differences.into_iter().map(Finding::Fingerprint).collect());
    }
    let mut findings = Vec::new();
    for (name, offset) in [
        ("classes", offset_of!(LibraryTable, classes)),
        ("tables", offset_of!(LibraryTable, tables)),
        ("attach", offset_of!(LibraryTable, attach)),
        ("before_reload", offset_of!(LibraryTable, before_reload)),
        ("after_reload", offset_of!(LibraryTable, after_reload)),
    ] {
        // SAFETY: (2)
        let word = unsafe { address.add(offset).cast::<usize>().read() };
        if word == 0 {
            findings.push(Finding::Table(format!("the function `{name}` is missing from the table")));
        }
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    // SAFETY: (1) and (2); every function pointer, the only fields with invalid values, is not null.
    Ok(unsafe { &*table })
}

impl Finding {
    /// The problem that a person is told about `library`.
    pub(super) fn into_problem(self, library: &Path) -> Problem {
        let subject = library.display().to_string();
        match self {
            Self::NotLoadable(error) => Problem::new(
                "library.not_loadable",
                subject,
                format!("the system cannot load the library: {error}"),
                "a symbol that is not found usually means a dependency that was built separately: build the library again",
            ),
            Self::NoEntry(error) => Problem::new(
                "library.no_entry",
                subject,
                format!("the entry symbol is not found: {error}"),
                "write `reload_core::library!();` once in the root of the library's crate",
            ),
            Self::Magic(found) => Problem::new(
                "library.magic",
                subject,
                format!("the library's table starts with \"{}\" instead of reload-core's mark", found.escape_ascii()),
                "the library exports the symbol without `reload_core::library!();`, or with a very different version of it",
            ),
            Self::Fingerprint(difference) => Problem::new(
                "library.fingerprint",
                subject,
                difference,
                "host and library must be built by the same compiler with the same reload-core: build both in one call \
                 and restart the host (a saved world can be restored)",
            ),
            Self::Table(what) => Problem::new(
                "library.table",
                subject,
                format!("the library's table is damaged: {what}"),
                "build the library again; if it stays so, `cargo clean -p` the library first",
            ),
        }
    }
}
