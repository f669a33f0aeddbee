//! The one symbol of a library: an inert table that says what the library is, before any of its code runs.
#![expect(unsafe_code, reason = "the table holds pointers, and functions with a duty")]

use super::Fingerprint;
use crate::{
    boundary::{Outcome, RawSlice, RawStr, guard, heed_host, install_hook, is_guarded},
    class::{ClassEntry, ClassRecord},
    dispatch::Ctx,
    event::{TableEntry, TableRecord},
    validation::Problem,
};
use std::sync::OnceLock;

/// The name of the symbol.
pub const ENTRY_SYMBOL: &str = "RELOAD_CORE_LIBRARY";

/// The first bytes of every library's table.
pub const MAGIC: [u8; 16] = *b"reload-core lib\n";

/// The table behind [`ENTRY_SYMBOL`]. Magic and fingerprint are read first; the rest only if they fit.
#[repr(C)]
#[derive(Debug)]
pub struct LibraryTable {
    /// [`MAGIC`].
    pub magic: [u8; 16],
    /// Must equal the host's.
    pub fingerprint: Fingerprint,
    /// The library's classes, sorted by path.
    pub classes: extern "C" fn() -> RawSlice<ClassPointer>,
    /// The event tables that the library was compiled with, sorted by path.
    pub tables: extern "C" fn() -> RawSlice<TablePointer>,
    /// Called once, before anything else of the library runs.
    pub attach: extern "C" fn(link: &HostLink) -> Outcome,
    /// The library's `before_reload` hook; does nothing where there is none.
    pub before_reload: BeforeReloadFn,
    /// The library's `after_reload` hook; does nothing where there is none.
    pub after_reload: AfterReloadFn,
}

/// Asks the running library whether it agrees to a reload. A refusal's reason goes to `refuse`.
pub type BeforeReloadFn = unsafe extern "C" fn(
    view: &ReloadView,
    refuse: unsafe extern "C" fn(state: *mut u8, reason: RawStr),
    state: *mut u8,
) -> Outcome;

/// Tells the new library that it runs now.
pub type AfterReloadFn = unsafe extern "C" fn(view: &ReloadView, ctx: &mut Ctx) -> Outcome;

/// What the host gives a library to reach it outside a handler.
#[repr(C)]
#[derive(Debug)]
pub struct HostLink {
    /// Takes one log record, as the library's forwarder encodes it.
    pub log: unsafe extern "C" fn(receiver: u64, record: RawStr),
    /// Whether the host listens to records of this level, target and name.
    pub log_enabled: unsafe extern "C" fn(level: u32, target: RawStr, name: RawStr, is_span: bool) -> bool,
    /// Which library the records are of.
    pub receiver: u64,
    /// Whether this thread is in a call whose panics are caught: asked by the library's panic hook.
    pub is_guarded: extern "C" fn() -> bool,
    /// Whether host and library are the same image: then there is nothing to forward.
    pub same_image: bool,
}

impl HostLink {
    /// What a library is given that is linked into the host: it logs with the host's own `tracing`.
    pub(crate) const SAME_IMAGE: Self = {
        unsafe extern "C" fn log(_receiver: u64, _record: RawStr) {}
        unsafe extern "C" fn log_enabled(_level: u32, _target: RawStr, _name: RawStr, _is_span: bool) -> bool {
            false
        }
        Self { log, log_enabled, receiver: 0, is_guarded, same_image: true }
    };
}

/// A record that a table points to; may be anything until validated.
#[repr(transparent)]
#[derive(Clone, Copy, Debug)]
pub struct ClassPointer(pub *const ClassRecord);

/// A record that a table points to; may be anything until validated.
#[repr(transparent)]
#[derive(Clone, Copy, Debug)]
pub struct TablePointer(pub *const TableRecord);

// SAFETY: points to statics.
unsafe impl Send for ClassPointer {}
// SAFETY: points to statics without interior mutability.
unsafe impl Sync for ClassPointer {}
// SAFETY: points to statics.
unsafe impl Send for TablePointer {}
// SAFETY: points to statics without interior mutability.
unsafe impl Sync for TablePointer {}

/// What a reload changes, as the library's hooks see it.
#[repr(C)]
#[derive(Debug)]
pub struct ReloadView {
    /// The epoch that is left.
    pub(crate) from_epoch: u32,
    /// The epoch that is entered.
    pub(crate) epoch: u32,
    pub(crate) classes: RawSlice<ClassView>,
}

