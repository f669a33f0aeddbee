//! Values that point into the library that made them: a hash table without room is a pointer to a static of its image.
//! When that library is unmapped, nothing that lives may point there any more.

use super::support::Game;

/// A library in which a shop, and a letter that is on its way, have a hash table; `field` is one of the shop's.
fn source(version: usize, field: &str, count: &str) -> String {
    format!(
        "#![forbid(unsafe_code)]
use reload_core::{{Ctx, event_table, game_class}};
use std::{{collections::HashMap, time::Duration}};
use test_protocol::{{Answered, Test}};
reload_core::library!();
event_table! {{ pub table Letters: test_protocol::TestEvents {{ Letter {{ notes: HashMap<String, u32> }} }} }}
#[game_class]
#[derive(Default)]
pub struct Shop {{ {field} }}
#[game_class]
impl Shop {{
    fn event_constructed(&mut self, ctx: &mut Ctx) {{
        ctx.after(Duration::from_secs(9), Letter {{ notes: HashMap::new() }});
    }}
    fn event_test(&mut self, _: &Test, ctx: &mut Ctx) {{
        ctx.emit(Answered {{ who: ctx.id(), by: format!(\"{version}: {{}}\", {count}) }});
    }}
    fn event_letter(&mut self, letter: &Letter, ctx: &mut Ctx) {{
        ctx.emit(Answered {{ who: ctx.id(), by: format!(\"letter {{}}\", letter.notes.iter().count()) }});
    }}
}}
"
    )
}

#[test]
fn empty_tables_do_not_point_into_libraries_that_are_gone() {
    let (field, count) = ("pub wares: HashMap<String, u32>", "self.wares.iter().count()");
    let mut game = Game::start("tied_tables", &source(0, field, count));
    game.let_versions_go();
    let shop = game.spawn("Shop");
    for version in 1..=4 {
        let report = game.reload(&source(version, field, count));
        assert!(report.mapped_versions <= 3, "{report:?}");
        assert_eq!(game.ask(), [(shop, format!("{version}: 0"))]);
    }
    assert!(game.world.save().expect("it can be saved").text.contains("wares"));
    game.world.advance(10.0);
    assert_eq!(game.answers(), [(shop, "letter 0".to_owned())]);
}

#[test]
fn a_library_stays_mapped_while_hidden_tables_may_point_to_it() {
    let (field, count) =
        ("pub shelves: Option<HashMap<String, u32>>", "self.shelves.get_or_insert_default().iter().count()");
    let mut game = Game::start("tied_hidden", &source(0, field, count));
    game.let_versions_go();
    let shop = game.spawn("Shop");
    for version in 0..5 {
        if version > 0 {
            let report = game.reload(&source(version, field, count));
            assert_eq!(report.mapped_versions, version + 1, "{report:?}");
        }
        assert_eq!(game.ask(), [(shop, format!("{version}: 0"))]);
    }
    game.world.destroy(shop);
    // What was held is let go of, and unmapped when its time has come.
    for version in 5..8 {
        game.reload(&source(version, field, count));
    }
    let report = game.reload(&source(8, field, count));
    assert!(report.mapped_versions <= 3, "{report:?}");
}
