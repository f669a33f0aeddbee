//! Fields that would dangle, or mean something else, after a reload; also inside of other types.
#![allow(unused, reason = "only what the macros say matters here")]
use reload_core::{State, game_class};
use std::{cell::RefCell, collections::HashMap, fs::File, sync::Arc, thread::JoinHandle};

#[game_class(no_handlers)]
pub struct Thing {
    call: fn(u32) -> u32,
    object: Box<dyn Fn()>,
    pointer: *const u8,
    shared: Arc<String>,
    thread: JoinHandle<()>,
    file: File,
    text: &'static str,
}

#[game_class(no_handlers)]
pub struct Nested {
    calls: Vec<fn()>,
    objects: HashMap<u32, Option<Box<dyn Send>>>,
    pointers: [*mut u8; 2],
    shared: RefCell<std::rc::Weak<u8>>,
    threads: (u8, Option<JoinHandle<()>>),
    files: Result<File, String>,
    texts: Vec<Option<&'static str>>,
}

#[derive(State)]
pub struct Part {
    call: fn(),
    texts: Vec<&'static str>,
}

#[derive(State)]
pub enum Choice {
    Shared(std::rc::Rc<u8>),
    Object { object: Option<Box<dyn std::fmt::Debug>> },
}

fn main() {}
