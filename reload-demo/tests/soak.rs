//! Days of editing in minutes: real reloads between three versions of the town whose classes have different shapes,
//! while 200 players walk, talk and fight over real sockets. Nobody may miss or hear anything twice, no object may be
//! lost or doubled, and the host must not grow.
//!
//! `SOAK_RELOADS=900 cargo test -p reload-demo --features soak-test --test soak -- --nocapture`; 60 unless said.
#![cfg(feature = "soak-test")]
#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

mod support;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use support::{Host, Player, TOKEN, town::Town};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// Players who stand in the square and talk: each hears all the others.
const TALKERS: usize = 40;
/// Players who walk through the town, talking to whoever is there.
const WALKERS: usize = 120;
/// Players who fight the goblin.
const FIGHTERS: usize = 40;
/// Nobody waits longer for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// What all players share.
#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    said: AtomicU64,
    heard: AtomicU64,
}

/// A player's name: letters only, and no word of the town.
fn name(number: usize) -> String {
    let letter = |value: usize| char::from(b'a' + (value % 26) as u8);
    format!("Q{}{}{}", letter(number / 26), letter(number), letter(number / 7))
}

struct Bot {
    name: String,
    reader: tokio::io::Lines<BufReader<OwnedReadHalf>>,
    writer: OwnedWriteHalf,
    /// The last number heard of each player, where all of them are heard.
    heard: Option<BTreeMap<String, u64>>,
    shared: Arc<Shared>,
}

impl Bot {
    async fn join(address: &str, number: usize, counts: bool, shared: &Arc<Shared>) -> Self {
        let stream = TcpStream::connect(address).await.expect("connects");
        let (reader, writer) = stream.into_split();
        let heard = counts.then(BTreeMap::new);
        let mut bot = Self {
            name: name(number),
            reader: BufReader::new(reader).lines(),
            writer,
            heard,
            shared: Arc::clone(shared),
        };
        bot.until("What is your name?").await;
        let name = bot.name.clone();
        bot.ask(&name, "Exits: ").await;
        bot
    }

    async fn send(&mut self, line: &str) {
        self.writer.write_all(format!("{line}\r\n").as_bytes()).await.expect("sends");
    }

    /// Reads until a line contains `text`, and takes note of everything that is said meanwhile.
    async fn until(&mut self, text: &str) {
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                let line = self.reader.next_line().await.expect("reads").expect("the host is there");
                self.note(&line);
                if line.contains(text) {
                    return;
                }
            }
        });
        waited.await.unwrap_or_else(|_| panic!("{} waited for {text:?}", self.name));
    }

    /// Types a line and waits for its answer.
    async fn ask(&mut self, line: &str, answer: &str) {
        self.send(line).await;
        self.until(answer).await;
    }

    /// Reads what comes for a while.
    async fn listen(&mut self, time: Duration) {
        let end = tokio::time::Instant::now() + time;
        while let Ok(line) = tokio::time::timeout_at(end, self.reader.next_line()).await {
            let line = line.expect("reads").expect("the host is there");
            self.note(&line);
        }
    }

    /// Who stands with all the others hears each number of each of them once, in order.
    fn note(&mut self, line: &str) {
        let Some((who, number)) = line.split_once(" says: number ") else { return };
        let (Some(heard), Ok(number)) = (&mut self.heard, number.parse::<u64>()) else { return };
        if let Some(last) = heard.insert(who.to_owned(), number) {
            assert_eq!(number, last + 1, "{} heard {who}", self.name);
        }
        self.shared.heard.fetch_add(1, Ordering::Relaxed);
    }

    async fn say(&mut self, number: u64) {
        self.ask(&format!("say number {number}"), &format!("You say: number {number}")).await;
        self.shared.said.fetch_add(1, Ordering::Relaxed);
    }
}

async fn talk(mut bot: Bot) -> Bot {
    let mut number = 0;
    while !bot.shared.stop.load(Ordering::Relaxed) {
        number += 1;
        bot.say(number).await;
        bot.listen(Duration::from_millis(2_000)).await;
    }
    // Everybody has stopped talking; what is on its way arrives.
    bot.listen(Duration::from_secs(5)).await;
    bot
}

async fn walk(mut bot: Bot, mut at: usize) -> Bot {
    const WAY: [(&str, &str); 6] = [
        ("n", "The forge"),
        ("s", "The square"),
        ("e", "The inn"),
        ("u", "The attic"),
        ("d", "The inn"),
        ("w", "The square"),
    ];
    let mut number = 0;
    at %= 2;
    let mut step = at * 2;
    while !bot.shared.stop.load(Ordering::Relaxed) {
        let (way, place) = WAY[step % WAY.len()];
        bot.ask(way, place).await;
        step += 1;
        // In the square only those talk who are counted.
        if place != "The square" {
            number += 1;
            bot.ask(&format!("say step {number}"), &format!("You say: step {number}")).await;
        }
        bot.listen(Duration::from_millis(1_500)).await;
    }
    bot
}

