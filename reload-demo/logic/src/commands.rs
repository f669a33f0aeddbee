//! What players can type. A command is a row in `COMMANDS` and a function.

use crate::{
    creatures::Creature,
    events::Used,
    items::Item,
    players::Player,
    rooms::{self, CROWD, Direction, Room},
    world_setup,
};
use mud_protocol::Hangup;
use reload_core::{Ctx, ObjectId};

/// What a command does with the rest of the line.
type Command = fn(&mut Player, &str, &mut Ctx);

/// The commands: what is typed, how to use it, what it does.
const COMMANDS: &[(&[&str], &str, Command)] = &[
    (&["look", "l"], "look [at somebody or something]", look),
    (&["go"], "go north; n, e, s, w, u and d do as well", go),
    (&["say"], "say hello; 'hello does as well", say),
    (&["get", "take"], "get lantern", get),
    (&["drop"], "drop lantern", drop),
    (&["inventory", "i"], "inventory: what you carry", inventory),
    (&["use", "ring"], "use bell", use_item),
    (&["attack", "kill"], "attack goblin", attack),
    (&["who"], "who: who else plays", who),
    (&["help", "?"], "help", help),
    (&["quit"], "quit", quit),
];

/// Does what a player has typed.
pub fn obey(player: &mut Player, line: &str, ctx: &mut Ctx) {
    if line.is_empty() {
        return;
    }
    if let Some(words) = line.strip_prefix('\'') {
        return say(player, words.trim(), ctx);
    }
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let verb = verb.to_lowercase();
    if Direction::from_word(&verb).is_some() {
        return go(player, &verb, ctx);
    }
    match COMMANDS.iter().find(|(names, _, _)| names.contains(&verb.as_str())) {
        Some((_, _, command)) => command(player, rest.trim(), ctx),
        None => player.show(&format!("You do not know how to `{verb}`. Type `help` to see what you can do."), ctx),
    }
}

/// Whether somebody who types `word` wants something done: no name can be one.
#[must_use]
pub fn is_word(word: &str) -> bool {
    let word = word.to_lowercase();
    let meant = ["me", "here", "room", "town"].contains(&word.as_str());
    meant
        || Direction::from_word(&word).is_some()
        || COMMANDS.iter().any(|(names, _, _)| names.contains(&word.as_str()))
}

/// Shows the room, what lies there and who is there.
pub fn look_around(player: &mut Player, ctx: &mut Ctx) {
    if ctx.get::<Room>(player.base.room).is_none() && player.base.is_up() {
        // The room has gone, perhaps by an edit.
        player.base.room = Room::find(ctx, world_setup::START).unwrap_or_default();
    }
    let Some(room) = ctx.get::<Room>(player.base.room) else {
        return player.show("You are nowhere.", ctx);
    };
    let exits: Vec<String> = room.exits.iter().map(|exit| exit.direction.to_string()).collect();
    let exits = if exits.is_empty() { "none".to_owned() } else { exits.join(", ") };
    let mut text = format!("{}\n{}\nExits: {exits}.", room.name, room.description);
    let items = names(rooms::items_at(ctx, player.base.room), ctx);
    if !items.is_empty() {
        text += &format!("\nHere lies {}.", items.join(", "));
    }
    let present = names(rooms::present(ctx, player.base.room), ctx);
    for name in present.iter().take(CROWD) {
        text += &format!("\n{name} is here.");
    }
    if present.len() > CROWD {
        text += &format!("\nSo are {} others.", present.len() - CROWD);
    }
    player.show(&text, ctx);
}

fn look(player: &mut Player, name: &str, ctx: &mut Ctx) {
    let name = match name.split_once(' ') {
        Some(("at", name)) => name.trim(),
        _ if name == "at" => return player.show("Look at what?", ctx),
        _ if name.is_empty() => return look_around(player, ctx),
        _ => name,
    };
    let text = within_reach(name, player, ctx).into_iter().find_map(|id| description(id, ctx));
    player.show(&text.unwrap_or_else(|| format!("There is no {name} here.")), ctx);
}

