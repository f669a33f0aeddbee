//! The town itself: there is one. It knows which player sits at which connection, and sees to it that the world is whole.

use crate::{
    commands,
    events::{Typed, Unplugged},
    players::Player,
    world_setup,
};
use mud_protocol::{Find, Found, Input, Joined, Left, Resumed};
use reload_core::{Ctx, ObjectId, game_class};
use std::collections::{HashMap, HashSet};

/// The one who is there from the start. The engine creates it by name.
#[game_class]
#[derive(Clone, Debug, Default)]
pub struct Town {
    /// Who sits at which connection.
    pub players: HashMap<u64, ObjectId>,
}

#[game_class]
impl Town {
    fn event_constructed(&mut self, ctx: &mut Ctx) {
        world_setup::build(ctx);
    }

    /// After each reload, so that what was added to `world_setup.rs` appears.
    fn event_reloaded(&mut self, ctx: &mut Ctx) {
        world_setup::build(ctx);
    }

    fn event_joined(&mut self, ev: &Joined, ctx: &mut Ctx) {
        self.seat(ev.connection, ctx);
    }

    fn event_input(&mut self, ev: &Input, ctx: &mut Ctx) {
        match self.seated(ev.connection, ctx) {
            Some(player) => ctx.send(player, Typed { line: ev.line.clone() }),
            // Their player has been lost, perhaps to an edit: they start again.
            None => self.seat(ev.connection, ctx),
        }
    }

    fn event_left(&mut self, ev: &Left, ctx: &mut Ctx) {
        if let Some(player) = self.players.remove(&ev.connection) {
            ctx.send(player, Unplugged {});
        }
    }

    /// The world comes out of a file, or its code is new: who came or went meanwhile may have been missed, here or by
    /// players who rested. Now everybody at a connection has a player, and every other player leaves.
    fn event_resumed(&mut self, ev: &Resumed, ctx: &mut Ctx) {
        let connected: HashSet<u64> = ev.connections.iter().copied().collect();
        self.players
            .retain(|connection, player| connected.contains(connection) && ctx.get::<Player>(*player).is_some());
        let mut players = ctx.instances::<Player>();
        players.sort_unstable();
        for id in players {
            let Some(connection) = ctx.get::<Player>(id).map(|player| player.connection) else { continue };
            let seated = connected.contains(&connection) && *self.players.entry(connection).or_insert(id) == id;
            if !seated {
                ctx.send(id, Unplugged {});
            }
        }
        for &connection in &ev.connections {
            if !self.players.contains_key(&connection) {
                self.seat(connection, ctx);
            }
        }
        world_setup::build(ctx);
    }

    fn event_find(&mut self, ev: &Find, ctx: &mut Ctx) {
        let player = self.players.get(&ev.connection).copied().unwrap_or_default();
        let objects = commands::meant_by(&ev.name, player, ctx);
        ctx.emit(Found { connection: ev.connection, name: ev.name.clone(), objects });
    }
}

impl Town {
    /// The player at a connection.
    fn seated(&self, connection: u64, ctx: &Ctx) -> Option<ObjectId> {
        self.players.get(&connection).copied().filter(|&player| ctx.get::<Player>(player).is_some())
    }

    fn seat(&mut self, connection: u64, ctx: &mut Ctx) {
        let player = ctx.spawn(Player { connection, ..Player::default() });
        self.players.insert(connection, player);
    }
}
