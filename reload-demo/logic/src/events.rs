//! What can happen in the town. Add an event here, send it somewhere, and handle it in any class with a method
//! called `event_` and its name.

use mud_protocol::EngineEvents;
use reload_core::ObjectId;

reload_core::event_table! {
    /// What objects of the town tell each other.
    pub table GameEvents: EngineEvents {
        /// To a player: this is what you typed.
        Typed {
            /// The line.
            line: String,
        },
        /// To a player: your connection has ended.
        Unplugged {},
        /// To all in the room: somebody has spoken.
        Said {
            /// Who.
            by: ObjectId,
            /// Their name.
            name: String,
            /// What.
            words: String,
        },
        /// To all in the room: something could be seen or heard.
        Seen {
            /// A sentence.
            text: String,
        },
        /// To all in the room: somebody has come in.
        Arrived {
            /// Who.
            who: ObjectId,
            /// Their name.
            name: String,
            /// How: `from the north`.
            way: String,
        },
        /// To all in the room: somebody has gone.
        Departed {
            /// Who.
            who: ObjectId,
            /// Their name.
            name: String,
            /// How: `north`.
            way: String,
        },
        /// To a creature: you are hit.
        Damaged {
            /// How hard.
            amount: i32,
            /// By whom.
            by: ObjectId,
        },
        /// To a creature, by itself: now is the moment to hit back.
        StrikeBack {
            /// Whom.
            foe: ObjectId,
        },
        /// To all in the room: somebody has been beaten.
        Fell {
            /// Who.
            who: ObjectId,
            /// Their name.
            name: String,
            /// By whom.
            by: ObjectId,
        },
        /// To a creature, by itself: you are well again.
        Respawn {},
        /// To an item: somebody uses you.
        Used {
            /// Who.
            by: ObjectId,
            /// Their name.
            name: String,
        },
    }
}
