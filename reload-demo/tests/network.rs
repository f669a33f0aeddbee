//! The network with real sockets: limits, hostile bytes, slow readers, floods, farewells.

use core::time::Duration;
use reload_demo::net::{ConnectionId, Departure, Limits, NetError, NetEvent, Network};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{IpAddr, Ipv4Addr, TcpStream},
    time::Instant,
};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const SOON: Duration = Duration::from_secs(10);

fn open(limits: Limits) -> Network {
    Network::open(LOOPBACK, 0, limits).expect("a free port")
}

fn connect(network: &Network) -> TcpStream {
    let stream = TcpStream::connect(network.address()).expect("connects");
    stream.set_read_timeout(Some(SOON)).expect("a timeout");
    stream
}

/// A new connection and the number that the network gave it.
fn joined(network: &mut Network) -> (TcpStream, ConnectionId) {
    let stream = connect(network);
    match network.wait(SOON) {
        Some(NetEvent::Connected { id, peer }) => {
            assert_eq!(peer, stream.local_addr().expect("an address"));
            (stream, id)
        }
        other => panic!("expected a connection: {other:?}"),
    }
}

fn line(network: &mut Network) -> String {
    match network.wait(SOON) {
        Some(NetEvent::Line { text, .. }) => text,
        other => panic!("expected a line: {other:?}"),
    }
}

fn departure(network: &mut Network) -> Departure {
    loop {
        match network.wait(SOON) {
            Some(NetEvent::Left { departure, .. }) => return departure,
            Some(_) => {}
            None => panic!("nobody left"),
        }
    }
}

/// Everything until the other side closes.
fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("reads to the end");
    String::from_utf8(bytes).expect("text")
}

/// Sends `bytes` on a connection and checks the lines that the game sees.
fn check_lines(bytes: &[u8], expected: &[&str]) {
    let mut network = open(Limits::default());
    let (mut stream, _) = joined(&mut network);
    stream.write_all(bytes).expect("sends");
    for &expected in expected {
        assert_eq!(line(&mut network), expected);
    }
    drop(stream);
    assert_eq!(departure(&mut network), Departure::Left);
}

#[test]
fn lines_arrive_whatever_their_ends() {
    check_lines(b"look\r\nnorth\nsay hi\r\0who\n", &["look", "north", "say hi", "who"]);
}

#[test]
fn broken_text_is_replaced_and_escapes_are_stripped() {
    check_lines(b"say \xff\xfe\x01\xc3(\r\nsay \x1b[2Jboo\r\n", &["say \u{fffd}(", "say boo"]);
}

#[test]
fn negotiation_is_refused() {
    let mut network = open(Limits::default());
    let (mut stream, _) = joined(&mut network);
    stream.write_all(b"\xff\xfd\x01\xff\xfb\x1f\xff\xfa\x18\x00xterm\xff\xf0look\r\n").expect("sends");
    let mut answer = [0; 6];
    stream.read_exact(&mut answer).expect("an answer");
    assert_eq!(answer, [255, 252, 1, 255, 254, 31]);
    assert_eq!(line(&mut network), "look");
}

#[test]
fn a_line_that_is_too_long_is_told_and_dropped() {
    let mut network = open(Limits::default());
    let (mut stream, _) = joined(&mut network);
    stream.write_all(&[b'x'; 600]).expect("sends");
    stream.write_all(b"\r\nlook\r\n").expect("sends");
    assert_eq!(line(&mut network), "look");
    let mut notice = String::new();
    BufReader::new(&stream).read_line(&mut notice).expect("a notice");
    assert_eq!(notice, "That line was longer than 512 bytes and has been ignored.\r\n");
}

#[test]
fn text_reaches_its_player_only() {
    let mut network = open(Limits::default());
    let ((ann, first), (bob, second)) = (joined(&mut network), joined(&mut network));
    let outbox = network.outbox();
    outbox.send(first, "You are Ann.\nAnd well.");
    outbox.close(second, "Goodbye, Bob.");
    outbox.send(second, "late");
    outbox.close(first, "");
    outbox.send(99, "nobody");
    assert_eq!(rest(ann), "You are Ann.\r\nAnd well.\r\n");
    assert_eq!(rest(bob), "Goodbye, Bob.\r\n");
    assert_eq!(departure(&mut network), Departure::Closed);
    assert_eq!(departure(&mut network), Departure::Closed);
}

