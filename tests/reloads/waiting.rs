//! Another cargo at work in the same target folder makes a build wait, and the programmer is told why it took so long.

use super::support::{Game, Workspace, target_dir};
use std::{fs, time::Duration};

fn source(answer: &str) -> String {
    format!(
        "use reload_core::{{Ctx, game_class}};\nuse test_protocol::{{Answered, Test}};\nreload_core::library!();\n\
         #[game_class]\n#[derive(Default)]\npub struct Snail {{ slime: u32 }}\n\
         #[game_class]\nimpl Snail {{\n    fn event_test(&mut self, ctx: &mut Ctx) {{\n        \
         ctx.emit(Answered {{ who: ctx.id(), by: {answer:?}.into() }});\n    }}\n}}\n"
    )
}

/// Locks the target folder as cargo does while it works there.
fn lock() -> Vec<fs::File> {
    let entries = fs::read_dir(target_dir().join("debug")).expect("something was built").flatten();
    let locks: Vec<fs::File> = entries
        .filter(|entry| entry.file_name().to_string_lossy().ends_with("lock"))
        .map(|entry| fs::File::open(entry.path()).expect("readable"))
        .collect();
    assert!(!locks.is_empty(), "cargo has locks there");
    locks.iter().for_each(|lock| lock.lock().expect("lockable"));
    locks
}

#[test]
fn another_cargo_in_the_target_folder_is_told() {
    let mut game = Game::start_in(Workspace::new("waiting", &source("slow")).by_cargo_alone());
    let locks = lock();
    let other = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(1));
        drop(locks);
    });
    let report = game.reload(&source("slower"));
    other.join().expect("it only waits");
    // Where the system tells who has a lock.
    let this = format!("process {},", std::process::id());
    let told = |warning: &String| {
        (warning.contains(&this) || warning.contains("another cargo"))
            && warning.contains("rust-analyzer.cargo.targetDir")
    };
    assert!(report.warnings.iter().any(told), "{report}");
}

/// While only the library's own sources change, nobody is waited for, once that way is prepared.
#[test]
#[cfg(target_os = "linux")]
fn another_cargo_in_the_target_folder_is_avoided() {
    let mut game = Game::start("not_waiting", &source("quick"));
    let avoided = (1..=8).any(|save| {
        std::thread::sleep(Duration::from_millis(150) * save);
        let locks = lock();
        let (over, is_over) = std::sync::mpsc::channel::<()>();
        let other = std::thread::spawn(move || {
            // Gone, when nobody waits; else it makes room.
            let _ = is_over.recv_timeout(Duration::from_secs(3));
            drop(locks);
        });
        let report = game.reload(&source(&format!("quicker {save}")));
        drop(over);
        other.join().expect("it only waits");
        report.warnings.is_empty()
    });
    assert!(avoided, "it waited eight times");
}
