//! Turns a library's table into one that may be believed, or into a list of what is wrong with it.
//! Looks at every word that has forbidden values before a reference to it exists; must never follow a
//! pointer that it has not looked at.
#![expect(unsafe_code, reason = "reads tables that are not validated yet")]

use super::{
    ArrayOps, Carry, Descriptor, DescriptorFn, EnumOps, Field, ListOps, MapOps, OwnerOps, ProxyOps, Scalar, SerdeOps,
    Shape, TextOps, Variant,
};
use crate::{
    ObjectId,
    boundary::{RawSlice, RawStr},
};
use core::mem::{align_of, offset_of, size_of};
use std::collections::{HashMap, HashSet};

/// How large a table is believed to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Types that one type may be made of, itself among them.
    pub types: usize,
    /// Fields of a struct or variant, variants of an enum.
    pub members: usize,
    /// Bytes of a name or path.
    pub name: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { types: 65_536, members: 65_536, name: 4_096 }
    }
}

/// Checks a table and all those it refers to. Afterwards everything in this folder may be used on it.
///
/// # Errors
///
/// Everything that is wrong, one sentence each, beginning with the place.
///
/// # Safety
///
/// 1. `descriptor`, if it is neither null nor misaligned, points to readable memory of a mapped image whose
///    fingerprint is this one's; so does every slice and text in it that is neither null nor misaligned nor absurd.
/// 2. Every function in it that is not null is what its type says.
pub unsafe fn check_descriptor(descriptor: *const Descriptor, limits: &Limits) -> Result<(), Vec<String>> {
    let mut walk =
        Walk { limits, problems: Vec::new(), known: HashSet::new(), waiting: Vec::new(), inside: HashMap::new() };
    walk.meet(descriptor, "the type");
    while let Some((descriptor, place)) = walk.waiting.pop() {
        if walk.known.len() > limits.types {
            walk.problems.push(format!("{place}: more than {} types", limits.types));
            break;
        }
        // SAFETY: (1), (2); `meet` lets only aligned pointers wait.
        unsafe { walk.descriptor(descriptor, &place) };
    }
    if walk.problems.is_empty() {
        walk.look_for_cycles();
    }
    if walk.problems.is_empty() { Ok(()) } else { Err(walk.problems) }
}

/// The parts of a `repr(C, u32)` enum: the tag, then what belongs to it.
const PAYLOAD: usize = align_of::<Shape>();
const CARRY_PAYLOAD: usize = align_of::<Carry>();
const _: () = assert!(align_of::<Shape>() >= 4 && align_of::<Carry>() >= 4, "the tag stands before the payload");

struct Walk<'a> {
    limits: &'a Limits,
    problems: Vec<String>,
    known: HashSet<*const Descriptor>,
    waiting: Vec<(*const Descriptor, String)>,
    /// For each type those that lie inside its own bytes.
    inside: HashMap<*const Descriptor, Vec<*const Descriptor>>,
}

/// What is known of a part's type: enough to check where it lies.
struct Part {
    descriptor: *const Descriptor,
    size: usize,
    align: usize,
}