async fn fight(mut bot: Bot) -> Bot {
    bot.ask("s", "The town gate").await;
    bot.ask("s", "Dark. Something drips.").await;
    while !bot.shared.stop.load(Ordering::Relaxed) {
        // Whatever comes of it: somebody may have fallen, and be elsewhere for a while.
        bot.send("attack grix").await;
        bot.listen(Duration::from_millis(2_500)).await;
        bot.ask("who", "In the town: ").await;
    }
    bot
}

/// Builds the town as it is now.
fn build(town: &Town, to: &Path) {
    let target = support::town::target_dir().join("soak");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "-p", "mud-logic", "--target-dir"])
        .arg(&target)
        .current_dir(town.path("."))
        .status()
        .expect("cargo runs");
    assert!(built.success(), "the town is sound");
    fs::copy(target.join("debug").join(library_name()), to).expect("it was built");
}

fn library_name() -> String {
    format!("{}mud_logic{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX)
}

/// Three versions of the town, every one with another shape of those who live in it.
fn versions(folder: &Path) -> Vec<PathBuf> {
    let town = Town::copy();
    let file = |number: usize| folder.join(format!("version{number}"));
    build(&town, &file(0));
    let goblin = "    /// How it feels.\n    pub mood: Mood,\n";
    town.edit(
        "creatures.rs",
        goblin,
        &format!("{goblin}    /// Its gold.\n    #[field(default = 7)]\n    pub gold: u32,\n"),
    );
    town.edit(
        "creatures.rs",
        "    /// Where it recovers.",
        "    /// How far it has walked.\n    pub steps: u32,\n    /// Where it recovers.",
    );
    town.edit(
        "creatures.rs",
        "            dice: Dice::default(),\n",
        "            dice: Dice::default(),\n            steps: 0,\n",
    );
    town.edit("items.rs", "pub rung: u32", "pub rung: u64");
    build(&town, &file(1));
    town.edit("creatures.rs", "pub gold: u32", "pub gold: u64");
    town.edit(
        "creatures.rs",
        "    /// Somebody has hit it.",
        "    /// Nobody cares.\n    Bored,\n    /// Somebody has hit it.",
    );
    town.edit("creatures.rs", "Mood::Calm => self", "Mood::Calm | Mood::Bored => self");
    town.edit(
        "players.rs",
        "    /// Where their text goes.",
        "    /// What they think of the town.\n    pub notes: Vec<String>,\n    /// Where their text goes.",
    );
    town.edit(
        "rooms.rs",
        "pub echoes: bool",
        "pub visits: std::collections::BTreeMap<String, u32>,\n    /// Whether it answers.\n    pub echoes: bool",
    );
    town.edit(
        "world_setup.rs",
        "exits, echoes: false",
        "exits, visits: std::collections::BTreeMap::new(), echoes: false",
    );
    build(&town, &file(2));
    (0..3).map(file).collect()
}

/// What the system says of the host.
#[derive(Debug)]
struct Size {
    files: usize,
    threads: usize,
    mappings: usize,
    kibibytes: usize,
}

/// What the system says of the host when it does nothing besides: a library that has just been loaded lies in memory until the
/// lines for its backtraces are written.
fn size(host: &Host) -> Size {
    let looks = (0..20).map(|_| {
        std::thread::sleep(Duration::from_millis(50));
        size_now(host)
    });
    looks.min_by_key(|size| size.kibibytes).expect("it was looked at")
}

fn size_now(host: &Host) -> Size {
    let folder = PathBuf::from(format!("/proc/{}", host.id()));
    let count = |name: &str| fs::read_dir(folder.join(name)).expect("the host is there").count();
    let status = fs::read_to_string(folder.join("status")).expect("the host is there");
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux says so");
    Size {
        files: count("fd"),
        threads: count("task"),
        mappings: fs::read_to_string(folder.join("maps")).expect("the host is there").lines().count(),
        kibibytes: resident.trim().trim_end_matches(" kB").parse().expect("a number"),
    }
}

/// Lets the host take the next version, and answers what it took from the file to the report.
fn reload(admin: &mut Player, version: &Path, watched: &Path) -> Duration {
    let beside = watched.with_extension("next");
    fs::copy(version, &beside).expect("copied");
    let started = Instant::now();
    fs::rename(&beside, watched).expect("put in place");
    admin.expect("reloaded mud_logic: epoch");
    started.elapsed()
}

/// The number of objects of each class, as `@classes` tells it.
fn objects(admin: &mut Player) -> BTreeMap<String, String> {
    admin.type_line("@classes");
    admin.type_line("@hold off");
    let told = admin.expect("New code is taken at once.");
    let classes = told.lines().filter(|line| line.starts_with("mud_logic::"));
    classes
        .filter_map(|line| {
            let (class, rest) = line.split_once(": ")?;
            let class = class.split(' ').next()?;
            Some((class.to_owned(), rest.split(',').next()?.to_owned()))
        })
        .collect()
}

#[test]
fn the_town_is_edited_for_days_while_two_hundred_play() {
    let reloads: usize =
        std::env::var("SOAK_RELOADS").map_or(60, |text| text.parse().expect("SOAK_RELOADS is a number"));
    let folder = tempfile::tempdir().expect("a folder");
    let versions = versions(folder.path());
    let watched = folder.path().join("watched").join(library_name());
    fs::create_dir_all(watched.parent().expect("a folder")).expect("writable");
    fs::copy(&versions[0], &watched).expect("copied");
    let host = Host::start_with(|command| {
        command.arg("--watch").arg(watched.parent().expect("a folder"));
        // The allocator would keep freed room for one or two libraries, at random: that is no leak, and would hide one.
        command.env("MALLOC_MMAP_THRESHOLD_", "1048576");
    });
    let mut admin = host.connect();
    admin.expect("What is your name?");
    admin.ask(&format!("@admin {TOKEN}"), "You may use");

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
    let shared = Arc::new(Shared::default());
    let bots = runtime.block_on(async {
        let mut bots = Vec::new();
        for number in 0..TALKERS + WALKERS + FIGHTERS {
            bots.push(Bot::join(host.address(), number, number < TALKERS, &shared).await);
        }
        bots
    });
    let tasks: Vec<_> = bots
        .into_iter()
        .enumerate()
        .map(|(number, bot)| match number {
            _ if number < TALKERS => runtime.spawn(talk(bot)),
            _ if number < TALKERS + WALKERS => runtime.spawn(walk(bot, number)),
            _ => runtime.spawn(fight(bot)),
        })
        .collect();

    let before = objects(&mut admin);
    let mut pauses = Vec::with_capacity(reloads);
    let mut level = None;
    for number in 1..=reloads {
        pauses.push(reload(&mut admin, &versions[number % versions.len()], &watched));
        // The first ones fill what is kept on purpose: reports, spare rooms of pools, versions that are given back two later.
        if number == (reloads / 4).clamp(6, 100) {
            level = Some(size(&host));
        }
        assert!(
            !tasks.iter().any(tokio::task::JoinHandle::is_finished),
            "a player has given up after {number} reloads"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    let (level, end) = (level.expect("taken on the way"), size(&host));
    shared.stop.store(true, Ordering::Relaxed);
    let bots: Vec<Bot> = runtime.block_on(async {
        let mut bots = Vec::new();
        for task in tasks {
            bots.push(task.await.expect("no player missed anything"));
        }
        bots
    });

    // Every talker heard every other one to the last number.
    let last: Vec<&BTreeMap<String, u64>> = bots.iter().filter_map(|bot| bot.heard.as_ref()).collect();
    let mut numbers: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for heard in &last {
        assert_eq!(heard.len(), TALKERS - 1);
        heard.iter().for_each(|(who, number)| numbers.entry(who).or_default().push(*number));
    }
    for (who, numbers) in &numbers {
        assert!(numbers.iter().all(|number| *number == numbers[0]), "{who} was heard up to {numbers:?}");
    }
    let version = reloads % versions.len();
    if version != 0 {
        reload(&mut admin, &versions[0], &watched);
    }
    assert_eq!(objects(&mut admin), before, "no object is lost or doubled");

    pauses.sort_unstable();
    let (said, heard) = (shared.said.load(Ordering::Relaxed), shared.heard.load(Ordering::Relaxed));
    println!("{reloads} reloads, {} players, {said} numbers said and {heard} heard", bots.len());
    println!(
        "from the file to the report: median {:?}, longest {:?}",
        pauses[pauses.len() / 2],
        pauses[pauses.len() - 1]
    );
    println!("on the way: {level:?}\nat the end: {end:?}");
    assert!(end.files <= level.files + 3, "{level:?} {end:?}");
    assert!(end.threads <= level.threads + 1, "{level:?} {end:?}");
    assert!(end.mappings <= level.mappings + level.mappings / 20, "{level:?} {end:?}");
    assert!(end.kibibytes <= level.kibibytes + level.kibibytes / 5, "{level:?} {end:?}");
    assert!(said > 0 && heard >= said, "somebody was heard");
    drop(bots);
    let (told, well) = host.stop();
    assert!(well, "{told}");
}
