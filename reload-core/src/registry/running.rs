//! What game code runs, as one number, so that one store says it. The routes have theirs ready.

/// What kind of game code runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// A handler, for all objects of a class.
    Broadcast = 1,
    /// A handler, for one object.
    Delivery,
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
pub(crate) struct Running(u64);

impl Running {
    /// Nothing.
    pub(crate) const IDLE: Self = Self(0);

    const CLASS: u32 = 8;
    const NUMBER: u32 = 24;
    /// The watchdog has seen this call: the next call's number has it no more, so counting them costs nothing.
    const SEEN: u64 = 1 << 63;

    /// `class` where it is one class's, `number` of the event or loop where it is about one.
    pub(crate) const fn new(kind: Kind, class: Option<u16>, number: Option<u16>) -> Self {
        let (class, number) = (Self::or_none(class), Self::or_none(number));
        Self(kind as u64 | (class as u64) << Self::CLASS | (number as u64) << Self::NUMBER)
    }

    const fn or_none(number: Option<u16>) -> u16 {
        match number {
            Some(number) => number,
            None => u16::MAX,
        }
    }

    /// The position of a loop in its class; one beyond 65,534 is told without its name.
    pub(crate) const fn turn(class: u16, position: usize) -> Self {
        Self::new(Kind::Turn, Some(class), if position < u16::MAX as usize { Some(position as u16) } else { None })
    }

    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(crate) const fn to_bits(self) -> u64 {
        self.0
    }

    pub(crate) const fn is_seen(self) -> bool {
        self.0 & Self::SEEN != 0
    }

    pub(crate) const fn seen(self) -> Self {
        Self(self.0 | Self::SEEN)
    }

    pub(crate) const fn kind(self) -> Option<Kind> {
        Some(match self.0 as u8 {
            1 => Kind::Broadcast,
            2 => Kind::Delivery,
            3 => Kind::Turn,
            4 => Kind::Constructor,
            5 => Kind::Drop,
            6 => Kind::PayloadDrop,
            7 => Kind::Hook,
            8 => Kind::Listener,
            9 => Kind::Observer,
            10 => Kind::Migration,
            _ => return None,
        })
    }

    /// Out of range where it is no one class's.
    pub(crate) const fn class(self) -> u16 {
        (self.0 >> Self::CLASS) as u16
    }

    /// Of an event, or the position of a loop; out of range where it is about none.
    pub(crate) const fn number(self) -> u16 {
        (self.0 >> Self::NUMBER) as u16
    }
}
