//! The engine side of the demo: a telnet MUD whose world is edited while people play in it.

pub mod admin;
pub mod answer;
pub mod console;
pub mod game;
pub mod handover;
pub mod keeper;
pub mod net;
pub mod options;
pub mod restart;
pub mod signals;
pub mod world_file;