#[test]
fn a_full_house_refuses_politely_and_opens_again() {
    let mut network = open(Limits { connections: 2, ..Limits::default() });
    let (first, _) = joined(&mut network);
    let (_second, _) = joined(&mut network);
    let refused = rest(connect(&network));
    assert_eq!(refused, "There is no room for more players right now. Please come back later.\r\n");
    drop(first);
    assert_eq!(departure(&mut network), Departure::Left);
    // The place is free a moment after the game hears of it.
    std::thread::sleep(Duration::from_millis(100));
    joined(&mut network);
}

#[test]
fn who_does_not_read_is_dropped_and_the_sender_never_waits() {
    let mut network = open(Limits::default());
    let (stream, id) = joined(&mut network);
    let outbox = network.outbox();
    let text = "x".repeat(1000);
    let started = Instant::now();
    // More than the sockets' own buffers hold.
    for _ in 0..50_000 {
        outbox.send(id, &text);
    }
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    assert_eq!(departure(&mut network), Departure::NotReading);
    drop(stream);
}

#[test]
fn a_flood_is_slowed_while_others_play() {
    let mut network = open(Limits { lines_per_second: 50.0, burst: 10.0, ..Limits::default() });
    let (flooder, flooding) = joined(&mut network);
    let (mut player, playing) = joined(&mut network);
    let mut flood = flooder.try_clone().expect("a second handle");
    let flood = std::thread::spawn(move || {
        let lines = b"spam\n".repeat(1000);
        while flood.write_all(&lines).is_ok() {}
    });
    let started = Instant::now();
    let (mut spam, mut answered) = (0, 0);
    player.write_all(b"hello\n").expect("sends");
    while started.elapsed() < Duration::from_secs(1) {
        match network.wait(Duration::from_millis(50)) {
            Some(NetEvent::Line { id, .. }) if id == flooding => spam += 1,
            Some(NetEvent::Line { id, text }) => {
                assert_eq!((id, text.as_str()), (playing, "hello"));
                answered += 1;
                std::thread::sleep(Duration::from_millis(25));
                player.write_all(b"hello\n").expect("sends");
            }
            Some(other) => panic!("unexpected: {other:?}"),
            None => {}
        }
    }
    assert!((30..=80).contains(&spam), "the flood got {spam} lines through in a second");
    assert!(answered >= 15, "the other player got {answered} lines through");
    let mut notice = String::new();
    BufReader::new(&flooder).read_line(&mut notice).expect("a notice");
    assert!(notice.starts_with("Not so fast"), "{notice}");
    network.close("", Duration::from_secs(5));
    drop(flooder);
    flood.join().expect("the flood ends with its connection");
}

#[test]
fn bytes_without_lines_are_slowed_as_well() {
    let mut network = open(Limits { lines_per_second: 50.0, burst: 10.0, ..Limits::default() });
    let (mut stream, _) = joined(&mut network);
    stream.set_write_timeout(Some(Duration::from_millis(500))).expect("a timeout");
    // A subnegotiation that never ends.
    stream.write_all(b"\xff\xfa\x18").expect("sends");
    let (started, mut sent) = (Instant::now(), 0);
    while started.elapsed() < Duration::from_secs(2) {
        sent += stream.write(&[b'a'; 4096]).unwrap_or(0);
    }
    assert!(sent < 32 << 20, "{sent} bytes were taken");
}

#[test]
fn idle_connections_stay() {
    let mut network = open(Limits::default());
    let (mut stream, _) = joined(&mut network);
    assert_eq!(network.wait(Duration::from_secs(2)), None);
    stream.write_all(b"still here\n").expect("sends");
    assert_eq!(line(&mut network), "still here");
}

#[test]
fn a_late_game_gets_every_line_in_order() {
    let mut network = open(Limits { lines_per_second: 1e6, burst: 1e6, ..Limits::default() });
    let (mut stream, _) = joined(&mut network);
    let sender = std::thread::spawn(move || {
        for number in 0..5000 {
            writeln!(stream, "{number}").expect("sends");
        }
    });
    std::thread::sleep(Duration::from_millis(500));
    for number in 0..5000 {
        assert_eq!(line(&mut network), number.to_string());
    }
    sender.join().expect("sends all");
    assert_eq!(departure(&mut network), Departure::Left);
}

