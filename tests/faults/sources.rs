//! Sources whose fault shows when they are built or linked.

use crate::support::Game;
use reload_core::Outcome;

const CAT: &str = "use reload_core::{Ctx, game_class};\nuse test_protocol::{Answered, Test};\n\
    #[game_class]\n#[derive(Default)]\npub struct Cat { lives: u32 }\n\
    #[game_class]\nimpl Cat {\n    fn event_test(&mut self, ctx: &mut Ctx) {\n        \
    ctx.emit(Answered { who: ctx.id(), by: \"meow\".into() });\n    }\n}\n";

#[test]
fn a_library_has_one_entry() {
    let good = format!("reload_core::library!();\n{CAT}");
    let mut game = Game::start("entries", &good);
    let cat = game.spawn("Cat");
    let alive = [(cat, "meow".to_owned())];
    let report = game.edit(CAT);
    assert_eq!(report.problems()[0].code, "library.no_entry", "{report}");
    assert!(report.problems()[0].advice.contains("reload_core::library!()"), "{report}");
    assert_eq!((game.ask(), game.epoch()), (alive.to_vec(), 1));
    // Two tables: the linker, or the compiler before it, says so.
    let report = game.edit(&format!("reload_core::library!();\nmod second {{ reload_core::library!(); }}\n{CAT}"));
    let Outcome::BuildFailed { messages, .. } = &report.outcome else { panic!("{report}") };
    assert!(messages.contains("RELOAD_CORE_LIBRARY"), "{messages}");
    assert_eq!((game.ask(), game.epoch()), (alive.to_vec(), 1));
    // Two classes with one path.
    let report = game.edit(&format!(
        "{good}mod other {{ #[reload_core::game_class(path = \"entries::Cat\", no_handlers)] #[derive(Default)] \
         pub struct Cat {{ lives: u32 }} }}\n"
    ));
    assert_eq!(report.problems()[0].code, "class.duplicate", "{report}");
    assert!(report.problems()[0].subject.contains("entries::Cat"), "{report}");
    assert_eq!((game.ask(), game.epoch()), (alive.to_vec(), 1));
    assert!(game.reload(&good).is_reloaded());
    assert_eq!(game.ask(), alive);
}
