//! The town: the part of the demo that you edit while people play in it.
//!
//! | to change | look in |
//! |---|---|
//! | what creatures do and how they react | `creatures.rs` |
//! | rooms, who lives where, what lies about | `world_setup.rs` |
//! | what players can type | `commands.rs` |
//! | what can happen at all | `events.rs` |
#![forbid(unsafe_code)]

pub mod commands;
pub mod creatures;
pub mod dice;
pub mod events;
pub mod items;
pub mod players;
pub mod rooms;
pub mod town;
pub mod world_setup;

reload_core::library!();
