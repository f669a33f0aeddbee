//! The event table that the end-to-end tests share with the libraries that they build.
#![forbid(unsafe_code)]

use reload_core::{ObjectId, event_table};

event_table! {
    /// What a test asks, and what objects answer.
    pub table TestEvents {
        /// Who is there?
        Test,
        /// Time passed.
        Tick { seconds: f32 },
        /// An object's answer.
        Answered { who: ObjectId, by: String },
    }
}
