//! Turns an address in a loaded library into an own reference on that library. Must never load anything.
#![expect(unsafe_code, reason = "asks the system's loader about addresses and keeps a handle of it")]

use libloading::os::unix::Library;
use std::{
    ffi::{CStr, OsStr, c_int, c_void},
    fmt,
    mem::{ManuallyDrop, MaybeUninit},
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

/// A reference on a loaded library. While it exists the library stays mapped, whatever else closes it.
/// Dropping it does not close it, so that a forgotten library never becomes a dangling one.
pub(super) struct Pin {
    handle: ManuallyDrop<Library>,
    file: PathBuf,
    address: usize,
}

impl Pin {
    /// Pins the library that `address` lies in.
    pub(super) fn on(address: *const u8) -> Result<Self, String> {
        let file = file_at(address as usize).ok_or("the system's loader does not know the table's address")?;
        // SAFETY: with RTLD_NOLOAD nothing is loaded, so no code of the library runs.
        let handle = unsafe { Library::open(Some(&file), libc::RTLD_LAZY | libc::RTLD_LOCAL | NO_LOAD) }
            .map_err(|error| error.to_string())?;
        Ok(Self { handle: ManuallyDrop::new(handle), file, address: address as usize })
    }

    /// The loaded file; it may have been removed since.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Gives the reference back. The library is unmapped if nobody else has one.
    ///
    /// # Safety
    ///
    /// 1. Nothing of the library is used any more: no code, no static, no thread-local of it.
    pub(super) unsafe fn close(self) -> Footprint {
        let Self { handle, file, address } = self;
        if let Err(error) = ManuallyDrop::into_inner(handle).close() {
            tracing::warn!(file = %file.display(), %error, "cannot close a library");
        }
        Footprint { file, address }
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pin({})", self.file.display())
    }
}

/// Where a library was, to see whether it still is.
#[derive(Debug)]
pub(super) struct Footprint {
    file: PathBuf,
    address: usize,
}

impl Footprint {
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Whether the library is still mapped: a thread-local's destructor that is due, or a thread, keeps it.
    pub(super) fn is_mapped(&self) -> bool {
        file_at(self.address).is_some_and(|file| file == self.file)
    }
}

const NO_LOAD: c_int = libc::RTLD_NOLOAD;

/// The file of the loaded object that has `address`.
pub(super) fn file_at(address: usize) -> Option<PathBuf> {
    let mut found = MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: `dladdr` takes any address and writes only to `found`.
    let known = unsafe { libc::dladdr(std::ptr::without_provenance::<c_void>(address), found.as_mut_ptr()) };
    // SAFETY: all zeros is a valid `Dl_info`, and so is what `dladdr` leaves in it.
    let found = unsafe { found.assume_init() };
    if known == 0 || found.dli_fname.is_null() {
        return None;
    }
    // SAFETY: `dladdr` found an object, and its name is a C string that lives as long as the object is loaded.
    // Nothing is unloaded meanwhile: closing happens on the thread that asks.
    let name = unsafe { CStr::from_ptr(found.dli_fname) };
    Some(PathBuf::from(OsStr::from_bytes(name.to_bytes())))
}

/// Whether this is the thread that `main` runs on, which no thread outlives.
pub(super) fn on_main_thread() -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: neither call has a condition.
    unsafe {
        libc::gettid() == libc::getpid()
    }
    #[cfg(target_vendor = "apple")]
    // SAFETY: the call has no condition.
    unsafe {
        libc::pthread_main_np() != 0
    }
    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    false
}
