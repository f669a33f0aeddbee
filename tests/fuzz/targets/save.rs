//! Save files: any text, and a good file with pieces changed. Refused, and the world is as before, or restored, and what is
//! saved then is restored once more to the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reload_core::{Ctx, InProcess, LibrarySource, Next, ObjectId, ReloadSession, State, World, event_table, game_class};
use std::{collections::BTreeMap, time::Duration};

event_table! {
    pub table Events {
        Poke { by: ObjectId, words: String },
    }
}

#[derive(Clone, Debug, Default, State)]
pub enum Mood {
    #[default]
    Calm,
    Angry { at: ObjectId, since: Option<u32> },
}

#[game_class(path = "fuzz::Cat")]
#[derive(Default)]
pub struct Cat {
    pub lives: u32,
    pub name: String,
    pub mood: Mood,
    pub friends: Vec<ObjectId>,
    pub toys: BTreeMap<String, (u8, f32)>,
}

#[game_class]
impl Cat {
    fn event_poke(&mut self, event: &Poke, ctx: &mut Ctx) {
        self.mood = Mood::Angry { at: event.by, since: Some(self.lives) };
        ctx.after(Duration::from_secs(5), Poke { by: ctx.id(), words: event.words.clone() });
    }
    fn loop_sleep(&mut self) -> Next {
        Next::after_secs(1.0)
    }
}

fn world() -> (World, ReloadSession) {
    let mut world = World::new();
    let library = InProcess::new().table::<Events>().class::<Cat>();
    let session = ReloadSession::open(LibrarySource::in_process("fuzz", library), &mut world).expect("it runs");
    (world, session)
}

/// A good file, without its checksum: with it every change would be the same finding.
fn good() -> String {
    let (mut world, _session) = world();
    let cats: Vec<ObjectId> = (0..3).map(|_| world.spawn_named("fuzz::Cat").expect("a class")).collect();
    let cat = world.get_mut::<Cat>(cats[1]).expect("alive");
    cat.name = "Mog".into();
    cat.friends = cats.clone();
    cat.toys.insert("ball".into(), (3, 0.5));
    world.send(cats[1], &Poke { by: cats[0], words: "hey".into() });
    world.advance(0.5);
    world.launch_to(cats[2], Poke { by: cats[1], words: "psst".into() });
    world.destroy(cats[0]);
    let mut file: serde_json::Value = serde_json::from_str(&world.save().expect("it can be saved").text).expect("JSON");
    file.as_object_mut().expect("an object").remove("checksum");
    file.to_string()
}

thread_local! {
    static GOOD: String = good();
}

fn seen(world: &World) -> Vec<String> {
    let mut seen: Vec<String> = world
        .instances_of("fuzz::Cat")
        .into_iter()
        .map(|id| format!("{id} {}", world.inspect(id).unwrap_or_default()))
        .collect();
    seen.sort_unstable();
    seen
}

fn check(text: &str) {
    let (mut world, _session) = world();
    world.spawn_named("fuzz::Cat").expect("a class");
    let before = seen(&world);
    match world.restore(text) {
        Err(rejection) => {
            assert!(!rejection.problems().is_empty());
            assert_eq!(seen(&world), before, "a file that is refused changes nothing");
        }
        Ok(_) => {
            let after = seen(&world);
            if let Ok(saved) = world.save() {
                world.restore(&saved.text).unwrap_or_else(|rejection| panic!("its own file: {rejection}"));
                assert_eq!(seen(&world), after);
            }
        }
    }
    // Whatever was restored can be lived with.
    world.emit(&Poke { by: ObjectId::NONE, words: "anybody?".into() });
    world.advance(2.0);
}

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else { return };
    if kind % 4 == 0 {
        return check(&String::from_utf8_lossy(rest));
    }
    // Pieces of a good file replaced: where (two bytes), how many, by how many.
    let mut file = GOOD.with(|good| good.clone().into_bytes());
    let mut rest = rest;
    while let [high, low, out, count, tail @ ..] = rest {
        let at = (usize::from(*high) << 8 | usize::from(*low)) % file.len();
        let end = (at + usize::from(*out % 16)).min(file.len());
        let (piece, more) = tail.split_at(tail.len().min(usize::from(*count % 16)));
        file.splice(at..end, piece.iter().copied());
        rest = more;
        if file.is_empty() {
            break;
        }
    }
    check(&String::from_utf8_lossy(&file));
});
