//! Who lives in the town. Each class says what it does by itself (`loop_*`) and how it reacts (`event_*`).
//!
//! Edit a line, save, and watch: those who already live change as well.

use crate::{
    dice::Dice,
    events::{Arrived, Damaged, Departed, Fell, Respawn, Said, Seen, StrikeBack},
    items::Item,
    players::Player,
    rooms::{self, Exit, Room},
};
use core::time::Duration;
use reload_core::{Ctx, Next, ObjectId, State, game_class};

/// A goblin: short of temper.
#[game_class(base = Creature)]
#[derive(Clone, Debug, Default)]
pub struct Goblin {
    /// What it is as a creature.
    pub base: Creature,
    /// How it feels.
    pub mood: Mood,
}

/// How a goblin feels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, State)]
pub enum Mood {
    /// As nice as goblins get.
    #[default]
    Calm,
    /// Somebody has hit it.
    Angry,
}

#[game_class]
impl Goblin {
    fn event_arrived(&mut self, ev: &Arrived, ctx: &mut Ctx) {
        if ctx.get::<Player>(ev.who).is_some() {
            match self.mood {
                Mood::Calm => self.base.say("What do you want?", ctx),
                Mood::Angry => self.base.say("Not you again!", ctx),
            }
        }
    }

    fn event_damaged(&mut self, ev: &Damaged, ctx: &mut Ctx) {
        self.base.say("Ouch! You will regret that!", ctx);
        self.mood = Mood::Angry;
        self.base.event_damaged(ev, ctx);
    }

    fn loop_wander(&mut self, ctx: &mut Ctx) -> Next {
        self.base.wander(ctx);
        Next::after_secs(20.0)
    }
}

/// A bard: ask for a song.
#[game_class(base = Creature)]
#[derive(Clone, Debug, Default)]
pub struct Bard {
    /// What he is as a creature.
    pub base: Creature,
    /// The next line of his song.
    pub verse: u32,
}

#[game_class]
impl Bard {
    fn event_said(&mut self, ev: &Said, ctx: &mut Ctx) {
        if ev.words.to_lowercase().contains("sing") {
            self.base.say("With pleasure!", ctx);
        }
    }

    fn loop_sing(&mut self, ctx: &mut Ctx) -> Next {
        let verses =
            ["the river runs, the river stays", "who mends the boat while it is rowed?", "la la, the second voice"];
        self.base.act(&format!("sings: {}.", verses[self.verse as usize % verses.len()]), ctx);
        self.verse = self.verse.wrapping_add(1);
        Next::after_secs(45.0)
    }
}

/// A cat.
#[game_class(base = Creature)]
#[derive(Clone, Debug, Default)]
pub struct Cat {
    /// What it is as a creature.
    pub base: Creature,
}

#[game_class]
impl Cat {
    fn event_arrived(&mut self, ev: &Arrived, ctx: &mut Ctx) {
        self.base.act(&format!("looks up at {}.", ev.name), ctx);
    }

    fn loop_wander(&mut self, ctx: &mut Ctx) -> Next {
        self.base.wander(ctx);
        Next::after_secs(30.0)
    }
}

/// What all who live here have in common, players included.
#[game_class]
#[derive(Clone, Debug)]
pub struct Creature {
    /// What others call it.
    pub name: String,
    /// What others see.
    pub description: String,
    /// How well it is: at 0 it falls.
    #[field(default = 10)]
    pub hp: i32,
    /// How well it can be.
    #[field(default = 10)]
    pub max_hp: i32,
    /// The sides of its die when it hits.
    #[field(default = 3)]
    pub strength: i32,
    /// Where it is; nowhere while it recovers.
    pub room: ObjectId,
    /// Where it recovers.
    pub home: ObjectId,
    /// Its luck.
    pub dice: Dice,
}

#[game_class]
impl Creature {
    pub(crate) fn event_damaged(&mut self, ev: &Damaged, ctx: &mut Ctx) {
        self.suffer(ev, ctx);
        if self.is_up() {
            ctx.after(Duration::from_secs(1), StrikeBack { foe: ev.by });
        }
    }

    fn event_strike_back(&mut self, ev: &StrikeBack, ctx: &mut Ctx) {
        self.strike(ev.foe, ctx);
    }

