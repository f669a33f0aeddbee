//! Slots and pools together: objects come, move, rest and go.

use super::{
    memory::Memory,
    pool::{Moved, Pool},
    slots::Slots,
};
use crate::boundary::ObjectId;

/// All objects of a world. Bytes to it: dropping the values is its user's duty.
#[derive(Default)]
pub(crate) struct Store {
    pub(crate) slots: Slots,
    pools: Vec<Pool>,
    memory: Memory,
    arrivals: u64,
}

impl Store {
    /// Adds an empty pool; the class's index is the number of pools so far.
    pub(crate) fn add_pool(&mut self, size: usize, align: usize) {
        let class = self.pools.len() as u16;
        self.pools.push(Pool::new(class, size, align, &self.memory));
    }

    /// Makes the pool of a class anew, for objects of another size. It must be empty.
    pub(crate) fn replace_pool(&mut self, class: u16, size: usize, align: usize) {
        let pool = &mut self.pools[usize::from(class)];
        assert_eq!(pool.len(), 0, "a pool with objects is never replaced");
        *pool = Pool::new(class, size, align, &self.memory);
    }

    /// Goes up whenever a class may have got its first active object. Between two equal answers no class has, though one may
    /// have lost its last.
    #[inline(always)]
    pub(crate) const fn arrivals(&self) -> u64 {
        self.arrivals
    }

    /// Where pools get their memory, for pools that are staged beside those of the store.
    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Puts a staged pool in the place of a class's own, which is given back. Objects of the staged pool are at their
    /// slots from now on; what becomes of the old pool's instances is the caller's duty.
    pub(crate) fn swap_pool(&mut self, class: u16, staged: Pool) -> Pool {
        for index in 0..staged.len() {
            self.slots.settle(staged.slot(index), staged.object(index), class, index >= staged.active());
        }
        self.arrivals += 1;
        std::mem::replace(&mut self.pools[usize::from(class)], staged)
    }

    /// The id that a slot has now.
    pub(crate) fn id_of(&self, slot: u32) -> ObjectId {
        self.slots.id_of(slot)
    }

    pub(crate) fn pool(&self, class: u16) -> &Pool {
        &self.pools[usize::from(class)]
    }

    pub(crate) fn pools(&self) -> &[Pool] {
        &self.pools
    }

    /// Gives out an id whose object comes later.
    pub(crate) fn reserve(&mut self) -> ObjectId {
        self.slots.reserve()
    }

    /// Makes room for the object of a reserved id; the caller writes it at the address at once.
    /// `None` if the id is not reserved (any more).
    pub(crate) fn insert(&mut self, id: ObjectId, class: u16) -> Option<*mut u8> {
        self.slots.is_reserved(id).then(|| self.give(id.slot(), class))
    }

    /// A new id, and room for its object; the caller writes it at the address at once.
    #[inline]
    pub(crate) fn make(&mut self, class: u16) -> (ObjectId, *mut u8) {
        let id = self.slots.reserve();
        (id, self.give(id.slot(), class))
    }

    #[inline(always)]
    fn give(&mut self, slot: u32, class: u16) -> *mut u8 {
        let (pools, slots) = (&mut self.pools, &mut self.slots);
        let note = |moved: Moved| slots.moved(moved.slot, moved.object);
        let pool = &mut pools[usize::from(class)];
        self.arrivals += u64::from(pool.active() == 0);
        let object = pool.push(slot, note);
        slots.occupy(slot, object, class);
        object
    }

    /// Ends an id. The caller has dropped or moved the value, if there is one.
    pub(crate) fn remove(&mut self, id: ObjectId) {
        match self.slots.object(id) {
            Some(target) => self.take_out(id.slot(), target),
            None => self.slots.release(id),
        }
    }

    /// Takes an [object](Slots::object) out. The caller has dropped or moved the value.
    #[inline(always)]
    pub(crate) fn take_out(&mut self, slot: u32, (object, class): (*mut u8, u16)) {
        let (pool, slots) = (&mut self.pools[usize::from(class)], &mut self.slots);
        let Some(index) = pool.index_of(object) else { not_in_pool() };
        pool.remove(index, |moved| slots.moved(moved.slot, moved.object));
        slots.vacate(slot);
    }

    /// Stops events to an object. False if it is quarantined already or gone.
    pub(crate) fn quarantine(&mut self, id: ObjectId) -> bool {
        let Some((object, class)) = self.slots.object(id) else { return false };
        let pool = &mut self.pools[usize::from(class)];
        let Some(index) = pool.index_of(object) else { not_in_pool() };
        let Some(moves) = pool.quarantine(index) else { return false };
        for moved in moves {
            self.note(Some(moved));
        }
        self.slots.set_quarantined(id.slot(), true);
        true
    }

