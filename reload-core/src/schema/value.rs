//! A value seen through its type's table: what the host knows of the game's state.
#![expect(unsafe_code, reason = "calls the table's functions on the value that they are for")]

use super::{Descriptor, Field, Shape, Variant};
use crate::boundary::{Panicked, RawStr};
use core::{fmt, marker::PhantomData};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

/// A value in memory together with its type's table.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    ptr: *const u8,
    descriptor: &'static Descriptor,
    lives: PhantomData<&'a u8>,
}

/// The active variant of an enum.
#[derive(Clone, Debug)]
pub struct ActiveVariant<'a> {
    /// Its index in the type's table.
    pub index: usize,
    /// Its table.
    pub variant: &'static Variant,
    /// Its fields' values, in order of declaration.
    pub values: Vec<Value<'a>>,
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match serde_json::to_string(self) {
            Ok(json) => f.write_str(&json),
            Err(error) => write!(f, "<{}: {error}>", self.descriptor.type_name()),
        }
    }
}

impl<'a> Value<'a> {
    /// The value at `ptr`.
    ///
    /// # Safety
    ///
    /// 1. The table was made by an implementation of `State` of a mapped image, or has passed
    ///    [`check_descriptor`](super::check_descriptor) there, and stays mapped for `'a`.
    /// 2. `ptr` points to a valid value of that type, which is not changed or dropped during `'a`.
    #[must_use]
    pub const unsafe fn new(ptr: *const u8, descriptor: &'static Descriptor) -> Self {
        Self { ptr, descriptor, lives: PhantomData }
    }

    /// `value` through the table of its type.
    #[must_use]
    pub fn of<T: super::State>(value: &'a T) -> Self {
        // SAFETY: (1) the table of `T`. (2) borrowed for `'a`.
        unsafe { Self::new((&raw const *value).cast(), super::descriptor::<T>()) }
    }

