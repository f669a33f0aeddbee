//! From values to JSON.

use super::{
    OPAQUE, SERDE, SOME, is_text_key,
    key::{Plain, key_text, not_finite, plain, proxy_of},
    may_be_null,
};
use crate::{
    boundary::Panicked,
    schema::{Carry, Fault, Field, Path, Reason, Shape, Step, TUPLE, Value, carry::read_serde, is_positional},
};
use serde::ser::{Error, Serialize, SerializeMap, SerializeSeq, Serializer};

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = self.descriptor().type_name();
        Json { value: *self, carry: &Carry::ByShape, path: &Path::root(&name) }.serialize(serializer)
    }
}

/// The value of a field as JSON text, in the way in which the field is carried.
pub(crate) fn field_json(field: &Field, value: Value<'_>, path: &Path<'_>) -> Result<String, Fault> {
    serde_json::to_string(&Json { value, carry: &field.carry, path })
        .map_err(|error| path.fault(Reason::Serde(error.to_string())))
}

/// A fault of what was to be written down for the attic.
pub(crate) fn unkept(fault: Fault) -> Fault {
    Fault { reason: Reason::Unkept(fault.reason.to_string()), ..fault }
}

/// [`field_json`] for many values: `text` is room that is used again.
pub(crate) fn field_json_in<'t>(
    field: &Field,
    value: Value<'_>,
    path: &Path<'_>,
    text: &'t mut Vec<u8>,
) -> Result<&'t str, Fault> {
    text.clear();
    let fault = |reason: String| path.fault(Reason::Serde(reason));
    serde_json::to_writer(&mut *text, &Json { value, carry: &field.carry, path })
        .map_err(|error| fault(error.to_string()))?;
    core::str::from_utf8(text).map_err(|error| fault(error.to_string()))
}

/// A value on its way to JSON.
struct Json<'a> {
    value: Value<'a>,
    carry: &'a Carry,
    path: &'a Path<'a>,
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.path.check_depth().map_err(S::Error::custom)?;
        if let Carry::Serde(ops) = self.carry {
            let text = read_serde(ops, self.value).map_err(|reason| S::Error::custom(self.path.fault(reason)))?;
            let json: serde_json::Value = serde_json::from_str(&text)
                .map_err(|error| S::Error::custom(self.path.fault(Reason::Serde(error.to_string()))))?;
            // A JSON value may have fewer digits, and has one of two equal keys.
            let kept = json.to_string();
            if kept != text || json.get(SERDE).is_some() {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(SERDE, &text)?;
                return map.end();
            }
            return json.serialize(serializer);
        }
        let descriptor = self.value.descriptor();
        let inner = |value, serializer: S| {
            Json { value, carry: &Carry::ByShape, path: &self.path.then(Step::Within) }.serialize(serializer)
        };
        match &descriptor.shape {
            Shape::Scalar(scalar) => scalar_json(plain(self.value, *scalar), serializer),
            Shape::Text(_) => match self.value.text() {
                Some(text) => serializer.serialize_str(text),
                None => Err(S::Error::custom(self.path.fault(Reason::NotText { ty: descriptor.type_name() }))),
            },
            Shape::Struct(_) => {
                let values: Vec<Value<'_>> = self.value.fields().map(|(_, value)| value).collect();
                Fields {
                    fields: descriptor.fields(),
                    values: &values,
                    path: self.path,
                    is_tuple: descriptor.path() == TUPLE,
                }
                .serialize(serializer)
            }
            Shape::Enum(_) => self.variant(serializer),
            Shape::List(_) | Shape::Array(_) => {
                let mut list = serializer.serialize_seq(Some(self.value.len()))?;
                self.elements(|element| list.serialize_element(element))?;
                list.end()
            }
            Shape::Set(_) => self.set(serializer),
            Shape::Map(_) => self.map(serializer),
            Shape::Owner(_) => match self.value.owned() {
                Some(owned) => inner(owned, serializer),
                None => Err(S::Error::custom(self.path.fault(Reason::Borrowed { ty: descriptor.type_name() }))),
            },
            Shape::Proxy(_) => {
                let proxy = proxy_of(self.value, self.path).map_err(S::Error::custom)?;
                match proxy.value() {
                    Some(proxy) => inner(proxy, serializer),
                    None => serializer.serialize_unit(),
                }
            }
            Shape::Opaque(_) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(OPAQUE, descriptor.path())?;
                map.end()
            }
        }
    }
}

