//! What the town consists of. Change a text, add a room or somebody who lives there, save, and it is so:
//! [`build`] runs at the start and after each reload, and adds or corrects what is not as written here.

use crate::{
    creatures::{Bard, Cat, Creature, Goblin},
    items::{Bell, Item},
    rooms::{Direction, Exit, Room},
};
use reload_core::{Ctx, GameClass, ObjectId};
use std::collections::HashMap;

/// The key of the room where players begin.
pub const START: &str = "square";

fn rooms() -> Vec<Room> {
    use Direction::{Down, East, North, South, Up, West};
    vec![
        room(
            "square",
            "The square",
            "A fountain murmurs in the middle of the town. Scaffolding leans on every second house.",
            &[(North, "forge"), (East, "inn"), (South, "gate")],
        ),
        room("inn", "The inn", "Low beams, a long table, and a smell of onions.", &[(West, "square"), (Up, "attic")]),
        room("attic", "The attic of the inn", "Dust, and what people hoped to need again one day.", &[(Down, "inn")]),
        room("forge", "The forge", "The fire is never out, and nothing here is ever finished.", &[(South, "square")]),
        room(
            "gate",
            "The town gate",
            "The road goes south, to the hills. Few come back by it.",
            &[(North, "square"), (South, "cave")],
        ),
        Room { echoes: true, ..room("cave", "A cave in the hills", "Dark. Something drips.", &[(North, "gate")]) },
    ]
}

fn inhabit(place: &Places, ctx: &mut Ctx) {
    let grix = Creature::new("Grix the goblin", "Small, green, and armed with a soup ladle.", place.of("cave"));
    if let Some(base) = new_here::<Goblin>("Grix", grix, ctx) {
        ctx.spawn(Goblin { base, ..Goblin::default() });
    }
    let ilse = Creature::new("Ilse the bard", "She tunes a lute that has seen better days.", place.of("inn"));
    if let Some(base) = new_here::<Bard>("Ilse", ilse, ctx) {
        ctx.spawn(Bard { base, ..Bard::default() });
    }
    let cat = Creature::new("the grey cat", "It pretends not to see you.", place.of("square"));
    if let Some(base) = new_here::<Cat>("cat", Creature { max_hp: 5, hp: 5, strength: 1, ..cat }, ctx) {
        ctx.spawn(Cat { base });
    }
}

fn furnish(place: &Places, ctx: &mut Ctx) {
    let lantern = Item::new("a lantern", "It burns without oil. Better not ask.", place.of("gate"));
    if let Some(item) = missing("lantern", lantern, ctx) {
        ctx.spawn(item);
    }
    let horseshoe = Item::new("a horseshoe", "Still warm.", place.of("forge"));
    if let Some(item) = missing("horseshoe", horseshoe, ctx) {
        ctx.spawn(item);
    }
    let bell = Item::new("a small bell", "Brass, with a crack. One wants to use it.", place.of("attic"));
    if let Some(base) = missing("bell", bell, ctx) {
        ctx.spawn(Bell { base, ..Bell::default() });
    }
}

/// Makes the world as it is written above. Who and what is there already stays, and is called and looks as written.
pub fn build(ctx: &mut Ctx) {
    let places = Places(rooms().into_iter().map(|plan| (plan.key.clone(), place(plan, ctx))).collect());
    inhabit(&places, ctx);
    furnish(&places, ctx);
}

/// The room of this plan: the one that exists, corrected, or a new one.
fn place(plan: Room, ctx: &mut Ctx) -> ObjectId {
    match Room::find(ctx, &plan.key) {
        Some(id) => {
            if let Some(room) = ctx.get_mut::<Room>(id) {
                *room = plan;
            }
            id
        }
        None => ctx.spawn(plan),
    }
}

fn room(key: &str, name: &str, description: &str, exits: &[(Direction, &str)]) -> Room {
    let exits = exits.iter().map(|&(direction, to)| Exit { direction, to: to.to_owned() }).collect();
    Room { key: key.to_owned(), name: name.to_owned(), description: description.to_owned(), exits, echoes: false }
}

/// Where the rooms are.
struct Places(HashMap<String, ObjectId>);

impl Places {
    /// The room with this key; the first one if there is none, so that nobody gets lost over a slip of the pen.
    fn of(&self, key: &str) -> ObjectId {
        self.0.get(key).or_else(|| self.0.get(START)).copied().unwrap_or_default()
    }
}

/// The plan of a `T`, if none lives whose name contains `name`. What is said of one that does is corrected.
fn new_here<T: GameClass>(name: &str, plan: Creature, ctx: &mut Ctx) -> Option<Creature> {
    let called = |id: &ObjectId| ctx.get::<Creature>(*id).is_some_and(|creature| creature.name.contains(name));
    let lives = ctx.instances::<T>().into_iter().find(called);
    let Some(creature) = lives.and_then(|id| ctx.get_mut::<Creature>(id)) else { return Some(plan) };
    (creature.name, creature.description) = (plan.name, plan.description);
    None
}

/// The plan of an item, if there is none whose name contains `name`. What is said of those that are there is corrected, and
/// one that nobody can reach, because what it was in or who had it is gone, is put to where the plan has it.
fn missing(name: &str, plan: Item, ctx: &mut Ctx) -> Option<Item> {
    let called = |id: &ObjectId| ctx.get::<Item>(*id).is_some_and(|item| item.name.contains(name));
    let items: Vec<ObjectId> = ctx.instances::<Item>().into_iter().filter(called).collect();
    for id in &items {
        let place = ctx.get::<Item>(*id).map(|item| item.place).unwrap_or_default();
        let is_reached = ctx.get::<Room>(place).is_some() || ctx.get::<Creature>(place).is_some();
        if let Some(item) = ctx.get_mut::<Item>(*id) {
            let place = if is_reached { place } else { plan.place };
            *item = Item { place, ..plan.clone() };
        }
    }
    items.is_empty().then_some(plan)
}
