//! Generated code needs nothing from the user's scope and gives the user's lints nothing to say.
#![no_implicit_prelude]
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, missing_debug_implementations, unreachable_pub, unused_qualifications)]
#![deny(rust_2018_idioms, single_use_lifetimes, trivial_casts, unused_results)]
#![deny(non_ascii_idents, let_underscore_drop, unnameable_types, unit_bindings)]

/// A user's module.
pub mod core {
    /// A user's type.
    #[derive(::std::fmt::Debug, ::reload_core::State)]
    pub enum Mood {
        /// A variant.
        Calm,
        /// A variant.
        Angry(i32),
        /// A variant.
        Sad {
            /// A field.
            since: u8,
            /// A field.
            deeply: bool,
        },
    }
}

/// A user's module.
pub mod std {
    ::reload_core::event_table! {
        pub table Events {
            #[derive(::std::fmt::Debug, ::std::clone::Clone)]
            Poked { strength: i32 },
            #[derive(::std::fmt::Debug, ::std::clone::Clone, ::std::marker::Copy)]
            Ignored,
        }
    }
}

/// A user's module.
pub mod reload_core {
    use ::reload_core::game_class;

    #[allow(non_upper_case_globals, dead_code, reason = "a pattern would be this constant instead of a new name")]
    const event: i32 = 1;
    #[allow(non_camel_case_types, dead_code, reason = "a name that is easily taken for the primitive type")]
    struct u16;

    /// A class.
    #[derive(::std::fmt::Debug)]
    #[game_class]
    pub struct Base {
        /// A field.
        pub mood: super::core::Mood,
    }
    #[game_class]
    impl Base {
        fn event_poked(&mut self, ev: &super::std::Poked) {
            self.mood = match ev.strength {
                0 => super::core::Mood::Calm,
                1 => super::core::Mood::Sad { since: 1, deeply: false },
                strength => super::core::Mood::Angry(strength),
            };
        }
        fn event_destroyed(&self) {}
        fn loop_fume(&mut self) -> ::reload_core::Next {
            ::reload_core::Next::stop()
        }
    }

    /// Another class.
    #[game_class(base = Base)]
    #[derive(::std::fmt::Debug)]
    pub struct Derived {
        base: Base,
        #[field(default = 3, was = "old")]
        count: i32,
    }
    #[game_class(events = super::std::Events)]
    impl Derived {
        fn event_ignored(&mut self) {
            self.count += 1;
            self.base.mood = super::core::Mood::Calm;
        }
    }
    impl Derived {
        pub(crate) fn new() -> Self {
            Self { base: Base { mood: super::core::Mood::Calm }, count: 0 }
        }
    }

    const _: () = ::std::assert!(Derived::EVENT_MASK.contains(64) && Derived::EVENT_MASK.contains(65));
}

fn main() {
    let derived = reload_core::Derived::new();
    ::std::mem::drop(derived);
    let ignored = std::Ignored;
    let std::Ignored = ignored;
    ::std::mem::drop(std::Poked { strength: 1 });
    if let core::Mood::Angry(by) = core::Mood::Angry(1) {
        ::std::assert_eq!(by, 1);
    }
}

/// A class that nobody uses, private.
mod quiet {
    #[::reload_core::game_class(no_handlers)]
    #[derive(::std::fmt::Debug)]
    pub(crate) struct Used;
}
const _: quiet::Used = quiet::Used;