    /// The type's table.
    #[must_use]
    pub const fn descriptor(&self) -> &'static Descriptor {
        self.descriptor
    }

    /// The value's address.
    #[must_use]
    pub const fn as_ptr(&self) -> *const u8 {
        self.ptr
    }

    /// The value at `offset` bytes.
    ///
    /// # Safety
    ///
    /// 1. The table says that a value of type `descriptor` is there.
    unsafe fn part(&self, offset: usize, descriptor: &'static Descriptor) -> Self {
        Self { ptr: self.ptr.wrapping_add(offset), descriptor, lives: PhantomData }
    }

    /// The fields of a struct with their values; none for other shapes.
    pub fn fields(&self) -> impl Iterator<Item = (&'static Field, Value<'a>)> + use<'a> {
        let this = *self;
        self.descriptor.fields().iter().map(move |field| {
            // SAFETY: (1) from the table.
            (field, unsafe { this.part(field.offset, field.descriptor()) })
        })
    }

    /// The value of the field called `name`.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Value<'a>> {
        self.fields().find(|(field, _)| field.name() == name).map(|(_, value)| value)
    }

    /// The active variant; `None` unless it is an enum.
    #[must_use]
    pub fn variant(&self) -> Option<ActiveVariant<'a>> {
        let Shape::Enum(ops) = &self.descriptor.shape else { return None };
        // SAFETY: `Value::new` (2): a valid value of the functions' type.
        let index = unsafe { (ops.variant)(self.ptr) } as usize;
        let variant = self.descriptor.variants().get(index)?;
        let mut addresses = vec![core::ptr::null(); variant.fields().len()];
        if !addresses.is_empty() {
            // SAFETY: as above; there is room for as many addresses as the variant has fields.
            unsafe { (ops.fields)(self.ptr, addresses.as_mut_ptr()) };
        }
        let values = addresses
            .into_iter()
            .zip(variant.fields())
            .map(|(ptr, field)| Value { ptr, descriptor: field.descriptor(), lives: PhantomData })
            .collect();
        Some(ActiveVariant { index, variant, values })
    }

    /// The text; `None` unless it is one, in UTF-8.
    #[must_use]
    pub fn text(&self) -> Option<&'a str> {
        let Shape::Text(ops) = &self.descriptor.shape else { return None };
        // SAFETY: `Value::new` (2).
        let text: RawStr = unsafe { (ops.read)(self.ptr) };
        // SAFETY: (1) the function made it from a text of the value, which lives for `'a`.
        (!text.is_absent()).then(|| unsafe { text.get() })
    }

    /// What an owner holds; `None` unless it is one, and while it is borrowed to be changed.
    #[must_use]
    pub fn owned(&self) -> Option<Value<'a>> {
        let Shape::Owner(ops) = &self.descriptor.shape else { return None };
        // SAFETY: `Value::new` (2).
        let ptr = unsafe { (ops.get)(self.ptr) };
        (!ptr.is_null()).then(|| Value { ptr, descriptor: (ops.inner)(), lives: PhantomData })
    }

    /// The number of elements or entries of a collection; 0 for other shapes.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.descriptor.shape {
            // SAFETY: `Value::new` (2).
            Shape::List(ops) | Shape::Set(ops) => unsafe { (ops.len)(self.ptr) },
            // SAFETY: `Value::new` (2).
            Shape::Map(ops) => unsafe { (ops.len)(self.ptr) },
            Shape::Array(ops) => ops.len,
            _ => 0,
        }
    }

    /// Whether [`Value::len`] is 0.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Visits the elements of a list, a set or an array while `visit` answers true.
    ///
    /// # Errors
    ///
    /// The collection's own code panicked.
    pub fn each(&self, mut visit: impl FnMut(Value<'a>) -> bool) -> Result<(), Panicked> {
        match &self.descriptor.shape {
            Shape::Array(ops) => {
                let element = (ops.element)();
                for index in 0..ops.len {
                    // SAFETY: (1) an array is its elements, one after the other.
                    if !visit(unsafe { self.part(index * element.size, element) }) {
                        break;
                    }
                }
                Ok(())
            }
            Shape::List(ops) | Shape::Set(ops) => {
                let descriptor = (ops.element)();
                let mut call = Call::new(|ptr, _| visit(Value { ptr, descriptor, lives: PhantomData }));
                // SAFETY: `Value::new` (2). The function fits the state and does not unwind.
                let outcome = unsafe { (ops.each)(self.ptr, call.element(), (&raw mut call).cast()) };
                call.end();
                outcome.into_result()
            }
            _ => Ok(()),
        }
    }

    /// Visits the entries of a map while `visit` answers true.
    ///
    /// # Errors
    ///
    /// The map's own code panicked.
    pub fn entries(&self, mut visit: impl FnMut(Value<'a>, Value<'a>) -> bool) -> Result<(), Panicked> {
        let Shape::Map(ops) = &self.descriptor.shape else { return Ok(()) };
        let (key_type, value_type) = ((ops.key)(), (ops.value)());
        let mut call = Call::new(|key, value| {
            visit(
                Value { ptr: key, descriptor: key_type, lives: PhantomData },
                Value { ptr: value, descriptor: value_type, lives: PhantomData },
            )
        });
        // SAFETY: `Value::new` (2). The function fits the state and does not unwind.
        let outcome = unsafe { (ops.each)(self.ptr, call.entry(), (&raw mut call).cast()) };
        call.end();
        outcome.into_result()
    }
}

/// A closure on its way through a library: what it panics with waits here until the library has returned.
struct Call<F> {
    visit: F,
    panic: Option<Box<dyn Any + Send>>,
}

impl<F: FnMut(*const u8, *const u8) -> bool> Call<F> {
    const fn new(visit: F) -> Self {
        Self { visit, panic: None }
    }

    fn run(&mut self, first: *const u8, second: *const u8) -> bool {
        match catch_unwind(AssertUnwindSafe(|| (self.visit)(first, second))) {
            Ok(go_on) => go_on,
            Err(panic) => {
                self.panic = Some(panic);
                false
            }
        }
    }

    const fn element(&self) -> super::VisitFn {
        /// # Safety
        ///
        /// 1. `state` points to a `Call<F>` that nothing else refers to during the call.
        unsafe extern "C" fn element<F: FnMut(*const u8, *const u8) -> bool>(state: *mut u8, at: *const u8) -> bool {
            // SAFETY: (1)
            let call = unsafe { &mut *state.cast::<Call<F>>() };
            call.run(at, core::ptr::null())
        }
        element::<F>
    }

    const fn entry(&self) -> super::VisitEntryFn {
        /// # Safety
        ///
        /// 1. `state` points to a `Call<F>` that nothing else refers to during the call.
        unsafe extern "C" fn entry<F: FnMut(*const u8, *const u8) -> bool>(
            state: *mut u8,
            key: *const u8,
            value: *const u8,
        ) -> bool {
            // SAFETY: (1)
            let call = unsafe { &mut *state.cast::<Call<F>>() };
            call.run(key, value)
        }
        entry::<F>
    }

    fn end(&mut self) {
        if let Some(panic) = self.panic.take() {
            resume_unwind(panic);
        }
    }
}