impl Walk<'_> {
    fn problem(&mut self, place: &str, what: impl core::fmt::Display) {
        self.problems.push(format!("{place}: {what}"));
    }

    /// Queues a table that has not been seen; answers whether it may be read.
    fn meet(&mut self, descriptor: *const Descriptor, place: &str) -> bool {
        if descriptor.is_null() || !descriptor.is_aligned() {
            self.problem(place, "its type's table is not there");
            return false;
        }
        if self.known.insert(descriptor) {
            self.waiting.push((descriptor, place.to_owned()));
        }
        true
    }

    /// The text, if it is there, believable and UTF-8.
    ///
    /// # Safety
    ///
    /// 1. As [`check_descriptor`] (1).
    unsafe fn text<'t>(&mut self, text: RawStr, what: &str, place: &str) -> Option<&'t str> {
        // SAFETY: (1)
        let checked = unsafe { text.checked(self.limits.name) };
        if checked.is_none() {
            self.problem(place, format_args!("{what} is missing, longer than {} bytes or not UTF-8", self.limits.name));
        }
        checked
    }

    /// The elements' first address and their number.
    fn slice<T>(&mut self, slice: &RawSlice<T>, what: &str, place: &str) -> Option<(*const T, usize)> {
        if slice.as_ptr().is_null() || !slice.as_ptr().is_aligned() {
            self.problem(place, format_args!("the list of {what} is not there"));
            return None;
        }
        if slice.len() > self.limits.members {
            self.problem(place, format_args!("{} {what}, at most {} are believed", slice.len(), self.limits.members));
            return None;
        }
        Some((slice.as_ptr(), slice.len()))
    }

    /// Whether none of the function pointers at `offsets` is null.
    ///
    /// # Safety
    ///
    /// 1. There is a readable word at each offset from `base`.
    unsafe fn functions(&mut self, base: *const u8, offsets: &[usize], place: &str) -> bool {
        let mut all = true;
        for offset in offsets {
            // SAFETY: (1)
            let word = unsafe { base.wrapping_add(*offset).cast::<*const ()>().read() };
            all &= !word.is_null();
        }
        if !all {
            self.problem(place, "a function is missing in its table");
        }
        all
    }

    /// Asks for a part's table. The pointer to the function has been looked at.
    ///
    /// # Safety
    ///
    /// 1. There is a function pointer that is not null at `at`.
    /// 2. As [`check_descriptor`].
    unsafe fn part(&mut self, at: *const u8, place: &str) -> Option<Part> {
        /// The same function, but what it returns is not believed yet.
        type Unbelieved = extern "C" fn() -> *const Descriptor;
        const _: () = assert!(size_of::<Unbelieved>() == size_of::<DescriptorFn>());
        // SAFETY: (1), (2); a reference and a pointer are returned in the same way.
        let descriptor = (unsafe { at.cast::<Unbelieved>().read() })();
        if !self.meet(descriptor, place) {
            return None;
        }
        // SAFETY: (2); neither null nor misaligned, and these fields may be any number.
        let (size, align) =
            unsafe { ((&raw const (*descriptor).size).read(), (&raw const (*descriptor).align).read()) };
        Some(Part { descriptor, size, align })
    }

    /// # Safety
    ///
    /// 1. As [`check_descriptor`]; the pointer is neither null nor misaligned.
    unsafe fn descriptor(&mut self, descriptor: *const Descriptor, place: &str) {
        // SAFETY: (1); these fields may hold any bytes.
        let (path, size, align) = unsafe {
            (
                (&raw const (*descriptor).path).read(),
                (&raw const (*descriptor).size).read(),
                (&raw const (*descriptor).align).read(),
            )
        };
        // SAFETY: (1)
        let name = unsafe { self.text(path, "the path", place) };
        if name.is_some_and(str::is_empty) {
            self.problem(place, "the path is empty");
        }
        let place = name.unwrap_or(place);
        if !align.is_power_of_two() || align > 1 << 29 {
            return self.problem(place, format_args!("the alignment {align} is not a power of two, or absurd"));
        }
        if size % align != 0 || size > isize::MAX as usize {
            return self
                .problem(place, format_args!("the size {size} is not a multiple of the alignment {align}, or absurd"));
        }
        let shape = descriptor.cast::<u8>().wrapping_add(offset_of!(Descriptor, shape));
        // SAFETY: (1) the tag is a number.
        let tag = unsafe { shape.cast::<u32>().read() };
        let whole = Part { descriptor, size, align };
        // SAFETY: (1) the payload that belongs to the tag follows it.
        unsafe { self.shape(&whole, tag, shape.wrapping_add(PAYLOAD), place) };
    }

    /// # Safety
    ///
    /// 1. As [`check_descriptor`]; `at` is the payload of the shape with this tag.
    unsafe fn shape(&mut self, whole: &Part, tag: u32, at: *const u8, place: &str) {
        match tag {
            // SAFETY: (1) as the declaration of `Shape` says, in all arms.
            0 => unsafe { self.scalar(whole, at.cast::<u32>().read(), place) },
            1 => {
                // SAFETY: as above.
                unsafe { self.functions(at, &[offset_of!(TextOps, read), offset_of!(TextOps, build)], place) };
            }
            // SAFETY: as above; a raw slice may hold any bytes.
            2 => unsafe { self.fields(Some(whole), whole, &at.cast::<RawSlice<Field>>().read(), place) },
            // SAFETY: as above.
            3 => unsafe { self.variants(whole, at, place) },
            4 | 5 => {
                let functions = [
                    offset_of!(ListOps, element),
                    offset_of!(ListOps, len),
                    offset_of!(ListOps, each),
                    offset_of!(ListOps, build),
                    offset_of!(ListOps, push),
                ];
                // SAFETY: as above.
                if unsafe { self.functions(at, &functions, place) } {
                    // SAFETY: looked at.
                    unsafe { self.part(at.wrapping_add(offset_of!(ListOps, element)), place) };
                }
            }
            6 => {
                let functions = [
                    offset_of!(MapOps, key),
                    offset_of!(MapOps, value),
                    offset_of!(MapOps, len),
                    offset_of!(MapOps, each),
                    offset_of!(MapOps, build),
                    offset_of!(MapOps, insert),
                ];
                // SAFETY: as above.
                if unsafe { self.functions(at, &functions, place) } {
                    // SAFETY: looked at.
                    unsafe { self.part(at.wrapping_add(offset_of!(MapOps, key)), place) };
                    // SAFETY: looked at.
                    unsafe { self.part(at.wrapping_add(offset_of!(MapOps, value)), place) };
                }
            }
            // SAFETY: as above.
            7 => unsafe { self.array(whole, at, place) },
            8 => {
                let functions = [offset_of!(OwnerOps, inner), offset_of!(OwnerOps, get), offset_of!(OwnerOps, build)];
                // SAFETY: as above.
                if unsafe { self.functions(at, &functions, place) } {
                    // SAFETY: looked at.
                    unsafe { self.part(at.wrapping_add(offset_of!(OwnerOps, inner)), place) };
                }
            }
            9 => {
                let functions = [offset_of!(ProxyOps, proxy), offset_of!(ProxyOps, read), offset_of!(ProxyOps, build)];
                // SAFETY: as above.
                if unsafe { self.functions(at, &functions, place) } {
                    // SAFETY: looked at.
                    unsafe { self.part(at.wrapping_add(offset_of!(ProxyOps, proxy)), place) };
                }
            }
            10 => {}
            _ => self.problem(place, format_args!("there is no shape {tag}")),
        }
    }

    fn scalar(&mut self, whole: &Part, scalar: u32, place: &str) {
        macro_rules! layouts {
            ($($scalar:ident: $ty:ty),* $(,)?) => {
                match scalar { $(s if s == Scalar::$scalar as u32 => Some((size_of::<$ty>(), align_of::<$ty>())),)* _ => None }
            };
        }
        let layout = layouts! {
            Unit: (), Bool: bool, Char: char, I8: i8, I16: i16, I32: i32, I64: i64, I128: i128, Isize: isize, U8: u8,
            U16: u16, U32: u32, U64: u64, U128: u128, Usize: usize, F32: f32, F64: f64, Object: ObjectId,
        };
        match layout {
            None => self.problem(place, format_args!("there is no scalar {scalar}")),
            Some(layout) if layout != (whole.size, whole.align) => {
                self.problem(
                    place,
                    format_args!("size {} and alignment {} are not this scalar's", whole.size, whole.align),
                );
            }
            Some(_) => {}
        }
    }

    /// # Safety
    ///
    /// 1. As [`check_descriptor`]; `at` points to an `ArrayOps`.
    unsafe fn array(&mut self, whole: &Part, at: *const u8, place: &str) {
        // SAFETY: (1)
        if !unsafe { self.functions(at, &[offset_of!(ArrayOps, element)], place) } {
            return;
        }
        // SAFETY: (1); a length may be any number.
        let len = unsafe { at.wrapping_add(offset_of!(ArrayOps, len)).cast::<usize>().read() };
        // SAFETY: looked at.
        let Some(element) = (unsafe { self.part(at.wrapping_add(offset_of!(ArrayOps, element)), place) }) else {
            return;
        };
        if element.size.checked_mul(len) != Some(whole.size) || element.align != whole.align {
            self.problem(place, format_args!("{len} elements of {} bytes are not {} bytes", element.size, whole.size));
        }
        if element.size == 0 && len > self.limits.members {
            self.problem(place, format_args!("{len} elements, at most {} are believed", self.limits.members));
        }
        self.inside.entry(whole.descriptor).or_default().push(element.descriptor);
    }

    /// # Safety
    ///
    /// 1. As [`check_descriptor`]; `at` points to an `EnumOps`.
    unsafe fn variants(&mut self, whole: &Part, at: *const u8, place: &str) {
        let functions = [offset_of!(EnumOps, variant), offset_of!(EnumOps, fields), offset_of!(EnumOps, build)];
        // SAFETY: (1)
        unsafe { self.functions(at, &functions, place) };
        // SAFETY: (1); a raw slice may hold any bytes.
        let variants = unsafe { at.wrapping_add(offset_of!(EnumOps, variants)).cast::<RawSlice<Variant>>().read() };
        let Some((first, count)) = self.slice(&variants, "variants", place) else { return };
        // SAFETY: as above.
        let said = unsafe { at.wrapping_add(offset_of!(EnumOps, said)).cast::<RawSlice<u64>>().read() };
        if self.slice(&said, "numbers of the layout", place).is_some_and(|(_, said)| said > count + 1) {
            self.problem(place, "more is said of its layout than it has variants");
        }
        let mut names = HashSet::new();
        for index in 0..count {
            let variant = first.wrapping_add(index);
            // SAFETY: (1); texts and slices in their raw form may hold any bytes.
            let (name, was, fields) = unsafe {
                (
                    (&raw const (*variant).name).read(),
                    (&raw const (*variant).was).read(),
                    (&raw const (*variant).fields).read(),
                )
            };
            // SAFETY: (1)
            let name = unsafe { self.member_name(name, was, "variant", index, &mut names, place) };
            let place = format!("{place}::{name}");
            // SAFETY: (1)
            unsafe { self.fields(None, whole, &fields, &place) };
        }
    }

    /// The name of a field or a variant, for messages; its number where it has none.
    ///
    /// # Safety
    ///
    /// 1. As [`check_descriptor`].
    unsafe fn member_name(
        &mut self,
        name: RawStr,
        was: RawStr,
        what: &str,
        index: usize,
        names: &mut HashSet<String>,
        place: &str,
    ) -> String {
        if !was.is_absent() {
            // SAFETY: (1)
            unsafe { self.text(was, "the former name", &format!("{place}, {what} {index}")) };
        }
        // SAFETY: (1)
        let Some(name) = (unsafe { self.text(name, "the name", &format!("{place}, {what} {index}")) }) else {
            return index.to_string();
        };
        if name.is_empty() {
            self.problem(place, format_args!("the {what} {index} has no name"));
        }
        if !names.insert(name.to_owned()) {
            self.problem(place, format_args!("two {what}s are called `{name}`"));
        }
        name.to_owned()
    }

    /// The fields of a struct, whose `layout` they must fit, or of a variant of `whole`.
    ///
    /// # Safety
    ///
    /// 1. As [`check_descriptor`].
    unsafe fn fields(&mut self, layout: Option<&Part>, whole: &Part, fields: &RawSlice<Field>, place: &str) {
        let Some((first, count)) = self.slice(fields, "fields", place) else { return };
        let (mut names, mut ranges) = (HashSet::new(), Vec::new());
        for index in 0..count {
            let field = first.wrapping_add(index);
            // SAFETY: (1); texts and numbers may hold any bytes.
            let (name, was, offset) = unsafe {
                (
                    (&raw const (*field).name).read(),
                    (&raw const (*field).was).read(),
                    (&raw const (*field).offset).read(),
                )
            };
            // SAFETY: (1)
            let name = unsafe { self.member_name(name, was, "field", index, &mut names, place) };
            let at = field.cast::<u8>();
            let place = format!("{place}.{name}");
            // SAFETY: (1) the tag is a number.
            let carry = unsafe { at.wrapping_add(offset_of!(Field, carry)).cast::<u32>().read() };
            let serde = offset_of!(Field, carry) + CARRY_PAYLOAD;
            match carry {
                0 | 1 => {}
                2 => {
                    let functions = [serde + offset_of!(SerdeOps, read), serde + offset_of!(SerdeOps, build)];
                    // SAFETY: (1) the functions follow the tag.
                    unsafe { self.functions(at, &functions, &place) };
                }
                _ => self.problem(&place, format_args!("there is no way to carry it numbered {carry}")),
            }
            // SAFETY: (1)
            if !unsafe { self.functions(at, &[offset_of!(Field, ty)], &place) } {
                continue;
            }
            // SAFETY: looked at.
            let Some(part) = (unsafe { self.part(at.wrapping_add(offset_of!(Field, ty)), &place) }) else { continue };
            self.inside.entry(whole.descriptor).or_default().push(part.descriptor);
            if part.size > whole.size || part.align > whole.align {
                self.problem(&place, "it does not fit into the type that it is a part of");
            } else if let Some(layout) = layout {
                self.lies_well(layout, &part, offset, &place);
                if part.size > 0 {
                    ranges.push((offset, part.size, name));
                }
            }
        }
        ranges.sort();
        for pair in ranges.windows(2) {
            let ((offset, size, one), (next, _, other)) = (&pair[0], &pair[1]);
            if offset.saturating_add(*size) > *next {
                self.problem(place, format_args!("the fields `{one}` and `{other}` overlap"));
            }
        }
    }

    fn lies_well(&mut self, whole: &Part, part: &Part, offset: usize, place: &str) {
        if offset.checked_add(part.size).is_none_or(|end| end > whole.size) {
            self.problem(place, format_args!("{} bytes at {offset} are not inside {} bytes", part.size, whole.size));
        }
        if part.align.is_power_of_two() && !offset.is_multiple_of(part.align) {
            self.problem(place, format_args!("the offset {offset} is not aligned to {}", part.align));
        }
    }

    /// A type that lies inside its own bytes has no end.
    fn look_for_cycles(&mut self) {
        let mut finished: HashSet<*const Descriptor> = HashSet::new();
        let starts: Vec<_> = self.inside.keys().copied().collect();
        for start in starts {
            let mut trail = vec![(start, 0)];
            let mut on_trail = HashSet::from([start]);
            while let Some((at, next)) = trail.last_mut() {
                let part = self.inside.get(at).and_then(|parts| parts.get(*next)).copied();
                *next += 1;
                match part {
                    Some(part) if on_trail.contains(&part) => {
                        // SAFETY: all of its words have been looked at and nothing was wrong.
                        let name = unsafe { (*part).path() };
                        return self.problem(name, "it lies inside itself");
                    }
                    Some(part) if !finished.contains(&part) => {
                        on_trail.insert(part);
                        trail.push((part, 0));
                    }
                    Some(_) => {}
                    None => {
                        on_trail.remove(at);
                        finished.insert(*at);
                        trail.pop();
                    }
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