impl Json<'_> {
    fn panicked(&self, panicked: Panicked) -> Fault {
        self.path.fault(Reason::Panicked(panicked))
    }

    fn elements<E: Error>(&self, mut write: impl FnMut(&Json<'_>) -> Result<(), E>) -> Result<(), E> {
        let (mut index, mut result) = (0, Ok(()));
        self.value
            .each(|value| {
                result = write(&Json { value, carry: &Carry::ByShape, path: &self.path.then(Step::Index(index)) });
                index += 1;
                result.is_ok()
            })
            .map_err(|panicked| E::custom(self.panicked(panicked)))?;
        result
    }

    /// Hashing has no order, so what can be sorted is: equal values give equal JSON.
    fn has_no_order(&self) -> bool {
        self.value.descriptor().path().starts_with("Hash")
    }

    fn variant<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let descriptor = self.value.descriptor();
        let Some(active) = self.value.variant() else {
            return Err(S::Error::custom(self.path.fault(Reason::Opaque { ty: descriptor.type_name() })));
        };
        let path = match descriptor.is_option() {
            true => self.path.then(Step::Within),
            false => self.path.then(Step::Variant(active.variant.name())),
        };
        let fields = Fields { fields: active.variant.fields(), values: &active.values, path: &path, is_tuple: false };
        if descriptor.is_option() {
            return match active.values.first() {
                None => serializer.serialize_none(),
                Some(some) if !may_be_null(some.descriptor()) => fields.serialize(serializer),
                Some(_) => {
                    let mut map = serializer.serialize_map(Some(1))?;
                    map.serialize_entry(SOME, &fields)?;
                    map.end()
                }
            };
        }
        if active.values.is_empty() {
            return serializer.serialize_str(active.variant.name());
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(active.variant.name(), &fields)?;
        map.end()
    }

    fn set<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.value.len()))?;
        if self.has_no_order() && element_is_text_key(self.value) {
            let mut elements = Vec::with_capacity(self.value.len());
            self.value
                .each(|element| {
                    elements.push(element);
                    true
                })
                .map_err(|panicked| S::Error::custom(self.panicked(panicked)))?;
            // Numbers sort as texts do: the order is stable, not meaningful.
            elements.sort_by_cached_key(|element| key_text(*element, self.path).ok().flatten());
            for (index, value) in elements.into_iter().enumerate() {
                list.serialize_element(&Json {
                    value,
                    carry: &Carry::ByShape,
                    path: &self.path.then(Step::Index(index)),
                })?;
            }
        } else {
            self.elements(|element| list.serialize_element(element))?;
        }
        list.end()
    }

    fn map<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Shape::Map(ops) = &self.value.descriptor().shape else { return serializer.serialize_unit() };
        let mut entries = Vec::with_capacity(self.value.len());
        self.value
            .entries(|key, value| {
                entries.push((key, value));
                true
            })
            .map_err(|panicked| S::Error::custom(self.panicked(panicked)))?;
        if !is_text_key((ops.key)()) {
            let mut list = serializer.serialize_seq(Some(entries.len()))?;
            for (index, (key, value)) in entries.into_iter().enumerate() {
                let path = self.path.then(Step::Index(index));
                let key = Json { value: key, carry: &Carry::ByShape, path: &path.then(Step::KeyItself) };
                // A pair is one level more.
                let value = Json { value, carry: &Carry::ByShape, path: &path.then(Step::Within) };
                list.serialize_element(&(key, value))?;
            }
            return list.end();
        }
        let mut texts = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let text = key_text(key, self.path).map_err(S::Error::custom)?.unwrap_or_default();
            texts.push((text, value));
        }
        if self.has_no_order() {
            texts.sort_by(|(one, _), (other, _)| one.cmp(other));
        }
        let mut map = serializer.serialize_map(Some(texts.len()))?;
        for (key, value) in &texts {
            let json = Json { value: *value, carry: &Carry::ByShape, path: &self.path.then(Step::Key(key)) };
            map.serialize_entry(key, &json)?;
        }
        map.end()
    }
}

fn element_is_text_key(set: Value<'_>) -> bool {
    set.descriptor().parts().first().is_some_and(|element| is_text_key(element))
}

/// The fields of a struct or a variant.
struct Fields<'a> {
    fields: &'static [Field],
    values: &'a [Value<'a>],
    path: &'a Path<'a>,
    is_tuple: bool,
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let each = self.fields.iter().zip(self.values);
        if !is_positional(self.fields) {
            let mut map = serializer.serialize_map(Some(self.fields.len()))?;
            for (field, value) in each {
                let path = self.path.then(Step::Field(field.name()));
                map.serialize_entry(field.name(), &Json { value: *value, carry: &field.carry, path: &path })?;
            }
            return map.end();
        }
        if let ([field], [value], false) = (self.fields, self.values, self.is_tuple) {
            return Json { value: *value, carry: &field.carry, path: &self.path.then(Step::Within) }
                .serialize(serializer);
        }
        let mut list = serializer.serialize_seq(Some(self.fields.len()))?;
        for (field, value) in each {
            let path = self.path.then(Step::Field(field.name()));
            list.serialize_element(&Json { value: *value, carry: &field.carry, path: &path })?;
        }
        list.end()
    }
}

/// Numbers that not every reader of JSON takes are texts.
fn scalar_json<S: Serializer>(scalar: Plain, serializer: S) -> Result<S::Ok, S::Error> {
    match scalar {
        Plain::Unit => serializer.serialize_unit(),
        Plain::Bool(value) => serializer.serialize_bool(value),
        Plain::Char(value) => serializer.serialize_char(value),
        Plain::Signed(value) => match i64::try_from(value) {
            Ok(value) => serializer.serialize_i64(value),
            Err(_) => serializer.collect_str(&value),
        },
        Plain::Unsigned(value) => match u64::try_from(value) {
            Ok(value) => serializer.serialize_u64(value),
            Err(_) => serializer.collect_str(&value),
        },
        Plain::F32(value) => match not_finite(value.into()) {
            Some(text) => serializer.serialize_str(text),
            None => serializer.serialize_f32(value),
        },
        Plain::F64(value) => match not_finite(value) {
            Some(text) => serializer.serialize_str(text),
            None => serializer.serialize_f64(value),
        },
        Plain::Object(id) => serializer.collect_str(&id),
    }
}
