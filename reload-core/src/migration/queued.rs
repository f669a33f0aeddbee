//! What is queued or waits for a time is carried over like fields: payloads of events whose declaration changed. Of those what
//! cannot be carried over is dropped, and told by name. Objects that are about to live are carried over as those that do.
#![expect(unsafe_code, reason = "makes payloads in room of their own")]

use super::{
    convert::{Conversion, Target},
    program::{Program, event_stays},
    rules::Rules,
    stage::StagedPool,
};
use crate::{
    boundary::{ObjectId, Panicked},
    dispatch::{Ask, Clock, Command, Live, Payload, Queue, What},
    registry::Registry,
    report::DroppedEvent,
    schema::{Descriptor, Direction, NoKeeper, Path, Value, drop_value},
};
use std::{collections::BTreeMap, rc::Rc};

/// What becomes of something queued.
enum Fate {
    /// Its value in the new shape.
    Carried(Made),
    /// The value of an object in the new shape, made by the program.
    CarriedBy(Payload, Rc<Program>),
    /// The object is in the attic.
    Parked,
    /// It is dropped.
    Dropped,
}

/// Objects of one class that are about to live, in their new shape.
pub(crate) struct Births {
    /// Where in the queue each one is.
    pub(crate) positions: Vec<usize>,
    pub(crate) staged: StagedPool,
}

/// A payload with a value in it, which is dropped with it unless it is taken.
struct Made {
    payload: Option<Payload>,
    ty: &'static Descriptor,
}

impl Drop for Made {
    fn drop(&mut self) {
        if let Some(payload) = self.payload.take() {
            // SAFETY: `carry` has made a value of the type.
            drop(unsafe { payload.drop_value(self.ty) });
        }
    }
}

/// What becomes of everything queued that is not as it was.
#[derive(Default)]
pub(crate) struct StagedQueue {
    /// By position in the queue.
    commands: BTreeMap<usize, Fate>,
    /// By order in the clock.
    timed: BTreeMap<u64, Fate>,
    dropped: BTreeMap<(String, String), usize>,
    births: Vec<Births>,
}

/// What the new values in the place of the old ones leave to do.
#[derive(Default)]
pub(crate) struct Exchanged {
    pub(crate) panics: Vec<Panicked>,
    /// Ids that will not live, by class.
    pub(crate) unborn: Vec<(u16, ObjectId)>,
    /// Those that are in the attic from now on.
    pub(crate) parked: Vec<ObjectId>,
}

/// Both registries: what the values are, and what they become.
struct Between<'a> {
    old: &'a Registry,
    new: &'a Registry,
    way_of_event: &'a dyn Fn(u16) -> Direction,
    forwards: Rules,
    backwards: Rules,
}

impl Between<'_> {
    fn rules(&mut self, event: u16) -> &mut Rules {
        match (self.way_of_event)(event) {
            Direction::Forwards => &mut self.forwards,
            Direction::Backwards => &mut self.backwards,
        }
    }
}

impl StagedQueue {
    /// Looks at everything that is queued, and makes the new values. `births` are those of objects of another shape.
    pub(crate) fn stage(
        live: &Live,
        new: &Registry,
        way_of_event: &dyn Fn(u16) -> Direction,
        births: Vec<Births>,
    ) -> Self {
        let mut staged = Self { births, ..Self::default() };
        let Live { queue, clock, registry: old, .. } = live;
        let (forwards, backwards) = (Rules::new(Direction::Forwards), Rules::new(Direction::Backwards));
        let mut between = Between { old, new, way_of_event, forwards, backwards };
        for (position, command) in queue.waiting().enumerate() {
            let fate = match command.ask {
                Ask::Deliver { event, .. } | Ask::DeliverEach { event, .. } => {
                    staged.event(&mut between, event, &command.payload)
                }
                // Its id has ended.
                Ask::Spawn { .. } if !live.store.slots.is_reserved(command.id) => Some(Fate::Dropped),
                Ask::Spawn { class, .. } => (!new.class(class).present).then_some(Fate::Parked),
                Ask::Construct { class, .. } if !new.class(class).present => {
                    Some(staged.drop(&format!("spawn of {}", old.class(class).path), "the class is gone"))
                }
                Ask::Construct { .. } | Ask::Destroy { .. } | Ask::Rest => None,
            };
            if let Some(fate) = fate {
                staged.commands.insert(position, fate);
            }
        }
        for timed in clock.waiting() {
            if let What::Deliver { event, payload, .. } = &timed.what
                && let Some(fate) = staged.event(&mut between, *event, payload)
            {
                staged.timed.insert(timed.order, fate);
            }
        }
        staged
    }

