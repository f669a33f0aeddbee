//! The host: opens the port, loads the logic, and lets time pass until it is told to stop.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is the program whose interface it is")]

use anyhow::Context;
use clap::Parser;
use core::time::Duration;
use reload_core::{LibrarySource, World};
use reload_demo::{
    admin::Admins,
    game::Game,
    net::{Limits, Network},
    options::Options,
};
use std::{
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};
use tracing_subscriber::EnvFilter;

/// The time between two turns of the game.
const TURN: Duration = Duration::from_millis(20);
/// What the network may take of a turn even when the game is late.
const NETWORK_SHARE: Duration = Duration::from_millis(5);
/// The longest time that passes in one turn, so that a pause (a laptop that slept) is not made up for at once.
const LONGEST_TURN: Duration = Duration::from_millis(250);
/// How long everybody's farewell may take.
const FAREWELL: Duration = Duration::from_secs(3);
/// Open files that the host needs besides its connections.
const OTHER_FILES: u64 = 256;

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();

    if let Err(error) = World::install_crash_report() {
        tracing::warn!(%error, "a crash would not be told what was running");
    }
    let mut network = open_network(options)?;
    let interrupted = stop_when_asked(&network);
    let (address, token) = (network.address(), token(options)?);
    println!("The town opens at {address}. The logic is being loaded.");
    let mut game = Game::open(source(options), network.outbox(), Admins::new(token.clone()))?;
    if options.watchdog > 0.0 {
        let watched = game.watch(Duration::from_secs_f32(options.watchdog), |hang| println!("watchdog: {hang}"));
        watched.context("the watchdog does not start; --watchdog 0 does without")?;
    }
    println!("Ready: telnet {} {}", address.ip(), address.port());
    println!("Commands that begin with @ need: @admin {token}");
    println!("Edit reload-demo/logic and save; Ctrl-C ends.");

    let mut last = Instant::now();
    while !interrupted.load(Ordering::Relaxed) {
        for report in game.renew() {
            println!("{report}");
        }
        let until = (last + TURN).max(Instant::now() + NETWORK_SHARE);
        while let Some(event) = network.wait(until.saturating_duration_since(Instant::now())) {
            game.hear(event);
            if Instant::now() >= until {
                break;
            }
        }
        let now = Instant::now();
        game.advance((now - last).min(LONGEST_TURN).as_secs_f32());
        last = now;
    }
    println!("Closing.");
    network.close("The town goes to sleep. Goodbye.", FAREWELL);
    Ok(())
}

fn open_network(options: &Options) -> anyhow::Result<Network> {
    let wanted = u64::from(options.max_connections) + OTHER_FILES;
    match rlimit::increase_nofile_limit(wanted) {
        Ok(files) if files < wanted => {
            tracing::warn!(files, wanted, "the system allows fewer open files than connections; see `ulimit -n`");
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the limit of open files is unknown"),
    }
    let limits = Limits { connections: options.max_connections as usize, ..Limits::default() };
    Ok(Network::open(options.listen, options.port, limits)?)
}

fn token(options: &Options) -> anyhow::Result<String> {
    match &options.admin_token {
        Some(token) => Ok(token.clone()),
        None => Admins::token().context("no admin token could be made; give one with --admin-token"),
    }
}

/// Where the logic comes from.
fn source(options: &Options) -> LibrarySource {
    if cfg!(feature = "linked") {
        return LibrarySource::linked();
    }
    if let Some(folder) = &options.watch {
        return LibrarySource::watch(folder, "mud_logic");
    }
    // The logic alone: built together with the host it would carry the host's features of what both share, and each
    // reload would build, copy and load those as well.
    let mut source = LibrarySource::cargo("mud-logic");
    if let Some(folder) = &options.logic {
        source = source.manifest_dir(folder);
    }
    if options.release { source.release().into() } else { source.into() }
}

/// A flag that Ctrl-C, or the system's wish to end the program, raises.
fn stop_when_asked(network: &Network) -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&flag);
    network.runtime().spawn(async move {
        asked().await;
        raised.store(true, Ordering::Relaxed);
        // A second time: at once.
        asked().await;
        std::process::exit(130);
    });
    flag
}

async fn asked() {
    let interrupt = async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::warn!(%error, "Ctrl-C cannot be caught");
            core::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => tokio::select! {
                () = interrupt => {}
                _ = terminate.recv() => {}
            },
            Err(error) => {
                tracing::warn!(%error, "the system's wish to end cannot be heard");
                interrupt.await;
            }
        }
    }
    #[cfg(not(unix))]
    interrupt.await;
}
