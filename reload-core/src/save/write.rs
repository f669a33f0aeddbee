//! From the live state to a file's text.
#![expect(unsafe_code, reason = "reads live objects through their classes' descriptors")]

use super::{
    SaveError, Saved,
    file::{Body, ClassFile, FORMAT, QueuedFile, TimerFile, TurnFile, VERSION, checksum},
};
use crate::{
    dispatch::{Ask, Command, Live, Payload, Turn, What},
    registry::shape_text,
    schema::{self, Descriptor, Value},
};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Writes everything down.
///
/// # Errors
///
/// The first object or payload that cannot be written.
pub(crate) fn save(live: &Live) -> Result<Saved, SaveError> {
    let (mut classes, mut objects, mut left_out) = (BTreeMap::new(), 0, Vec::new());
    let unborn = live.unborn();
    for number in 0..live.registry.classes.len() as u16 {
        let class = live.registry.class(number);
        let pool = live.store.pool(number);
        if !class.present || (pool.len() == 0 && !unborn.contains_key(&number)) {
            continue;
        }
        left_out.extend(schema::opaque_fields(class.state).into_iter().map(|field| format!("{}.{field}", class.path)));
        let mut written = Vec::with_capacity(pool.len());
        for index in 0..pool.len() {
            let id = live.store.id_of(pool.slot(index));
            // SAFETY: an object of the class, which is not changed meanwhile.
            let state = unsafe { raw(pool.object(index), class.state) };
            let state = state.map_err(|reason| SaveError { what: format!("{} {id}", class.path), reason })?;
            written.push((id, state));
        }
        objects += written.len();
        let file = ClassFile {
            shape: shape_text(class.state),
            types: schema::field_types(class.state),
            bases: Some(live.registry.base_shapes(number)),
            epoch: class.epoch,
            loops: class.loops.iter().map(|entry| entry.name.to_string()).collect(),
            objects: written,
        };
        classes.insert(class.path.to_string(), file);
    }
    let (timers, turns) = waiting(live)?;
    let queue = live.queue.waiting().map(|command| queued(live, command)).collect::<Result<Vec<_>, _>>()?.concat();
    let has_events = !timers.is_empty() || queue.iter().any(|file| file.event.is_some());
    let events = has_events.then(|| live.registry.vocabulary.paths().map(str::to_owned).collect());
    let present = live.registry.classes.iter().filter(|class| class.present);
    let body = Body {
        now: live.clock.now,
        generations: live.store.slots.generations().collect(),
        newest: live.store.slots.newest().clone(),
        classes,
        paths: present.map(|class| class.path.to_string()).collect(),
        events: events.unwrap_or_default(),
        queue,
        timers,
        turns,
        attic: live.attic.clone(),
    };
    let body = serde_json::to_string(&body)
        .map_err(|error| SaveError { what: "the world".to_owned(), reason: error.to_string() })?;
    let text = format!(
        "{{\"format\": \"{FORMAT}\", \"version\": {VERSION},\n\"checksum\": \"{}\",\n\"world\": {body}}}\n",
        checksum(&body)
    );
    Ok(Saved { text, objects, in_attic: live.attic.ids().count(), left_out })
}

/// A value as JSON.
///
/// # Safety
///
/// 1. `value` points to a valid value of the type, which is not changed during the call.
unsafe fn raw(value: *const u8, ty: &'static Descriptor) -> Result<Box<RawValue>, String> {
    // SAFETY: (1)
    let value = unsafe { Value::new(value, ty) };
    serde_json::value::to_raw_value(&value).map_err(|error| error.to_string())
}

fn payload(live: &Live, event: u16, payload: &Payload) -> Result<(String, Box<RawValue>), SaveError> {
    let Some(entry) = live.registry.vocabulary.event(event) else {
        return Err(SaveError { what: format!("a queued event {event}"), reason: "the world does not know it".into() });
    };
    // SAFETY: payloads are kept with the number of the event that they belong to.
    let value = unsafe { raw(payload.as_ptr(), entry.payload) };
    let value = value.map_err(|reason| SaveError { what: format!("a queued event_{}", entry.name), reason })?;
    Ok((entry.path.clone(), value))
}

/// A command; what is for each of a crowd is one for each.
fn queued(live: &Live, command: &Command) -> Result<Vec<QueuedFile>, SaveError> {
    let mut file = QueuedFile { to: command.id, ..QueuedFile::default() };
    match command.ask {
        // Its id has ended, so it will not live.
        Ask::Spawn { .. } | Ask::Construct { .. } if !live.store.slots.is_reserved(command.id) => return Ok(Vec::new()),
        Ask::Deliver { event, .. } | Ask::DeliverEach { event, .. } => {
            let (event, value) = payload(live, event, &command.payload)?;
            (file.event, file.value) = (Some(event), Some(value));
        }
        Ask::Spawn { class, .. } => {
            let class = live.registry.class(class);
            // SAFETY: values are kept with the number of the class that they belong to.
            let value = unsafe { raw(command.payload.as_ptr(), class.state) };
            let what = || format!("a queued spawn of {}", class.path);
            let value = value.map_err(|reason| SaveError { what: what(), reason })?;
            (file.spawn, file.value) = (Some(class.path.to_string()), Some(value));
        }
        Ask::Construct { class, .. } => file.spawn = Some(live.registry.class(class).path.to_string()),
        Ask::Destroy { .. } => file.destroy = true,
        // Nobody rests after a restore.
        Ask::Rest => return Ok(Vec::new()),
    }
    Ok(match command.ask {
        Ask::DeliverEach { .. } => {
            let members = live.queue.crowds.members(command.id).iter();
            members.map(|to| QueuedFile { to: *to, ..file.clone() }).collect()
        }
        _ => vec![file],
    })
}

/// What waits for its time, in the order in which it will come.
fn waiting(live: &Live) -> Result<(Vec<TimerFile>, Vec<TurnFile>), SaveError> {
    let mut waiting: Vec<_> = live.clock.waiting().collect();
    waiting.sort_by_key(|timed| (timed.at, timed.order));
    let (mut timers, mut turns) = (Vec::new(), Vec::new());
    // Turns of objects that are gone say nothing, nor do those of a loop that was removed, though it may be there again.
    let turn = |at, turn: &Turn| {
        let (_, class) = live.store.slots.object(turn.object)?;
        live.registry.class(class).running(&turn.name, turn.since)?;
        Some(TurnFile { at, object: turn.object, name: turn.name.to_string() })
    };
    for timed in waiting {
        match &timed.what {
            What::Turn(waits) => turns.extend(turn(Some(timed.at), waits)),
            What::Deliver { event, to, payload: value } => {
                let (event, value) = payload(live, *event, value)?;
                timers.push(TimerFile { at: timed.at, to: *to, event, value });
            }
        }
    }
    turns.extend(live.clock.next_turns().iter().chain(&live.resting).filter_map(|waits| turn(None, waits)));
    Ok((timers, turns))
}
