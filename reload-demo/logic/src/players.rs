//! Players: creatures with a connection. What happens around them is written on their screen.

use crate::{
    commands,
    creatures::Creature,
    events::{Arrived, Damaged, Departed, Fell, Respawn, Said, Seen, Typed, Unplugged},
    rooms::Room,
    world_setup,
};
use mud_protocol::{Hangup, Output};
use reload_core::{Ctx, Next, game_class};

/// Somebody at a telnet window.
#[game_class(base = Creature)]
#[derive(Clone, Debug, Default)]
pub struct Player {
    /// What they are as a creature. Without a name they are still at the door.
    pub base: Creature,
    /// Where their text goes.
    pub connection: u64,
}

#[game_class]
impl Player {
    fn event_constructed(&mut self, ctx: &mut Ctx) {
        self.show("Welcome to the town that is never finished.\nWhat is your name?", ctx);
    }

    fn event_typed(&mut self, ev: &Typed, ctx: &mut Ctx) {
        if self.base.name.is_empty() {
            self.choose_name(ev.line.trim(), ctx);
        } else {
            commands::obey(self, ev.line.trim(), ctx);
        }
    }

    fn event_unplugged(&mut self, ctx: &mut Ctx) {
        self.base.drop_everything(ctx);
        self.base.vanish("into thin air", ctx);
        ctx.destroy(ctx.id());
    }

    fn event_said(&mut self, ev: &Said, ctx: &mut Ctx) {
        self.show(&format!("{} says: {}", ev.name, ev.words), ctx);
    }

    fn event_seen(&mut self, ev: &Seen, ctx: &mut Ctx) {
        self.show(&ev.text, ctx);
    }

    fn event_arrived(&mut self, ev: &Arrived, ctx: &mut Ctx) {
        self.show(&format!("{} arrives {}.", ev.name, ev.way), ctx);
    }

    fn event_departed(&mut self, ev: &Departed, ctx: &mut Ctx) {
        self.show(&format!("{} leaves {}.", ev.name, ev.way), ctx);
    }

    fn event_fell(&mut self, ev: &Fell, ctx: &mut Ctx) {
        let verb = if ev.by == ctx.id() { "You have beaten" } else { "Beaten:" };
        self.show(&format!("{verb} {}!", ev.name), ctx);
    }

    /// Unlike other creatures a player hits back by hand.
    fn event_damaged(&mut self, ev: &Damaged, ctx: &mut Ctx) {
        self.base.suffer(ev, ctx);
        if self.base.is_up() {
            self.show(&format!("That hurts: -{}, {} left.", ev.amount, self.base.hp), ctx);
        } else {
            self.show("Everything goes dark. Give it a moment.", ctx);
        }
    }

    fn event_respawn(&mut self, ctx: &mut Ctx) {
        self.base.event_respawn(ctx);
        self.show("You wake up, well again.", ctx);
        commands::look_around(self, ctx);
    }

    fn loop_heal(&mut self) -> Next {
        if self.base.is_up() && self.base.hp < self.base.max_hp {
            self.base.hp += 1;
        }
        Next::after_secs(6.0)
    }
}

impl Player {
    /// Writes on the player's screen.
    pub fn show(&self, text: &str, ctx: &mut Ctx) {
        ctx.emit(Output { connection: self.connection, text: text.to_owned() });
    }

    fn choose_name(&mut self, name: &str, ctx: &mut Ctx) {
        if name.eq_ignore_ascii_case("quit") {
            return ctx.emit(Hangup { connection: self.connection, farewell: "Goodbye.".to_owned() });
        }
        match check_name(name, ctx) {
            Ok(name) => {
                self.show(&format!("Hello, {name}! Type `help` to see what you can do."), ctx);
                let start = Room::find(ctx, world_setup::START).unwrap_or_default();
                self.base = Creature::new(&name, "A traveller, as you are.", start);
                self.base.max_hp = 20;
                self.base.hp = 20;
                self.base.appear(start, "from the road", ctx);
                commands::look_around(self, ctx);
            }
            Err(advice) => self.show(&format!("{advice}\nWhat is your name?"), ctx),
        }
    }
}

/// The name as it will be shown, or what is wrong with it.
fn check_name(name: &str, ctx: &Ctx) -> Result<String, String> {
    if !(2..=16).contains(&name.len()) || !name.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Err("A name is 2 to 16 letters, from A to Z.".to_owned());
    }
    if commands::is_word(name) {
        return Err(format!("`{}` is a word for something else, and no name. `quit` leaves.", name.to_lowercase()));
    }
    let name: String = name[..1].to_uppercase() + &name[1..].to_lowercase();
    let taken = ctx.instances::<Creature>().into_iter().any(|id| {
        ctx.get::<Creature>(id).is_some_and(|other| other.name.split(' ').any(|word| word.eq_ignore_ascii_case(&name)))
    });
    if taken { Err(format!("Somebody here is called {name} already.")) } else { Ok(name) }
}
