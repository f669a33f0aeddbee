//! Everything that can be wrong with a library or around it: each fault is forced, and the world compared before and
//! after. A fault changes nothing, is told with what to do, and the next good library loads.

mod files;
mod game;
mod libraries;
mod sources;
#[path = "../reloads/support.rs"]
mod support;
