//! Broadcast of one event to all objects of eight classes, beside a static loop over one `Vec` per class.
//! `cargo bench -p reload-benches`; compare medians of one run.
#![allow(missing_docs, unreachable_pub, reason = "a benchmark")]

use divan::{Bencher, black_box, counter::ItemsCount};
use reload_core::{InProcess, LibrarySource, ReloadSession, World, event_table, game_class};

event_table! {
    pub table Events {
        Hit { amount: i32 },
    }
}

macro_rules! classes {
    ($($class:ident: $field:ident),*) => {
        $(
            /// 64 bytes.
            #[game_class]
            pub struct $class {
                #[field(default = 2_000_000_000)]
                hp: i32,
                count: u32,
                rest: [u32; 14],
            }
            #[game_class]
            impl $class {
                fn event_hit(&mut self, event: &Hit) {
                    self.hp = self.hp.wrapping_sub(event.amount);
                    self.count = self.count.wrapping_add(1);
                }
            }
        )*

        /// The peer: what a programmer would write who knows all classes.
        #[derive(Default)]
        struct Statics { $($field: Vec<$class>),* }

        impl Statics {
            fn new(each: usize) -> Self {
                Self { $($field: (0..each).map(|_| $class { hp: 2_000_000_000, count: 0, rest: [0; 14] }).collect()),* }
            }
            #[inline(never)]
            fn hit(&mut self, event: &Hit) {
                $(for object in &mut self.$field { object.event_hit(event) })*
            }
        }

        fn open(each: usize) -> (World, ReloadSession) {
            let mut world = World::new();
            let library = InProcess::new().table::<Events>()$(.class::<$class>())*;
            let session = ReloadSession::open(LibrarySource::in_process("bench", library), &mut world).expect("it runs");
            for _ in 0..each {
                $(world.spawn($class { hp: 2_000_000_000, count: 0, rest: [0; 14] }).expect("a class");)*
            }
            (world, session)
        }
    };
}
classes!(A: a, B: b, C: c, D: d, E: e, F: f, G: g, H: h);

const OBJECTS: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

#[divan::bench(args = OBJECTS)]
fn static_loop(bencher: Bencher<'_, '_>, objects: usize) {
    let mut statics = Statics::new(objects / 8);
    bencher.counter(ItemsCount::new(objects)).bench_local(|| statics.hit(black_box(&Hit { amount: 1 })));
}

#[divan::bench(args = OBJECTS)]
fn world_emit(bencher: Bencher<'_, '_>, objects: usize) {
    let (mut world, _session) = open(objects / 8);
    bencher.counter(ItemsCount::new(objects)).bench_local(|| world.emit(black_box(&Hit { amount: 1 })));
}

fn main() {
    divan::main();
}
