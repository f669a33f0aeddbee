//! Tables of types with any sizes, offsets, lengths, names and recursion: the validator refuses them or they can be used.
//! Pointers are as its contract says: null, misaligned, or to readable memory.
#![no_main]

use arbitrary::{Result, Unstructured};
use core::{cell::RefCell, mem::offset_of};
use libfuzzer_sys::fuzz_target;
use reload_core::{
    ObjectId,
    boundary::{RawSlice, RawStr},
    schema::{
        ArrayOps, Carry, Descriptor, DescriptorFn, Field, Limits, Scalar, Shape, Value, check_descriptor, deep_copy,
        descriptor, differences, drop_value, fingerprint, same_layout, write_default,
    },
};
use std::{
    alloc::{Layout, alloc_zeroed, dealloc},
    collections::BTreeMap,
};

const SLOTS: usize = 6;

thread_local! {
    /// The tables of this round.
    static TABLES: RefCell<[*const Descriptor; SLOTS]> = const { RefCell::new([core::ptr::null(); SLOTS]) };
}

extern "C" fn slot<const N: usize>() -> &'static Descriptor {
    // SAFETY: all slots are filled before anything is checked, and emptied after everything is done.
    unsafe { &*TABLES.with_borrow(|tables| tables[N]) }
}

/// Types whose functions are what they say.
const TYPES: [DescriptorFn; SLOTS + 10] = [
    slot::<0>,
    slot::<1>,
    slot::<2>,
    slot::<3>,
    slot::<4>,
    slot::<5>,
    descriptor::<u8>,
    descriptor::<bool>,
    descriptor::<char>,
    descriptor::<u64>,
    descriptor::<u128>,
    descriptor::<ObjectId>,
    descriptor::<String>,
    descriptor::<Vec<String>>,
    descriptor::<Option<Box<u16>>>,
    descriptor::<BTreeMap<u32, String>>,
];

const SCALARS: [Scalar; 6] = [Scalar::Unit, Scalar::Bool, Scalar::Char, Scalar::U64, Scalar::U128, Scalar::Object];

/// Memory of this round.
#[derive(Default)]
struct Round {
    texts: Vec<Box<[u8]>>,
    fields: Vec<Box<[Field]>>,
    tables: Vec<Box<Descriptor>>,
}

/// What the compiler calls an opaque type.
extern "C" fn opaque_name() -> RawStr {
    RawStr::new("game::Opaque")
}

/// What `RawStr` and `RawSlice` are made of.
fn claims<T>(address: *const u8, length: usize) -> T {
    assert_eq!(size_of::<T>(), size_of::<(*const u8, usize)>());
    // SAFETY: both are a pointer and a length, in this order.
    unsafe { core::mem::transmute_copy(&(address, length)) }
}

/// A number that is often small or at an edge.
fn number(input: &mut Unstructured<'_>) -> Result<usize> {
    Ok(match input.arbitrary::<u8>()? {
        0..=99 => input.int_in_range(0..=64)?,
        100..=159 => 1 << input.int_in_range(0..=63)?,
        160..=189 => usize::MAX - input.int_in_range(0..=64)?,
        _ => input.arbitrary()?,
    })
}

impl Round {
    fn text(&mut self, input: &mut Unstructured<'_>) -> Result<RawStr> {
        Ok(match input.arbitrary::<u8>()? {
            0..=15 => RawStr::ABSENT,
            16..=31 => claims(c"absurd".as_ptr().cast(), usize::MAX - 7),
            _ => {
                let length = input.int_in_range(0..=12)?;
                let text: Box<[u8]> = input.bytes(length.min(input.len()))?.into();
                let raw = claims(text.as_ptr(), text.len());
                self.texts.push(text);
                raw
            }
        })
    }

    fn field(&mut self, input: &mut Unstructured<'_>) -> Result<Field> {
        Ok(Field {
            name: self.text(input)?,
            was: if input.ratio(1, 8)? { self.text(input)? } else { RawStr::ABSENT },
            offset: number(input)?,
            ty: *input.choose(&TYPES)?,
            default: None,
            carry: if input.ratio(1, 4)? { Carry::Reset } else { Carry::ByShape },
        })
    }

