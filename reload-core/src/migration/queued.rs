//! What is queued or waits for a time is carried over like fields: payloads of events whose declaration changed, and
//! values of objects that are about to live. What cannot be carried over is dropped, and told by name.
#![expect(unsafe_code, reason = "makes payloads in room of their own")]

use super::{
    convert::{Conversion, Target},
    program::stays,
    rules::Rules,
};
use crate::{
    boundary::Panicked,
    dispatch::{Ask, Clock, Command, Payload, Queue, What},
    registry::Registry,
    report::DroppedEvent,
    schema::{Descriptor, Direction, NoKeeper, Path, Value, drop_value},
};
use std::collections::BTreeMap;

/// What becomes of something queued.
enum Fate {
    /// Its value in the new shape.
    Carried(Made),
    /// It is dropped.
    Dropped,
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
}

/// Both registries: what the values are, and what they become.
struct Between<'a> {
    old: &'a Registry,
    new: &'a Registry,
    rules: Rules,
}

impl StagedQueue {
    /// Looks at everything that is queued, and makes the new values.
    pub(crate) fn stage(
        (queue, clock): (&Queue, &Clock),
        (old, new): (&Registry, &Registry),
        direction: Direction,
    ) -> Self {
        let mut staged = Self::default();
        let mut between = Between { old, new, rules: Rules::new(direction) };
        for (position, command) in queue.waiting().enumerate() {
            let fate = match command.ask {
                Ask::Deliver { event, .. } | Ask::DeliverEach { event, .. } => {
                    staged.event(&mut between, event, &command.payload)
                }
                Ask::Spawn { class, .. } => staged.spawn(&mut between, class, Some(&command.payload)),
                Ask::Construct { class, .. } => staged.spawn(&mut between, class, None),
                Ask::Destroy { .. } | Ask::Rest => None,
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
        let old = between.old.vocabulary.event(event)?;
        let new = match between.new.vocabulary.event(event) {
            Some(new) if new.path == old.path => new.payload,
            _ => return Some(self.drop(&format!("event_{}", old.name), "the event is gone")),
        };
        self.value(between, &format!("event_{}", old.name), (old.payload, new), payload)
    }

    fn spawn(&mut self, between: &mut Between<'_>, class: u16, value: Option<&Payload>) -> Option<Fate> {
        let (old, new) = (between.old.class(class), between.new.class(class));
        if !new.present {
            return Some(self.drop(&format!("spawn of {}", old.path), "the class is gone"));
        }
        let what = format!("spawn of {}", old.path);
        self.value(between, &what, (old.state, new.state), value?)
    }

    fn value(
        &mut self,
        between: &mut Between<'_>,
        what: &str,
        (old, new): (&'static Descriptor, &'static Descriptor),
        payload: &Payload,
    ) -> Option<Fate> {
        // A payload knows whether it has a destructor.
        if stays(old, new) && old.drop_in_place.is_some() == new.drop_in_place.is_some() {
            return None;
        }
        let rule = between.rules.between(old, new);
        let room = Payload::room(new);
        let conversion = Conversion { rules: &between.rules, keeper: &NoKeeper };
        let target = Target { ty: new, out: room.as_ptr(), path: &Path::root(what) };
        // SAFETY: payloads are kept with the number of what they belong to, so it is a value of the old type; there is
        // room for one of the new type.
        let result = unsafe { conversion.convert(rule, Value::new(payload.as_ptr(), old), target) };
        Some(match result {
            Ok(()) => Fate::Carried(Made { payload: Some(room), ty: new }),
            Err(fault) => self.drop(what, &fault.to_string()),
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

    /// Puts the new values in the place of the old ones, which are dropped by their own code. `old` still is the
    /// registry. Answers with what panicked, and with the ids that will not live.
    pub(crate) fn apply(
        mut self,
        queue: &mut Queue,
        clock: &mut Clock,
        old: &Registry,
    ) -> (Vec<Panicked>, Vec<crate::ObjectId>) {
        let (mut panics, mut unborn) = (Vec::new(), Vec::new());
        if self.commands.is_empty() && self.timed.is_empty() {
            return (panics, unborn);
        }
        for (position, command) in queue.take().into_iter().enumerate() {
            let Some(fate) = self.commands.remove(&position) else {
                queue.push(command);
                continue;
            };
            let Command { ask, id, payload } = command;
            match ask {
                Ask::Deliver { event, .. } | Ask::DeliverEach { event, .. } => {
                    let ty = old.vocabulary.event(event).map(|entry| entry.payload);
                    if let Some(payload) = exchange(payload, ty, fate, &mut panics) {
                        queue.push(Command { ask, id, payload });
                    }
                }
                Ask::Spawn { class, .. } => match exchange(payload, Some(old.class(class).state), fate, &mut panics) {
                    Some(payload) => queue.push(Command { ask, id, payload }),
                    None => unborn.push(id),
                },
                Ask::Construct { .. } => unborn.push(id),
                Ask::Destroy { .. } | Ask::Rest => queue.push(Command { ask, id, payload }),
            }
        }
        clock.revise(|mut timed| {
            let Some(fate) = self.timed.remove(&timed.order) else { return Some(timed) };
            if let What::Deliver { event, to, payload } = timed.what {
                let ty = old.vocabulary.event(event).map(|entry| entry.payload);
                let payload = exchange(*payload, ty, fate, &mut panics)?;
                timed.what = What::Deliver { event, to, payload: Box::new(payload) };
            }
            Some(timed)
        });
        (panics, unborn)
    }
}

/// Drops the old value, and answers with the new one if there is one.
fn exchange(old: Payload, ty: Option<&'static Descriptor>, fate: Fate, panics: &mut Vec<Panicked>) -> Option<Payload> {
    if let Some(ty) = ty {
        // SAFETY: payloads are kept with the number of what they belong to; the memory is freed below.
        panics.extend(unsafe { drop_value(ty, old.as_ptr()) }.err());
    }
    match fate {
        Fate::Carried(mut made) => made.payload.take(),
        Fate::Dropped => None,
    }
}
