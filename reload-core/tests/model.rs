//! Random lives of a world beside a model that is too simple to be wrong: spawns, ends, events, panics, time, reloads that
//! succeed, change the state's shape, or are refused, and the way back.
#![forbid(unsafe_code)]
#![allow(missing_docs, unreachable_pub, reason = "a test")]

use proptest::prelude::*;
use reload_core::{
    Ctx, FaultKind, InProcess, LibrarySource, Next, ObjectId, ReloadSession, World, event_table, game_class,
};

event_table! {
    pub table Events {
        Add { amount: u32 },
        /// Who has this number panics.
        Burst { number: u32 },
        /// Each makes another one.
        Split,
        /// Who has this number ends.
        Leave { number: u32 },
    }
}

/// The same class three times: what differs is what it handles.
macro_rules! version {
    ($name:ident: $($rest:tt)*) => {
        mod $name {
            use super::*;
            #[game_class(path = "model::Cell")]
            #[derive(Default)]
            pub struct Cell {
                pub number: u32,
                pub sum: u32,
                pub turns: u32,
                pub reloads: u32,
            }
            #[game_class]
            impl Cell {
                fn event_burst(&mut self, event: &Burst) {
                    self.sum += 1;
                    assert!(event.number != self.number, "cell {}", self.number);
                }
                fn event_leave(&mut self, event: &Leave, ctx: &mut Ctx) {
                    if event.number == self.number {
                        ctx.destroy(ctx.id());
                    }
                }
                fn event_reloaded(&mut self) {
                    self.reloads += 1;
                }
                $($rest)*
            }
        }
    };
}

version! { v1:
    fn event_add(&mut self, event: &Add) {
        self.sum += event.amount;
    }
    fn event_split(&mut self, ctx: &mut Ctx) {
        ctx.spawn(Self { number: self.number + 1_000, ..Self::default() });
    }
    fn loop_turn(&mut self) -> Next {
        self.turns += 1;
        Next::after_secs(1.0)
    }
}
version! { v2:
    fn event_add(&mut self, event: &Add) {
        self.sum += 2 * event.amount;
    }
    fn loop_turn(&mut self) -> Next {
        self.turns += 10;
        Next::after_secs(1.0)
    }
}
version! { v3:
    fn event_split(&mut self, ctx: &mut Ctx) {
        ctx.spawn(Self { number: self.number + 1_000, ..Self::default() });
    }
}

/// The state in another shape: a wider number, the fields in another order, and one more.
mod v4 {
    use super::*;
    #[game_class(path = "model::Cell")]
    #[derive(Default)]
    pub struct Cell {
        #[field(default = String::from("new"))]
        pub mood: String,
        pub turns: u32,
        pub sum: u64,
        pub reloads: u32,
        pub number: u32,
    }
    #[game_class]
    impl Cell {
        fn event_add(&mut self, event: &Add) {
            self.sum += 3 * u64::from(event.amount);
            self.mood.push('!');
        }
        fn event_burst(&mut self, event: &Burst) {
            self.sum += 1;
            assert!(event.number != self.number, "cell {}", self.number);
        }
        fn event_leave(&mut self, event: &Leave, ctx: &mut Ctx) {
            if event.number == self.number {
                ctx.destroy(ctx.id());
            }
        }
        fn event_reloaded(&mut self) {
            self.reloads += 1;
        }
        fn loop_turn(&mut self) -> Next {
            self.turns += 100;
            Next::after_secs(1.0)
        }
    }
}

/// The state has another layout, and the class comes twice: refused either way, with or without objects.
mod bad {
    #[reload_core::game_class(path = "model::Cell", no_handlers)]
    #[derive(Default)]
    pub struct Cell {
        pub number: String,
    }
    pub(super) mod twin {
        #[reload_core::game_class(path = "model::Cell", no_handlers)]
        #[derive(Default)]
        pub struct Cell {
            pub number: String,
        }
    }
}

fn library(version: usize) -> InProcess {
    let library = InProcess::new().table::<Events>();
    match version {
        0 => library.class::<v1::Cell>(),
        1 => library.class::<v2::Cell>(),
        2 => library.class::<v3::Cell>(),
        3 => library.class::<v4::Cell>(),
        _ => library.class::<bad::Cell>().class::<bad::twin::Cell>(),
    }
}

