//! Text and slices as they stand in a library's tables: a pointer and a length that can be
//! checked before anything is believed. Must never be read before the checks.
#![expect(unsafe_code, reason = "the boundary's raw text and slices are read here and nowhere else")]

use core::{fmt, marker::PhantomData};

/// `&'static str` with a fixed layout. An absent text has a null pointer.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawStr {
    ptr: *const u8,
    len: usize,
}

// SAFETY: a `RawStr` is only made from `&'static str`, which is `Send`.
unsafe impl Send for RawStr {}
// SAFETY: as for `Send`; there is no interior mutability.
unsafe impl Sync for RawStr {}

impl RawStr {
    /// No text.
    pub const ABSENT: Self = Self { ptr: core::ptr::null(), len: 0 };

    /// The boundary form of `text`.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Self { ptr: text.as_ptr(), len: text.len() }
    }

    /// The boundary form of a text that lives only as long as the call it is passed to.
    #[must_use]
    pub(crate) const fn borrowed(text: &str) -> Self {
        Self { ptr: text.as_ptr(), len: text.len() }
    }

    /// Whether this is [`RawStr::ABSENT`].
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        self.ptr.is_null()
    }

    /// The text, or `None` if the pointer is null, the length absurd or the bytes not UTF-8.
    ///
    /// # Safety
    ///
    /// 1. If the pointer is not null and the length at most `limit`, the bytes are readable for `'a`.
    #[must_use]
    pub unsafe fn checked<'a>(self, limit: usize) -> Option<&'a str> {
        if self.ptr.is_null() || self.len > limit {
            return None;
        }
        // SAFETY: (1) the caller vouches for the bytes.
        let bytes = unsafe { core::slice::from_raw_parts(self.ptr, self.len) };
        core::str::from_utf8(bytes).ok()
    }

    /// The text of a table that has been validated (or was compiled into this image);
    /// an absent text is empty.
    ///
    /// # Safety
    ///
    /// 1. The value was made by [`RawStr::new`] or `RawStr::borrowed` and what it points to is readable for `'a`.
    #[must_use]
    pub const unsafe fn get<'a>(self) -> &'a str {
        if self.ptr.is_null() {
            return "";
        }
        // SAFETY: (1) pointer and length come from a `str`.
        let bytes = unsafe { core::slice::from_raw_parts(self.ptr, self.len) };
        // SAFETY: (1) the bytes come from a `str`.
        unsafe { core::str::from_utf8_unchecked(bytes) }
    }
}

impl fmt::Debug for RawStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawStr({:?}, {})", self.ptr, self.len)
    }
}

/// `&'static [T]` with a fixed layout.
#[repr(C)]
pub struct RawSlice<T: 'static> {
    ptr: *const T,
    len: usize,
    marker: PhantomData<&'static [T]>,
}

impl<T> Clone for RawSlice<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for RawSlice<T> {}

// SAFETY: stands for `&'static [T]`, which is `Send` when `T` is `Sync`.
unsafe impl<T: Sync> Send for RawSlice<T> {}
// SAFETY: stands for `&'static [T]`, which is `Sync` when `T` is `Sync`.
unsafe impl<T: Sync> Sync for RawSlice<T> {}

impl<T> RawSlice<T> {
    /// No elements.
    pub const EMPTY: Self = Self::new(&[]);

    /// The boundary form of `slice`.
    #[must_use]
    pub const fn new(slice: &'static [T]) -> Self {
        Self { ptr: slice.as_ptr(), len: slice.len(), marker: PhantomData }
    }

    /// The boundary form of a slice that lives only as long as the call it is passed to.
    #[must_use]
    pub(crate) const fn borrowed(slice: &[T]) -> Self {
        Self { ptr: slice.as_ptr(), len: slice.len(), marker: PhantomData }
    }

    /// The number of elements that the table claims.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether the table claims no elements.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first element's address, for checks.
    #[must_use]
    pub const fn as_ptr(&self) -> *const T {
        self.ptr
    }

    /// The elements, or `None` if the pointer is null or not aligned, or the length absurd.
    ///
    /// # Safety
    ///
    /// 1. If the pointer is aligned and the length at most `limit`, that many valid `T` are readable for `'a`.
    #[must_use]
    pub unsafe fn checked<'a>(self, limit: usize) -> Option<&'a [T]> {
        if self.ptr.is_null() || !self.ptr.is_aligned() || self.len > limit {
            return None;
        }
        // SAFETY: (1) the caller vouches for the elements.
        Some(unsafe { core::slice::from_raw_parts(self.ptr, self.len) })
    }

    /// The elements of a table that has been validated (or was compiled into this image).
    ///
    /// # Safety
    ///
    /// 1. The value was made by [`RawSlice::new`] or `RawSlice::borrowed` and what it points to is readable for `'a`.
    #[must_use]
    pub const unsafe fn get<'a>(self) -> &'a [T] {
        // SAFETY: (1) pointer and length come from a slice.
        unsafe { core::slice::from_raw_parts(self.ptr, self.len) }
    }
}

impl<T> fmt::Debug for RawSlice<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawSlice({:?}, {})", self.ptr, self.len)
    }
}
