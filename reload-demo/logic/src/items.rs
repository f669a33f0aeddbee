//! Things that can be carried, and what happens when they are used.

use crate::{
    creatures::Creature,
    events::{Seen, Used},
    rooms,
};
use reload_core::{Ctx, ObjectId, game_class};

/// Something that can be picked up.
#[game_class]
#[derive(Clone, Debug, Default)]
pub struct Item {
    /// What it is called: `a lantern`.
    pub name: String,
    /// What one sees.
    pub description: String,
    /// The room where it lies, or the creature who carries it.
    pub place: ObjectId,
}

#[game_class]
impl Item {
    /// Most things are of no use.
    pub(crate) fn event_used(&mut self, ev: &Used, ctx: &mut Ctx) {
        ctx.send(ev.by, Seen { text: format!("You turn {} over in your hands. Nothing happens.", self.name) });
    }
}

impl Item {
    /// An item that lies at `place`.
    #[must_use]
    pub fn new(name: &str, description: &str, place: ObjectId) -> Self {
        Self { name: name.to_owned(), description: description.to_owned(), place }
    }
}

/// A bell. Everybody in the room hears it.
#[game_class(base = Item)]
#[derive(Clone, Debug, Default)]
pub struct Bell {
    /// What it is as an item.
    pub base: Item,
    /// How often it was rung.
    pub rung: u32,
}

#[game_class]
impl Bell {
    fn event_used(&mut self, ev: &Used, ctx: &mut Ctx) {
        self.rung += 1;
        let Some(room) = ctx.get::<Creature>(ev.by).map(|creature| creature.room) else { return };
        rooms::tell(
            ctx,
            room,
            Seen { text: format!("{} rings the bell: ding, for the {}. time.", ev.name, self.rung) },
        );
    }
}
