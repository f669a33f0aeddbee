//! The host: opens the port, loads the logic, and lets time pass until it is told to stop.

use anyhow::Context;
use clap::Parser;
use core::time::Duration;
use reload_core::{LibrarySource, World};
use reload_demo::{
    admin::Admins,
    console,
    game::{self, Game, Start},
    handover::Baton,
    keeper::Keeper,
    net::{Limits, NetEvent, Network},
    options::Options,
    restart::{Preparing, Successor},
    signals::Stop,
    world_file::WorldFile,
};
use std::{process::ExitCode, time::Instant};
use tracing_subscriber::EnvFilter;

/// The time between two turns of the game.
const TURN: Duration = Duration::from_millis(20);
/// What the network may take of a turn even when the game is late.
const NETWORK_SHARE: Duration = Duration::from_millis(5);
/// The longest time that passes in one turn, so that a pause (a laptop that slept) is not made up for at once.
const LONGEST_TURN: Duration = Duration::from_millis(250);
/// What everybody reads last.
const GOODBYE: &str = "The town goes to sleep. Goodbye.";
/// How long everybody's farewell may take.
const FAREWELL: Duration = Duration::from_secs(3);
/// Between two tries to go on where players wait.
const AGAIN: Duration = Duration::from_millis(200);
/// Open files that the host needs besides its connections.
const OTHER_FILES: u64 = 256;

fn main() -> ExitCode {
    let result = run(&Options::parse());
    if let Err(error) = &result {
        console::warn(format_args!("error: {error:#}"));
    }
    console::finish();
    if result.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(options: &Options) -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| console::Log).init();
    if let Some(file) = &options.check_world {
        let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        console::say(game::check(source(options), &text)?);
        return Ok(());
    }
    // First of all, while nothing else is open.
    let mut baton = Baton::taken()?;
    let stop = Stop::listen()?;
    let successor = Successor::of_this_process()?;
    loop {
        let Some(next) = play(options, &successor, &stop, baton.take())? else { return Ok(()) };
        console::finish();
        // From here on the end is the system's: the world is in its file already.
        let let_go = stop.let_go();
        if stop.asked() {
            next.handover.close(GOODBYE);
            return Ok(());
        }
        let (next, error) = next.pass(successor.program());
        drop(let_go);
        // The process is still this one: it goes on where it stopped.
        console::warn(format_args!("the restart did not happen: {error:#}"));
        baton = Some(next);
    }
}