#[derive(Clone, Debug)]
enum Step {
    Spawn,
    Destroy(usize),
    Add(u32),
    AddTo(usize, u32),
    Later(u32),
    Burst(usize),
    BurstOne(usize),
    Split,
    Leave(usize),
    Advance,
    Reload(usize),
    Undo,
    Refused,
    Letter(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let which = || 0_usize..64;
    let amount = || 0_u32..100;
    let step = prop_oneof![
        4 => Just(Step::Spawn),
        2 => which().prop_map(Step::Destroy),
        3 => amount().prop_map(Step::Add),
        3 => (which(), amount()).prop_map(|(which, amount)| Step::AddTo(which, amount)),
        1 => amount().prop_map(Step::Later),
        2 => which().prop_map(Step::Burst),
        1 => which().prop_map(Step::BurstOne),
        1 => Just(Step::Split),
        1 => which().prop_map(Step::Leave),
        2 => Just(Step::Advance),
        2 => (0_usize..4).prop_map(Step::Reload),
        1 => Just(Step::Undo),
        1 => Just(Step::Refused),
        1 => amount().prop_map(Step::Letter),
    ];
    prop::collection::vec(step, 0..60)
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Cell {
    id: ObjectId,
    number: u32,
    sum: u32,
    turns: u32,
    reloads: u32,
    rests: bool,
    /// When the next turn of its loop is due, in seconds; `None` while the loop does not run.
    due: Option<u32>,
}

/// What the world should be.
#[derive(Debug, Default)]
struct Model {
    cells: Vec<Cell>,
    gone: Vec<ObjectId>,
    version: usize,
    previous: Option<usize>,
    now: u32,
    epoch: u32,
    faults: usize,
    numbers: u32,
}

impl Model {
    fn has_loop(&self) -> bool {
        self.version != 2
    }

    fn factor(&self) -> u32 {
        [1, 2, 0, 3][self.version]
    }

    fn born(&mut self, id: ObjectId, number: u32) {
        let due = self.has_loop().then_some(self.now);
        self.cells.push(Cell { id, number, sum: 0, turns: 0, reloads: 0, rests: false, due });
    }

    fn add(&mut self, amount: u32, only: Option<usize>) {
        let factor = self.factor();
        for (at, cell) in self.cells.iter_mut().enumerate() {
            if !cell.rests && only.is_none_or(|only| only == at) {
                cell.sum += factor * amount;
            }
        }
    }

    fn burst(&mut self, number: u32, only: Option<usize>) {
        for (at, cell) in self.cells.iter_mut().enumerate() {
            if !cell.rests && only.is_none_or(|only| only == at) {
                cell.sum += 1;
                if cell.number == number {
                    cell.rests = true;
                    self.faults += 1;
                }
            }
        }
    }

    fn leave(&mut self, which: impl Fn(&Cell) -> bool) {
        let (gone, cells) = std::mem::take(&mut self.cells).into_iter().partition(which);
        self.cells = cells;
        let gone: Vec<Cell> = gone;
        self.gone.extend(gone.iter().map(|cell| cell.id));
    }

    fn advance(&mut self) {
        let per_turn = [1, 10, 0, 100][self.version];
        let end = self.now + 1;
        for cell in self.cells.iter_mut().filter(|cell| !cell.rests) {
            while let Some(due) = cell.due.filter(|due| *due <= end) {
                cell.turns += per_turn;
                cell.due = Some(due + 1);
            }
        }
        self.now = end;
    }

    fn reload(&mut self, version: usize) {
        let had_loop = self.has_loop();
        self.previous = Some(std::mem::replace(&mut self.version, version));
        let has_loop = self.has_loop();
        self.epoch += 1;
        for cell in &mut self.cells {
            cell.rests = false;
            cell.reloads += 1;
            cell.due = match (had_loop, has_loop) {
                (_, false) => None,
                // A loop that is new begins at the next advance.
                (false, true) => Some(self.now),
                // A turn that came while it rested comes at the next advance.
                (true, true) => cell.due.map(|due| due.max(self.now)),
            };
        }
    }
}

struct Pair {
    world: World,
    session: ReloadSession,
    model: Model,
}

impl Pair {
    fn new() -> Self {
        let mut world = World::new();
        let source = LibrarySource::in_process("model", library(0));
        let session = ReloadSession::open(source, &mut world).expect("it runs");
        Self { world, session, model: Model { epoch: 1, ..Model::default() } }
    }

    fn pick(&self, which: usize) -> Option<usize> {
        (!self.model.cells.is_empty()).then(|| which % self.model.cells.len())
    }

    /// What a test of any version can see of an object.
    fn seen(&self, id: ObjectId) -> Option<[u32; 4]> {
        let state = self.world.inspect(id)?;
        Some(["number", "sum", "turns", "reloads"].map(|field| state[field].as_u64().expect("a number") as u32))
    }

    fn step(&mut self, step: &Step) {
        let Self { world, session, model } = self;
        match step {
            Step::Spawn => {
                let id = world.spawn_named("model::Cell").expect("a class");
                model.born(id, 0);
                // Tells it its number.
                model.numbers += 1;
                let number = model.numbers % 7;
                set_number(world, id, number);
                model.cells.last_mut().expect("just born").number = number;
            }
            Step::Destroy(which) => match self.pick(*which) {
                Some(at) => {
                    let id = self.model.cells[at].id;
                    assert!(self.world.destroy(id));
                    self.model.leave(|cell| cell.id == id);
                }
                None => assert!(!self.world.destroy(ObjectId::NONE)),
            },
            Step::Add(amount) => {
                world.emit(&Add { amount: *amount });
                model.add(*amount, None);
            }
            Step::AddTo(which, amount) => {
                if let Some(at) = self.pick(*which) {
                    let cell = &self.model.cells[at];
                    let handled = self.world.send(cell.id, &Add { amount: *amount });
                    assert_eq!(handled, !cell.rests && self.model.factor() != 0);
                    self.model.add(*amount, Some(at));
                }
            }
            Step::Later(amount) => {
                world.launch(Add { amount: *amount });
                world.settle();
                model.add(*amount, None);
            }
            Step::Burst(number) => {
                let number = *number as u32 % 7;
                world.emit(&Burst { number });
                model.burst(number, None);
            }
            Step::BurstOne(which) => {
                if let Some(at) = self.pick(*which) {
                    let (id, number) = (self.model.cells[at].id, self.model.cells[at].number);
                    self.world.send(id, &Burst { number });
                    self.model.burst(number, Some(at));
                }
            }
            Step::Split => self.split(),
            Step::Leave(number) => {
                let number = *number as u32 % 7;
                world.emit(&Leave { number });
                model.leave(|cell| !cell.rests && cell.number == number);
            }
            Step::Advance => {
                world.advance(1.0);
                model.advance();
            }
            Step::Reload(version) => {
                let report = session.offer(world, library(*version));
                assert!(report.is_reloaded(), "{report}");
                let released: usize = report.classes().iter().map(|class| class.released).sum();
                assert_eq!(released, model.cells.iter().filter(|cell| cell.rests).count());
                model.reload(*version);
            }
            Step::Undo => match (session.undo(world), model.previous) {
                (Some(report), Some(version)) => {
                    assert!(report.is_reloaded(), "{report}");
                    model.reload(version);
                }
                (report, previous) => assert!(report.is_none() && previous.is_none()),
            },
            Step::Refused => {
                let report = session.offer(world, library(4));
                assert!(!report.is_reloaded() && !report.problems().is_empty());
            }
            Step::Letter(amount) => {
                let (mailbox, amount) = (world.mailbox(), *amount);
                std::thread::spawn(move || mailbox.launch(Add { amount })).join().expect("no panic").expect("there");
                assert_eq!(world.receive(), 1);
                model.add(amount, None);
            }
        }
    }

    /// Children come in an order that the world does not promise; their numbers say whose they are.
    fn split(&mut self) {
        let before: Vec<ObjectId> = self.world.instances_of("model::Cell");
        self.world.emit(&Split);
        let mut born: Vec<ObjectId> = self.world.instances_of("model::Cell");
        born.retain(|id| !before.contains(id));
        let mut expected: Vec<u32> = Vec::new();
        if matches!(self.model.version, 0 | 2) {
            expected.extend(self.model.cells.iter().filter(|cell| !cell.rests).map(|cell| cell.number + 1_000));
        }
        let mut numbers: Vec<u32> = born.iter().map(|id| self.seen(*id).expect("alive")[0]).collect();
        for (id, number) in born.iter().zip(&numbers) {
            self.model.born(*id, *number);
        }
        numbers.sort_unstable();
        expected.sort_unstable();
        assert_eq!(numbers, expected);
        // So that a few splits do not fill the memory.
        for id in born.iter().skip(8) {
            assert!(self.world.destroy(*id));
        }
        self.model.leave(|cell| born.iter().skip(8).any(|id| *id == cell.id));
    }

    fn check_same(&mut self) {
        let faults = self.world.take_faults();
        assert_eq!(faults.len(), std::mem::take(&mut self.model.faults), "{faults:?}");
        for fault in &faults {
            assert!(matches!(&fault.kind, FaultKind::Panicked { quarantined: true, .. }), "{fault}");
        }
        assert_eq!(self.world.instances(), self.model.cells.len());
        assert_eq!(self.session.epoch(), self.model.epoch);
        for cell in &self.model.cells {
            assert_eq!(self.seen(cell.id), Some([cell.number, cell.sum, cell.turns, cell.reloads]), "{cell:?}");
        }
        for id in &self.model.gone {
            assert!(!self.world.contains(*id) && self.world.inspect(*id).is_none(), "{id} is gone for good");
        }
        let mut resting: Vec<String> = self.world.classes().remove(0).quarantined;
        let mut expected: Vec<String> =
            self.model.cells.iter().filter(|cell| cell.rests).map(|cell| cell.id.to_string()).collect();
        resting.sort_unstable();
        expected.sort_unstable();
        assert_eq!(resting, expected);
    }
}

/// Writes the number, whichever version runs.
fn set_number(world: &mut World, id: ObjectId, number: u32) {
    if let Some(cell) = world.get_mut::<v1::Cell>(id) {
        cell.number = number;
    } else if let Some(cell) = world.get_mut::<v2::Cell>(id) {
        cell.number = number;
    } else if let Some(cell) = world.get_mut::<v4::Cell>(id) {
        cell.number = number;
    } else {
        world.get_mut::<v3::Cell>(id).expect("one of them").number = number;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_world_does_what_its_model_does(steps in steps()) {
        let mut pair = Pair::new();
        for step in &steps {
            pair.step(step);
            pair.check_same();
        }
    }
}
