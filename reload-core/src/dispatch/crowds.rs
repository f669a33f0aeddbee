//! Crowds: objects that one queued event is for.

use super::peak::Peak;
use crate::boundary::ObjectId;
use core::ops::Range;

/// All crowds of what is carried out and waits.
#[derive(Debug, Default)]
pub(crate) struct Crowds {
    /// Who is in them: one crowd behind the other.
    members: Vec<ObjectId>,
    /// Where each crowd ends among them.
    ends: Vec<usize>,
    peak: Peak,
}

impl Crowds {
    /// Remembers a crowd, which is not empty. Answers how a command tells it: by its number in place of a slot, and the
    /// generation that no object has.
    pub(super) fn gather(&mut self, members: &[ObjectId]) -> ObjectId {
        let crowd = u32::try_from(self.ends.len()).expect("there is no room for 2^32 commands");
        self.members.extend_from_slice(members);
        self.ends.push(self.members.len());
        ObjectId::from_parts(crowd, 0)
    }

    /// The places of a crowd among the members of all.
    pub(super) fn places(&self, crowd: ObjectId) -> Range<usize> {
        let crowd = crowd.slot() as usize;
        crowd.checked_sub(1).map_or(0, |before| self.ends[before])..self.ends[crowd]
    }

    /// Who is at a place.
    #[inline(always)]
    pub(super) fn at(&self, place: usize) -> Option<ObjectId> {
        self.members.get(place).copied()
    }

    /// Who is in a crowd.
    pub(crate) fn members(&self, crowd: ObjectId) -> &[ObjectId] {
        &self.members[self.places(crowd)]
    }

    /// Everything has been carried out.
    pub(super) fn settled(&mut self) {
        self.peak.note(self.members.len());
        self.members.clear();
        self.ends.clear();
    }

    /// See [`Peak`].
    pub(super) fn ebb(&mut self) {
        let peak = self.peak.take();
        peak.ebb(&mut self.members);
        // As no crowd is empty, there are no more crowds than members.
        peak.ebb(&mut self.ends);
    }

    #[cfg(test)]
    pub(super) fn room(&self) -> usize {
        self.members.capacity().max(self.ends.capacity())
    }
}