    /// Lets a class's quarantined objects receive events again.
    pub(crate) fn release_quarantined(&mut self, class: u16) {
        let pool = &mut self.pools[usize::from(class)];
        for index in pool.active()..pool.len() {
            self.slots.set_quarantined(pool.slot(index), false);
        }
        pool.release_quarantined();
        self.arrivals += 1;
    }

    /// The id of the object of `class` within whose bytes an address lies that may be any. Follows no pointer but its own.
    pub(crate) fn look_up(&self, class: u16, address: *mut u8) -> Option<ObjectId> {
        let pool = self.pools.get(usize::from(class))?;
        self.slots.current(pool.slot(pool.index_around(address)?))
    }

    /// The ids of a class's objects, active ones first.
    pub(crate) fn ids(&self, class: u16) -> impl Iterator<Item = ObjectId> {
        let pool = self.pool(class);
        (0..pool.len()).map(|index| self.slots.id_of(pool.slot(index)))
    }

    /// Ends all objects of a class without looking at them. The caller has dropped or moved the values.
    pub(crate) fn forget_all(&mut self, class: u16) {
        let pool = &mut self.pools[usize::from(class)];
        for index in 0..pool.len() {
            let id = self.slots.id_of(pool.slot(index));
            self.slots.release(id);
        }
        pool.clear();
    }

    /// Puts the ids of all objects of a class into the attic. The caller has dropped the values.
    pub(crate) fn park_all(&mut self, class: u16) {
        let pool = &mut self.pools[usize::from(class)];
        for index in 0..pool.len() {
            self.slots.put_in_attic(self.slots.id_of(pool.slot(index)));
        }
        pool.clear();
    }

    /// Marks ids as those of objects in the attic.
    pub(crate) fn park(&mut self, ids: impl Iterator<Item = ObjectId>) {
        ids.for_each(|id| self.slots.put_in_attic(id));
    }

    fn note(&mut self, moved: Option<Moved>) {
        if let Some(Moved { slot, object }) = moved {
            self.slots.moved(slot, object);
        }
    }
}

#[cold]
fn not_in_pool() -> ! {
    unreachable!("slots hold addresses of instances of their class's pool")
}

#[cfg(test)]
#[expect(unsafe_code, reason = "values are written to raw memory")]
mod tests {
    use super::{super::memory::is_in_place, *};

    fn check_same(store: &Store, expected: &[(ObjectId, u64)]) {
        assert_eq!(store.pool(0).len(), expected.len());
        for (id, value) in expected {
            let (object, class) = store.slots.object(*id).unwrap_or_else(|| panic!("{id} is gone"));
            assert_eq!(class, 0);
            // SAFETY: the test writes `u64`s.
            assert_eq!(unsafe { object.cast::<u64>().read() }, *value, "{id}");
            assert_eq!(store.look_up(0, object), Some(*id));
        }
    }

