//! Edits that cannot be carried: refused with the class, the field, both types, the object and its value, while the old
//! code goes on.

use crate::{
    edit::{self, Edit, HEADER, Side, classes, fields, source, source_where, with},
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
                ["use std::sync::Mutex as Stamp;", "#[field(opaque)] x: Stamp<Vec<u32>>"],
                ["use std::cell::RefCell as Stamp;", "#[field(opaque)] x: Stamp<Vec<u32>>"],
                "{}",
            ),
            "migrate.no_rule",
            "opaque::It.x",
            &["from `Stamp<Vec<u32>>` to `Stamp<Vec<u32>>`", "it is another type of that name"],
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

/// Only then are changes of its parts seen.
#[test]
fn an_opaque_type_of_the_library_itself_is_refused() {
    let class = |ty: &str| format!("#[game_class(no_handlers)] pub struct It {{ #[field(opaque)] x: {ty}, n: u8 }}\n");
    let (stamp, stamps) =
        ("#[derive(Default)] pub struct Stamp(u32);\n", "mod a { #[derive(Default)] pub struct Stamp(u32); }\n");
    let old = format!("{HEADER}{stamp}{}", class("std::cell::Cell<u32>"));
    let mut game = Game::start_in(Workspace::with("own_types", &old, ""));
    let it = game.spawn("It");
    for (types, ty, name) in
        [(stamp, "Stamp", "own_types::Stamp"), (stamps, "std::sync::Mutex<a::Stamp>", "Mutex<own_types::a::Stamp>")]
    {
        let report = game.edit(&format!("{HEADER}{types}{}", class(ty)));
        let [problem] = report.problems() else { panic!("one problem expected\n{report}") };
        assert_eq!((problem.code, problem.subject.as_str()), ("field.opaque_own", "own_types::It.x"), "{report}");
        assert!(problem.message.contains(name), "{report}");
        assert_eq!((game.epoch(), game.world.inspect(it).is_some()), (1, true));
    }
}

#[test]
fn a_hasher_of_the_library_itself_that_has_fields_is_refused() {
    let class = |ty: &str| {
        format!(
            "#[game_class(no_handlers)] pub struct It {{ n: u8, x: Vec<std::collections::HashMap<u8, u8, {ty}>> }}\n"
        )
    };
    let hashers = "use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, RandomState};
        #[derive(Clone, Default)] pub struct Plain;
        impl BuildHasher for Plain { type Hasher = DefaultHasher; fn build_hasher(&self) -> DefaultHasher { DefaultHasher::new() } }
        #[derive(Clone, Default)] pub struct Seeded { seed: usize }
        impl BuildHasher for Seeded { type Hasher = DefaultHasher; fn build_hasher(&self) -> DefaultHasher { DefaultHasher::new() } }\n";
    let source = |ty: &str| format!("{HEADER}{hashers}{}", class(ty));
    let mut game = Game::start_in(Workspace::with("hashers", &source("RandomState"), ""));
    let it = game.spawn("It");
    let report = game.edit(&source("Seeded"));
    let [problem] = report.problems() else { panic!("one problem expected\n{report}") };
    assert_eq!((problem.code, problem.subject.as_str()), ("field.opaque_own", "hashers::It"), "{report}");
    assert!(problem.message.contains("`hashers::Seeded`"), "{report}");
    for ty in ["Plain", "BuildHasherDefault<DefaultHasher>", "RandomState"] {
        game.reload(&source(ty));
    }
    assert!(game.world.inspect(it).is_some());
}
