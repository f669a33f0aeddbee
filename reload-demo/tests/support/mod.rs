//! The real host as a process, and players with real sockets.
#![allow(dead_code, reason = "each test uses a part of it")]

pub(crate) mod town;

use core::time::Duration;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, ChildStdout, Command, Stdio},
    sync::mpsc,
    time::Instant,
};

/// What opens the admin commands in tests.
pub(crate) const TOKEN: &str = "opensesame";
/// Loading may begin with a build.
const STARTING: Duration = Duration::from_secs(300);
const SOON: Duration = Duration::from_secs(60);

/// A running host. Ends with the test.
pub(crate) struct Host {
    process: Child,
    /// What it writes, line by line; read all the time, because a full pipe would stop it.
    output: mpsc::Receiver<String>,
    address: String,
    /// Where its world is kept, unless the test says otherwise.
    _folder: tempfile::TempDir,
}

impl Host {
    pub(crate) fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// With more to say to the host.
    pub(crate) fn start_with(more: impl FnOnce(&mut Command)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_reload-demo"));
        command.env("MUD_WORLD", folder.path().join("world.json"));
        more(&mut command);
        let mut process = command
            .args(["--port", "0", "--admin-token", TOKEN])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the host starts");
        let output = lines_of(process.stdout.take().expect("a pipe"));
        // From here on it ends with the test, however that ends.
        let mut host = Self { process, output, address: String::new(), _folder: folder };
        host.wait_until_ready();
        host
    }

    /// Reads what the host writes until it says that it is ready: at its start, and after a restart.
    pub(crate) fn wait_until_ready(&mut self) {
        let started = Instant::now();
        loop {
            let left = STARTING.saturating_sub(started.elapsed());
            let line =
                self.output.recv_timeout(left).expect("the host is ready in time, and does not end at its start");
            if let Some(address) = line.strip_prefix("Ready: telnet ") {
                self.address = address.replace(' ', ":");
                return;
            }
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Its number for the system.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// The port it listens on.
    pub(crate) fn port(&self) -> &str {
        self.address.rsplit(':').next().expect("a port")
    }

    /// Somebody at the door.
    pub(crate) fn connect(&self) -> Player {
        let stream = TcpStream::connect(&self.address).expect("connects");
        stream.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout");
        Player { stream, seen: String::new() }
    }

    /// Somebody in the town.
    pub(crate) fn join(&self, name: &str) -> Player {
        let mut player = self.connect();
        player.expect("What is your name?");
        player.type_line(name);
        player.expect("Exits: north, east, south.");
        player
    }

    /// Sends a signal to the host.
    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.process.id().to_string()]).status().expect("sends");
        assert!(sent.success());
    }

    /// Waits until the host writes a line that contains `text`.
    pub(crate) fn expect(&mut self, text: &str) -> String {
        loop {
            let line = self.output.recv_timeout(SOON).expect("the line comes");
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Waits for the host to end by itself, and answers what it wrote since and whether it ended well.
    pub(crate) fn ends(mut self) -> (String, bool) {
        let (mut lines, started) = (Vec::new(), Instant::now());
        loop {
            match self.output.recv_timeout(SOON.saturating_sub(started.elapsed())) {
                Ok(line) => lines.push(line),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("the host does not end:\n{}", lines.join("\n")),
            }
        }
        let rest = lines.join("\n");
        (rest, self.process.wait().expect("ends").success())
    }

    /// Asks the host to end, and answers what it wrote since and whether it ended well.
    #[cfg(unix)]
    pub(crate) fn stop(self) -> (String, bool) {
        self.signal("-TERM");
        self.ends()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads lines on a thread of its own, until there are no more.
fn lines_of(output: ChildStdout) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            // Nobody may be interested any more; the pipe is emptied all the same.
            let _ = sender.send(line);
        }
    });
    lines
}

/// A telnet window.
pub(crate) struct Player {
    stream: TcpStream,
    seen: String,
}

impl Player {
    pub(crate) fn type_line(&mut self, line: &str) {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).expect("sends");
    }

    pub(crate) fn type_unfinished(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).expect("sends");
    }

    /// Whether `text` has come. What was seen is not taken.
    pub(crate) fn has_seen(&mut self, text: &str) -> bool {
        assert!(self.read(), "closed before {text:?}; saw {:?}", self.seen);
        self.seen.contains(text)
    }

    /// Waits for `text`, and answers everything up to it. What was seen is not seen again.
    pub(crate) fn expect(&mut self, text: &str) -> String {
        let started = Instant::now();
        loop {
            if let Some(at) = self.seen.find(text) {
                let rest = self.seen.split_off(at + text.len());
                return std::mem::replace(&mut self.seen, rest);
            }
            assert!(started.elapsed() < SOON, "waited for {text:?} and saw {:?}", self.seen);
            assert!(self.read(), "closed before {text:?}; saw {:?}", self.seen);
        }
    }

    /// Types a line and waits for `text`.
    pub(crate) fn ask(&mut self, line: &str, text: &str) -> String {
        self.type_line(line);
        self.expect(text)
    }

    /// Everything until the host closes.
    pub(crate) fn rest(mut self) -> String {
        let started = Instant::now();
        while self.read() {
            assert!(started.elapsed() < SOON, "still open; saw {:?}", self.seen);
        }
        self.seen
    }

    /// Takes in what there is; false at the end.
    fn read(&mut self) -> bool {
        let mut bytes = [0; 4096];
        match self.stream.read(&mut bytes) {
            Ok(0) => false,
            Ok(count) => {
                self.seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
                true
            }
            Err(_) => true,
        }
    }
}
