//! The wish that the host ends: Ctrl-C, the system's, or a terminal that was closed. Heard from the start until the
//! program is replaced, also while nobody serves the network.

#![expect(unsafe_code, reason = "lets signals end the process")]

use anyhow::Context;
use core::{future::poll_fn, task::Poll};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Whether somebody wants the host to end.
#[derive(Clone, Debug)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Listens from now on, on a thread of its own. Who asks a second time ends the process at once.
    ///
    /// # Errors
    ///
    /// When the system has no thread for it.
    pub fn listen() -> anyhow::Result<Self> {
        let what = "the wish to end cannot be heard";
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context(what)?;
        let mut signals = {
            let _inside = runtime.enter();
            signals()
        };
        let stop = Self(Arc::default());
        let raised = Arc::clone(&stop.0);
        let listen = move || {
            runtime.block_on(async {
                next(&mut signals).await;
                raised.store(true, Ordering::Relaxed);
                next(&mut signals).await;
                std::process::exit(130);
            });
        };
        std::thread::Builder::new().name("signals".into()).spawn(listen).context(what)?;
        Ok(stop)
    }

    /// Lets a signal end the process, from now until what this answers with is dropped: one that was only heard would be lost
    /// with the program that is about to be replaced. Afterwards [`Stop::asked`] knows of all that came before.
    #[must_use]
    pub fn let_go(&self) -> LetGo {
        let heard = kinds().into_iter().map(|kind| kind.as_raw_value());
        let former = heard.filter_map(|number| Some((number, set(number, &default_action())?))).collect();
        // Until the thread has taken in what was caught.
        std::thread::sleep(Duration::from_millis(20));
        LetGo(former)
    }

    /// Whether somebody has asked.
    #[must_use]
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Signals end the process while this lives.
#[expect(missing_debug_implementations, reason = "what the system remembers cannot be shown")]
pub struct LetGo(Vec<(i32, libc::sigaction)>);

impl Drop for LetGo {
    fn drop(&mut self) {
        for (number, former) in &self.0 {
            set(*number, former);
        }
    }
}

fn default_action() -> libc::sigaction {
    // SAFETY: numbers and pointers that may be zero, which stands for the default, no flags and no mask.
    unsafe { core::mem::zeroed() }
}

/// Sets what a signal does; answers with what it did.
fn set(number: i32, action: &libc::sigaction) -> Option<libc::sigaction> {
    let mut former = default_action();
    // SAFETY: both are valid, and what is set is the default or what was set before.
    let outcome = unsafe { libc::sigaction(number, action, &raw mut former) };
    (outcome == 0).then_some(former)
}

fn kinds() -> Vec<SignalKind> {
    let mut kinds = vec![SignalKind::interrupt(), SignalKind::terminate()];
    if !hangup_is_ignored() {
        kinds.push(SignalKind::hangup());
    }
    kinds
}

fn signals() -> Vec<Signal> {
    let listen = |kind| signal(kind).inspect_err(|error| tracing::warn!(?kind, %error, "a signal cannot be heard"));
    kinds().into_iter().filter_map(|kind| listen(kind).ok()).collect()
}

/// Whether the host was started to outlive its terminal, as `nohup` does.
fn hangup_is_ignored() -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return false };
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask & (1 << (SignalKind::hangup().as_raw_value() - 1)) != 0
}

/// Resolves when the next of them arrives.
async fn next(signals: &mut [Signal]) {
    poll_fn(|context| {
        if signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready()) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}
