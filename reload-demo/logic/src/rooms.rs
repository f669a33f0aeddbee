//! Rooms, the ways between them, and telling those who are there.

use crate::{
    creatures::Creature,
    events::{Said, Seen},
    items::Item,
};
use core::{fmt, time::Duration};
use reload_core::{Ctx, Event, ObjectId, State, game_class};

/// A place.
#[game_class]
#[derive(Clone, Debug, Default)]
pub struct Room {
    /// What exits and `world_setup.rs` call it. Never shown.
    pub key: String,
    /// Its title.
    pub name: String,
    /// What one sees.
    pub description: String,
    /// The ways out.
    pub exits: Vec<Exit>,
    /// Whether it answers when somebody speaks.
    pub echoes: bool,
}

/// A way out of a room.
#[derive(Clone, Debug, Default, PartialEq, Eq, State)]
pub struct Exit {
    /// Which way.
    pub direction: Direction,
    /// The key of the room there.
    pub to: String,
}

/// The ways that an exit can lead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, State)]
pub enum Direction {
    /// North.
    #[default]
    North,
    /// East.
    East,
    /// South.
    South,
    /// West.
    West,
    /// Up.
    Up,
    /// Down.
    Down,
}

#[game_class]
impl Room {
    fn event_said(&mut self, ev: &Said, ctx: &mut Ctx) {
        if self.echoes {
            let last = ev.words.split_whitespace().next_back().unwrap_or("..");
            let text = format!("From far away: \"..{last} ..{last}\"");
            for who in present(ctx, ctx.id()) {
                ctx.send_after(who, Duration::from_millis(700), Seen { text: text.clone() });
            }
        }
    }
}

impl Room {
    /// The room with this key.
    #[must_use]
    pub fn find(ctx: &Ctx, key: &str) -> Option<ObjectId> {
        ctx.instances::<Self>().into_iter().find(|&id| ctx.get::<Self>(id).is_some_and(|room| room.key == key))
    }

    /// The way out in this direction.
    #[must_use]
    pub fn exit(&self, direction: Direction) -> Option<&Exit> {
        self.exits.iter().find(|exit| exit.direction == direction)
    }
}

/// From how many on others are a crowd.
pub const CROWD: usize = 20;

/// The creatures in a room, without the one whose handler runs.
#[must_use]
pub fn present(ctx: &Ctx, room: ObjectId) -> Vec<ObjectId> {
    let here = |&id: &ObjectId| ctx.get::<Creature>(id).is_some_and(|creature| creature.room == room);
    let mut present: Vec<ObjectId> = if room.is_none() { Vec::new() } else { ctx.instances::<Creature>() };
    present.retain(here);
    present.sort_unstable();
    present
}

/// The items that lie in a room, or that a creature carries.
#[must_use]
pub fn items_at(ctx: &Ctx, place: ObjectId) -> Vec<ObjectId> {
    let here = |&id: &ObjectId| ctx.get::<Item>(id).is_some_and(|item| item.place == place);
    let mut items: Vec<ObjectId> = if place.is_none() { Vec::new() } else { ctx.instances::<Item>() };
    items.retain(here);
    items.sort_unstable();
    items
}

/// Tells an event to the others in a room, and to the room.
pub fn tell<E: Event>(ctx: &mut Ctx, room: ObjectId, event: E) {
    tell_first(ctx, room, usize::MAX, event);
}

/// Tells that somebody comes or goes. In a crowd those who have lived longest notice it: if all of 2,000 did, their
/// coming alone would be two million lines.
pub fn tell_of_passing<E: Event>(ctx: &mut Ctx, room: ObjectId, event: E) {
    tell_first(ctx, room, CROWD, event);
}

fn tell_first<E: Event>(ctx: &mut Ctx, room: ObjectId, most: usize, event: E) {
    let mut to = present(ctx, room);
    to.truncate(most);
    to.push(room);
    ctx.send_each(&to, event);
}

impl Direction {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::North, Self::East, Self::South, Self::West, Self::Up, Self::Down];

    /// The direction that a player means by `word`: `north`, `n`.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let word = word.to_lowercase();
        Self::ALL.into_iter().find(|direction| {
            let name = direction.to_string();
            name == word || (word.len() == 1 && name.starts_with(&word))
        })
    }

    /// Where somebody comes from who went this way.
    #[must_use]
    pub const fn arriving(self) -> &'static str {
        match self {
            Self::North => "from the south",
            Self::East => "from the west",
            Self::South => "from the north",
            Self::West => "from the east",
            Self::Up => "from below",
            Self::Down => "from above",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::North => "north",
            Self::East => "east",
            Self::South => "south",
            Self::West => "west",
            Self::Up => "up",
            Self::Down => "down",
        })
    }
}
