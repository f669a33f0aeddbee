//! After a commit: values that live on must not point into images that are let go of. Hash tables without room are made
//! anew; where values may point to something that cannot be made anew, the images that were current stay mapped.
#![expect(unsafe_code, reason = "changes the values of pools")]

use crate::{
    dispatch::{Ask, Live, What},
    registry::Registry,
    schema::{Descriptor, Ties},
};
use std::collections::HashMap;

/// With more objects to look at than this,
const MANY: usize = 10_000;
/// so many images are held before all are looked at: most reloads take no longer for them.
const HELD_AT_MOST: usize = 16;

/// The ties of each type that has been met.
#[derive(Default)]
struct Known(HashMap<*const Descriptor, Ties>);

impl Known {
    fn of(&mut self, ty: &'static Descriptor) -> &Ties {
        self.0.entry(ty).or_insert_with(|| Ties::of(ty))
    }
}

/// Unties everything that lives from the images of `former`, or holds them. Objects of classes without hash tables are
/// not touched.
pub(super) fn untie(live: &mut Live, former: &Registry) {
    let (mut known, mut free) = (Known::default(), true);
    let tied = Tied::of(live, &mut known);
    if tied.hidden || can_wait(tied.objects, live.held.len()) {
        return hold(live, former);
    }
    for number in tied.classes {
        let (pool, ties) = (live.store.pool(number), known.of(live.registry.class(number).state));
        if pool.len() > 0 {
            // SAFETY: instances of the class, one after the other; no game code runs.
            free &= renewed(unsafe { ties.renew(pool.object(0), pool.len(), pool.stride()) });
        }
    }
    let Live { queue, clock, registry, .. } = live;
    let queued = queue.waiting().filter_map(|command| match command.ask {
        Ask::Deliver { event, .. } | Ask::DeliverEach { event, .. } => {
            Some((registry.vocabulary.event(event)?.payload, &command.payload))
        }
        Ask::Spawn { class, .. } => Some((registry.class(class).state, &command.payload)),
        Ask::Construct { .. } | Ask::Destroy { .. } | Ask::Rest => None,
    });
    let timed = clock.waiting().filter_map(|timed| match &timed.what {
        What::Deliver { event, payload, .. } => Some((registry.vocabulary.event(*event)?.payload, &**payload)),
        What::Turn(_) => None,
    });
    for (ty, payload) in queued.chain(timed) {
        let ties = known.of(ty);
        // SAFETY: one value of the type, in memory of its own; no game code runs.
        free &= ties.are_none() || renewed(unsafe { ties.renew(payload.as_ptr(), 1, 0) });
    }
    if free {
        live.held.clear();
    } else {
        hold(live, former);
    }
}

/// The objects that have ties.
#[derive(Default)]
struct Tied {
    classes: Vec<u16>,
    objects: usize,
    /// Whether some have ties that cannot be undone.
    hidden: bool,
}

impl Tied {
    fn of(live: &Live, known: &mut Known) -> Self {
        let mut tied = Self::default();
        for number in 0..live.registry.classes.len() as u16 {
            let objects = live.store.pool(number).len();
            if objects == 0 {
                continue;
            }
            let ties = known.of(live.registry.class(number).state);
            if !ties.are_none() {
                tied.classes.push(number);
                tied.objects += objects;
                tied.hidden |= *ties == Ties::Hidden;
            }
        }
        tied
    }
}

const fn can_wait(tied: usize, held: usize) -> bool {
    tied > MANY && held < HELD_AT_MOST
}

fn hold(live: &mut Live, former: &Registry) {
    for image in former.images() {
        if !live.held.contains(image) {
            live.held.push(image.clone());
        }
    }
}

fn renewed(result: Result<bool, crate::Panicked>) -> bool {
    result.unwrap_or_else(|panic| {
        tracing::warn!(%panic, "a hash table cannot be made anew: the library that made it stays mapped");
        false
    })
}

#[cfg(test)]
mod tests {
    use super::{HELD_AT_MOST, MANY, can_wait};

    #[test]
    fn many_objects_are_looked_at_now_and_then() {
        assert!(!can_wait(MANY, 0) && can_wait(MANY + 1, 0));
        assert!(can_wait(1_000_000, HELD_AT_MOST - 1) && !can_wait(1_000_000, HELD_AT_MOST));
    }
}