/// What a reload changes in one class.
#[repr(C)]
#[derive(Debug)]
pub struct ClassView {
    pub(crate) path: RawStr,
    pub(crate) in_old: bool,
    pub(crate) in_new: bool,
    pub(crate) instances: usize,
    pub(crate) events_added: RawSlice<RawStr>,
    pub(crate) events_removed: RawSlice<RawStr>,
}

impl ReloadView {
    /// The epoch that is left.
    #[must_use]
    pub const fn from_epoch(&self) -> u32 {
        self.from_epoch
    }

    /// The epoch that is entered.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The classes of either epoch, sorted by path.
    #[must_use]
    pub fn classes(&self) -> &[ClassView] {
        // SAFETY: the host makes a view from slices that live as long as the view.
        unsafe { self.classes.get() }
    }
}

impl ClassView {
    /// The class's path.
    #[must_use]
    pub fn path(&self) -> &str {
        // SAFETY: the host makes a view from texts that live as long as the view.
        unsafe { self.path.get() }
    }

    /// Whether the old library has the class.
    #[must_use]
    pub const fn in_old(&self) -> bool {
        self.in_old
    }

    /// Whether the new library has the class.
    #[must_use]
    pub const fn in_new(&self) -> bool {
        self.in_new
    }

    /// Number of live objects of the class.
    #[must_use]
    pub const fn instances(&self) -> usize {
        self.instances
    }

    /// Names of the events that the class handles from now on.
    pub fn events_added(&self) -> impl Iterator<Item = &str> {
        // SAFETY: as for `path`.
        unsafe { self.events_added.get() }.iter().map(|name| unsafe { name.get() })
    }

    /// Names of the events that the class no longer handles.
    pub fn events_removed(&self) -> impl Iterator<Item = &str> {
        // SAFETY: as for `path`.
        unsafe { self.events_removed.get() }.iter().map(|name| unsafe { name.get() })
    }
}

impl LibraryTable {
    /// The table of the image that this code is compiled into. [`library!`](macro@crate::library) makes it a symbol.
    #[must_use]
    pub const fn own<H: Hooks>() -> Self {
        Self {
            magic: MAGIC,
            fingerprint: Fingerprint::OWN,
            classes: own_classes,
            tables: own_tables,
            attach,
            before_reload: before_reload::<H>,
            after_reload: after_reload::<H>,
        }
    }
}

/// `inventory` promises no order, so the records are sorted.
extern "C" fn own_classes() -> RawSlice<ClassPointer> {
    static CLASSES: OnceLock<Vec<ClassPointer>> = OnceLock::new();
    RawSlice::new(CLASSES.get_or_init(|| {
        let mut records: Vec<&ClassRecord> = inventory::iter::<ClassEntry>().map(|entry| entry.0).collect();
        // SAFETY: records of this image are made by `#[game_class]`.
        records.sort_by_key(|record| unsafe { record.path.get() });
        records.into_iter().map(|record| ClassPointer(record)).collect()
    }))
}

extern "C" fn own_tables() -> RawSlice<TablePointer> {
    static TABLES: OnceLock<Vec<TablePointer>> = OnceLock::new();
    RawSlice::new(TABLES.get_or_init(|| {
        let mut records: Vec<&TableRecord> = inventory::iter::<TableEntry>().map(|entry| (entry.0)()).collect();
        // SAFETY: records of this image are made by `event_table!`.
        records.sort_by_key(|record| unsafe { record.path.get() });
        records.into_iter().map(|record| TablePointer(record)).collect()
    }))
}

extern "C" fn attach(link: &HostLink) -> Outcome {
    guard(&mut || {
        install_hook();
        if !link.same_image {
            heed_host(link.is_guarded);
            crate::telemetry::forward_to(link);
        }
    })
}

/// The hooks of a library; `library!` implements it.
#[doc(hidden)]
pub trait Hooks {
    /// Runs in the old library before anything changes.
    ///
    /// # Errors
    ///
    /// The reason why the reload must not happen.
    fn before_reload(_view: &ReloadView) -> Result<(), String> {
        Ok(())
    }
    /// Runs in the new library when everything has changed.
    fn after_reload(_view: &ReloadView, _ctx: &mut Ctx) {}
}

/// The hooks of an image that has none.
#[derive(Debug)]
pub(crate) enum NoHooks {}
impl Hooks for NoHooks {}

