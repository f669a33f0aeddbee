//! Every form of handler and loop, and what the tables say of them.
use reload_core::{Constructed, Ctx, GameClass, Next, ObjectId, Reloaded, event_table, game_class};

event_table! {
    /// What the engine says.
    pub table EngineEvents {
        /// Time passed.
        #[derive(Clone, Debug, PartialEq)]
        Tick {
            /// Seconds.
            dt: f32,
        },
        PlayerJoined,
        Input { player: ObjectId, line: String },
    }
}

event_table! {
    pub table GameEvents: EngineEvents {
        Damaged { amount: i32, by: ObjectId },
        Healed { #[field(default = 5)] amount: i32 },
    }
}

#[game_class]
#[derive(Debug)]
pub struct Creature {
    pub name: String,
    #[field(default = 10, was = "health")]
    pub hp: i32,
    #[field(reset)]
    pub scratch: Option<std::rc::Rc<u8>>,
    #[field(opaque)]
    pub stamp: std::num::NonZero<u8>,
    #[field(serde)]
    pub path: std::path::PathBuf,
}

#[game_class]
impl Creature {
    pub const LIMIT: i32 = { 3 };

    fn event_constructed(&mut self) {}
    fn event_reloaded(&mut self, _ev: &Reloaded, _ctx: &mut Ctx) {}
    fn event_tick(&mut self, Tick { dt }: &Tick) {
        self.hp += *dt as i32;
    }
    fn event_player_joined(&self) {}
    pub(crate) fn event_damaged(&mut self, ev: &Damaged, ctx: &mut Ctx) {
        self.hp -= ev.amount;
        ctx.send(ev.by, Healed { amount: 1 });
    }
    fn event_healed(self: &mut Self, _: &mut Ctx) -> () {}
    const fn loop_idle(&mut self) -> Next {
        Next::turn()
    }
    fn loop_wander(&self, ctx: &mut Ctx) -> reload_core::Next {
        let _ = ctx.id();
        Next::after_secs(2.0)
    }
    fn on_tick(self) {}
}

#[game_class(base = Creature, was = "zoo::OldGoblin")]
pub struct Goblin {
    pub gold: u8,
    pub base: Creature,
}
#[game_class(events = GameEvents)]
impl Goblin {
    fn event_input(&mut self) {}
    fn event_healed(&mut self) {}
    fn event_destroyed(&mut self, _ctx: &mut Ctx) {}
}

#[game_class(no_handlers)]
pub struct Rock;

#[game_class(no_handlers)]
pub struct Pair(#[field(default = 7)] u8, String);

const _: () = assert!(Creature::EVENT_MASK.contains(64) && Creature::EVENT_MASK.contains(68));
const _: () = assert!(!Creature::EVENT_MASK.contains(66));
const _: () = assert!(Goblin::EVENT_MASK.contains(66) && Goblin::EVENT_MASK.contains(64));
const _: () = assert!(Rock::EVENT_MASK.is_empty() && Pair::EVENT_MASK.is_empty());
const _: () = assert!(Goblin::EVENT_MASK.without(Creature::EVENT_MASK).len() == 2);

mod derive_default_is_optional {
    impl Default for super::Goblin {
        fn default() -> Self {
            Self { gold: 3, base: super::creature() }
        }
    }
}

fn creature() -> Creature {
    Creature {
        name: String::new(),
        hp: 1,
        scratch: None,
        stamp: std::num::NonZero::<u8>::MIN,
        path: std::path::PathBuf::new(),
    }
}

fn main() {
    let record = Goblin::record();
    assert_eq!(record.mask, Goblin::EVENT_MASK);
    assert_eq!(record.base_offset, core::mem::offset_of!(Goblin, base));
    assert!(record.construct.is_some() && Rock::record().construct.is_none());
    let _ = Constructed;
}
