//! From something found to the value that a slot is for, by the shape of the slot's type.
#![expect(unsafe_code, reason = "writes values where a slot vouches for the room")]

use super::{
    OPAQUE, SERDE, SOME,
    found::{Fill, Found, Handing},
    may_be_null,
    read::Slot,
};
use crate::{
    boundary::RawStr,
    schema::{
        Carry, Enclosing, EnumOps, Field, Partial, Path, Place, Reason, Shape, Step, TUPLE, Variant,
        access::{continued_names, names},
        build::{build_owner, build_proxied, build_variant, variant_of_defaults},
        carry::write_serde,
        is_positional,
    },
};
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess};
use serde_json::Value as Json;

impl<'de> Fill<'de> for Slot<'_> {
    fn fill<S, M>(self, found: Found<'_, S, M>) -> Result<(), S::Error>
    where
        S: SeqAccess<'de>,
        M: MapAccess<'de, Error = S::Error>,
    {
        self.path.check_depth().map_err(Error::custom)?;
        match self.carry {
            // `None` where there is no `Option` any more: the field says itself what it is then.
            Carry::ByShape
                if matches!(found, Found::Null)
                    && self.reader.options.convert
                    && self.default.is_some()
                    && !may_be_null(self.descriptor) =>
            {
                return self.fill_default().map_err(Error::custom);
            }
            Carry::ByShape => {}
            Carry::Reset => {
                found.ignore()?;
                return self.fill_default().map_err(Error::custom);
            }
            Carry::Serde(ops) => {
                let json = found.into_json()?;
                let json =
                    json.get(SERDE).and_then(|text| text.as_str()).map_or_else(|| json.to_string(), str::to_owned);
                // SAFETY: the slot's room.
                return unsafe { write_serde(ops, self.out, &json) }.map_err(|reason| self.fault(reason));
            }
        }
        match &self.descriptor.shape {
            Shape::Scalar(scalar) => super::scalar::fill(&self, *scalar, found),
            Shape::Text(ops) => {
                let text = match &found {
                    Found::Text(text) => (*text).to_owned(),
                    Found::Bool(value) if self.reader.options.convert => value.to_string(),
                    Found::Signed(value) if self.reader.options.convert => value.to_string(),
                    Found::Unsigned(value) if self.reader.options.convert => value.to_string(),
                    Found::Float(value) if self.reader.options.convert => value.to_string(),
                    found => return Err(self.expected("a string", &found.describe())),
                };
                // SAFETY: the slot's room.
                unsafe { (ops.build)(self.out, RawStr::borrowed(&text)) }
                    .into_result()
                    .map_err(|panicked| self.fault(Reason::Panicked(panicked)))
            }
            Shape::Struct(_) => self.fill_struct(found),
            Shape::Enum(ops) if self.descriptor.is_option() => self.fill_option(ops, found),
            Shape::Enum(ops) => self.fill_enum(ops, found),
            Shape::List(ops) | Shape::Set(ops) => match found {
                Found::List(list) => self.fill_list(ops, list),
                found => Err(self.expected("a list", &found.describe())),
            },
            Shape::Map(ops) => match found {
                Found::Map(map) => self.fill_map(ops, map),
                Found::List(list) => self.fill_pairs(ops, list),
                found => Err(self.expected("a map", &found.describe())),
            },
            Shape::Array(ops) => match found {
                Found::List(list) => self.fill_array((ops.element)(), ops.len, list),
                found => Err(self.expected(&format!("a list of {}", ops.len), &found.describe())),
            },
            Shape::Owner(ops) => {
                let mut inner = Place::new((ops.inner)());
                self.part((ops.inner)(), inner.as_ptr(), &self.path.then(Step::Within)).fill(found)?;
                // SAFETY: just written.
                unsafe { inner.set_full() };
                // SAFETY: the slot's room; the place is full.
                unsafe { build_owner(ops, self.out, &mut inner, self.path) }.map_err(Error::custom)
            }
            Shape::Proxy(ops) => {
                let mut proxy = Place::new((ops.proxy)());
                self.part((ops.proxy)(), proxy.as_ptr(), &self.path.then(Step::Within)).fill(found)?;
                // SAFETY: just written.
                unsafe { proxy.set_full() };
                // SAFETY: the slot's room; the place is full.
                unsafe { build_proxied(ops, self.out, &mut proxy, self.path) }.map_err(Error::custom)
            }
            Shape::Opaque(_) => self.fill_opaque(found),
        }
    }
}