fn go(player: &mut Player, word: &str, ctx: &mut Ctx) {
    let Some(direction) = Direction::from_word(word) else {
        return player.show("Go where? Try `go north`.", ctx);
    };
    if !player.base.is_up() {
        return player.show("You cannot get up yet.", ctx);
    }
    let exit = ctx.get::<Room>(player.base.room).and_then(|room| room.exit(direction)).cloned();
    if exit.is_some_and(|exit| player.base.walk(&exit, ctx)) {
        look_around(player, ctx);
    } else {
        player.show(&format!("There is no way {direction}."), ctx);
    }
}

fn say(player: &mut Player, words: &str, ctx: &mut Ctx) {
    if words.is_empty() {
        return player.show("Say what?", ctx);
    }
    if !player.base.is_up() {
        return player.show("You cannot make a sound.", ctx);
    }
    player.show(&format!("You say: {words}"), ctx);
    player.base.say(words, ctx);
}

fn get(player: &mut Player, name: &str, ctx: &mut Ctx) {
    let lying = rooms::items_at(ctx, player.base.room);
    match named(name, lying, ctx) {
        Some((item, called)) => {
            put(item, ctx.id(), ctx);
            player.show(&format!("You take {called}."), ctx);
            player.base.act(&format!("takes {called}."), ctx);
        }
        None if name.is_empty() => player.show("Get what?", ctx),
        None => player.show(&format!("There is no {name} here that you could take."), ctx),
    }
}

fn drop(player: &mut Player, name: &str, ctx: &mut Ctx) {
    let carried = rooms::items_at(ctx, ctx.id());
    match named(name, carried, ctx) {
        Some((item, called)) => {
            put(item, player.base.room, ctx);
            player.show(&format!("You drop {called}."), ctx);
            player.base.act(&format!("drops {called}."), ctx);
        }
        None if name.is_empty() => player.show("Drop what?", ctx),
        None => player.show(&format!("You carry no {name}."), ctx),
    }
}

fn inventory(player: &mut Player, _: &str, ctx: &mut Ctx) {
    let carried = names(rooms::items_at(ctx, ctx.id()), ctx);
    let carried = if carried.is_empty() { "nothing".to_owned() } else { carried.join(", ") };
    player.show(&format!("You carry {carried}."), ctx);
}

fn use_item(player: &mut Player, name: &str, ctx: &mut Ctx) {
    let mut reach = rooms::items_at(ctx, ctx.id());
    reach.extend(rooms::items_at(ctx, player.base.room));
    match named(name, reach, ctx) {
        Some((item, _)) => ctx.send(item, Used { by: ctx.id(), name: player.base.name.clone() }),
        None if name.is_empty() => player.show("Use what?", ctx),
        None => player.show(&format!("There is no {name} that you could use."), ctx),
    }
}

fn attack(player: &mut Player, name: &str, ctx: &mut Ctx) {
    let present = rooms::present(ctx, player.base.room);
    match named(name, present, ctx) {
        Some((foe, called)) if player.base.strike(foe, ctx) => player.show(&format!("You hit {called}."), ctx),
        Some((_, called)) => player.show(&format!("{called} cannot be attacked now."), ctx),
        None if name.is_empty() => player.show("Attack whom?", ctx),
        None => player.show(&format!("There is no {name} here."), ctx),
    }
}

fn who(player: &mut Player, _: &str, ctx: &mut Ctx) {
    let mut others = names(ctx.instances::<Player>(), ctx);
    others.retain(|name| !name.is_empty());
    others.sort_unstable();
    let more = others.len().saturating_sub(CROWD);
    others.truncate(CROWD);
    others.insert(0, format!("{} (you)", player.base.name));
    if more > 0 {
        others.push(format!("and {more} more"));
    }
    player.show(&format!("In the town: {}.", others.join(", ")), ctx);
}

fn help(player: &mut Player, _: &str, ctx: &mut Ctx) {
    let lines: Vec<String> = COMMANDS.iter().map(|(_, usage, _)| format!("  {usage}")).collect();
    player.show(&format!("You can type:\n{}", lines.join("\n")), ctx);
}

fn quit(player: &mut Player, _: &str, ctx: &mut Ctx) {
    ctx.emit(Hangup { connection: player.connection, farewell: format!("Goodbye, {}.", player.base.name) });
}

