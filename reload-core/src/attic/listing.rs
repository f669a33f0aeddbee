//! The attic as people and tools see it.

use super::{Attic, texts::Texts};
use core::fmt;
use serde::Serialize;

/// What is in the attic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AtticListing {
    /// Sorted by class, objects before fields, fields by name. Objects of a class that have different shapes are an entry
    /// for each, and so are values that a field had at different times.
    pub entries: Vec<AtticEntry>,
    /// What everything takes, in bytes.
    pub bytes: usize,
    /// What the attic may hold, in bytes. A reload that would need more is refused.
    pub limit: usize,
}

/// The objects of a class that is gone, or the values of a field that is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AtticEntry {
    /// The class's path.
    pub class: String,
    /// The field, as seen from an object (`base.hp`, or `bag[3/7].weight`: of the element 3 of 7, or `<game::Monster>.rage`: of
    /// a class that the objects were based on, while they are not); `None` for whole objects.
    pub field: Option<String>,
    /// The type of the field; empty for whole objects, and where it is not known.
    pub ty: String,
    /// The epoch that took the class or field away.
    pub epoch: u32,
    /// Number of objects.
    pub objects: usize,
    /// Bytes.
    pub bytes: usize,
}

/// What to take out of the attic for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtticSelection<'a> {
    /// Everything.
    All,
    /// The objects of the class with this path, and what is kept of its fields.
    Class(&'a str),
    /// What is kept of one field.
    Field(&'a str, &'a str),
}

impl Attic {
    pub(crate) fn listing(&self) -> AtticListing {
        let mut entries: Vec<AtticEntry> = self
            .groups()
            .map(|(class, group)| AtticEntry {
                class: class.to_owned(),
                field: None,
                ty: String::new(),
                epoch: group.epoch,
                objects: group.states.len(),
                bytes: group.bytes(),
            })
            .collect();
        for (class, shelves) in &self.fields {
            let all = shelves.iter().flat_map(|(place, shelves)| shelves.iter().map(move |shelf| (place, shelf)));
            entries.extend(all.map(|(place, shelf)| AtticEntry {
                class: class.clone(),
                field: Some(place.clone()),
                ty: shelf.ty.clone(),
                epoch: shelf.epoch,
                objects: shelf.values.len(),
                bytes: shelf.values.bytes(),
            }));
        }
        entries.sort_by(|left, right| (&left.class, &left.field).cmp(&(&right.class, &right.field)));
        AtticListing { entries, bytes: self.bytes(), limit: self.limit }
    }

    /// Takes out what is selected. Answers with the ids of the objects that are no more, and the number of values.
    pub(crate) fn purge(&mut self, selection: AtticSelection<'_>) -> (Vec<crate::ObjectId>, usize) {
        let (mut ids, mut values) = (Vec::new(), 0);
        let all = selection == AtticSelection::All;
        for (class, groups) in &mut self.objects {
            if all || selection == AtticSelection::Class(class) {
                for group in &mut groups.0 {
                    self.parked -= group.bytes();
                    ids.extend(std::mem::take(&mut group.states).into_keys());
                }
            }
        }
        for (class, shelves) in &mut self.fields {
            for (place, shelves) in shelves {
                if all || selection == AtticSelection::Class(class) || selection == AtticSelection::Field(class, place)
                {
                    for shelf in shelves.iter_mut() {
                        values += shelf.values.len();
                        shelf.values = Texts::default();
                    }
                }
            }
        }
        self.drop_empty();
        (ids, values)
    }
}

impl fmt::Display for AtticListing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the attic holds {} of {} KiB", self.bytes.div_ceil(1024), self.limit.div_ceil(1024))?;
        for entry in &self.entries {
            write!(f, "\n  {entry}")?;
        }
        Ok(())
    }
}

impl fmt::Display for AtticEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { class, field, ty, epoch, objects, bytes } = self;
        let noun = if *objects == 1 { "object" } else { "objects" };
        match field {
            None => write!(f, "{class}: {objects} {noun}, since epoch {epoch}, {bytes} bytes"),
            Some(field) => write!(f, "{class}.{field}: {ty} of {objects} {noun}, since epoch {epoch}, {bytes} bytes"),
        }
    }
}
