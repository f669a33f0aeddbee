//! The town with as many players as the host takes, all of them connected and named, while the game goes on.
#![cfg(unix)]
#![expect(clippy::print_stderr, reason = "figures, for those who look")]

mod support;

use core::time::Duration;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};
use support::Host;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Semaphore,
};

/// With the two that ask and answer there are 2,000.
const CROWD: usize = 1_998;
const LIMIT: Duration = Duration::from_secs(240);

/// `Aaaa`, `Aaab`, ..
fn name(mut number: usize) -> String {
    let mut letters = [b'a'; 6];
    for letter in letters.iter_mut().rev() {
        *letter = b'a' + (number % 26) as u8;
        number /= 26;
    }
    format!("q{}", String::from_utf8_lossy(&letters))
}

/// Joins, and reads whatever comes until the end. Counts itself, and the words that everybody is meant to hear.
async fn bystander(
    address: String,
    number: usize,
    joined: Arc<AtomicUsize>,
    heard: Arc<AtomicUsize>,
    doors: Arc<Semaphore>,
) {
    let door = doors.acquire_owned().await.expect("open");
    let mut stream = TcpStream::connect(address).await.expect("connects");
    let (mut seen, mut bytes, mut door) = (String::new(), vec![0; 16 * 1024], Some(door));
    let mut named = false;
    loop {
        let Ok(count @ 1..) = stream.read(&mut bytes).await else { return };
        seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
        if !named && seen.contains("What is your name?") {
            named = true;
            stream.write_all(format!("{}\r\n", name(number)).as_bytes()).await.expect("sends");
        }
        if door.is_some() && seen.contains("Exits:") {
            door = None;
            joined.fetch_add(1, Ordering::Relaxed);
        }
        if door.is_none() {
            heard.fetch_add(seen.matches("says: everybody").count(), Ordering::Relaxed);
            // A word may have come in two pieces.
            let keep = seen.len().saturating_sub(64);
            let keep = (keep..=seen.len()).find(|at| seen.is_char_boundary(*at)).unwrap_or(seen.len());
            let tail = seen.split_off(keep);
            seen = if tail.contains("says: everybody") { String::new() } else { tail };
        }
    }
}

#[test]
fn two_thousand_players_and_the_game_goes_on() {
    let files = rlimit::increase_nofile_limit(10_000).unwrap_or(0);
    assert!(files >= 2_500, "this test needs 2500 open files, the system allows {files}");
    let host = Host::start();
    let address = host.address().to_owned();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    let (joined, heard) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let doors = Arc::new(Semaphore::new(64));
    let begun = Instant::now();
    for number in 0..CROWD {
        runtime.spawn(bystander(address.clone(), number, Arc::clone(&joined), Arc::clone(&heard), Arc::clone(&doors)));
    }
    while joined.load(Ordering::Relaxed) < CROWD {
        assert!(begun.elapsed() < LIMIT, "{} have joined", joined.load(Ordering::Relaxed));
        std::thread::sleep(Duration::from_millis(20));
    }
    eprintln!("{CROWD} joined in {:?}", begun.elapsed());
    let begun = Instant::now();
    let mut ann = host.join("Ann");
    let mut bob = host.join("Bob");
    eprintln!("two more in {:?}", begun.elapsed());
    // One speaks, everybody hears it.
    let begun = Instant::now();
    ann.ask("say everybody", "You say: everybody");
    bob.expect("Ann says: everybody");
    while heard.load(Ordering::Relaxed) < CROWD {
        assert!(begun.elapsed() < LIMIT, "{} have heard it", heard.load(Ordering::Relaxed));
        std::thread::sleep(Duration::from_millis(5));
    }
    eprintln!("one word to all in {:?}", begun.elapsed());
    let begun = Instant::now();
    bob.ask("look", "So are");
    bob.ask("s", "The town gate");
    bob.ask("n", "The square");
    bob.ask("who", "more.");
    eprintln!("four commands in {:?}", begun.elapsed());
    // Everybody leaves at once.
    let begun = Instant::now();
    runtime.shutdown_background();
    ann.ask("say anybody", "You say: anybody");
    let alone = |player: &mut support::Player| {
        player.type_line("who");
        player.expect("In the town: ");
        player.expect(".\r\n").contains("more")
    };
    while alone(&mut ann) {
        assert!(begun.elapsed() < LIMIT, "they do not go");
        std::thread::sleep(Duration::from_millis(100));
    }
    eprintln!("they left in {:?}", begun.elapsed());
    assert_eq!(heard.load(Ordering::Relaxed), CROWD);
    let (told, well) = host.stop();
    assert!(well, "{told}");
    assert!(!told.contains("watchdog"), "{told}");
}
