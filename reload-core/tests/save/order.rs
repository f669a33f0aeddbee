//! Maps whose order is a part of what they say.

use super::{library, open, restore, save};
use reload_core::{ObjectId, World, game_class};

/// Named things in the order in which they came.
#[derive(Debug, Default, PartialEq)]
pub struct Ranking(Vec<(String, u8)>);

impl serde::Serialize for Ranking {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, points)| (name, points)))
    }
}

impl<'de> serde::Deserialize<'de> for Ranking {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> serde::de::Visitor<'de> for InOrder {
            type Value = Ranking;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Ranking, A::Error> {
                let mut ranking = Ranking::default();
                while let Some(entry) = map.next_entry()? {
                    ranking.0.push(entry);
                }
                Ok(ranking)
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

mod ordered {
    use super::*;
    #[game_class(path = "game::Race", no_handlers)]
    #[derive(Default)]
    pub struct Race {
        #[field(serde)]
        pub ranking: Ranking,
        #[field(serde)]
        pub twice: Ranking,
        #[cfg(feature = "indexmap")]
        pub laps: indexmap::IndexMap<String, u8>,
    }
}
mod forgetful {
    use super::*;
    #[game_class(path = "game::Race", no_handlers)]
    #[derive(Default)]
    pub struct Race {}
}

#[test]
fn a_map_that_has_an_order_keeps_it_in_files_and_in_the_attic() {
    let entries = || ["zoe", "ada", "max"].map(String::from).into_iter().zip([3, 1, 2]);
    let check = |world: &World, race: ObjectId| {
        let race = world.get::<ordered::Race>(race).expect("alive");
        assert_eq!(race.ranking, Ranking(entries().collect()));
        assert_eq!(
            race.twice,
            Ranking(entries().chain(entries()).collect()),
            "whoever writes a key twice reads it twice"
        );
        #[cfg(feature = "indexmap")]
        assert!(race.laps.clone().into_iter().eq(entries()), "{:?}", race.laps);
    };
    let (mut world, mut session, _log) = open(library().class::<ordered::Race>());
    let race = ordered::Race {
        ranking: Ranking(entries().collect()),
        twice: Ranking(entries().chain(entries()).collect()),
        #[cfg(feature = "indexmap")]
        laps: entries().collect(),
    };
    let race = world.spawn(race).expect("a class");
    let text = save(&world);
    let (mut again, _session, _log) = open(library().class::<ordered::Race>());
    restore(&mut again, &text);
    check(&again, race);
    for other in [library(), library().class::<forgetful::Race>()] {
        session.offer(&mut world, other);
        let stored = save(&world);
        let (mut again, _session, _log) = open(library().class::<ordered::Race>());
        restore(&mut again, &stored);
        session.offer(&mut world, library().class::<ordered::Race>());
        check(&world, race);
    }
}