impl Slot<'_> {
    /// An opaque value says no more than that it was there: it starts over.
    fn fill_opaque<'de, S, M>(&self, found: Found<'_, S, M>) -> Result<(), S::Error>
    where
        S: SeqAccess<'de>,
        M: MapAccess<'de, Error = S::Error>,
    {
        let json = found.into_json()?;
        if json.get(OPAQUE).is_none() {
            self.reader.report.borrow_mut().unknown.push(self.path.to_string());
        }
        self.fill_default().map_err(|_| self.fault(Reason::Opaque { ty: self.descriptor.type_name() }))
    }

    fn fill_struct<'de, S, M>(&self, found: Found<'_, S, M>) -> Result<(), S::Error>
    where
        S: SeqAccess<'de>,
        M: MapAccess<'de, Error = S::Error>,
    {
        let here = Enclosing { ty: self.descriptor, base: self.out, outer: self.outer };
        // SAFETY: the slot's room.
        let mut partial = unsafe { Partial::of_enclosing(&here) };
        self.fill_fields(here.ty.fields(), &mut partial, found, here.ty.path() == TUPLE)?;
        partial.finish();
        Ok(())
    }

    /// The fields of a struct or a variant, in the form that `Fields` writes.
    fn fill_fields<'de, S, M>(
        &self,
        fields: &'static [Field],
        partial: &mut Partial<'_>,
        found: Found<'_, S, M>,
        is_tuple: bool,
    ) -> Result<(), S::Error>
    where
        S: SeqAccess<'de>,
        M: MapAccess<'de, Error = S::Error>,
    {
        match found {
            found if fields.len() == 1 && is_positional(fields) && !is_tuple => {
                let path = self.path.then(Step::Within);
                self.field(&fields[0], partial, 0, &path).fill(found)?;
                // SAFETY: just written.
                unsafe { partial.set_done(0) };
                Ok(())
            }
            Found::List(list) if is_positional(fields) => self.fill_positions(fields, partial, list),
            Found::Map(map) => self.fill_names(fields, partial, map),
            Found::Null if fields.is_empty() => Ok(()),
            // A tuple with one field is that field.
            found
                if is_positional(fields)
                    && !is_tuple
                    && self.reader.options.convert
                    && !matches!(found, Found::Map(_)) =>
            {
                let path = self.path.then(Step::Field("0"));
                self.field(&fields[0], partial, 0, &path).fill(found)?;
                // SAFETY: just written.
                unsafe { partial.set_done(0) };
                self.fill_rest(fields, partial)
            }
            found if is_positional(fields) => {
                Err(self.expected(&format!("a list of {}", fields.len()), &found.describe()))
            }
            found => Err(self.expected(&format!("the fields of {}", self.descriptor.type_name()), &found.describe())),
        }
    }

    /// Room for the field `index` of `partial`.
    fn field<'b>(&'b self, field: &'b Field, partial: &Partial<'b>, index: usize, path: &'b Path<'b>) -> Slot<'b> {
        Slot::of(field, partial.at(index), path, partial.enclosing(), self.reader)
    }

    fn fill_positions<'de, S: SeqAccess<'de>>(
        &self,
        fields: &'static [Field],
        partial: &mut Partial<'_>,
        mut list: S,
    ) -> Result<(), S::Error> {
        for (index, field) in fields.iter().enumerate() {
            let path = self.path.then(Step::Field(field.name()));
            let slot = self.field(field, partial, index, &path);
            if slot.read_or_leave(|slot| list.next_element_seed(slot))? == Some(None) {
                slot.fill_missing().map_err(Error::custom)?;
            }
            // SAFETY: just written.
            unsafe { partial.set_done(index) };
        }
        let mut more = fields.len();
        while let Some(json) = list.next_element::<Json>()? {
            self.left_over(&self.path.then(Step::Field(&more.to_string())), json);
            more += 1;
        }
        Ok(())
    }

    fn fill_names<'de, M: MapAccess<'de>>(
        &self,
        fields: &'static [Field],
        partial: &mut Partial<'_>,
        mut map: M,
    ) -> Result<(), M::Error> {
        if fields.iter().any(|field| !field.was().is_empty()) {
            return self.fill_renamed(fields, partial, map);
        }
        while let Some(key) = map.next_key::<String>()? {
            let Some(index) = fields.iter().position(|field| field.name() == key) else {
                let json = map.next_value::<Json>()?;
                self.left_over(&self.path.then(Step::Field(&key)), json);
                continue;
            };
            self.fill_named(&fields[index], (&mut *partial, index), &key, |slot| map.next_value_seed(slot))?;
        }
        self.fill_rest(fields, partial)
    }

    /// Which field a name stands for is only known with all the names: `b` may be `c` now, and `a` be `b`.
    fn fill_renamed<'de, M: MapAccess<'de>>(
        &self,
        fields: &'static [Field],
        partial: &mut Partial<'_>,
        mut map: M,
    ) -> Result<(), M::Error> {
        let mut found: Vec<(String, Option<Json>)> = Vec::new();
        while let Some((key, json)) = map.next_entry::<String, Json>()? {
            if found.iter().any(|(name, _)| *name == key) {
                return Err(self.expected(&format!("`{key}` once"), "it twice"));
            }
            found.push((key, Some(json)));
        }
        let then: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        let continued = continued_names(&then, &names(fields));
        for (index, from) in continued.into_iter().enumerate() {
            let Some((key, json)) = from.map(|from| &mut found[from]) else { continue };
            let Some(json) = json.take() else { continue };
            self.fill_named(&fields[index], (&mut *partial, index), key, |slot| {
                slot.deserialize(json).map_err(Error::custom)
            })?;
        }
        for (key, json) in found {
            if let Some(json) = json {
                self.left_over(&self.path.then(Step::Field(&key)), json);
            }
        }
        self.fill_rest(fields, partial)
    }

    /// Reads what was found under `key` into a field of `partial`.
    fn fill_named<E: Error>(
        &self,
        field: &'static Field,
        (partial, index): (&mut Partial<'_>, usize),
        key: &str,
        read: impl FnOnce(Slot<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let path = self.path.then(Step::Field(field.name())).formerly(key);
        let slot = self.field(field, partial, index, &path);
        if partial.is_done(index) {
            return Err(slot.expected("the field once", "it twice"));
        }
        slot.read_or_leave(read)?;
        // SAFETY: just written.
        unsafe { partial.set_done(index) };
        Ok(())
    }

    /// Fields that nothing was found for.
    fn fill_rest<E: Error>(&self, fields: &'static [Field], partial: &mut Partial<'_>) -> Result<(), E> {
        for (index, field) in fields.iter().enumerate() {
            if !partial.is_done(index) {
                let path = self.path.then(Step::Field(field.name()));
                self.field(field, partial, index, &path).fill_missing().map_err(Error::custom)?;
                // SAFETY: just written.
                unsafe { partial.set_done(index) };
            }
        }
        Ok(())
    }

    fn fill_option<'de, S, M>(&self, ops: &EnumOps, found: Found<'_, S, M>) -> Result<(), S::Error>
    where
        S: SeqAccess<'de>,
        M: MapAccess<'de, Error = S::Error>,
    {
        let [none, some] = self.descriptor.variants() else { return Err(self.expected("an option", "another enum")) };
        if matches!(found, Found::Null) {
            // SAFETY: the slot's room; `none` is the first variant.
            return unsafe { variant_of_defaults(ops, self.out, 0, none, self.path) }.map_err(Error::custom);
        }
        let mut partial = Partial::of_variant(some.fields());
        let path = self.path.then(Step::Within);
        let slot = self.field(&some.fields()[0], &partial, 0, &path);
        match found {
            Found::Map(mut map) if may_be_null(slot.descriptor) => {
                if map.next_key::<String>()?.as_deref() != Some(SOME) {
                    return Err(self.expected("null or {\"Some\": ..}", "another map"));
                }
                map.next_value_seed(slot)?;
                // SAFETY: just written.
                unsafe { partial.set_done(0) };
                if map.next_key::<IgnoredAny>()?.is_some() {
                    return Err(self.expected("null or {\"Some\": ..}", "more"));
                }
            }
            found => {
                slot.fill(found)?;
                // SAFETY: just written.
                unsafe { partial.set_done(0) };
            }
        }
        // SAFETY: the slot's room; the field is done.
        unsafe { build_variant(ops, self.out, 1, partial, self.path) }.map_err(Error::custom)
    }

    fn find_variant<E: Error>(&self, name: &str) -> Result<(usize, &'static Variant), E> {
        let variants = self.descriptor.variants();
        let index = variants
            .iter()
            .position(|variant| variant.name() == name)
            .or_else(|| variants.iter().position(|variant| variant.was() == name));
        match index {
            Some(index) => Ok((index, &variants[index])),
            None => Err(self.expected(&format!("a variant of {}", self.descriptor.type_name()), &format!("{name:?}"))),
        }
    }

    fn fill_enum<'de, S, M>(&self, ops: &EnumOps, found: Found<'_, S, M>) -> Result<(), S::Error>
    where
        S: SeqAccess<'de>,
        M: MapAccess<'de, Error = S::Error>,
    {
        match found {
            Found::Text(name) => {
                let (index, variant) = self.find_variant(name)?;
                let path = self.path.then(Step::Variant(variant.name()));
                let mut partial = Partial::of_variant(variant.fields());
                Slot { path: &path, ..*self }.fill_rest(variant.fields(), &mut partial)?;
                // SAFETY: the slot's room; all fields of the variant are done.
                unsafe { build_variant(ops, self.out, index, partial, self.path) }.map_err(Error::custom)
            }
            Found::Map(mut map) => {
                let Some(name) = map.next_key::<String>()? else {
                    return Err(self.expected(&format!("a variant of {}", self.descriptor.type_name()), "an empty map"));
                };
                let (index, variant) = self.find_variant(&name)?;
                let path = self.path.then(Step::Variant(variant.name()));
                let mut partial = Partial::of_variant(variant.fields());
                let at_variant = Slot { path: &path, ..*self };
                map.next_value_seed(VariantSeed { slot: &at_variant, variant, partial: &mut partial })?;
                if map.next_key::<IgnoredAny>()?.is_some() {
                    return Err(self.expected("one variant", "more than one"));
                }
                // SAFETY: the slot's room; the seed has done all fields of the variant.
                unsafe { build_variant(ops, self.out, index, partial, self.path) }.map_err(Error::custom)
            }
            found => Err(self.expected(&format!("a variant of {}", self.descriptor.type_name()), &found.describe())),
        }
    }
}

/// Reads the fields of a variant.
struct VariantSeed<'a, 'b> {
    slot: &'a Slot<'a>,
    variant: &'static Variant,
    partial: &'a mut Partial<'b>,
}

impl<'de> DeserializeSeed<'de> for VariantSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(Handing(self))
    }
}

impl<'de> Fill<'de> for VariantSeed<'_, '_> {
    fn fill<S, M>(self, found: Found<'_, S, M>) -> Result<(), S::Error>
    where
        S: SeqAccess<'de>,
        M: MapAccess<'de, Error = S::Error>,
    {
        self.slot.fill_fields(self.variant.fields(), self.partial, found, false)
    }
}