    pub(crate) fn event_respawn(&mut self, ctx: &mut Ctx) {
        if !self.is_up() {
            self.hp = self.max_hp;
            self.appear(self.home, "on wobbly legs", ctx);
        }
    }

    pub(crate) fn event_destroyed(&mut self, ctx: &mut Ctx) {
        self.drop_everything(ctx);
    }
}

/// What creatures can do. All of it is shown to the others in the room.
impl Creature {
    /// Somebody who lives in `home`.
    #[must_use]
    pub fn new(name: &str, description: &str, home: ObjectId) -> Self {
        Self {
            name: name.to_owned(),
            description: description.to_owned(),
            room: home,
            home,
            dice: Dice::named(name),
            ..Self::default()
        }
    }

    /// Whether it is on its feet.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        self.hp > 0
    }

    /// Speaks.
    pub fn say(&self, words: &str, ctx: &mut Ctx) {
        let said = Said { by: ctx.id(), name: self.name.clone(), words: words.to_owned() };
        rooms::tell(ctx, self.room, said);
    }

    /// Does something that the others see: `scratches its head.`
    pub fn act(&self, what: &str, ctx: &mut Ctx) {
        rooms::tell(ctx, self.room, Seen { text: format!("{} {what}", self.name) });
    }

    /// Goes through an exit. Answers whether it leads anywhere.
    pub fn walk(&mut self, exit: &Exit, ctx: &mut Ctx) -> bool {
        let Some(to) = Room::find(ctx, &exit.to) else { return false };
        self.vanish(&exit.direction.to_string(), ctx);
        self.appear(to, exit.direction.arriving(), ctx);
        true
    }

    /// Goes through any exit.
    pub fn wander(&mut self, ctx: &mut Ctx) {
        let exits = ctx.get::<Room>(self.room).map(|room| room.exits.clone()).unwrap_or_default();
        if let Some(exit) = self.dice.pick(&exits) {
            self.walk(exit, ctx);
        }
    }

    /// Comes into a room.
    pub fn appear(&mut self, room: ObjectId, way: &str, ctx: &mut Ctx) {
        self.room = room;
        rooms::tell_of_passing(ctx, room, Arrived { who: ctx.id(), name: self.name.clone(), way: way.to_owned() });
    }

    /// Goes out of the room.
    pub fn vanish(&mut self, way: &str, ctx: &mut Ctx) {
        rooms::tell_of_passing(
            ctx,
            self.room,
            Departed { who: ctx.id(), name: self.name.clone(), way: way.to_owned() },
        );
        self.room = ObjectId::NONE;
    }

    /// Hits somebody, if both are here and able. Answers whether it did.
    pub fn strike(&mut self, foe: ObjectId, ctx: &mut Ctx) -> bool {
        let Some(name) = ctx
            .get::<Self>(foe)
            .filter(|foe| foe.is_up() && foe.room == self.room && self.is_up())
            .map(|foe| foe.name.clone())
        else {
            return false;
        };
        self.act(&format!("hits {name}."), ctx);
        let amount = self.dice.roll(self.strength);
        ctx.send(foe, Damaged { amount, by: ctx.id() });
        true
    }

    /// Takes a blow. One that is down already feels nothing.
    pub fn suffer(&mut self, blow: &Damaged, ctx: &mut Ctx) {
        if !self.is_up() {
            return;
        }
        self.hp -= blow.amount.max(0);
        if !self.is_up() {
            rooms::tell(ctx, self.room, Fell { who: ctx.id(), name: self.name.clone(), by: blow.by });
            self.drop_everything(ctx);
            self.room = ObjectId::NONE;
            ctx.after(Duration::from_secs(15), Respawn {});
        }
    }

    /// Leaves everything that it carries where it stands.
    pub fn drop_everything(&self, ctx: &mut Ctx) {
        let place = if self.room.is_none() { self.home } else { self.room };
        for item in rooms::items_at(ctx, ctx.id()) {
            if let Some(item) = ctx.get_mut::<Item>(item) {
                item.place = place;
            }
        }
    }
}

impl Default for Creature {
    fn default() -> Self {
        Self {
            name: String::new(),
            description: String::new(),
            hp: 10,
            max_hp: 10,
            strength: 3,
            room: ObjectId::NONE,
            home: ObjectId::NONE,
            dice: Dice::default(),
        }
    }
}
