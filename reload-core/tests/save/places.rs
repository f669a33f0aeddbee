//! Parts of objects out of a file: they are where they were, and what is kept of them is found again as it is found live.

use super::{library, open, restore, save};
use reload_core::{State, game_class};
use std::collections::BTreeMap;

mod wide {
    use super::*;
    #[derive(Default, State)]
    pub struct Tile {
        pub height: u8,
        pub name: String,
    }
    #[game_class(path = "game::Board", no_handlers)]
    #[derive(Default)]
    pub struct Board {
        pub tiles: [Tile; 2],
    }
}
mod narrow {
    use super::*;
    #[derive(Default, State)]
    pub struct Tile {
        pub height: u8,
    }
    #[game_class(path = "game::Board", no_handlers)]
    #[derive(Default)]
    pub struct Board {
        pub tiles: [Tile; 2],
    }
}

#[derive(Default, State)]
pub struct Branch {
    pub under: BTreeMap<(u8, u8), Branch>,
}
#[game_class(path = "game::Tree", no_handlers)]
#[derive(Default)]
pub struct Tree {
    pub trunk: Branch,
}

#[test]
fn what_is_saved_is_not_too_deep_to_be_read() {
    let (mut world, _session, _log) = open(library().class::<Tree>());
    let mut saved = 0;
    for depth in [100, 130, 132, 134, 150, 190, 250] {
        let trunk =
            (0..depth).fold(Branch::default(), |branch, _| Branch { under: BTreeMap::from([((0, 0), branch)]) });
        let tree = world.spawn(Tree { trunk }).expect("a class");
        if let Ok(text) = world.save() {
            restore(&mut world, &text.text);
            saved += 1;
        }
        let _ = world.destroy(tree);
    }
    assert!((1..7).contains(&saved), "{saved} of them are not too deep");
}

#[test]
fn elements_of_an_array_have_one_name_in_the_attic() {
    let tile = |height, name: &str| wide::Tile { height, name: name.to_owned() };
    let names = |board: &wide::Board| board.tiles.each_ref().map(|tile| tile.name.clone());
    let (mut world, mut session, _log) = open(library().class::<wide::Board>());
    let board = world.spawn(wide::Board { tiles: [tile(1, "hill"), tile(0, "lake")] }).expect("a class");
    let whole = save(&world);
    session.offer(&mut world, library().class::<narrow::Board>());
    // Left over live, found again out of a file.
    let (mut again, _session, _log) = open(library().class::<wide::Board>());
    restore(&mut again, &save(&world));
    assert_eq!(names(again.get(board).expect("alive")), ["hill", "lake"]);
    // Left over from a file, found again live.
    let (mut again, mut session, _log) = open(library().class::<narrow::Board>());
    restore(&mut again, &whole);
    session.offer(&mut again, library().class::<wide::Board>());
    assert_eq!(names(again.get(board).expect("alive")), ["hill", "lake"]);
}
