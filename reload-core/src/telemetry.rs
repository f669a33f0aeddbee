//! Log records of a library, handed to the host as owned values: what the library's own copy of
//! `tracing` sees is encoded there, decoded here and given to the host's subscriber. No pointer into
//! the library stays behind, so unloading it is safe even with a span open.
#![expect(unsafe_code, reason = "calls and is called across the boundary")]

use crate::{
    boundary::{RawStr, guarded},
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
    Event, Level, Metadata, Subscriber,
    callsite::{Callsite, Identifier},
    dispatcher,
    field::FieldSet,
    metadata::Kind,
    span::{Attributes, Id, Record},
    subscriber::Interest,
};
use tracing_tunnel::{TracingEvent, TracingEventReceiver, TracingEventSender};

/// Makes everything that this image logs go to the host.
pub(crate) fn forward_to(link: &HostLink) {
    let (log, receiver, enabled) = (link.log, link.receiver, link.log_enabled);
    let sender = TracingEventSender::new(move |event: TracingEvent| {
        // A record that cannot be encoded has a value that JSON does not know; the host hears of it.
        let record = serde_json::to_string(&event).unwrap_or_else(|error| error.to_string());
        // SAFETY: the text lives during the call; the host outlives its libraries.
        unsafe { log(receiver, RawStr::borrowed(&record)) }
    });
    // An image is attached once; if the library has set a subscriber of its own, that one stays.
    if tracing::subscriber::set_global_default(Forwarder { sender, enabled }).is_err() {
        tracing::debug!(target: "reload_core::telemetry", "the library listens to its own records; the host does not get them");
    }
}

/// The library's subscriber: asks the host's filter at every record, so that a filter which changes
/// while the program runs holds for the library as well.
struct Forwarder<F> {
    sender: TracingEventSender<F>,
    enabled: unsafe extern "C" fn(level: u32, target: RawStr, name: RawStr, is_span: bool) -> bool,
}

impl<F: Fn(TracingEvent) + 'static> Subscriber for Forwarder<F> {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        let _always = self.sender.register_callsite(metadata);
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let (target, name) = (RawStr::borrowed(metadata.target()), RawStr::borrowed(metadata.name()));
        // SAFETY: the texts live during the call; the host outlives its libraries.
        unsafe { (self.enabled)(level_number(*metadata.level()), target, name, metadata.is_span()) }
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.sender.new_span(span)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.sender.record(span, values);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.sender.record_follows_from(span, follows);
    }

    fn event(&self, event: &Event<'_>) {
        self.sender.event(event);
    }

    fn enter(&self, span: &Id) {
        self.sender.enter(span);
    }

    fn exit(&self, span: &Id) {
        self.sender.exit(span);
    }

    fn clone_span(&self, span: &Id) -> Id {
        self.sender.clone_span(span)
    }

    fn try_close(&self, span: Id) -> bool {
        self.sender.try_close(span)
    }
}

const fn level_number(level: Level) -> u32 {
    match level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

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
        HostLink { log, log_enabled, receiver: self.0, same_image: false }
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
