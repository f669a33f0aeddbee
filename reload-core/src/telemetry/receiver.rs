//! The host's end: log records of a library are decoded and given to the host's subscriber.
#![expect(unsafe_code, reason = "called across the boundary")]

use crate::{
    boundary::{RawStr, guarded, is_guarded},
    library::HostLink,
};
use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tracing::{
    Level, Metadata,
    callsite::{Callsite, Identifier},
    dispatcher,
    field::FieldSet,
    metadata::Kind,
    subscriber::Interest,
};
use tracing_tunnel::{TracingEvent, TracingEventReceiver};

const fn level_of(number: u32) -> Level {
    match number {
        1 => Level::ERROR,
        2 => Level::WARN,
        3 => Level::INFO,
        4 => Level::DEBUG,
        _ => Level::TRACE,
    }
}

/// The host's end for one library. Dropping it closes the spans that the library has left open.
#[derive(Debug)]
pub(crate) struct LogReceiver(u64);

static RECEIVERS: Mutex<Option<HashMap<u64, TracingEventReceiver>>> = Mutex::new(None);

impl LogReceiver {
    pub(crate) fn open() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut receivers = RECEIVERS.lock().unwrap_or_else(PoisonError::into_inner);
        receivers.get_or_insert_default().insert(number, TracingEventReceiver::default());
        Self(number)
    }

    /// What the library is given at `attach`.
    pub(crate) const fn link(&self) -> HostLink {
        HostLink { log, log_enabled, receiver: self.0, is_guarded, same_image: false }
    }
}

impl Drop for LogReceiver {
    fn drop(&mut self) {
        let receiver =
            RECEIVERS.lock().unwrap_or_else(PoisonError::into_inner).as_mut().and_then(|all| all.remove(&self.0));
        if let Some(receiver) = receiver {
            // Spans that the library left open or entered are closed by letting go of their state.
            drop(receiver.persist());
        }
    }
}

/// # Safety
///
/// 1. `record` is readable.
unsafe extern "C" fn log(receiver: u64, record: RawStr) {
    // SAFETY: (1)
    let record = unsafe { record.get() };
    let contained = guarded(|| match serde_json::from_str::<TracingEvent>(record) {
        Err(error) => {
            tracing::warn!(target: "reload_core::telemetry", %error, record, "a log record of a library cannot be read")
        }
        Ok(event) => {
            let mut receivers = RECEIVERS.lock().unwrap_or_else(PoisonError::into_inner);
            // A thread that outlives its library's epoch is not listened to any more.
            if let Some(receiver) = receivers.as_mut().and_then(|all| all.get_mut(&receiver))
                && let Err(error) = receiver.try_receive(event)
            {
                drop(receivers);
                tracing::warn!(target: "reload_core::telemetry", %error, "a log record of a library does not fit");
            }
        }
    });
    // A subscriber of the host that panics must not take the library with it.
    drop(contained);
}

/// Stands in for the library's call site where the host's filter is asked.
struct Question;
static QUESTION: Question = Question;

impl Callsite for Question {
    fn set_interest(&self, _interest: Interest) {}
    fn metadata(&self) -> &Metadata<'_> {
        static METADATA: Metadata<'static> = Metadata::new(
            "question",
            "reload_core::telemetry",
            Level::TRACE,
            None,
            None,
            None,
            FieldSet::new(&[], Identifier(&QUESTION)),
            Kind::EVENT,
        );
        &METADATA
    }
}

/// Whether the host's subscriber wants records like this.
///
/// # Safety
///
/// 1. The texts are readable.
unsafe extern "C" fn log_enabled(level: u32, target: RawStr, name: RawStr, is_span: bool) -> bool {
    // SAFETY: (1)
    let (target, name) = unsafe { (target.get::<'_>(), name.get::<'_>()) };
    guarded(|| {
        let kind = if is_span { Kind::SPAN } else { Kind::EVENT };
        let fields = FieldSet::new(&[], Identifier(&QUESTION));
        let metadata = Metadata::new(name, target, level_of(level), None, None, None, fields, kind);
        dispatcher::get_default(|dispatch| dispatch.enabled(&metadata))
    })
    .unwrap_or(false)
}