    fn event(&mut self, between: &mut Between<'_>, event: u16, payload: &Payload) -> Option<Fate> {
        let entry = between.old.vocabulary.event(event)?;
        let (old, what) = (entry.payload, || format!("event_{}", entry.name));
        // A number is not used again in the same reload.
        let Some(new) = between.new.vocabulary.event(event).map(|new| new.payload) else {
            let why = "the event is gone (if it has another name now, let that say `#[event(was = \"..\")]`)";
            return Some(self.drop(&what(), why));
        };
        // A payload knows whether it has a destructor.
        if event_stays(old, new) && old.drop_in_place.is_some() == new.drop_in_place.is_some() {
            return None;
        }
        let rules = between.rules(event);
        let rule = rules.between(old, new);
        let room = Payload::room(new);
        let conversion = Conversion { rules, keeper: &NoKeeper };
        let what = what();
        let target = Target { ty: new, out: room.as_ptr(), path: &Path::root(&what), outer: None };
        // SAFETY: payloads are kept with the number of what they belong to, so it is a value of the old type; there is
        // room for one of the new type.
        let result = unsafe { conversion.convert(rule, Value::new(payload.as_ptr(), old), target) };
        Some(match result {
            Ok(()) => Fate::Carried(Made { payload: Some(room), ty: new }),
            Err(fault) => self.drop(&what, &fault.to_string()),
        })
    }

    fn drop(&mut self, what: &str, why: &str) -> Fate {
        *self.dropped.entry((what.to_owned(), why.to_owned())).or_default() += 1;
        Fate::Dropped
    }

    /// What is dropped, by name.
    pub(crate) fn dropped(&self) -> Vec<DroppedEvent> {
        self.dropped
            .iter()
            .map(|((name, why), count)| DroppedEvent { name: name.clone(), count: *count, why: why.clone() })
            .collect()
    }

    /// Puts the new values in the place of the old ones, which are dropped by their own code. `old` still is the registry.
    pub(crate) fn apply(mut self, queue: &mut Queue, clock: &mut Clock, old: &Registry) -> Exchanged {
        let mut exchanged = Exchanged::default();
        for Births { positions, staged } in std::mem::take(&mut self.births) {
            let (payloads, program) = staged.payloads();
            let fates = payloads.into_iter().map(|payload| Fate::CarriedBy(payload, program.clone()));
            self.commands.extend(positions.into_iter().zip(fates));
        }
        if self.commands.is_empty() && self.timed.is_empty() {
            return exchanged;
        }
        for (position, command) in queue.take().into_iter().enumerate() {
            let Some(fate) = self.commands.remove(&position) else {
                queue.push(command);
                continue;
            };
            let Command { ask, id, payload } = command;
            let (ty, class) = match ask {
                Ask::Deliver { event, .. } | Ask::DeliverEach { event, .. } => {
                    (old.vocabulary.event(event).map(|entry| entry.payload), None)
                }
                Ask::Spawn { class, .. } => (Some(old.class(class).state), Some(class)),
                Ask::Construct { class, .. } => (None, Some(class)),
                Ask::Destroy { .. } | Ask::Rest => (None, None),
            };
            let is_parked = matches!(fate, Fate::Parked);
            match (exchange(payload, ty, fate, &mut exchanged.panics), class) {
                (Some(payload), _) => queue.push(Command { ask, id, payload }),
                (None, Some(_)) if is_parked => exchanged.parked.push(id),
                (None, Some(class)) => exchanged.unborn.push((class, id)),
                (None, None) => {}
            }
        }
        clock.revise(|mut timed| {
            let Some(fate) = self.timed.remove(&timed.order) else { return Some(timed) };
            if let What::Deliver { event, to, payload } = timed.what {
                let ty = old.vocabulary.event(event).map(|entry| entry.payload);
                let payload = exchange(*payload, ty, fate, &mut exchanged.panics)?;
                timed.what = What::Deliver { event, to, payload: Box::new(payload) };
            }
            Some(timed)
        });
        exchanged
    }
}

/// Drops the old value, or what is left of it, and answers with the new one if there is one.
fn exchange(old: Payload, ty: Option<&'static Descriptor>, fate: Fate, panics: &mut Vec<Panicked>) -> Option<Payload> {
    let made = match fate {
        Fate::CarriedBy(made, program) => {
            // SAFETY: the program has carried this value over.
            panics.extend(unsafe { program.drop_left(core::iter::once(old.as_ptr())) });
            return Some(made);
        }
        Fate::Carried(mut made) => made.payload.take(),
        Fate::Parked | Fate::Dropped => None,
    };
    if let Some(ty) = ty {
        // SAFETY: payloads are kept with the number of what they belong to; the memory is freed below.
        panics.extend(unsafe { drop_value(ty, old.as_ptr()) }.err());
    }
    made
}
