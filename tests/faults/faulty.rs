//! A library that can have any fault: which one is written into its bytes after it was built.
#![allow(static_mut_refs)]

use core::ptr::{addr_of_mut, without_provenance};
use reload_core::{
    __private::{ClassRecord, Descriptor, EventMask, HandlerRecord, LoopRecord, TableRecord},
    Ctx, Next, ReloadView,
    boundary::{Outcome, RawSlice, RawStr, guard},
    game_class,
    library::{ClassPointer, HostLink, Hooks, LibraryTable, TablePointer},
};
use test_protocol::{Answered, Test};

/// The test replaces what stands between the brackets.
#[used]
static FAULT: [u8; 32] = *b"fault[                        ].";

fn fault() -> &'static str {
    // SAFETY: a static. Volatile, so that the compiler does not believe what it sees above.
    let bytes: &'static [u8; 32] = Box::leak(Box::new(unsafe { (&raw const FAULT).read_volatile() }));
    core::str::from_utf8(&bytes[6..30]).unwrap_or_default().trim_end()
}

#[game_class]
#[derive(Default)]
pub struct Cat {
    lives: u32,
    name: String,
    toy: Toy,
}

/// Panics in its constructor or destructor, where that is the fault.
#[derive(reload_core::State)]
pub struct Toy {
    squeaks: u32,
}

impl Default for Toy {
    fn default() -> Self {
        assert_ne!(fault(), "constructor", "no toy today");
        Self { squeaks: 3 }
    }
}

impl Drop for Toy {
    fn drop(&mut self) {
        assert_ne!(fault(), "drop", "my toy!");
    }
}

#[game_class]
impl Cat {
    fn event_test(&mut self, ctx: &mut Ctx) {
        match fault() {
            "handler" => panic!("a hairball"),
            "abort" => std::process::abort(),
            "sleep" => std::thread::sleep(std::time::Duration::from_millis(300)),
            _ => {}
        }
        self.lives += 1;
        ctx.emit(Answered { who: ctx.id(), by: format!("meow from {}", fault()) });
    }
    fn event_reloaded(&mut self) {
        assert_ne!(fault(), "reloaded", "what has changed?");
    }
    fn loop_purr(&mut self) -> Next {
        assert_ne!(fault(), "loop", "no mood to purr");
        Next::turn()
    }
}

#[game_class(base = Cat)]
#[derive(Default)]
pub struct Kitten {
    age: u32,
    base: Cat,
}

#[game_class]
impl Kitten {
    fn event_tick(&mut self, _: &test_protocol::Tick) {
        self.age += 1;
    }
}

struct Library;
impl Hooks for Library {
    fn before_reload(_: &ReloadView) -> Result<(), String> {
        assert_ne!(fault(), "before_reload", "not before tea");
        Ok(())
    }
    fn after_reload(_: &ReloadView, _: &mut Ctx) {
        assert_ne!(fault(), "after_reload", "not after tea");
    }
}

#[unsafe(export_name = "RELOAD_CORE_LIBRARY")]
pub static mut TABLE: LibraryTable = LibraryTable::own::<Library>();

#[used]
#[unsafe(link_section = ".init_array")]
static INIT: extern "C" fn() = init;

/// Text or a list that claims what it has not.
fn claims<T>(address: usize, length: usize) -> T {
    assert_eq!(size_of::<T>(), size_of::<[usize; 2]>());
    // SAFETY: both are a pointer and a length.
    unsafe { core::mem::transmute_copy(&[address, length]) }
}

const BAD_TEXT: &[u8] = b"\xff\xfe\xfd";

fn bad_text() -> RawStr {
    claims(BAD_TEXT.as_ptr() as usize, BAD_TEXT.len())
}

/// A copy of the record of `Cat`, changed.
fn cat(change: impl FnOnce(&mut ClassRecord)) -> RawSlice<ClassPointer> {
    // SAFETY: a record is plain data.
    let mut record = unsafe { core::ptr::read(<Cat as reload_core::GameClass>::record()) };
    change(&mut record);
    list(&[Box::leak(Box::new(record))])
}

