//! What the benchmarks share: the classes as types, the peers, and how they are compared.
#![allow(dead_code, reason = "each benchmark uses a part of it")]

pub(crate) mod contest;
pub(crate) mod family;
pub(crate) mod peers;
pub(crate) mod random;
