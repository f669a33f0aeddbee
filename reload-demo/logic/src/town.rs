//! The town itself: there is one. It knows which player sits at which connection, and sees to it that the world is whole.

use crate::{
    commands,
    events::{Typed, Unplugged},
    players::Player,
    world_setup,
};
use mud_protocol::{Find, Found, Input, Joined, Left, Resumed};
use reload_core::{Ctx, ObjectId, game_class};
use std::collections::HashMap;

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
        let known = self.players.get(&ev.connection).copied().filter(|&player| ctx.get::<Player>(player).is_some());
        match known {
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

    /// The world comes out of a file: those whose connection has ended meanwhile leave now.
    fn event_resumed(&mut self, ev: &Resumed, ctx: &mut Ctx) {
        self.players.retain(|connection, player| {
            let stays = ev.connections.contains(connection);
            if !stays {
                ctx.send(*player, Unplugged {});
            }
            stays
        });
        world_setup::build(ctx);
    }

    fn event_find(&mut self, ev: &Find, ctx: &mut Ctx) {
        let player = self.players.get(&ev.connection).copied().unwrap_or_default();
        let objects = commands::meant_by(&ev.name, player, ctx);
        ctx.emit(Found { connection: ev.connection, name: ev.name.clone(), objects });
    }
}

impl Town {
    fn seat(&mut self, connection: u64, ctx: &mut Ctx) {
        let player = ctx.spawn(Player { connection, ..Player::default() });
        self.players.insert(connection, player);
    }
}