#[test]
fn what_was_read_goes_along_when_the_port_is_handed_over() {
    let mut network = open(Limits { lines_per_second: 1.0, burst: 2.0, ..Limits::default() });
    let (mut stream, _) = joined(&mut network);
    stream.write_all(b"one\ntwo\nthree\nfour\nfi").expect("sends");
    assert_eq!(line(&mut network), "one");
    // The second may be on its way, the third waits for its turn.
    std::thread::sleep(Duration::from_millis(200));
    let mut handover = network.hand_over(SOON).expect("handed over");
    let mut lines: Vec<String> = std::mem::take(&mut handover.lines).into_iter().map(|(_, text)| text).collect();
    let mut network = Network::resume(handover, Limits::default()).expect("goes on");
    stream.write_all(b"ve\n").expect("sends");
    while lines.len() < 4 {
        lines.push(line(&mut network));
    }
    assert_eq!(lines, ["two", "three", "four", "five"]);
}

#[test]
fn a_browser_is_not_listened_to() {
    let mut network = open(Limits::default());
    let (mut stream, _) = joined(&mut network);
    stream.write_all(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n@admin guess\r\n").expect("sends");
    assert!(rest(stream).contains("no web server"));
    match network.wait(SOON) {
        Some(NetEvent::Left { departure: Departure::Closed, .. }) => {}
        other => panic!("nothing was said: {other:?}"),
    }
}

#[test]
fn somebody_else_can_end_the_wait() {
    let mut network = open(Limits::default());
    let wake = network.waker();
    let begun = Instant::now();
    // Before the wait, and while it goes on.
    wake();
    assert_eq!(network.wait(30 * SOON), None);
    let later = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        wake();
    });
    assert_eq!(network.wait(30 * SOON), None);
    assert!(begun.elapsed() < 30 * SOON, "the waits were ended");
    later.join().expect("it only wakes");
    // Nobody is forgotten for it.
    let (_player, _) = joined(&mut network);
}

#[test]
fn a_taken_port_is_told_with_what_to_do() {
    // An address of its own where the system has more than one for itself: the thousands of connections that other tests make
    // meanwhile get their ports from the system, and one of them could be the port that was just closed.
    let own = if cfg!(target_os = "linux") { [127, 0, 0, 2].into() } else { LOOPBACK };
    let network = Network::open(own, 0, Limits::default()).expect("a free port");
    let port = network.address().port();
    let error = Network::open(own, port, Limits::default()).expect_err("the port is taken");
    assert!(matches!(error, NetError::Taken(_)));
    assert!(error.to_string().contains(&port.to_string()) && error.to_string().contains("--port"), "{error}");
    let elsewhere = Network::open([192, 0, 2, 1].into(), 0, Limits::default()).expect_err("not our address");
    assert!(matches!(elsewhere, NetError::NotOurs(_)), "{elsewhere}");
    // Free again at once.
    network.close("", SOON);
    Network::open(own, port, Limits::default()).expect("free again");
}

#[test]
fn everybody_gets_a_farewell_and_who_does_not_read_holds_nobody_up() {
    let mut network = open(Limits { waiting_bytes: 1 << 30, ..Limits::default() });
    let (_stuck, id) = joined(&mut network);
    let players: Vec<TcpStream> = (0..20).map(|_| joined(&mut network).0).collect();
    network.outbox().send(id, &"x".repeat(64 << 20));
    let started = Instant::now();
    network.close("The town goes to sleep. Goodbye.", Duration::from_secs(4));
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    for player in players {
        assert_eq!(rest(player), "The town goes to sleep. Goodbye.\r\n");
    }
}

#[test]
fn two_thousand_play_at_once() {
    // Both ends of each connection are in this process.
    let files = rlimit::increase_nofile_limit(10_000).unwrap_or(0);
    assert!(files >= 4_500, "this test needs 4500 open files, the system allows {files}");
    let mut network = open(Limits::default());
    let mut streams: Vec<TcpStream> = (0..2000).map(|_| joined(&mut network).0).collect();
    assert!(rest(connect(&network)).starts_with("There is no room"));
    for stream in &mut streams {
        stream.write_all(b"hello\n").expect("sends");
    }
    let outbox = network.outbox();
    for _ in 0..2000 {
        match network.wait(SOON) {
            Some(NetEvent::Line { id, text }) => outbox.send(id, &format!("{text} {id}")),
            other => panic!("expected a line: {other:?}"),
        }
    }
    let mut answers: Vec<u64> = streams
        .iter()
        .map(|stream| {
            let mut answer = String::new();
            BufReader::new(stream).read_line(&mut answer).expect("an answer");
            answer.trim_end().strip_prefix("hello ").and_then(|id| id.parse().ok()).expect("hello and a number")
        })
        .collect();
    answers.sort_unstable();
    assert_eq!(answers, (1..=2000).collect::<Vec<_>>());
    network.close("bye", SOON);
    assert!(streams.into_iter().all(|stream| rest(stream) == "bye\r\n"));
}
