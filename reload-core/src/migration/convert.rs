//! Applies a rule to a value: makes a new value beside the old one, which is only read. Whatever fails leaves nothing
//! behind.
#![expect(unsafe_code, reason = "makes values in room that the caller vouches for")]

use super::{
    rules::{FieldRule, FieldRules, How, Rule, RuleId, Rules},
    scalar::{parse, scalar, scalar_text, write_text},
};
use crate::schema::{
    Carry, Descriptor, Enclosing, Fault, Field, Keeper, Partial, Path, Place, Reason, Shape, Step, TUPLE, Undo, Value,
    borrowed, build_owner, build_proxied, build_variant, copy_at, field_from_json, field_json, is_positional,
    missing_field, proxy_of, read_serde, unkept, write_serde,
};

/// What is the same in the whole of one value.
pub(crate) struct Conversion<'a> {
    pub(crate) rules: &'a Rules,
    pub(crate) keeper: &'a dyn Keeper,
}

/// Where a new value is made.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) ty: &'static Descriptor,
    /// Valid for a write of the type: who makes a target vouches for it.
    pub(crate) out: *mut u8,
    pub(crate) path: &'a Path<'a>,
    /// The structs around it, as far as they are converted together.
    pub(crate) outer: Option<&'a Enclosing<'a>>,
}

