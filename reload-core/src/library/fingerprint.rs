//! The ABI fingerprint: what must be equal on both sides before anything else of a library is read.
#![expect(unsafe_code, reason = "reads text of a table that is not validated yet")]

use crate::{
    boundary::{ObjectId, Outcome, RawSlice, RawStr},
    class::{ClassRecord, HandlerRecord, LoopRecord, OldState},
    dispatch::{Ctx, HostCalls, Next},
    event::{EventMask, EventRecord, TableRecord},
    schema::{
        ArrayOps, Carry, Descriptor, EnumOps, Field, ListOps, MapOps, OwnerOps, ProxyOps, SerdeOps, Shape, TextOps,
        Variant,
    },
};

/// Longest text that a fingerprint is believed to have, in bytes.
const LIMIT: usize = 256;

/// Everything that makes two images understand one another's tables.
#[repr(C)]
#[derive(Debug)]
pub struct Fingerprint {
    /// `rustc 1.95.0 (commit)`.
    pub compiler: RawStr,
    /// The target triple.
    pub target: RawStr,
    /// The version of this crate.
    pub core_version: RawStr,
    /// `unwind` or `abort`.
    pub panic_strategy: RawStr,
    /// Sizes and alignments of the boundary types, folded into one number.
    pub boundary: u64,
}

impl Fingerprint {
    /// The fingerprint of the image that this code is compiled into.
    pub const OWN: Self = Self {
        compiler: RawStr::new(env!("RELOAD_CORE_COMPILER")),
        target: RawStr::new(env!("RELOAD_CORE_TARGET")),
        core_version: RawStr::new(env!("CARGO_PKG_VERSION")),
        panic_strategy: RawStr::new(if cfg!(panic = "unwind") { "unwind" } else { "abort" }),
        boundary: boundary_layout(),
    };

    /// What differs between this fingerprint and the image's own, one sentence each; empty when they agree.
    ///
    /// # Safety
    ///
    /// 1. `self` lies in a table whose magic has been checked, so that its texts are either readable or absurd.
    #[must_use]
    pub unsafe fn differences(&self) -> Vec<String> {
        let mut differences = Vec::new();
        for (what, theirs, ours) in [
            ("compiler", self.compiler, Self::OWN.compiler),
            ("target", self.target, Self::OWN.target),
            ("reload-core version", self.core_version, Self::OWN.core_version),
            ("panic strategy", self.panic_strategy, Self::OWN.panic_strategy),
        ] {
            // SAFETY: (1)
            let theirs = unsafe { theirs.checked(LIMIT) }.unwrap_or("unreadable");
            // SAFETY: made by `RawStr::new` above.
            let ours = unsafe { ours.get() };
            if theirs != ours {
                differences.push(format!("{what}: the library has `{theirs}`, the host `{ours}`"));
            }
        }
        if differences.is_empty() && self.boundary != Self::OWN.boundary {
            differences.push(format!(
                "layout of the boundary types: the library has {:016x}, the host {:016x}",
                self.boundary,
                Self::OWN.boundary
            ));
        }
        differences
    }
}

/// Sizes and alignments of the boundary types, folded with FNV-1a (64 bit).
const fn boundary_layout() -> u64 {
    macro_rules! layouts {
        ($($ty:ty),* $(,)?) => { [$(size_of::<$ty>() as u64, align_of::<$ty>() as u64),*] };
    }
    let numbers = layouts![
        RawStr,
        RawSlice<u8>,
        Outcome,
        ObjectId,
        Descriptor,
        Shape,
        Field,
        Carry,
        Variant,
        TextOps,
        EnumOps,
        ListOps,
        MapOps,
        ArrayOps,
        OwnerOps,
        ProxyOps,
        SerdeOps,
        EventMask,
        EventRecord,
        TableRecord,
        ClassRecord,
        HandlerRecord,
        LoopRecord,
        OldState<'static>,
        HostCalls,
        Ctx,
        Next,
        super::entry::HostLink,
        super::entry::LibraryTable,
        super::entry::ReloadView,
        super::entry::ClassView,
        String,
        Vec<u8>,
        std::collections::VecDeque<u8>,
        std::collections::HashMap<u8, u8>,
        std::collections::BTreeMap<u8, u8>,
        Option<Box<u8>>,
        std::time::Duration,
    ];
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut at = 0;
    while at < numbers.len() {
        hash = (hash ^ numbers[at]).wrapping_mul(0x0000_0100_0000_01b3);
        at += 1;
    }
    hash
}
