//! What game code runs, as one number, so that one store says it. Routes have theirs ready, a delivery makes its own of the
//! object's seat.

use crate::{
    event::EVENT_LIMIT,
    instance::{MAX_CLASSES, Seat},
};

/// What kind of game code runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// A handler, for all objects of a class.
    Broadcast = 1,
    /// A handler, for one object.
    Delivery,
    /// The same on a [short way](super::ShortWay), whose place is told instead of the event.
    ShortDelivery,
    /// A turn of a loop.
    Turn,
    /// A constructor, or a field's default.
    Constructor,
    /// An object's destructor.
    Drop,
    /// The destructor of an event's payload.
    PayloadDrop,
    /// A reload hook of a library.
    Hook,
    /// A listener of the host.
    Listener,
    /// An observer of the host.
    Observer,
    /// State is carried over to another shape.
    Migration,
}

/// Kind, class, and event or loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Running(u32);

impl Running {
    /// Nothing.
    pub(crate) const IDLE: Self = Self(0);

    const KIND_BITS: u32 = 4;
    const NUMBER_BITS: u32 = 11;
    /// The class's number is told as a seat is.
    const SEAT_AT: u32 = Self::KIND_BITS + Self::NUMBER_BITS;
    const CLASS_AT: u32 = Self::SEAT_AT + Seat::STEPS.ilog2();
    /// In place of a class's number, all of which are below.
    const NO_CLASS: u16 = MAX_CLASSES;
    /// In place of an event's number, all of which are below.
    const NO_NUMBER: u16 = (1 << Self::NUMBER_BITS) - 1;
    /// The watchdog has seen this call: the next call's number has it no more, so counting them costs nothing.
    const SEEN: u32 = 1 << 31;

    /// `class` where it is one class's, `number` of the event or loop where it is about one.
    pub(crate) const fn new(kind: Kind, class: Option<u16>, number: Option<u16>) -> Self {
        let class = Self::below(Self::NO_CLASS, class);
        let number = Self::below(Self::NO_NUMBER, number);
        Self(kind as u32 | (number as u32) << Self::KIND_BITS | (class as u32) << Self::CLASS_AT)
    }

    /// A delivery of an event, whose number is told as `kind` says; [`Running::by`] says by whom.
    pub(crate) const fn delivery(kind: Kind, number: u16) -> Self {
        Self::new(kind, Some(0), Some(number))
    }

    /// By an object in that seat.
    #[inline(always)]
    pub(crate) const fn by(self, seat: Seat) -> Self {
        Self(self.0 | (seat.steps() as u32) << Self::SEAT_AT)
    }

    const fn below(limit: u16, number: Option<u16>) -> u16 {
        match number {
            Some(number) if number < limit => number,
            _ => limit,
        }
    }

    /// The position of a loop in its class; one beyond 2,046 is told without its name.
    pub(crate) const fn turn(class: u16, position: usize) -> Self {
        let position = if position < Self::NO_NUMBER as usize { position as u16 } else { Self::NO_NUMBER };
        Self::new(Kind::Turn, Some(class), Some(position))
    }

    pub(crate) const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    pub(crate) const fn to_bits(self) -> u32 {
        self.0
    }

    pub(crate) const fn is_seen(self) -> bool {
        self.0 & Self::SEEN != 0
    }

    pub(crate) const fn seen(self) -> Self {
        Self(self.0 | Self::SEEN)
    }

    pub(crate) const fn kind(self) -> Option<Kind> {
        Some(match self.0 & ((1 << Self::KIND_BITS) - 1) {
            1 => Kind::Broadcast,
            2 => Kind::Delivery,
            3 => Kind::ShortDelivery,
            4 => Kind::Turn,
            5 => Kind::Constructor,
            6 => Kind::Drop,
            7 => Kind::PayloadDrop,
            8 => Kind::Hook,
            9 => Kind::Listener,
            10 => Kind::Observer,
            11 => Kind::Migration,
            _ => return None,
        })
    }

    /// Out of range where it is no one class's.
    pub(crate) const fn class(self) -> u16 {
        (self.0 >> Self::CLASS_AT) as u16 & 0x7fff
    }

    /// Of an event, the place of its short way, or the position of a loop; out of range where it is about none.
    pub(crate) const fn number(self) -> u16 {
        (self.0 >> Self::KIND_BITS) as u16 & Self::NO_NUMBER
    }
}

const _: () =
    assert!(EVENT_LIMIT <= Running::NO_NUMBER && (MAX_CLASSES as u64) << Running::CLASS_AT < Running::SEEN as u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_come_out_as_they_went_in() {
        for (class, number) in [(0, 0), (1, 575), (MAX_CLASSES - 1, 1), (500, EVENT_LIMIT - 1)] {
            let running = Running::new(Kind::Migration, Some(class), Some(number));
            assert_eq!((running.kind(), running.class(), running.number()), (Some(Kind::Migration), class, number));
            assert!(running != Running::IDLE && !running.is_seen());
            let seen = running.seen();
            assert!(seen.is_seen() && (seen.class(), seen.number(), seen.kind()) == (class, number, running.kind()));
        }
        let nobodys = Running::new(Kind::Hook, None, None);
        assert!(nobodys.class() >= MAX_CLASSES && nobodys.number() >= EVENT_LIMIT);
        assert_eq!(Running::turn(3, 100_000).number(), Running::turn(3, 5_000).number());
        assert_eq!(Running::IDLE.kind(), None);
    }
}