    /// Random spawns, removals and quarantines against a plain list.
    #[test]
    fn ids_lead_to_their_values_whatever_moves() {
        let mut random = 0x9e37_79b9_u64;
        let mut next = |below: usize| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            (random % below.max(1) as u64) as usize
        };
        let mut store = Store::default();
        store.add_pool(8, 8);
        let mut model: Vec<(ObjectId, u64)> = Vec::new();
        let mut quarantined = 0;
        for step in 0..30_000_u64 {
            match next(10) {
                0..6 => {
                    let id = store.reserve();
                    let object = store.insert(id, 0).expect("reserved");
                    // SAFETY: room for eight bytes.
                    unsafe { object.cast::<u64>().write(step) };
                    model.push((id, step));
                }
                6..9 if !model.is_empty() => {
                    let (id, _) = model.swap_remove(next(model.len()));
                    quarantined -= usize::from(store.slots.is_quarantined(id));
                    store.remove(id);
                    assert!(!store.slots.is_alive(id));
                }
                _ if !model.is_empty() => quarantined += usize::from(store.quarantine(model[next(model.len())].0)),
                _ => {}
            }
            if step % 4_096 == 0 {
                check_same(&store, &model);
                assert_eq!(store.pool(0).len() - store.pool(0).active(), quarantined);
            }
        }
        check_same(&store, &model);
        store.release_quarantined(0);
        assert_eq!(store.pool(0).active(), model.len());
        check_same(&store, &model);
    }

    #[test]
    fn first_active_objects_are_arrivals() {
        let mut store = Store::default();
        store.add_pool(8, 8);
        let mut before = store.arrivals();
        let mut arrived = |store: &Store| std::mem::replace(&mut before, store.arrivals()) != store.arrivals();
        let (first, _) = store.make(0);
        assert!(arrived(&store));
        let (second, _) = store.make(0);
        store.remove(second);
        assert!(!arrived(&store), "there was one before");
        assert!(store.quarantine(first));
        store.release_quarantined(0);
        assert!(arrived(&store));
        let mut staged = Pool::new(0, 8, 8, store.memory());
        staged.reserve([first.slot()].into_iter(), 1).expect("there is memory");
        store.pools[0].clear();
        store.swap_pool(0, staged).end();
        assert!(arrived(&store));
    }

    #[test]
    fn sizes_at_the_edges_fit() {
        let of_whole_lines = [(128, 8), (256, 64), (1_024, 16), (32_768, 8), (65_408, 64)];
        // Of the last ones, aligned beyond a huge page, each room is an allocation.
        let odd = [(0, 1), (1, 1), (3, 1), (16, 16), (4_096, 4_096), (65_400, 8), (200_000, 64), (1, 4 << 20)];
        for (size, align) in odd.into_iter().chain(of_whole_lines) {
            let mut store = Store::default();
            store.add_pool(size, align);
            let mut ids = Vec::new();
            for _ in 0..40 {
                let (id, object) = store.make(0);
                assert_eq!(object.addr() % align, 0);
                // SAFETY: room for `size` bytes.
                unsafe { object.write_bytes(0xaa, size) };
                ids.push(id);
            }
            let mut seen = std::collections::HashSet::new();
            for id in ids {
                let (object, _) = store.slots.object(id).unwrap_or_else(|| panic!("{id} is gone"));
                assert!(seen.insert(object), "two objects at one address");
                assert_eq!(object.addr() % align, 0);
                assert_eq!(store.look_up(0, object), Some(id));
            }
        }
    }

    /// Objects as long as four lines of the cache begin at each of the four, from class to class.
    #[test]
    fn pools_do_not_all_begin_at_the_same_line() {
        let mut store = Store::default();
        let mut lines = [0; 4];
        for class in 0..8 {
            store.add_pool(256, 8);
            // Beyond the size at which the allocator says where they lie.
            let object = (0..300).map(|_| store.make(class).1).last().expect("300 objects");
            lines[object.addr() / 64 % 4] += 1;
        }
        assert_eq!(lines, [2; 4]);
    }

    /// From an allocation to reserved addresses, small pages and huge ones, and back.
    #[test]
    fn a_pool_grows_and_shrinks_and_keeps_its_values() {
        let mut store = Store::default();
        store.add_pool(8, 8);
        store.add_pool(64, 64);
        for _ in 0..2 {
            let mut ids = Vec::new();
            let mut moves = 0;
            let mut before = core::ptr::null_mut();
            for number in 0..150_000_u64 {
                let (id, object) = store.make(1);
                // SAFETY: room for 64 bytes.
                unsafe { object.cast::<u64>().write(number) };
                ids.push(id);
                moves += usize::from(before != store.pool(1).object(0));
                before = store.pool(1).object(0);
            }
            // Up to 64 KiB by doubling; what is larger stays where it is.
            assert!(moves <= 8 || !is_in_place(), "{moves} moves");
            // Every 97th is left.
            let (left, gone): (Vec<_>, Vec<_>) = (0_u64..).zip(ids).partition(|(number, _)| number % 97 == 0);
            for (_, id) in gone {
                store.remove(id);
            }
            assert_eq!(store.pool(1).len(), left.len());
            for (number, id) in left {
                let (object, _) = store.slots.object(id).unwrap_or_else(|| panic!("{id} is gone"));
                // SAFETY: the test writes `u64`s.
                assert_eq!(unsafe { object.cast::<u64>().read() }, number);
                store.remove(id);
            }
        }
    }

    /// What one class gives back another one gets.
    #[test]
    fn rooms_are_used_again() {
        let mut store = Store::default();
        store.add_pool(64, 64);
        store.add_pool(64, 64);
        for class in [0, 1, 0, 1] {
            for _ in 0..40_000 {
                store.make(class);
            }
            let spare = store.memory.spares();
            assert!(spare == 0 || !is_in_place(), "for its objects and for their slots: {spare}");
            store.forget_all(class);
            assert_eq!(store.memory.spares(), spare + 2);
        }
    }
}
