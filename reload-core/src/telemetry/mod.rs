//! Log records of a library, handed to the host as owned values: what the library's own copy of
//! `tracing` sees is encoded there, decoded here and given to the host's subscriber. No pointer into
//! the library stays behind, so unloading it is safe even with a span open.
#![expect(unsafe_code, reason = "calls and is called across the boundary")]

#[cfg(feature = "hot")]
mod receiver;

#[cfg(feature = "hot")]
pub(crate) use receiver::LogReceiver;

use crate::{boundary::RawStr, library::HostLink};
use tracing::{
    Event, Level, Metadata, Subscriber,
    span::{Attributes, Id, Record},
    subscriber::Interest,
};
use tracing_tunnel::{TracingEvent, TracingEventSender};

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