/// See [`BeforeReloadFn`].
///
/// # Safety
///
/// 1. `refuse` fits `state`.
unsafe extern "C" fn before_reload<H: Hooks>(
    view: &ReloadView,
    refuse: unsafe extern "C" fn(state: *mut u8, reason: RawStr),
    state: *mut u8,
) -> Outcome {
    guard(&mut || {
        if let Err(reason) = H::before_reload(view) {
            // SAFETY: (1)
            unsafe { refuse(state, RawStr::borrowed(&reason)) }
        }
    })
}

/// Asks a library's hook; reasons to refuse are added to `reasons`.
pub(crate) fn call_before(hook: BeforeReloadFn, view: &ReloadView, reasons: &mut Vec<String>) -> Outcome {
    /// # Safety
    ///
    /// 1. `state` is the list given below; `reason` is readable.
    unsafe extern "C" fn refuse(state: *mut u8, reason: RawStr) {
        // SAFETY: (1)
        unsafe { (*state.cast::<Vec<String>>()).push(reason.get().to_owned()) }
    }
    // SAFETY: `refuse` fits the state.
    unsafe { hook(view, refuse, core::ptr::from_mut(reasons).cast()) }
}

/// Tells a library's hook.
pub(crate) fn call_after(hook: AfterReloadFn, view: &ReloadView, ctx: &mut Ctx) -> Outcome {
    // SAFETY: the hook has no duty beyond its types.
    unsafe { hook(view, ctx) }
}

/// See [`AfterReloadFn`].
///
/// # Safety
///
/// None beyond those of its parameters' types.
unsafe extern "C" fn after_reload<H: Hooks>(view: &ReloadView, ctx: &mut Ctx) -> Outcome {
    guard(&mut || H::after_reload(view, ctx))
}

/// A library of this image, collected by `inventory`: how a static build finds the one that is linked in.
#[doc(hidden)]
#[derive(Debug)]
pub struct LinkedLibrary(pub &'static LibraryTable);

inventory::collect!(LinkedLibrary);

/// The table of the library that is linked into this image.
///
/// # Errors
///
/// There is none, or more than one.
pub fn linked_library() -> Result<&'static LibraryTable, Problem> {
    let mut tables = inventory::iter::<LinkedLibrary>();
    match (tables.next(), tables.count()) {
        (Some(linked), 0) => Ok(linked.0),
        (None, _) => Err(Problem::new(
            "library.not_linked",
            "this executable",
            "no library is linked into it",
            "depend on the library's crate and write `use game_logic as _;` in the host: what nothing refers to is not linked",
        )),
        (Some(_), more) => Err(Problem::new(
            "library.two_entries",
            "this executable",
            format!("{} libraries are linked into it", more + 1),
            "write `reload_core::library!();` in one crate only",
        )),
    }
}

/// Makes the crate a reloadable library. Written once, in the crate's root.
///
/// ```
/// # use reload_core::{Ctx, ReloadView};
/// fn agree(change: &ReloadView) -> Result<(), String> {
///     match change.classes().iter().find(|class| !class.in_new() && class.instances() > 0) {
///         Some(class) => Err(format!("{} still has {} objects", class.path(), class.instances())),
///         None => Ok(()),
///     }
/// }
/// fn welcome(change: &ReloadView, _ctx: &mut Ctx) {
///     tracing::info!(epoch = change.epoch(), "here we are");
/// }
/// reload_core::library!(before_reload = agree, after_reload = welcome);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! library {
    () => { $crate::library! { @with {} } };
    (before_reload = $before:path $(,)?) => {
        $crate::library! { @with { $crate::library! { @before $before } } }
    };
    (after_reload = $after:path $(,)?) => {
        $crate::library! { @with { $crate::library! { @after $after } } }
    };
    (before_reload = $before:path, after_reload = $after:path $(,)?) => {
        $crate::library! { @with { $crate::library! { @before $before } $crate::library! { @after $after } } }
    };
    (@before $before:path) => {
        fn before_reload(view: &$crate::ReloadView) -> ::core::result::Result<(), $crate::__private::String> {
            $before(view)
        }
    };
    (@after $after:path) => {
        fn after_reload(view: &$crate::ReloadView, ctx: &mut $crate::Ctx) {
            $after(view, ctx);
        }
    };
    (@with { $($hooks:tt)* }) => {
        const _: () = {
            struct Library;
            impl $crate::__private::Hooks for Library { $($hooks)* }
            /// The table that the host looks for.
            #[unsafe(export_name = "RELOAD_CORE_LIBRARY")]
            pub static LIBRARY: $crate::__private::LibraryTable = $crate::__private::LibraryTable::own::<Library>();
            $crate::__private::inventory::submit! { $crate::__private::LinkedLibrary(&LIBRARY) }
        };
    };
}
