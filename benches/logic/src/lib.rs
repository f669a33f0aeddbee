//! The game that the benchmarks deliver to. They load it as a library, and link it for the types that the peers hold, so
//! that all of them run the same handler on the same state.
#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicU64, Ordering};
use reload_core::{Ctx, ObjectId, event_table, game_class};

event_table! {
    /// What the benchmarks send.
    pub table Events {
        /// Every class handles it.
        Hit { amount: i32 },
        /// Only the first class of each size handles it.
        Rare { amount: i32 },
        /// No class handles it.
        Unheard { amount: i32 },
        /// Every object adds the hits that it has counted: shows that all have been reached, exactly once.
        Tally { hits: AtomicU64 },
        /// The nursery spawns this many objects.
        Breed { count: u32 },
        /// The nursery destroys what it has spawned, in the order of a shuffled deck.
        Cull,
        /// The courier is to deliver to these.
        Engage { targets: Vec<ObjectId> },
        /// The courier sends a hit to each of its targets from one position to before another.
        Carry { from: u32, to: u32 },
        /// The courier sends one hit to all of them.
        Spread { from: u32, to: u32 },
    }
}

/// Declares classes whose state has `8 + 4 * $words` bytes.
macro_rules! classes {
    ($module:ident $words:literal: $($number:literal $class:ident $(and $rare:ident)?;)*) => {
        /// Classes of one size.
        pub mod $module {
            use super::{Hit, Ordering, Rare, Tally, game_class};

            $(
                /// A class of its own: the number in its handler keeps the compiler from making one function of several.
                #[game_class]
                #[derive(Clone)]
                pub struct $class {
                    /// What the handler changes.
                    #[field(default = 2_000_000_000)]
                    pub hp: i32,
                    /// Hits so far.
                    pub count: u32,
                    /// State that the handler does not look at.
                    pub rest: [u32; $words],
                }

                #[game_class]
                impl $class {
                    /// Some arithmetic on two fields: the less a handler does, the more its delivery shows.
                    #[inline]
                    pub fn event_hit(&mut self, event: &Hit) {
                        self.hp = self.hp.wrapping_sub(event.amount.wrapping_add($number));
                        self.count = self.count.wrapping_add(1);
                    }

                    $(
                        /// The same.
                        #[inline]
                        pub fn $rare(&mut self, event: &Rare) {
                            self.hp = self.hp.wrapping_sub(event.amount.wrapping_add($number));
                            self.count = self.count.wrapping_add(1);
                        }
                    )?

                    fn event_tally(&self, event: &Tally) {
                        event.hits.fetch_add(u64::from(self.count), Ordering::Relaxed);
                    }
                }

                impl Default for $class {
                    fn default() -> Self {
                        Self { hp: 2_000_000_000, count: 0, rest: [0; $words] }
                    }
                }
            )*
        }
    };
}

/// The same classes in each size.
macro_rules! sizes {
    ($($module:ident $words:literal;)*) => {
        $(classes!($module $words:
            0 C0 and event_rare; 1 C1; 2 C2; 3 C3; 4 C4; 5 C5; 6 C6; 7 C7;
            8 C8; 9 C9; 10 C10; 11 C11; 12 C12; 13 C13; 14 C14; 15 C15;
            16 C16; 17 C17; 18 C18; 19 C19; 20 C20; 21 C21; 22 C22; 23 C23;
            24 C24; 25 C25; 26 C26; 27 C27; 28 C28; 29 C29; 30 C30; 31 C31;
            32 C32; 33 C33; 34 C34; 35 C35; 36 C36; 37 C37; 38 C38; 39 C39;
            40 C40; 41 C41; 42 C42; 43 C43; 44 C44; 45 C45; 46 C46; 47 C47;
            48 C48; 49 C49; 50 C50; 51 C51; 52 C52; 53 C53; 54 C54; 55 C55;
            56 C56; 57 C57; 58 C58; 59 C59; 60 C60; 61 C61; 62 C62; 63 C63;
        );)*
    };
}
sizes! {
    small 2;
    medium 14;
    large 62;
}

/// Spawns and destroys from within a handler, as games do.
#[game_class]
#[derive(Default)]
pub struct Nursery {
    bred: Vec<ObjectId>,
}

#[game_class]
impl Nursery {
    fn event_breed(&mut self, event: &Breed, ctx: &mut Ctx) {
        for number in 0..event.count {
            self.bred.push(match number % 8 {
                0 => ctx.spawn(medium::C0::default()),
                1 => ctx.spawn(medium::C1::default()),
                2 => ctx.spawn(medium::C2::default()),
                3 => ctx.spawn(medium::C3::default()),
                4 => ctx.spawn(medium::C4::default()),
                5 => ctx.spawn(medium::C5::default()),
                6 => ctx.spawn(medium::C6::default()),
                _ => ctx.spawn(medium::C7::default()),
            });
        }
    }

    fn event_cull(&mut self, ctx: &mut Ctx) {
        // A step without a divisor in common with the length visits all, far from one another.
        let (length, step) = (self.bred.len(), 7_919);
        for at in 0..length {
            ctx.destroy(self.bred[at * step % length]);
        }
        self.bred.clear();
    }
}

/// Sends to others from within a handler, as games do.
#[game_class]
#[derive(Default)]
pub struct Courier {
    targets: Vec<ObjectId>,
}

#[game_class]
impl Courier {
    fn event_engage(&mut self, event: &Engage) {
        self.targets.clone_from(&event.targets);
    }

    fn event_carry(&mut self, event: &Carry, ctx: &mut Ctx) {
        for target in &self.targets[event.from as usize..event.to as usize] {
            ctx.send(*target, Hit { amount: 1 });
        }
    }

    fn event_spread(&mut self, event: &Spread, ctx: &mut Ctx) {
        ctx.send_each(&self.targets[event.from as usize..event.to as usize], Hit { amount: 1 });
    }
}

reload_core::library!();
