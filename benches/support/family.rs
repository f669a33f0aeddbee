//! The classes of the bench library as types: which there are, and a way to do something with the type of class number n.

use super::random::Random;
use bench_logic::Hit;
use reload_core::GameClass;

/// An object of some class.
pub(crate) trait Object: GameClass + Default + Clone + Send + Sync + 'static {
    fn hit(&mut self, event: &Hit);
    fn count(&self) -> u32;
}

/// Something that is done with one class.
pub(crate) trait Visitor {
    type Output;
    fn visit<T: Object>(self) -> Self::Output;
}

/// Classes that live in one world.
pub(crate) trait Family: 'static {
    /// Where they are in the library.
    const MODULE: &'static str;
    const CLASSES: usize;
    /// Bytes of an object.
    const BYTES: usize;
    type Statics: Statics;
    fn with<V: Visitor>(number: usize, visitor: V) -> V::Output;

    /// The path of a class.
    fn path(number: usize) -> String {
        format!("bench_logic::{}::C{number}", Self::MODULE)
    }
}

/// What a programmer would write who knows all classes: a `Vec` for each and a loop over each.
pub(crate) trait Statics: Default + 'static {
    fn push(&mut self, class: usize);
    fn hit_all(&mut self, event: &Hit);
    fn hit_first(&mut self, event: &Hit);
    fn tally(&self) -> u64;
}

macro_rules! objects {
    ($module:ident: $($class:ident)*) => {
        $(impl Object for bench_logic::$module::$class {
            #[inline(always)]
            fn hit(&mut self, event: &Hit) {
                self.event_hit(event);
            }
            fn count(&self) -> u32 {
                self.count
            }
        })*
    };
}

macro_rules! family {
    ($family:ident $statics:ident $count:literal $bytes:literal $module:ident: $($number:literal $field:ident $class:ident)*) => {
        /// So many classes of one size.
        pub(crate) struct $family;

        impl Family for $family {
            const MODULE: &'static str = stringify!($module);
            const CLASSES: usize = $count;
            const BYTES: usize = $bytes;
            type Statics = $statics;
            fn with<V: Visitor>(number: usize, visitor: V) -> V::Output {
                match number {
                    $($number => visitor.visit::<bench_logic::$module::$class>(),)*
                    _ => unreachable!("a class below the number of classes"),
                }
            }
        }

        #[derive(Default)]
        pub(crate) struct $statics {
            $($field: Vec<bench_logic::$module::$class>,)*
        }

        impl Statics for $statics {
            fn push(&mut self, class: usize) {
                match class {
                    $($number => self.$field.push(Default::default()),)*
                    _ => unreachable!("a class below the number of classes"),
                }
            }
            #[inline(never)]
            fn hit_all(&mut self, event: &Hit) {
                $(for object in &mut self.$field {
                    object.event_hit(event);
                })*
            }
            #[inline(never)]
            fn hit_first(&mut self, event: &Hit) {
                for object in &mut self.c0 {
                    object.event_hit(event);
                }
            }
            fn tally(&self) -> u64 {
                let mut hits = 0;
                $(hits += self.$field.iter().map(|object| u64::from(object.count)).sum::<u64>();)*
                hits
            }
        }
    };
}

/// The families of one size.
macro_rules! families {
    ($module:ident $bytes:literal: $one:ident $one_statics:ident, $eight:ident $eight_statics:ident, $many:ident $many_statics:ident) => {
        objects!($module:
            C0 C1 C2 C3 C4 C5 C6 C7 C8 C9 C10 C11 C12 C13 C14 C15 C16 C17 C18 C19 C20 C21 C22 C23 C24 C25 C26
            C27 C28 C29 C30 C31 C32 C33 C34 C35 C36 C37 C38 C39 C40 C41 C42 C43 C44 C45 C46 C47 C48 C49 C50 C51
            C52 C53 C54 C55 C56 C57 C58 C59 C60 C61 C62 C63
        );
        family!($one $one_statics 1 $bytes $module: 0 c0 C0);
        family!($eight $eight_statics 8 $bytes $module:
            0 c0 C0 1 c1 C1 2 c2 C2 3 c3 C3 4 c4 C4 5 c5 C5 6 c6 C6 7 c7 C7
        );
        family!($many $many_statics 64 $bytes $module:
            0 c0 C0 1 c1 C1 2 c2 C2 3 c3 C3 4 c4 C4 5 c5 C5 6 c6 C6 7 c7 C7 8 c8 C8 9 c9 C9 10 c10 C10
            11 c11 C11 12 c12 C12 13 c13 C13 14 c14 C14 15 c15 C15 16 c16 C16 17 c17 C17 18 c18 C18 19 c19 C19
            20 c20 C20 21 c21 C21 22 c22 C22 23 c23 C23 24 c24 C24 25 c25 C25 26 c26 C26 27 c27 C27 28 c28 C28
            29 c29 C29 30 c30 C30 31 c31 C31 32 c32 C32 33 c33 C33 34 c34 C34 35 c35 C35 36 c36 C36 37 c37 C37
            38 c38 C38 39 c39 C39 40 c40 C40 41 c41 C41 42 c42 C42 43 c43 C43 44 c44 C44 45 c45 C45 46 c46 C46
            47 c47 C47 48 c48 C48 49 c49 C49 50 c50 C50 51 c51 C51 52 c52 C52 53 c53 C53 54 c54 C54 55 c55 C55
            56 c56 C56 57 c57 C57 58 c58 C58 59 c59 C59 60 c60 C60 61 c61 C61 62 c62 C62 63 c63 C63
        );
    };
}
families!(small 16: SmallOne SmallOneStatics, SmallEight SmallEightStatics, SmallSixtyFour SmallSixtyFourStatics);
families!(medium 64: One OneStatics, Eight EightStatics, SixtyFour SixtyFourStatics);
families!(large 256: LargeOne LargeOneStatics, LargeEight LargeEightStatics, LargeSixtyFour LargeSixtyFourStatics);

/// How many objects there are and who listens.
#[derive(Clone, Copy)]
pub(crate) struct Population {
    pub(crate) objects: usize,
    /// Percent of the objects that are of the first class and are alone in listening; `None` if all listen and the
    /// classes are of equal size.
    pub(crate) listening: Option<usize>,
}

impl Population {
    /// All listen.
    pub(crate) const fn all(objects: usize) -> Self {
        Self { objects, listening: None }
    }

    /// Objects that an event reaches.
    pub(crate) fn reached(self) -> usize {
        self.listening.map_or(self.objects, |percent| self.objects * percent / 100)
    }

    /// Whether objects of a class are reached.
    pub(crate) const fn listens(self, class: usize) -> bool {
        self.listening.is_none() || class == 0
    }

    /// The class of each object, in the order in which they come to life: mixed, as in a game.
    pub(crate) fn order<F: Family>(self) -> Vec<usize> {
        let mut order: Vec<usize> = match self.listening {
            None => (0..self.objects).map(|at| at % F::CLASSES).collect(),
            Some(_) => {
                let deaf = (F::CLASSES - 1).max(1);
                (0..self.objects).map(|at| if at < self.reached() { 0 } else { 1 + at % deaf }).collect()
            }
        };
        Random::new(self.objects as u64).shuffle(&mut order);
        order
    }
}