    fn fields(&mut self, input: &mut Unstructured<'_>) -> Result<RawSlice<Field>> {
        let mut fields = Vec::new();
        for _ in 0..input.int_in_range(0..=5)? {
            fields.push(self.field(input)?);
        }
        let fields = fields.into_boxed_slice();
        let (address, length) = (fields.as_ptr().cast::<u8>(), fields.len());
        self.fields.push(fields);
        Ok(match input.arbitrary::<u8>()? {
            0..=7 => claims(core::ptr::null(), length),
            8..=15 => claims(address.wrapping_add(1), length),
            16..=23 => claims(address, 1 << 40),
            _ => claims(address, length),
        })
    }

    fn table(&mut self, input: &mut Unstructured<'_>) -> Result<*const Descriptor> {
        let shape = match input.arbitrary::<u8>()? {
            0..=40 => Shape::Scalar(*input.choose(&SCALARS)?),
            41..=80 => Shape::Array(ArrayOps { element: *input.choose(&TYPES)?, len: number(input)? }),
            81..=90 => Shape::Opaque(opaque_name),
            _ => Shape::Struct(self.fields(input)?),
        };
        let mut table = Box::new(Descriptor {
            path: self.text(input)?,
            size: number(input)?,
            align: if input.ratio(7, 8)? { 1 << input.int_in_range(0..=6)? } else { number(input)? },
            drop_in_place: None,
            default: None,
            shape,
        });
        if input.ratio(1, 16)? {
            // A kind of type that does not exist.
            let tag = input.int_in_range(11..=u32::MAX)?;
            // SAFETY: the tag of a `repr(C, u32)` enum is its first word. No reference to it is made before it is checked.
            unsafe { (&raw mut *table).cast::<u8>().add(offset_of!(Descriptor, shape)).cast::<u32>().write(tag) };
        }
        let address = &raw const *table;
        self.tables.push(table);
        Ok(address)
    }
}

/// Uses a table that is believed.
///
/// # Safety
///
/// 1. `table` has been checked.
unsafe fn use_it(table: &'static Descriptor) {
    assert!(table.align.is_power_of_two() && table.size.is_multiple_of(table.align));
    assert!(same_layout(table, table) && differences(table, table).is_empty());
    assert_eq!(fingerprint(table), fingerprint(table));
    if table.size > 1 << 16 || table.align > 4_096 {
        return;
    }
    let layout = Layout::from_size_align(table.size.max(1), table.align).expect("checked");
    // SAFETY: the size is not zero; the memory is freed below with the same layout.
    unsafe {
        let (first, second) = (alloc_zeroed(layout), alloc_zeroed(layout));
        if write_default(table, first).is_ok() {
            let value = Value::new(first, table);
            let text = serde_json::to_string(&value).unwrap_or_default();
            if deep_copy(table, first, second).is_ok() {
                assert_eq!(serde_json::to_string(&Value::new(second, table)).unwrap_or_default(), text);
                drop(drop_value(table, second));
            }
            drop(drop_value(table, first));
        }
        dealloc(first, layout);
        dealloc(second, layout);
    }
}

fn run(input: &mut Unstructured<'_>, round: &mut Round) -> Result<()> {
    for at in 0..SLOTS {
        let table = round.table(input)?;
        TABLES.with_borrow_mut(|tables| tables[at] = table);
    }
    for at in 0..SLOTS {
        let table = TABLES.with_borrow(|tables| tables[at]);
        // SAFETY: every pointer is null, misaligned or leads to memory of this round; functions are what they say.
        if unsafe { check_descriptor(table, &Limits::default()) }.is_ok() {
            // SAFETY: checked.
            unsafe { use_it(&*table) };
        }
    }
    Ok(())
}

fuzz_target!(|bytes: &[u8]| {
    let mut round = Round::default();
    // Too few bytes are no finding.
    let _ = run(&mut Unstructured::new(bytes), &mut round);
});