fn list(records: &[&'static ClassRecord]) -> RawSlice<ClassPointer> {
    let pointers: Vec<ClassPointer> = records.iter().map(|record| ClassPointer(*record)).collect();
    RawSlice::new(Box::leak(pointers.into_boxed_slice()))
}

/// A copy of the handler of `Cat`, changed.
fn handlers(change: impl FnOnce(&mut HandlerRecord)) -> RawSlice<ClassPointer> {
    cat(|record| {
        // SAFETY: as above.
        let mut handler = unsafe { core::ptr::read(record.handlers.as_ptr()) };
        change(&mut handler);
        record.handlers = RawSlice::new(Box::leak(vec![handler].into_boxed_slice()));
    })
}

static mut STATE: Option<Descriptor> = None;

extern "C" fn other_state() -> &'static Descriptor {
    // SAFETY: written before it is asked for.
    unsafe { STATE.as_ref().unwrap() }
}

/// A copy of the descriptor of `Cat`, changed.
fn state(change: impl FnOnce(&mut Descriptor)) -> RawSlice<ClassPointer> {
    // SAFETY: as above.
    let mut descriptor = unsafe { core::ptr::read((<Cat as reload_core::GameClass>::record().state)()) };
    change(&mut descriptor);
    // SAFETY: nobody reads it yet.
    unsafe { STATE = Some(descriptor) };
    cat(|record| record.state = other_state)
}

extern "C" fn panicking_state() -> &'static Descriptor {
    panic!("a table that panics")
}

extern "C" fn kitten_record() -> &'static ClassRecord {
    <Kitten as reload_core::GameClass>::record()
}

extern "C" fn classes() -> RawSlice<ClassPointer> {
    let both = || list(&[<Cat as reload_core::GameClass>::record(), <Kitten as reload_core::GameClass>::record()]);
    match fault() {
        "many classes" => claims(both().as_ptr() as usize, usize::MAX / 4),
        "too many classes" => claims(both().as_ptr() as usize, 40_000),
        "no list" => claims(0, 2),
        "odd list" => claims(both().as_ptr() as usize + 1, 2),
        "null class" => RawSlice::new(&[ClassPointer(core::ptr::null())]),
        "wild class" => {
            RawSlice::new(Box::leak(Box::new([ClassPointer(without_provenance(64))])))
        }
        "bad path" => cat(|record| record.path = bad_text()),
        "long path" => cat(|record| record.path = claims(BAD_TEXT.as_ptr() as usize, usize::MAX / 2)),
        "wild path" => cat(|record| record.path = claims(64, 8)),
        "bad file" => cat(|record| record.file = bad_text()),
        "bad former path" => cat(|record| record.was = bad_text()),
        "mask" => cat(|record| record.own_mask = EventMask::EMPTY.with(500)),
        "own beyond all" => cat(|record| record.mask = EventMask::EMPTY),
        "many handlers" => cat(|record| record.handlers = claims(record.handlers.as_ptr() as usize, 1 << 40)),
        "wild handlers" => cat(|record| record.handlers = claims(64, 1)),
        "handler number" => handlers(|handler| handler.index = 60_000),
        "handler of nobody" => handlers(|handler| handler.index = 570),
        "handler of another" => handlers(|handler| handler.index += 1),
        "handler without code" => handlers(|handler| handler.batch = None),
        "bad handler name" => handlers(|handler| handler.name = bad_text()),
        "loop without code" => cat(|record| {
            record.loops = RawSlice::new(Box::leak(Box::new([LoopRecord { name: RawStr::new("x"), line: 1, turn: None }])));
        }),
        "bad loop name" => cat(|record| {
            // SAFETY: as above.
            let entry = unsafe { core::ptr::read(record.loops.as_ptr()) };
            record.loops = RawSlice::new(Box::leak(Box::new([LoopRecord { name: bad_text(), ..entry }])));
        }),
        "twice" => list(&[<Cat as reload_core::GameClass>::record(), <Cat as reload_core::GameClass>::record()]),
        "base outside" => cat(|record| {
            record.base = Some(kitten_record);
            record.base_offset = usize::MAX - 3;
        }),
        "circle" => cat(|record| {
            record.base = Some(<Cat as reload_core::GameClass>::record);
            record.base_offset = 0;
        }),
        "no base" => list(&[<Kitten as reload_core::GameClass>::record()]),
        "size" => state(|descriptor| descriptor.size = usize::MAX / 2),
        "align" => state(|descriptor| descriptor.align = 3),
        "bad type" => state(|descriptor| descriptor.path = bad_text()),
        "small" => state(|descriptor| descriptor.size = 8),
        "state panics" => cat(|record| record.state = panicking_state),
        _ => both(),
    }
}

