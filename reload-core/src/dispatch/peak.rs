//! What a storm of events has left is given back by and by.

/// How long a list has been since it was last looked whether it has more room than it needs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Peak(usize);

impl Peak {
    /// The list is as long now.
    #[inline(always)]
    pub(super) fn note(&mut self, length: usize) {
        self.0 = self.0.max(length);
    }

    /// What was noted; begins anew.
    pub(super) fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    /// Gives back half of the room of a list, which is empty, where it has much and no more than a quarter was needed.
    pub(super) fn ebb<T>(self, list: &mut Vec<T>) {
        /// Entries for which a list keeps room.
        const KEPT: usize = 1_024;
        let room = list.capacity();
        if room > KEPT && self.0 <= room / 4 {
            list.shrink_to(room / 2);
        }
    }
}