/// Lets time pass until somebody wants the host to end, or to be replaced: then with what the next one goes on with.
fn play(options: &Options, successor: &Successor, stop: &Stop, baton: Option<Baton>) -> anyhow::Result<Option<Baton>> {
    if let Err(error) = World::install_crash_report() {
        tracing::warn!(%error, "a crash would not be told what was running");
    }
    let mut file = WorldFile::new(&options.world);
    let (mut network, admins, start, lines, held) = match baton {
        None => {
            let network = open_network(options)?;
            file.claim()?;
            let start = if options.fresh { Start::Fresh } else { Start::FromFile };
            (network, Admins::new(token(options)?), start, Vec::new(), false)
        }
        Some(Baton { mut handover, token, admins, held, world, lock }) => {
            file.hold(lock);
            let connections = handover.connections.iter().map(|kept| kept.id).collect();
            let lines = std::mem::take(&mut handover.lines);
            let network = Network::resume(handover, limits(options))?;
            (network, Admins::resume(token, admins), Start::HandedOver { world, connections }, lines, held)
        }
    };
    let (address, token) = (network.address(), admins.secret().to_owned());
    let every = (options.save_every > 0.0).then(|| Duration::from_secs_f32(options.save_every));
    let keeper = Keeper::new(file, every);
    let resumed = matches!(start, Start::HandedOver { .. });
    console::say(format_args!("The town opens at {address}. The logic is being loaded."));
    let mut last_told = String::new();
    let mut again = |error: &anyhow::Error| {
        let told = format!("{error:#}");
        if told != last_told {
            console::say(format_args!("{told}\nThe players wait until it is mended; Ctrl-C ends."));
            last_told = told;
        }
        std::thread::sleep(AGAIN);
        !stop.asked()
    };
    let opened = Game::open(source(options), network.outbox(), admins, keeper, (start, &mut again));
    if opened.is_err() && resumed && stop.asked() {
        // The world is in its file since it was handed over.
        console::say("Closing.");
        network.close(GOODBYE, FAREWELL);
        return Ok(None);
    }
    let (mut game, told) = opened?;
    game.hold(held);
    if let Some(told) = told {
        console::say(told);
    }
    // New code does not wait for the next turn.
    game.wake_with(network.waker());
    if options.watchdog > 0.0 {
        let watched = game.watch(Duration::from_secs_f32(options.watchdog), |hang| {
            console::say(format_args!("watchdog: {hang}"));
        });
        watched.context("the watchdog does not start; --watchdog 0 does without")?;
    }
    console::say(format_args!("Ready: telnet {} {}", address.ip(), address.port()));
    console::say(format_args!("Commands that begin with @ need: @admin {token}"));
    console::say("Edit reload-demo/logic and save; Ctrl-C ends.");
    if resumed {
        game.tell_admins("The new host has taken over.");
    }
    for (id, text) in lines {
        game.hear(NetEvent::Line { id, text });
    }

    let (mut last, mut preparing) = (Instant::now(), None);
    while !stop.asked() {
        for report in game.renew() {
            console::say(report);
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
        if let Some(world) = prepared(&mut game, successor, &mut preparing)
            && !stop.asked()
        {
            return Ok(Some(hand_over(game, network, world)?));
        }
    }
    // First what must not be lost, then everything else.
    let saved = game.save();
    console::say("Closing.");
    if let Ok(told) = &saved {
        console::say(told);
    }
    network.close(GOODBYE, FAREWELL);
    saved.map(|_| None)
}

/// Goes on with a restart that somebody has asked for. Answers with the world once the new host can take it over.
fn prepared(game: &mut Game, successor: &Successor, preparing: &mut Option<Preparing>) -> Option<String> {
    if let Some(asked_by) = game.restart_asked() {
        if preparing.is_some() {
            game.tell(asked_by, "A restart is being prepared already.");
        } else {
            match game.world_text().and_then(|world| successor.prepare(asked_by, world)) {
                Ok(begun) => *preparing = Some(begun),
                Err(error) => game.tell(asked_by, &format!("No restart, the town goes on: {error:#}")),
            }
        }
    }
    let (asked_by, result) = preparing.as_ref().and_then(|begun| Some((begun.asked_by, begun.poll()?)))?;
    *preparing = None;
    match result.and_then(|()| game.world_text()) {
        Ok(world) => Some(world),
        Err(error) => {
            console::warn(format_args!("no restart: {error:#}"));
            game.tell(asked_by, &format!("No restart, the town goes on: {error:#}"));
            None
        }
    }
}

/// Takes everything that the next process goes on with. The world is in its file as well, should the next one fail.
fn hand_over(mut game: Game, network: Network, world: String) -> anyhow::Result<Baton> {
    match game.save() {
        Ok(told) => console::say(told),
        Err(error) => console::warn(format_args!("{error:#}")),
    }
    // From here on nothing happens in the world: what players type goes to the next process.
    let handover = network.hand_over(FAREWELL)?;
    let (token, admins) = game.admins();
    console::say(format_args!("The new host takes over {} connections.", handover.connections.len()));
    Ok(Baton { handover, token, admins, held: game.holds(), world, lock: game.into_lock() })
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
    Ok(Network::open(options.listen, options.port, limits(options))?)
}

fn limits(options: &Options) -> Limits {
    Limits { connections: options.max_connections as usize, ..Limits::default() }
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
