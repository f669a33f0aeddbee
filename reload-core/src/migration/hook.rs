//! Runs a class's own `migrate`: gives it the old object field by field, and takes the new one.
#![expect(unsafe_code, reason = "calls a library's function on an object in the making")]

use super::{
    bases::field_place,
    convert::{Conversion, Target},
    program::Hook,
    rules::Rules,
    unfit::Asked,
};
use crate::{
    boundary::{ObjectId, RawStr, guarded},
    class::{OldState, OldStateCalls},
    schema::{Carry, Descriptor, Field, NoKeeper, Path, Step, Value, read_serde, value_from_json},
};
use core::{cell::RefCell, marker::PhantomData};
use std::collections::BTreeMap;

/// An object as it was.
pub(crate) enum Old<'a> {
    /// In memory.
    Live(Value<'a>),
    /// Out of the attic or a save file, with the types that the fields of the whole object had, of which it is the part this deep.
    Json { state: &'a serde_json::Value, types: &'a BTreeMap<String, String>, depth: usize },
}

/// Whose hook runs, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HookCall {
    pub(crate) object: ObjectId,
    pub(crate) from_epoch: u32,
    pub(crate) epoch: u32,
}

struct Reader<'a> {
    old: Old<'a>,
    rules: RefCell<Rules>,
    /// Takes note of what is asked for, and how deep the part lies.
    asked: Option<(&'a Asked, usize)>,
}

/// Runs the hook for the part of an object that is at `object`; `asked` takes note of what it asks for.
///
/// # Errors
///
/// Why the object cannot be carried over; then nothing is left at `object`.
///
/// # Safety
///
/// 1. `object` points to a valid value of the hook's new type, in memory that is the caller's.
pub(super) unsafe fn run(
    hook: &Hook,
    old: Old<'_>,
    object: *mut u8,
    call: HookCall,
    asked: Option<&Asked>,
) -> Result<(), String> {
    /// # Safety
    ///
    /// 1. `state` is the option given below; `reason` is readable.
    unsafe extern "C" fn refuse(state: *mut u8, reason: RawStr) {
        // SAFETY: (1)
        unsafe { *state.cast::<Option<String>>() = Some(reason.get().to_owned()) }
    }
    let reader = Reader { old, rules: RefCell::default(), asked: asked.map(|asked| (asked, hook.old_depth)) };
    let view = OldState {
        calls: OldStateCalls { get, type_of },
        reader: (&raw const reader).cast(),
        object: call.object,
        from_epoch: call.from_epoch,
        epoch: call.epoch,
        old: PhantomData,
    };
    let mut refused: Option<String> = None;
    // SAFETY: (1); `refuse` fits the state.
    let outcome = unsafe { (hook.call)(&view, object, refuse, (&raw mut refused).cast()) };
    outcome.into_result().map_err(|panicked| panicked.to_string())?;
    refused.map_or(Ok(()), Err)
}

/// See [`OldStateCalls::get`].
///
/// # Safety
///
/// 1. `reader` is the one that [`run`] has made, and lives during the call.
/// 2. `out` is valid for a write of `ty`; `field` is readable; `take` fits `state`.
unsafe extern "C" fn get(
    reader: *const u8,
    field: RawStr,
    ty: &'static Descriptor,
    out: *mut u8,
    take: unsafe extern "C" fn(state: *mut u8, text: RawStr),
    state: *mut u8,
) -> bool {
    let result = guarded(|| {
        // SAFETY: (1)
        let reader = unsafe { &*reader.cast::<Reader<'_>>() };
        // SAFETY: (2)
        unsafe { reader.get(field.get(), ty, out) }
    });
    let reason = match result {
        Ok(Ok(())) => return true,
        Ok(Err(reason)) => reason,
        Err(panicked) => panicked.to_string(),
    };
    // SAFETY: (2) the text lives during the call.
    unsafe { take(state, RawStr::borrowed(&reason)) };
    false
}

/// See [`OldStateCalls::type_of`].
///
/// # Safety
///
/// 1. `reader` is the one that [`run`] has made, and lives during the call.
/// 2. `field` is readable; `take` fits `state`.
unsafe extern "C" fn type_of(
    reader: *const u8,
    field: RawStr,
    take: unsafe extern "C" fn(state: *mut u8, text: RawStr),
    state: *mut u8,
) {
    let found = guarded(|| {
        // SAFETY: (1)
        let reader = unsafe { &*reader.cast::<Reader<'_>>() };
        // SAFETY: (2)
        reader.type_of(unsafe { field.get() })
    });
    if let Ok(Some(name)) = found {
        // SAFETY: (2) the text lives during the call.
        unsafe { take(state, RawStr::borrowed(&name)) }
    }
}

impl Reader<'_> {
    /// # Safety
    ///
    /// 1. `out` is valid for a write of `ty`.
    unsafe fn get(&self, name: &str, ty: &'static Descriptor, out: *mut u8) -> Result<(), String> {
        let root = Path::root("");
        let path = root.then(Step::Field(name));
        let unknown = || format!("the object had no field `{name}`: `has` asks whether there is one");
        if let Some((asked, depth)) = self.asked {
            asked.note(depth, name);
        }
        match &self.old {
            Old::Live(object) => {
                let (field, value) = find(*object, name).ok_or_else(unknown)?;
                if let Carry::Serde(ops) = &field.carry {
                    let json = read_serde(ops, value).map_err(|reason| reason.to_string())?;
                    // SAFETY: (1)
                    return unsafe { value_from_json(ty, out, &json, &path, &NoKeeper) };
                }
                let rule = self.rules.borrow_mut().between(value.descriptor(), ty);
                let rules = self.rules.borrow();
                let conversion = Conversion { rules: &rules, keeper: &NoKeeper };
                // SAFETY: the rule of these types; (1)
                unsafe { conversion.convert(rule, value, Target { ty, out, path: &path, outer: None }) }
                    .map_err(|fault| fault.to_string().trim_start_matches('.').to_owned())
            }
            Old::Json { state, .. } => {
                let json = find_json(state, name).ok_or_else(unknown)?;
                // SAFETY: (1)
                unsafe { value_from_json(ty, out, &json.to_string(), &path, &NoKeeper) }
            }
        }
    }

    fn type_of(&self, name: &str) -> Option<String> {
        match &self.old {
            Old::Live(object) => find(*object, name).map(|(_, value)| value.descriptor().type_name()),
            Old::Json { state, types, depth } => {
                find_json(state, name)?;
                Some(types.get(&field_place(*depth, name)).cloned().unwrap_or_else(|| "a value".to_owned()))
            }
        }
    }
}

/// [`find`] in the JSON of an object, where tuples are lists, and newtypes are what they hold.
fn find_json<'a>(object: &'a serde_json::Value, name: &str) -> Option<&'a serde_json::Value> {
    use serde_json::Value;
    name.split('.').try_fold(object, |json, step| match (json, step.parse::<usize>()) {
        (Value::Object(fields), _) => fields.get(step),
        (Value::Array(elements), Ok(index)) => elements.get(index),
        (alone, Ok(0)) => Some(alone),
        _ => None,
    })
}

/// The field with this name; dots lead into fields that are structs.
fn find<'a>(object: Value<'a>, name: &str) -> Option<(&'static Field, Value<'a>)> {
    let mut found: Option<(&'static Field, Value<'a>)> = None;
    for step in name.split('.') {
        let within = found.map_or(object, |(_, value)| value);
        found = Some(within.fields().find(|(field, _)| field.name() == step)?);
    }
    found
}
