//! What the engine and the reloadable game say to each other. Compiled into both and never reloaded: changing it
//! needs a restart of the host.
//!
//! The engine knows connections, the game knows players. Which player sits at which connection is the game's business.

use reload_core::ObjectId;

reload_core::event_table! {
    /// The vocabulary between engine and game.
    pub table EngineEvents {
        /// Engine to game: time has passed.
        Tick {
            /// Seconds since the last tick.
            dt: f32,
        },
        /// Engine to game: somebody has connected.
        Joined {
            /// The connection's number; never used twice.
            connection: u64,
        },
        /// Engine to game: a line was typed.
        Input {
            /// Where it was typed.
            connection: u64,
            /// The line: no control characters, at most 512 bytes.
            line: String,
        },
        /// Engine to game: a connection has ended.
        Left {
            /// The connection.
            connection: u64,
        },
        /// Engine to game: the world has been restored from a file, or its code has been replaced.
        Resumed {
            /// The connections that still exist. Whoever sat at another one has left.
            connections: Vec<u64>,
        },
        /// Game to engine: show a text.
        Output {
            /// To whom.
            connection: u64,
            /// One line or several; the engine adds the last line end.
            text: String,
        },
        /// Game to engine: end a connection. `Left` follows.
        Hangup {
            /// Which.
            connection: u64,
            /// The last line.
            farewell: String,
        },
        /// Engine to game: which objects does the player at this connection call so?
        Find {
            /// Who asks.
            connection: u64,
            /// What was typed, such as `goblin`.
            name: String,
        },
        /// Game to engine: the answer to `Find`.
        Found {
            /// Who asked.
            connection: u64,
            /// What was asked for.
            name: String,
            /// Those that are meant, the nearest first.
            objects: Vec<ObjectId>,
        },
    }
}
