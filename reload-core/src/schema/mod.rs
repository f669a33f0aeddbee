//! The shape of state. Knows nothing of classes, instances or libraries.

mod descriptor;
mod carried;
mod std_types;

pub use carried::{opaque, serde_ops};

pub use descriptor::*;

/// Stand-in.
pub(crate) fn same_layout(a: &Descriptor, b: &Descriptor) -> bool {
    a.size == b.size && a.align == b.align
}
/// Stand-in.
pub(crate) fn differences(_a: &Descriptor, _b: &Descriptor) -> Vec<String> {
    vec!["changed".into()]
}
/// Stand-in.
#[allow(unsafe_code, clippy::missing_safety_doc, reason = "stand-in")]
pub(crate) unsafe fn write_default(d: &Descriptor, out: *mut u8) -> Result<(), String> {
    match d.default {
        Some(f) => unsafe { f(out) }.into_result().map_err(|e| e.to_string()),
        None => Err("no default".into()),
    }
}
