//! Edits that cannot be carried: refused with the class, the field, both types, the object and its value, while the old
//! code goes on.

use crate::{
    edit::{self, Edit, Side, classes, fields, source, source_where, with},
    support::{Game, Workspace},
};

/// An edit, and what its refusal has to say: the code, the place as seen from the crate, and words of the message.
struct Refusal {
    edit: Edit,
    code: &'static str,
    place: &'static str,
    words: &'static [&'static str],
}

fn refusal(edit: Edit, code: &'static str, place: &'static str, words: &'static [&'static str]) -> Refusal {
    Refusal { edit, code, place, words }
}

fn typed(name: &'static str, old: &str, value: &str, new: &str) -> Edit {
    edit::typed(name, old, value, new, "{}")
}

const MOOD: &str = "#[derive(State)] pub enum Mood { Calm, Angry(u8) }";

fn refusals() -> Vec<Refusal> {
    vec![
        refusal(typed("too_large", "i64", "300", "u8"), "migrate.value", "too_large::It.x", &["the value 300", "`u8`"]),
        refusal(typed("negative", "i8", "-1", "u64"), "migrate.value", "negative::It.x", &["the value -1", "`u64`"]),
        refusal(typed("broken", "f32", "1.5", "i32"), "migrate.value", "broken::It.x", &["the value 1.5", "`i32`"]),
        refusal(
            typed("nothing", "Option<u8>", "None", "u8"),
            "migrate.value",
            "nothing::It.x",
            &["the value None", "`u8`"],
        ),
        refusal(
            typed("no_number", "String", "\"ten\".into()", "u8"),
            "migrate.value",
            "no_number::It.x",
            &["the value \"ten\"", "`u8`"],
        ),
        refusal(
            typed("twice_the_same", "Vec<u8>", "vec![1, 2, 1]", "BTreeSet<u8>"),
            "migrate.value",
            "twice_the_same::It.x",
            &["3 elements", "2 differ", "`BTreeSet<u8>`"],
        ),
        refusal(
            typed(
                "keys_meet",
                "BTreeMap<String, u8>",
                "BTreeMap::from([(\"1\".into(), 1), (\"01\".into(), 2)])",
                "BTreeMap<u8, u8>",
            ),
            "migrate.value",
            "keys_meet::It.x",
            &["2 entries", "1 have different keys", "`BTreeMap<u8, u8>`"],
        ),
        refusal(
            with(
                "variant_gone",
                [MOOD, "#[field(default = vec![Mood::Calm, Mood::Angry(3)])] x: Vec<Mood>"],
                ["#[derive(State)] pub enum Mood { Calm }", "x: Vec<Mood>"],
                "{}",
            ),
            "migrate.value",
            "variant_gone::It.x[1]",
            &["the value refused::variant_gone::Mood::Angry", "`refused::variant_gone::Mood`"],
        ),
        refusal(
            with(
                "deep",
                [
                    "#[derive(State)] pub struct Item { weight: u16 }",
                    "#[field(default = BTreeMap::from([(\"belt\".into(), vec![None, Some(Item { weight: 300 })])]))] \
                  x: BTreeMap<String, Vec<Option<Item>>>",
                ],
                ["#[derive(State)] pub struct Item { weight: u8 }", "x: BTreeMap<String, Vec<Option<Item>>>"],
                "{}",
            ),
            "migrate.value",
            "deep::It.x[\"belt\"][1].weight",
            &["the value 300", "`u8`"],
        ),
        refusal(
            classes(
                "of_the_base",
                "C",
                "#[game_class(no_handlers)] pub struct A { #[field(default = -3)] hp: i32 }
                 #[game_class(no_handlers, base = A)] pub struct C { base: A }\n",
                "#[game_class(no_handlers)] pub struct A { hp: u32 }
                 #[game_class(no_handlers, base = A)] pub struct C { base: A }\n",
                "{}",
            ),
            "migrate.value",
            "of_the_base::C.base.hp",
            &["the value -3", "`u32`"],
        ),
        refusal(
            with("no_default", ["", ""], ["#[derive(State)] pub enum Rank { Low }", "rank: Rank"], "{}"),
            "migrate.no_default",
            "no_default::It.rank",
            &["no default for `refused::no_default::Rank`"],
        ),
        refusal(
            fields("panics", "", "#[field(default = { let n: u8 = \"no luck\".parse().unwrap(); n })] n: u8", "{}"),
            "migrate.panicked",
            "panics::It.n",
            &["panicked", "InvalidDigit"],
        ),
        refusal(
            typed("no_rule", "Vec<u8>", "vec![1]", "u8"),
            "migrate.no_rule",
            "no_rule::It.x",
            &["from `Vec<u8>` to `u8`", "1 object"],
        ),
        refusal(
            with(
                "opaque",
                ["pub struct Stamp(u8);", "#[field(opaque, default = Stamp(1))] x: Stamp"],
                ["pub struct Stamp(u64);", "#[field(opaque, default = Stamp(1))] x: Stamp"],
                "{}",
            ),
            "migrate.no_rule",
            "opaque::It.x",
            &["Stamp", "its layout is another one"],
        ),
        refusal(
            with(
                "opaque_name",
                [
                    "pub mod a { pub struct Stamp(pub Vec<u32>); impl Default for Stamp { fn default() -> Self { Self(vec![7]) } } }\n\
                     pub mod b { #[derive(Default)] pub struct Stamp(pub String); }\nuse a::Stamp;",
                    "#[field(opaque)] x: Stamp",
                ],
                [
                    "pub mod a { pub struct Stamp(pub Vec<u32>); impl Default for Stamp { fn default() -> Self { Self(vec![7]) } } }\n\
                     pub mod b { #[derive(Default)] pub struct Stamp(pub String); }\nuse b::Stamp;",
                    "#[field(opaque)] x: Stamp",
                ],
                "{}",
            ),
            "migrate.no_rule",
            "opaque_name::It.x",
            &["from `Stamp` to `Stamp`", "it is another type of that name"],
        ),
    ]
}

