//! The core imported into a plain engine loop. With `LibrarySource::cargo("your-logic")` in place of `linked()` the
//! same loop reloads; here the game is part of the program, so that the example runs on its own.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "an example")]

use reload_core::{Ctx, LibrarySource, Next, ReloadSession, World, event_table, game_class};

event_table! {
    /// What engine and game tell each other.
    pub table EngineEvents {
        /// Time passed.
        Tick { dt: f32 },
        /// Text for the screen; the engine listens.
        Output { text: String },
    }
}

/// Something that counts.
#[game_class]
#[derive(Default)]
pub struct Clock {
    elapsed: f32,
}

#[game_class]
impl Clock {
    fn event_tick(&mut self, event: &Tick) {
        self.elapsed += event.dt;
    }

    fn loop_chime(&mut self, ctx: &mut Ctx) -> Next {
        ctx.emit(Output { text: format!("{} has seen {:.2} s", ctx.id(), self.elapsed) });
        Next::after_secs(0.5)
    }
}

reload_core::library!();

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut world = World::new();
    world.listen(|output: &Output, _| println!("{}", output.text));
    let mut session = ReloadSession::open(LibrarySource::linked(), &mut world)?;
    world.spawn_named("engine_loop::Clock")?;
    for _frame in 0..100 {
        for report in session.poll(&mut world) {
            println!("{report}");
        }
        world.emit(&Tick { dt: 0.02 });
        world.advance(0.02);
    }
    for fault in world.take_faults() {
        println!("{fault}");
    }
    Ok(())
}