extern "C" fn tables() -> RawSlice<TablePointer> {
    // SAFETY: the table is only changed while the library is loaded.
    let own = (LibraryTable::own::<Library>().tables)();
    // SAFETY: this library's own.
    let records = unsafe { own.get() };
    match fault() {
        "many tables" => claims(own.as_ptr() as usize, usize::MAX / 4),
        "null table" => RawSlice::new(&[TablePointer(core::ptr::null())]),
        "no tables" => RawSlice::EMPTY,
        "table twice" => {
            let twice: Vec<TablePointer> = records.iter().chain(records).copied().collect();
            RawSlice::new(Box::leak(twice.into_boxed_slice()))
        }
        "table number" | "wild events" | "many events" => {
            let mut changed = records.to_vec();
            let last = changed.last_mut().unwrap();
            // SAFETY: as above.
            let mut record: TableRecord = unsafe { core::ptr::read(last.0) };
            match fault() {
                "table number" => record.first = 60_000,
                "wild events" => record.events = claims(64, 2),
                _ => record.events = claims(record.events.as_ptr() as usize, 10_000),
            }
            *last = TablePointer(Box::leak(Box::new(record)));
            RawSlice::new(Box::leak(changed.into_boxed_slice()))
        }
        _ => own,
    }
}

extern "C" fn attach(_: &HostLink) -> Outcome {
    guard(&mut || panic!("not attached"))
}

extern "C" fn init() {
    // SAFETY: the library is being loaded: nobody else has the table.
    let table = unsafe { &mut *addr_of_mut!(TABLE) };
    table.classes = classes;
    table.tables = tables;
    let print = &mut table.fingerprint;
    match fault() {
        "compiler" => print.compiler = RawStr::new("rustc 1.0.0 (a59de37e9 2015-05-13)"),
        "bad compiler" => print.compiler = bad_text(),
        "wild compiler" => print.compiler = claims(64, 16),
        "target" => print.target = RawStr::new("riscv64gc-unknown-linux-gnu"),
        "version" => print.core_version = RawStr::new("99.1.0"),
        "strategy" => print.panic_strategy = RawStr::new("abort"),
        "boundary" => print.boundary ^= 1,
        "magic" => table.magic = *b"not a reload lib",
        // SAFETY: overwrites a pointer that nobody uses.
        "no attach" => unsafe { addr_of_mut!(table.attach).cast::<usize>().write(0) },
        "attach panics" => table.attach = attach,
        "init panics" => panic!("bad luck"),
        "init aborts" => std::process::abort(),
        // SAFETY: none; that is the fault.
        "init crashes" => unsafe { core::ptr::without_provenance_mut::<u32>(8).write_volatile(1) },
        "init exits" => std::process::exit(3),
        "init hangs" => loop {
            std::thread::park();
        },
        "init starts threads" => {
            for _ in 0..3 {
                std::thread::spawn(|| {
                    loop {
                        std::thread::sleep(std::time::Duration::from_millis(1));
                    }
                });
            }
        }
        _ => {}
    }
}
