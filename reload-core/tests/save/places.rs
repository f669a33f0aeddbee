//! Parts of objects out of a file: they are where they were, and what is kept of them is found again as it is found live.

use super::{library, open, restore, save};
use reload_core::{State, World, game_class};
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

/// Serde writes it as a number of up to 39 digits.
#[derive(Debug, Default, PartialEq)]
pub struct Fixed(i128);

impl serde::Serialize for Fixed {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i128(self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Fixed {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        i128::deserialize(deserializer).map(Self)
    }
}

#[game_class(path = "game::Bank", no_handlers)]
#[derive(Default)]
pub struct Bank {
    #[field(serde)]
    gold: Fixed,
    #[field(serde)]
    silver: Fixed,
    #[field(serde)]
    named: BTreeMap<String, String>,
}

#[test]
fn what_serde_writes_is_not_rounded() {
    let named = || BTreeMap::from([("serde".to_owned(), "a name like others".to_owned())]);
    let (mut world, mut session, _log) = open(library().class::<Bank>());
    let bank = world.spawn(Bank { gold: Fixed(i128::MAX - 1), silver: Fixed(-7), named: named() }).expect("a class");
    let check = |world: &World| {
        let bank = world.get::<Bank>(bank).expect("alive");
        assert_eq!((&bank.gold, &bank.silver, &bank.named), (&Fixed(i128::MAX - 1), &Fixed(-7), &named()));
    };
    let text = save(&world);
    let (mut again, _session, _log) = open(library().class::<Bank>());
    restore(&mut again, &text);
    check(&again);
    session.offer(&mut world, library());
    session.offer(&mut world, library().class::<Bank>());
    check(&world);
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
