//! What a library logs reaches the host's subscriber, and nothing of it dangles when the library is gone.

use super::support::Game;
use std::{
    io::Write,
    sync::{Arc, Mutex},
};
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Lines {
    fn drain(&self) -> Vec<String> {
        let bytes = std::mem::take(&mut *self.0.lock().expect("not poisoned"));
        String::from_utf8(bytes).expect("text").lines().map(str::to_owned).collect()
    }
}

fn source(version: u32) -> String {
    format!(
        "use reload_core::game_class;\nuse test_protocol::Test;\nreload_core::library!();\n\
         #[game_class]\n#[derive(Default)]\npub struct Bard {{ songs: u32 }}\n\
         #[game_class]\nimpl Bard {{\n    fn event_test(&mut self) {{\n        self.songs += 1;\n        \
         let _span = tracing::warn_span!(target: \"bard\", \"concert\", version = {version}).entered();\n        \
         tracing::warn!(target: \"bard::voice\", songs = self.songs, \"version {version} sings\");\n        \
         tracing::debug!(target: \"bard::voice\", \"hums\");\n        \
         // Never closed: its library goes away while it is open.\n        \
         std::mem::forget(tracing::warn_span!(target: \"bard\", \"encore\"));\n    }}\n}}\n"
    )
}

#[test]
fn a_librarys_records_reach_the_hosts_subscriber_over_many_reloads() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_env_filter("bard=info")
        .with_ansi(false)
        .without_time()
        .finish();
    let _default = tracing::subscriber::set_default(subscriber);
    let mut game = Game::start("telemetry", &source(1));
    game.spawn("Bard");
    for version in 1..=5 {
        if version > 1 {
            game.reload(&source(version));
        }
        lines.drain();
        {
            let _frame = tracing::error_span!(target: "bard", "frame").entered();
            game.ask();
        }
        let seen = lines.drain();
        assert_eq!(seen.len(), 1, "the host's filter holds for the library: {seen:?}");
        let line = &seen[0];
        assert!(line.trim_start().starts_with("WARN"), "{line}");
        assert!(
            line.contains(&format!("frame:concert{{version={version}}}: bard::voice: version {version} sings")),
            "{line}"
        );
        assert!(line.contains(&format!("songs={version}")), "{line}");
    }
}
