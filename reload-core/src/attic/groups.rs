//! The objects of classes that are gone: those of one path and one shape are a group. Two different classes may have had
//! one path, one after the other; their objects are never mixed.

use super::OVERHEAD;
use crate::boundary::ObjectId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The objects of one class.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Group {
    /// What identifies the shape in which they were put here.
    pub(crate) shape: u64,
    /// The types of their fields, by name.
    pub(crate) types: BTreeMap<String, String>,
    /// The shapes of the bases of their class, by path; none in files of versions that did not write them.
    #[serde(default)]
    pub(crate) bases: Option<BTreeMap<String, String>>,
    /// The epoch that was entered when they were put here.
    pub(crate) epoch: u32,
    pub(crate) states: BTreeMap<ObjectId, String>,
}

impl Group {
    /// What they take, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.states.values().map(|state| state.len() + OVERHEAD).sum()
    }
}

/// The groups of one path, in the order in which they came. In a file a single one stands alone, as in files of versions
/// that had no other.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Groups(#[serde(with = "super::alone")] pub(super) Vec<Group>);

impl Groups {
    /// Puts objects to those of the same shape.
    pub(super) fn put(&mut self, group: Group) {
        match self.0.iter_mut().find(|known| known.shape == group.shape) {
            Some(known) => {
                let states = std::mem::take(&mut known.states);
                *known = group;
                known.states.extend(states);
            }
            None => self.0.push(group),
        }
    }

    /// Which of them come back to a class of this shape: those that had it, else those that were put here last.
    pub(super) fn position_for(&self, shape: u64) -> Option<usize> {
        let groups = || self.0.iter().enumerate().filter(|(_, group)| !group.states.is_empty());
        let same = groups().find(|(_, group)| group.shape == shape);
        same.or_else(|| groups().max_by_key(|(_, group)| group.epoch)).map(|(position, _)| position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As versions that had one group for each path wrote it, and as lists of groups are written now.
    #[test]
    fn a_group_that_stands_alone_is_read_and_written_and_so_is_a_list() {
        let alone = r##"{"shape":7,"types":{"n":"u8"},"epoch":3,"states":{"#1.2":"{\"n\":1}"}}"##;
        let mut groups: Groups = serde_json::from_str(alone).expect("a group");
        let id: ObjectId = "#1.2".parse().expect("an id");
        assert_eq!((groups.0.len(), groups.0[0].states[&id].as_str()), (1, r#"{"n":1}"#));
        let written = serde_json::to_string(&groups).expect("a group");
        assert_eq!(written, alone.replace(r#""epoch""#, r#""bases":null,"epoch""#));
        groups.put(Group { shape: 8, epoch: 4, states: BTreeMap::from([(id, "{}".to_owned())]), ..Group::default() });
        let written = serde_json::to_string(&groups).expect("two groups");
        let read: Groups = serde_json::from_str(&written).expect("just written");
        assert_eq!(read.0.iter().map(|group| group.shape).collect::<Vec<_>>(), [7, 8]);
        assert_eq!(read.0[0].states[&id], groups.0[0].states[&id], "nothing was overwritten");
        assert_eq!([7, 8, 9].map(|shape| read.position_for(shape)), [Some(0), Some(1), Some(1)], "else the last ones");
    }
}