/// What somebody means by `name`: what the player of `asking` can reach comes first, then the whole town.
#[must_use]
pub fn meant_by(name: &str, asking: ObjectId, ctx: &Ctx) -> Vec<ObjectId> {
    let room = ctx.get::<Creature>(asking).map(|player| player.room).unwrap_or_default();
    let mut meant = match name.to_lowercase().as_str() {
        "me" => vec![asking],
        "here" | "room" => vec![room],
        "town" => vec![ctx.id()],
        _ => Vec::new(),
    };
    let mut candidates = rooms::items_at(ctx, asking);
    candidates.extend(rooms::items_at(ctx, room));
    candidates.extend(rooms::present(ctx, room));
    for mut others in [ctx.instances::<Creature>(), ctx.instances::<Item>(), ctx.instances::<Room>()] {
        others.sort_unstable();
        candidates.extend(others);
    }
    for candidate in candidates {
        if !meant.contains(&candidate) && name_of(candidate, ctx).is_some_and(|called| is_called(called, name)) {
            meant.push(candidate);
        }
    }
    meant.retain(|id| !id.is_none());
    meant
}

/// Things that the player can see or carries, and that are called so.
fn within_reach(name: &str, player: &Player, ctx: &Ctx) -> Vec<ObjectId> {
    let mut reach = rooms::present(ctx, player.base.room);
    reach.extend(rooms::items_at(ctx, ctx.id()));
    reach.extend(rooms::items_at(ctx, player.base.room));
    reach.retain(|&id| name_of(id, ctx).is_some_and(|called| is_called(called, name)));
    reach
}

/// The first of `ids` that is called so, with its name.
fn named(name: &str, ids: Vec<ObjectId>, ctx: &Ctx) -> Option<(ObjectId, String)> {
    ids.into_iter().find_map(|id| {
        let called = name_of(id, ctx)?;
        is_called(called, name).then(|| (id, called.to_owned()))
    })
}

fn names(ids: Vec<ObjectId>, ctx: &Ctx) -> Vec<String> {
    ids.into_iter().filter_map(|id| name_of(id, ctx)).map(str::to_owned).collect()
}

fn name_of(id: ObjectId, ctx: &Ctx) -> Option<&str> {
    let creature = ctx.get::<Creature>(id).map(|creature| &creature.name);
    let item = || ctx.get::<Item>(id).map(|item| &item.name);
    creature.or_else(item).or_else(|| ctx.get::<Room>(id).map(|room| &room.name)).map(String::as_str)
}

fn description(id: ObjectId, ctx: &Ctx) -> Option<String> {
    let item = || ctx.get::<Item>(id).map(|item| item.description.clone());
    let creature = ctx.get::<Creature>(id).map(|creature| {
        let shape = if creature.hp < creature.max_hp { "has seen better days" } else { "looks well" };
        format!("{}\n{} {shape}.", creature.description, creature.name)
    });
    creature.or_else(item)
}

fn put(item: ObjectId, place: ObjectId, ctx: &mut Ctx) {
    if let Some(item) = ctx.get_mut::<Item>(item) {
        item.place = place;
    }
}

/// Whether somebody who types `wanted` means what is called `name`: `lan` or `the lantern` for `a lantern`.
fn is_called(name: &str, wanted: &str) -> bool {
    let (name, wanted) = (name.to_lowercase(), wanted.to_lowercase());
    let wanted = ["the ", "a "].iter().find_map(|article| wanted.strip_prefix(article)).unwrap_or(&wanted).trim();
    !wanted.is_empty()
        && (name == wanted
            || name.split(' ').any(|word| word.starts_with(wanted))
            || name.contains(&format!(" {wanted}")))
}

#[cfg(test)]
mod tests {
    use super::is_called;

    #[test]
    fn things_are_known_by_the_words_of_their_name() {
        for wanted in ["grix", "goblin", "Gob", "the goblin", "grix the goblin", "the gob"] {
            assert!(is_called("Grix the goblin", wanted), "{wanted}");
        }
        for wanted in ["", "the ", "a ", "oblin", "cat", "goblins"] {
            assert!(!is_called("Grix the goblin", wanted), "{wanted}");
        }
    }
}