#[test]
fn what_cannot_be_carried_is_refused_and_named() {
    let refusals = refusals();
    let (old, edits): (String, Vec<&Edit>) = {
        let edits: Vec<&Edit> = refusals.iter().map(|refusal| &refusal.edit).collect();
        (source(&edits, Side::Old), edits)
    };
    let mut game = Game::start_in(Workspace::with("refused", &old, ""));
    let ids: Vec<_> = edits.iter().map(|edit| game.spawn(&format!("{}::{}", edit.name, edit.class))).collect();
    let states = |game: &Game| ids.iter().map(|id| game.world.inspect(*id)).collect::<Vec<_>>();
    let before = states(&game);
    for (refusal, id) in refusals.iter().zip(&ids) {
        let name = refusal.edit.name;
        let report = game.edit(&source_where(&edits, |edit| if edit.name == name { Side::New } else { Side::Old }));
        let [problem] = report.problems() else { panic!("{name}: one problem expected\n{report}") };
        assert_eq!(
            (problem.code, problem.subject.as_str()),
            (refusal.code, &*format!("refused::{}", refusal.place)),
            "{report}"
        );
        for word in refusal.words {
            assert!(problem.message.contains(word), "{name}: {word:?} is not in\n{report}");
        }
        if refusal.code != "migrate.no_rule" {
            assert!(
                problem.message.contains(&format!("the object {id} ")),
                "{name}: the object is not named\n{report}"
            );
        }
        assert_eq!(states(&game), before, "{name}: nothing has changed");
        assert_eq!(game.epoch(), 1);
    }
    // The next good edit loads.
    game.reload(&format!("{old}pub mod more {{}}\n"));
    assert_eq!(states(&game), before);
    assert!(game.world.attic().entries.is_empty());
}
