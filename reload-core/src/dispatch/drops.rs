//! How values end that nobody takes any more: objects, payloads of events, what is still queued. Each destructor is
//! game code, so its panic is a fault and the rest goes on.
#![expect(unsafe_code, reason = "drops values of erased types")]

use super::{
    clock::What,
    fault::{Fault, FaultKind},
    live::Live,
    payload::Payload,
    queue::{Ask, Command},
};
use crate::{
    boundary::{ObjectId, Panicked},
    registry::Kind,
    schema::Descriptor,
};

impl Live {
    /// Drops an event's payload, where it is: most have nothing to drop, and are not moved for that.
    ///
    /// # Safety
    ///
    /// 1. The payload is one of `event`, and is not used again.
    #[inline(always)]
    pub(crate) unsafe fn drop_event(&mut self, event: u16, payload: &Payload) {
        if !payload.is_plain() {
            // SAFETY: (1)
            unsafe { self.drop_by_type(event, payload) };
        }
    }

    /// # Safety
    ///
    /// As for [`Live::drop_event`].
    unsafe fn drop_by_type(&mut self, event: u16, payload: &Payload) {
        let Some(descriptor) = self.registry.vocabulary.event(event).map(|entry| entry.payload) else { return };
        if descriptor.drop_in_place.is_none() {
            return;
        }
        let drop_value = || {
            // SAFETY: (1)
            unsafe { payload.drop_value(descriptor) }
        };
        if let Err(panic) = self.pulse.during(Kind::PayloadDrop, None, Some(event), ObjectId::NONE, drop_value) {
            let during = format!("drop of the payload of event_{}", self.registry.vocabulary.name(event));
            self.faults.report(Fault::of_host(during, panic));
        }
    }

    /// # Safety
    ///
    /// 1. `descriptor` describes the value, which is not used again.
    pub(super) unsafe fn drop_payload(&mut self, value: &Payload, descriptor: &Descriptor, class: u16) {
        let drop_value = || {
            // SAFETY: (1)
            unsafe { value.drop_value(descriptor) }
        };
        if let Err(panic) = self.pulse.during(Kind::Drop, Some(class), None, ObjectId::NONE, drop_value) {
            self.report_drop(class, ObjectId::NONE, panic);
        }
    }

    pub(crate) fn drop_command(&mut self, command: Command) {
        match command.ask {
            // SAFETY: payloads are kept with the number of the event that they belong to.
            Ask::Deliver { event, .. } | Ask::DeliverEach { event, .. } => unsafe {
                self.drop_event(event, &command.payload)
            },
            Ask::Spawn { class, .. } => {
                let descriptor = self.registry.class(class).state;
                // SAFETY: values are kept with the number of the class that they belong to.
                unsafe { self.drop_payload(&command.payload, descriptor, class) };
            }
            Ask::Construct { .. } | Ask::Destroy { .. } | Ask::Rest => {}
        }
    }

    pub(crate) fn report_drop(&mut self, class: u16, object: ObjectId, panic: Panicked) {
        let class = self.registry.class(class).path.to_string();
        let kind = FaultKind::Panicked { panic, quarantined: false };
        self.faults.report(Fault { class, object, during: "drop".to_owned(), kind });
    }

    /// Drops the values of all objects of a class and ends them.
    pub(crate) fn drop_all(&mut self, class: u16) {
        self.drop_values(class);
        self.store.forget_all(class);
    }

    /// Drops the values of all objects of a class, whose ids go on: the objects are in the attic.
    pub(crate) fn drop_parked(&mut self, class: u16) {
        self.drop_values(class);
        self.store.park_all(class);
    }

    fn drop_values(&mut self, class: u16) {
        let descriptor = self.registry.class(class).state;
        if let Some(drop_in_place) = descriptor.drop_in_place {
            for index in 0..self.store.pool(class).len() {
                let pool = self.store.pool(class);
                let (object, id) = (pool.object(index), self.store.slots.id_of(pool.slot(index)));
                // SAFETY: an object of the class; it is forgotten by whoever calls this.
                let drop_value = || unsafe { drop_in_place(object) }.into_result();
                if let Err(panic) = self.pulse.during(Kind::Drop, Some(class), None, id, drop_value) {
                    self.report_drop(class, id, panic);
                }
            }
        }
    }

    /// Drops all objects and everything that is queued or waits for its time, while the code that does is certainly mapped:
    /// the registry keeps it so. Classes, listeners and the attic stay.
    pub(crate) fn forget_everything(&mut self) {
        for command in self.queue.take() {
            self.drop_command(command);
        }
        self.rest_fallen();
        for what in self.clock.drain() {
            if let What::Deliver { event, payload, .. } = what {
                // SAFETY: payloads are kept with the number of the event that they belong to.
                unsafe { self.drop_event(event, &payload) };
            }
        }
        self.resting.clear();
        for class in 0..self.registry.classes.len() {
            self.drop_all(class as u16);
        }
    }
}

impl Drop for Live {
    /// Values first; the registry, which keeps their code mapped, last.
    fn drop(&mut self) {
        self.forget_everything();
    }
}
