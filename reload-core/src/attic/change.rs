//! What a reload will do to the attic. Collected while objects are staged, carried out by commit.

use super::{Attic, groups::Group, shelf::Shelf, texts::Texts};
use crate::{
    boundary::ObjectId,
    schema::{Descriptor, Keeper},
};
use std::{cell::RefCell, collections::BTreeMap};

/// The objects of a class that go to the attic.
pub(crate) type Parked = Group;

/// Everything that will be put into the attic and taken out of it.
#[derive(Debug, Default)]
pub(crate) struct AtticChange {
    /// (class, place) of fields whose values are put there.
    kept: BTreeMap<(String, String), Kept>,
    /// (class, place, type) of fields of which values were taken.
    returned: BTreeMap<(String, String, String), Vec<ObjectId>>,
    parked: Vec<(String, Parked)>,
    unparked: Vec<Unparked>,
    /// Classes that live, by path: old and new.
    renamed: Vec<(String, String)>,
    /// Values that do not fit any more: (class, place) with the number of them, and why the first one does not.
    misfits: BTreeMap<(String, String), (usize, String)>,
}

/// The objects of a class that come back.
#[derive(Debug)]
struct Unparked {
    known_as: String,
    /// Which group of that path they are.
    group: usize,
    /// The path of their class from now on.
    class: String,
}

#[derive(Debug, Default)]
pub(crate) struct Kept {
    ty: String,
    values: Texts,
}

impl Kept {
    /// Keeps the value of one object.
    pub(crate) fn put(&mut self, object: ObjectId, json: &str) {
        self.values.insert(object, json);
    }
}

impl AtticChange {
    /// Where the values of one field are kept, of which there will be `expected` in all.
    pub(crate) fn keeping(&mut self, (class, place): (&str, &str), ty: &str, expected: usize) -> &mut Kept {
        let kept = self.kept.entry((class.to_owned(), place.to_owned())).or_default();
        ty.clone_into(&mut kept.ty);
        kept.values.expect(expected);
        kept
    }

    pub(crate) fn park(&mut self, class: String, objects: Parked) {
        self.parked.push((class, objects));
    }

    /// Takes out a group of those that are known by a path, which is `class` from now on.
    pub(crate) fn unpark(&mut self, (known_as, group): (&str, usize), class: &str) {
        self.unparked.push(Unparked { known_as: known_as.to_owned(), group, class: class.to_owned() });
    }

    pub(crate) fn rename_class(&mut self, from: String, to: String) {
        self.renamed.push((from, to));
    }

    /// Bytes that will be put into the attic.
    pub(crate) fn bytes(&self) -> usize {
        let kept = self.kept.values().map(|kept| kept.values.bytes());
        kept.chain(self.parked.iter().map(|(_, objects)| objects.bytes())).sum()
    }

    /// What takes most room of what will be put there: class, field and bytes, largest first.
    pub(crate) fn largest(&self) -> Vec<(String, usize)> {
        let mut found: Vec<(String, usize)> = self
            .kept
            .iter()
            .map(|((class, place), kept)| (format!("{class}.{place}"), kept.values.bytes()))
            .chain(self.parked.iter().map(|(class, parked)| (format!("the objects of {class}"), parked.bytes())))
            .collect();
        found.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        found
    }

    /// What is kept of one object of a class: place, type and value.
    pub(crate) fn kept_of(&self, class: &str, object: ObjectId) -> Vec<(String, String, String)> {
        let of_class = (class.to_owned(), String::new())..;
        self.kept
            .range(of_class)
            .take_while(|((of, _), _)| of == class)
            .filter_map(|((_, place), kept)| {
                Some((place.clone(), kept.ty.clone(), kept.values.get(object)?.to_owned()))
            })
            .collect()
    }

    /// What the programmer should know.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = String> {
        self.misfits.iter().map(|((class, place), (count, why))| {
            format!(
                "the attic has {count} {} of {class}.{place} that the field does not take any more ({why}): the \
                 default was used, the attic keeps them",
                if *count == 1 { "value" } else { "values" }
            )
        })
    }

    /// Carries it all out.
    pub(crate) fn apply(self, attic: &mut Attic, epoch: u32) {
        // In two steps: one class may get the name that another gives up. Those who come back have their own name meanwhile.
        let on_the_way = |index: usize| format!("<renamed {index}>");
        for (index, (from, _)) in self.renamed.iter().enumerate() {
            attic.rename_class(from, &on_the_way(index));
        }
        for Unparked { known_as, group, class } in &self.unparked {
            let objects = attic.take_objects(known_as, *group);
            if known_as != class {
                attic.rename_objects((known_as, class), &objects);
            }
        }
        for (index, (_, to)) in self.renamed.iter().enumerate() {
            attic.rename_class(&on_the_way(index), to);
        }
        for ((class, place, ty), objects) in &self.returned {
            for object in objects {
                attic.take_value(class, place, *object, ty);
            }
        }
        for ((class, place), kept) in self.kept {
            attic.put_values(&class, &place, Shelf { ty: kept.ty, epoch, values: kept.values });
        }
        for (class, parked) in self.parked {
            attic.put_objects(&class, parked);
        }
        attic.drop_empty();
    }
}

/// Stands between one object and the attic while the object is staged.
pub(crate) struct ObjectKeeper<'a> {
    pub(crate) attic: &'a Attic,
    pub(crate) change: &'a RefCell<AtticChange>,
    /// The path under which the attic knows the object's class.
    pub(crate) known_as: &'a str,
    /// The path that the class has from now on.
    pub(crate) class: &'a str,
    pub(crate) object: ObjectId,
}

impl Keeper for ObjectKeeper<'_> {
    fn keep(&self, place: String, ty: String, json: String) {
        let mut change = self.change.borrow_mut();
        let kept = change.kept.entry((self.class.to_owned(), place)).or_default();
        if !ty.is_empty() {
            kept.ty = ty;
        }
        kept.put(self.object, &json);
    }

    fn kept(&self, place: &str, ty: &Descriptor) -> Option<String> {
        self.attic.value(self.known_as, place, self.object, ty).map(str::to_owned)
    }

    fn returned(&self, place: String, ty: &Descriptor) {
        let mut change = self.change.borrow_mut();
        change.returned.entry((self.class.to_owned(), place, ty.type_name())).or_default().push(self.object);
    }

    fn misfits(&self, place: String, why: String) {
        let mut change = self.change.borrow_mut();
        change.misfits.entry((self.class.to_owned(), place)).or_insert((0, why)).0 += 1;
    }
}