impl Conversion<'_> {
    /// Makes the value that `from` becomes.
    ///
    /// # Errors
    ///
    /// Where and why not; nothing is left at the target.
    ///
    /// # Safety
    ///
    /// 1. The rule leads from the type of `from` to the type of `to`.
    /// 2. `to.out` is valid for a write of its type.
    pub(crate) unsafe fn convert(&self, rule: RuleId, from: Value<'_>, to: Target<'_>) -> Result<(), Fault> {
        to.path.check_depth()?;
        match self.rules.get(rule) {
            // SAFETY: (1) the types have the same layout. (2)
            Rule::Copy => unsafe { copy_at(from, to.out, to.path) },
            // SAFETY: (1), (2), here and in all arms.
            Rule::Scalar => unsafe { scalar(from, to) },
            Rule::Text => match from.text() {
                // SAFETY: as above.
                Some(text) => unsafe { write_text(text, to) },
                None => Err(to.path.fault(Reason::NotText { ty: from.descriptor().type_name() })),
            },
            // SAFETY: as above.
            Rule::ScalarToText => unsafe { write_text(&scalar_text(from), to) },
            Rule::TextToScalar => match from.text() {
                // SAFETY: as above.
                Some(text) => unsafe { parse(text, to) },
                None => Err(to.path.fault(Reason::NotText { ty: from.descriptor().type_name() })),
            },
            Rule::Struct(rules) => {
                let values: Vec<Value<'_>> = from.fields().map(|(_, value)| value).collect();
                let here = Enclosing { ty: to.ty, base: to.out, outer: to.outer };
                // SAFETY: as above.
                let mut partial = unsafe { Partial::of_enclosing(&here) };
                let (old, new) = (from.descriptor().fields(), to.ty.fields());
                let is_tuple = to.ty.path() == TUPLE;
                // SAFETY: as above: the rules of these fields.
                unsafe { self.fields((rules, is_tuple), (old, &values), new, &mut partial, to.path)? };
                partial.finish();
                Ok(())
            }
            // SAFETY: as above.
            Rule::Enum(variants) => unsafe { self.variant(variants, from, to) },
            // SAFETY: as above.
            Rule::Elements(element) => unsafe { self.elements(*element, from, to) },
            // SAFETY: as above.
            Rule::Map(key, value) => unsafe { self.entries(*key, *value, from, to) },
            Rule::ToSome(inner) => {
                let Shape::Enum(ops) = &to.ty.shape else { return Err(broken(to.path)) };
                let some = &to.ty.variants()[1];
                let mut partial = Partial::of_variant(some.fields());
                let path = to.path.then(Step::Within);
                let part = Target { ty: some.fields()[0].descriptor(), out: partial.at(0), path: &path, outer: None };
                // SAFETY: the rule's own parts; the field's own room.
                unsafe { self.convert(*inner, from, part)? };
                // SAFETY: just written.
                unsafe { partial.set_done(0) };
                // SAFETY: (2); all fields are done.
                unsafe { build_variant(ops, to.out, 1, partial, to.path) }
            }
            Rule::FromSome(inner) => match from.variant().and_then(|active| active.values.first().copied()) {
                // SAFETY: the rule's own parts. (2)
                Some(value) => unsafe { self.convert(*inner, value, to) },
                None => Err(does_not_fit("None", to)),
            },
            // SAFETY: as above.
            Rule::Unwrap(inner) => unsafe { self.unwrap(*inner, from, to) },
            // SAFETY: as above.
            Rule::Wrap(inner) => unsafe { self.wrap(*inner, from, to) },
            Rule::Impossible { from, to: new, why } => {
                Err(to.path.fault(Reason::NoRule { from: from.clone(), to: new.clone(), why }))
            }
            Rule::Pending => Err(broken(to.path)),
        }
    }

    /// Makes the value that one field becomes.
    ///
    /// # Safety
    ///
    /// 1. `how` leads from the old field to the new one, and `from` is a value of the old one.
    /// 2. `to.out` is valid for a write of the new field's type.
    pub(super) unsafe fn carry(
        &self,
        how: How,
        (old, from): (&Field, Value<'_>),
        new: &'static Field,
        to: Target<'_>,
    ) -> Result<(), Fault> {
        let fault = |reason| to.path.fault(reason);
        match (how, &old.carry, &new.carry) {
            (How::ByRule(rule), ..) => {
                // SAFETY: (1), (2)
                let result = unsafe { self.convert(rule, from, to) };
                match result {
                    // `None` where there is no `Option` any more: the field says itself what it is then.
                    Err(Fault { reason: Reason::DoesNotFit { value, .. }, place })
                        if value == "None" && place == to.path.to_string() && new.default.is_some() =>
                    {
                        // SAFETY: (2)
                        unsafe { missing_field(new, to.out, to.path, to.outer, self.keeper) }
                    }
                    result => result,
                }
            }
            (How::SerdeToSerde, Carry::Serde(read), Carry::Serde(write)) => {
                let json = read_serde(read, from).map_err(fault)?;
                // SAFETY: (2)
                unsafe { write_serde(write, to.out, &json) }.map_err(fault)
            }
            (How::SerdeToShape, Carry::Serde(read), _) => {
                let json = read_serde(read, from).map_err(fault)?;
                // SAFETY: (2)
                unsafe { field_from_json(new, to.out, &json, (to.path, to.outer), self.keeper) }
                    .map_err(|error| fault(Reason::Serde(error)))
            }
            (How::ShapeToSerde, _, Carry::Serde(write)) => {
                let json = field_json(old, from, to.path)?;
                // SAFETY: (2)
                unsafe { write_serde(write, to.out, &json) }.map_err(fault)
            }
            _ => Err(broken(to.path)),
        }
    }

    /// Makes all fields of a struct or a variant, and keeps what is left over.
    ///
    /// # Safety
    ///
    /// 1. `rules` lead from `old` to `new`; `values` are those of `old`.
    /// 2. `partial` is room for `new`.
    unsafe fn fields(
        &self,
        (rules, is_tuple): (&FieldRules, bool),
        (old, values): (&'static [Field], &[Value<'_>]),
        new: &'static [Field],
        partial: &mut Partial<'_>,
        path: &Path<'_>,
    ) -> Result<(), Fault> {
        // As in JSON, so that what is kept is found again whichever way the value takes.
        let is_alone = stands_for_field(new) && !is_tuple;
        for (index, (rule, field)) in rules.fields.iter().zip(new).enumerate() {
            let mut path = path.then(if is_alone { Step::Within } else { Step::Field(field.name()) });
            if let FieldRule::Carried { old: from, .. } = *rule {
                path = path.formerly(old[from].name());
            }
            let outer = partial.enclosing();
            let to = Target { ty: field.descriptor(), out: partial.at(index), path: &path, outer };
            match *rule {
                // SAFETY: (2) the field's own room.
                FieldRule::Missing => unsafe { missing_field(field, to.out, &path, outer, self.keeper)? },
                // SAFETY: as above.
                FieldRule::Reset { .. } if matches!(field.carry, Carry::Reset) => unsafe {
                    crate::schema::field_default_at(field, to.out, &path, outer)?;
                },
                // It is carried again: what it was before it started over may be kept.
                // SAFETY: as above.
                FieldRule::Reset { .. } => unsafe { missing_field(field, to.out, &path, outer, self.keeper)? },
                FieldRule::Carried { old: from, how } => {
                    // SAFETY: (1); (2) the field's own room.
                    unsafe { self.carry(how, (&old[from], values[from]), field, to)? };
                }
            }
            // SAFETY: just written.
            unsafe { partial.set_done(index) };
        }
        let started_over = rules.fields.iter().filter_map(|rule| match rule {
            FieldRule::Reset { old } => *old,
            _ => None,
        });
        for index in rules.removed.iter().copied().chain(started_over) {
            self.keep(&old[index], values[index], path)?;
        }
        Ok(())
    }

    /// Keeps the value of a field that is gone.
    fn keep(&self, field: &Field, value: Value<'_>, path: &Path<'_>) -> Result<(), Fault> {
        let path = path.then(Step::Field(field.name()));
        if !matches!(field.carry, Carry::Reset) {
            let json = field_json(field, value, &path).map_err(unkept)?;
            self.keeper.keep(path.key(), value.descriptor().type_name(), json);
        }
        Ok(())
    }

    /// # Safety
    ///
    /// As for [`Conversion::convert`].
    unsafe fn variant(
        &self,
        variants: &[Option<(usize, FieldRules)>],
        from: Value<'_>,
        to: Target<'_>,
    ) -> Result<(), Fault> {
        let (Some(active), Shape::Enum(ops)) = (from.variant(), &to.ty.shape) else { return Err(broken(to.path)) };
        let Some(Some((index, rules))) = variants.get(active.index) else {
            return Err(does_not_fit(&format!("{}::{}", from.descriptor().path(), active.variant.name()), to));
        };
        let new = &to.ty.variants()[*index];
        let mut partial = Partial::of_variant(new.fields());
        let path = to.path.then(if to.ty.is_option() { Step::Within } else { Step::Variant(new.name()) });
        let path = path.formerly(active.variant.name());
        let old = (active.variant.fields(), &active.values[..]);
        // SAFETY: the rules of these variants; room for the new one's fields.
        unsafe { self.fields((rules, false), old, new.fields(), &mut partial, &path)? };
        // SAFETY: (2) of the caller; all fields are done.
        unsafe { build_variant(ops, to.out, *index, partial, to.path) }
    }

    /// # Safety
    ///
    /// As for [`Conversion::convert`].
    unsafe fn elements(&self, element: RuleId, from: Value<'_>, to: Target<'_>) -> Result<(), Fault> {
        let of = from.len();
        let old_is_set = matches!(from.descriptor().shape, Shape::Set(_));
        let mut elements = room_for(of, to.path)?;
        from.each(|value| {
            elements.push(value);
            true
        })
        .map_err(|panicked| to.path.fault(Reason::Panicked(panicked)))?;
        let step = |index| match old_is_set {
            true => Step::Member(index),
            false => Step::Element { index, of },
        };
        match &to.ty.shape {
            Shape::Array(ops) => {
                let ty = (ops.element)();
                // SAFETY: (2) of the caller; a valid element is written where it succeeds.
                unsafe {
                    crate::schema::fill_array(ty, ops.len, to.out, |index, out| match elements.get(index) {
                        Some(value) => self.convert(
                            element,
                            *value,
                            Target { ty, out, path: &to.path.then(step(index)), outer: None },
                        ),
                        None => self.missing_element(Target {
                            ty,
                            out,
                            path: &to.path.then(Step::Index(index)),
                            outer: None,
                        }),
                    })?;
                }
                for (index, value) in elements.iter().enumerate().skip(ops.len) {
                    let place = to.path.then(Step::Index(index));
                    let json =
                        serde_json::to_string(value).map_err(|error| place.fault(Reason::Unkept(error.to_string())))?;
                    self.keeper.keep(place.key(), value.descriptor().type_name(), json);
                }
                Ok(())
            }
            Shape::List(ops) | Shape::Set(ops) => {
                let panicked = |panicked| to.path.fault(Reason::Panicked(panicked));
                // SAFETY: (2) of the caller.
                unsafe { (ops.build)(to.out, elements.len()) }.into_result().map_err(panicked)?;
                // SAFETY: just written.
                let undo = unsafe { Undo::new(to.ty, to.out) };
                let (ty, place) = ((ops.element)(), Place::new((ops.element)()));
                for (index, value) in elements.iter().enumerate() {
                    let path = to.path.then(step(index));
                    // SAFETY: the rule's own parts; room for an element.
                    unsafe {
                        self.convert(element, *value, Target { ty, out: place.as_ptr(), path: &path, outer: None })?
                    };
                    // SAFETY: a list, and an element that is consumed.
                    unsafe { (ops.push)(to.out, place.as_ptr()) }.into_result().map_err(panicked)?;
                }
                // SAFETY: the list that was just made.
                let len = unsafe { (ops.len)(to.out) };
                if len != elements.len() {
                    return Err(does_not_fit(&format!("of {} elements, of which {len} differ,", elements.len()), to));
                }
                undo.keep();
                Ok(())
            }
            _ => Err(broken(to.path)),
        }
    }

    /// An element of an array that has grown.
    ///
    /// # Safety
    ///
    /// 1. `to.out` is valid for a write of its type.
    unsafe fn missing_element(&self, to: Target<'_>) -> Result<(), Fault> {
        let (place, kept) = (to.path.key(), self.keeper.kept(&to.path.key(), to.ty));
        if let Some(json) = kept {
            // SAFETY: (1)
            match unsafe { crate::schema::value_from_json(to.ty, to.out, &json, to.path, self.keeper) } {
                Ok(()) => {
                    self.keeper.returned(place, to.ty);
                    return Ok(());
                }
                Err(why) => self.keeper.misfits(place, why),
            }
        }
        // SAFETY: (1)
        unsafe { crate::schema::default_at(to.ty, to.out, to.path) }
    }

    /// # Safety
    ///
    /// As for [`Conversion::convert`].
    unsafe fn entries(&self, key: RuleId, value: RuleId, from: Value<'_>, to: Target<'_>) -> Result<(), Fault> {
        let Shape::Map(ops) = &to.ty.shape else { return Err(broken(to.path)) };
        let panicked = |panicked| to.path.fault(Reason::Panicked(panicked));
        let mut entries = room_for(from.len(), to.path)?;
        from.entries(|key, value| {
            entries.push((key, value));
            true
        })
        .map_err(panicked)?;
        // SAFETY: (2) of the caller.
        unsafe { (ops.build)(to.out, entries.len()) }.into_result().map_err(panicked)?;
        // SAFETY: just written.
        let undo = unsafe { Undo::new(to.ty, to.out) };
        let (mut key_place, value_place) = (Place::new((ops.key)()), Place::new((ops.value)()));
        for (index, (old_key, old_value)) in entries.iter().enumerate() {
            let text = crate::schema::key_text(*old_key, to.path)?;
            let path = to.path.then(text.as_deref().map_or(Step::Member(index), Step::Key));
            let at = path.then(Step::KeyItself);
            // SAFETY: the rule's own parts; room for a key.
            unsafe {
                self.convert(
                    key,
                    *old_key,
                    Target { ty: (ops.key)(), out: key_place.as_ptr(), path: &at, outer: None },
                )?;
                key_place.set_full();
            }
            // SAFETY: the rule's own parts; room for a value.
            unsafe {
                self.convert(
                    value,
                    *old_value,
                    Target { ty: (ops.value)(), out: value_place.as_ptr(), path: &path, outer: None },
                )?;
            }
            key_place.set_empty();
            // SAFETY: a map, and an entry that is consumed.
            unsafe { (ops.insert)(to.out, key_place.as_ptr(), value_place.as_ptr()) }
                .into_result()
                .map_err(panicked)?;
        }
        // SAFETY: the map that was just made.
        let len = unsafe { (ops.len)(to.out) };
        if len != entries.len() {
            return Err(does_not_fit(
                &format!("of {} entries, of which {len} have different keys,", entries.len()),
                to,
            ));
        }
        undo.keep();
        Ok(())
    }

    /// # Safety
    ///
    /// As for [`Conversion::convert`].
    unsafe fn unwrap(&self, inner: RuleId, from: Value<'_>, to: Target<'_>) -> Result<(), Fault> {
        let path = to.path.then(Step::Within);
        let to = Target { path: &path, ..to };
        let held = match &from.descriptor().shape {
            Shape::Owner(_) => Some(from.owned().ok_or_else(|| borrowed(from, &path))?),
            Shape::Struct(_) => from.fields().next().map(|(_, value)| value),
            Shape::Proxy(_) => {
                let proxy = proxy_of(from, &path)?;
                let Some(value) = proxy.value() else { return Err(broken(&path)) };
                // SAFETY: the rule's own parts. (2) of the caller.
                return unsafe { self.convert(inner, value, to) };
            }
            _ => None,
        };
        match held {
            // SAFETY: the rule's own parts. (2) of the caller.
            Some(value) => unsafe { self.convert(inner, value, to) },
            None => Err(broken(&path)),
        }
    }

    /// # Safety
    ///
    /// As for [`Conversion::convert`].
    unsafe fn wrap(&self, inner: RuleId, from: Value<'_>, to: Target<'_>) -> Result<(), Fault> {
        let path = to.path.then(Step::Within);
        let part = |ty: &'static Descriptor, out| Target { ty, out, path: &path, outer: None };
        match &to.ty.shape {
            Shape::Struct(_) => {
                let here = Enclosing { ty: to.ty, base: to.out, outer: to.outer };
                // SAFETY: (2) of the caller.
                let mut partial = unsafe { Partial::of_enclosing(&here) };
                let field = part(to.ty.fields()[0].descriptor(), partial.at(0));
                // SAFETY: the rule's own parts; the field's own room.
                unsafe { self.convert(inner, from, Target { outer: partial.enclosing(), ..field })? };
                // SAFETY: just written.
                unsafe { partial.set_done(0) };
                partial.finish();
                Ok(())
            }
            Shape::Owner(ops) => {
                let mut place = Place::new((ops.inner)());
                // SAFETY: the rule's own parts; room for the inner value.
                unsafe { self.convert(inner, from, part((ops.inner)(), place.as_ptr()))? };
                // SAFETY: just written.
                unsafe { place.set_full() };
                // SAFETY: (2) of the caller; the place is full.
                unsafe { build_owner(ops, to.out, &mut place, to.path) }
            }
            Shape::Proxy(ops) => {
                let mut place = Place::new((ops.proxy)());
                // SAFETY: the rule's own parts; room for the proxy.
                unsafe { self.convert(inner, from, part((ops.proxy)(), place.as_ptr()))? };
                // SAFETY: just written.
                unsafe { place.set_full() };
                // SAFETY: (2) of the caller; the place is full.
                unsafe { build_proxied(ops, to.out, &mut place, to.path) }
            }
            _ => Err(broken(to.path)),
        }
    }
}

/// Room to look at so many elements at once.
fn room_for<T>(count: usize, path: &Path<'_>) -> Result<Vec<T>, Fault> {
    let mut room = Vec::new();
    match room.try_reserve_exact(count) {
        Ok(()) => Ok(room),
        Err(_) => {
            let expected = format!("memory for {count} elements");
            Err(path.fault(Reason::Expected { expected, found: "none".into() }))
        }
    }
}

/// Whether a struct or variant with these fields is written as its one field.
fn stands_for_field(fields: &[Field]) -> bool {
    fields.len() == 1 && is_positional(fields)
}

/// A rule that does not fit the types it was made for: a mistake of this crate, answered with a refusal.
#[cold]
pub(super) fn broken(path: &Path<'_>) -> Fault {
    path.fault(Reason::Expected { expected: "a value of the rule's type".into(), found: "another".into() })
}

#[cold]
pub(super) fn does_not_fit(value: &str, to: Target<'_>) -> Fault {
    to.path.fault(Reason::DoesNotFit { value: value.to_owned(), ty: to.ty.type_name() })
}
