//! Fields that got another name, and did not say so in the same edit: then they are two fields. Only to tell the programmer.

use crate::{
    attic::Attic,
    report::{FieldChange, FieldFate},
    schema::{Descriptor, Field, Shape},
};

/// Fields of a class that may be one: a struct has lost one of a type, and got one of that type, of which the attic has nothing.
pub(super) fn may_be_one<'a>(
    class: &'a str,
    changes: &'a [FieldChange],
    is_kept: impl Fn(&str) -> bool + 'a,
) -> impl Iterator<Item = String> + 'a {
    fn only<'a>(mut found: impl Iterator<Item = &'a FieldChange>) -> Option<&'a FieldChange> {
        found.next().filter(|_| found.next().is_none())
    }
    fn whole(change: &FieldChange) -> &str {
        change.field.rsplit_once('.').map_or("", |(whole, _)| whole)
    }
    let added = changes.iter().filter(move |change| change.fate == FieldFate::Added && !is_kept(&change.field));
    added.filter_map(move |added| {
        let beside = |fate| changes.iter().filter(move |change| change.fate == fate && whole(change) == whole(added));
        only(beside(FieldFate::Added).filter(|change| change.to == added.to))?;
        let removed = only(beside(FieldFate::Removed).filter(|change| change.from == added.to))?;
        let (ty, name) = (added.to.as_deref()?, removed.field.rsplit('.').next()?);
        Some(format!(
            "{class}.{} is new, and {} is gone, which was a `{ty}` as well: if they are one field, take the edit back, and save the \
             new name together with `#[field(was = \"{name}\")]`; the attic keeps the values",
            added.field, removed.field
        ))
    })
}

/// Fields that say what they `was` when that is gone already, and its values are in the attic.
pub(super) fn too_late<'a>(
    (old, new): (&'static Descriptor, &'static Descriptor),
    class: &'a str,
    attic: &'a Attic,
) -> impl Iterator<Item = String> + 'a {
    let mut found = Vec::new();
    look(old, new, "", &mut found);
    let kept = move |(_, was): &(String, String)| attic.has_field(class, was);
    found.into_iter().filter(kept).map(move |(field, was)| {
        format!(
            "{class}.{field} says that it was {was}, but both names have been saved apart: it goes on with what it has, and the attic \
             keeps the values of {was}; to have those, take `was` out again and save, then the new name and save, which brings \
             them back, and then write both in one edit"
        )
    })
}

/// Finds fields that have a former name only now: each with the place that it names.
fn look(old: &'static Descriptor, new: &'static Descriptor, whole: &str, found: &mut Vec<(String, String)>) {
    let is_struct = |field: &Field| matches!(field.descriptor().shape, Shape::Struct(_));
    // Most fields are neither, and every reload comes by here.
    for field in new.fields().iter().filter(|field| !field.was().is_empty() || is_struct(field)) {
        let Some(before) = old.fields().iter().find(|before| before.name() == field.name()) else { continue };
        let (place, was) = (format!("{whole}{}", field.name()), field.was());
        if !was.is_empty() && was != before.was() && !old.fields().iter().any(|other| other.name() == was) {
            found.push((place.clone(), format!("{whole}{was}")));
        }
        if is_struct(before) && is_struct(field) {
            look(before.descriptor(), field.descriptor(), &format!("{place}."), found);
        }
    }
}
