//! Any bytes that a telnet connection can send: no panic, no line beyond its limit, nothing that could drive a terminal,
//! and nothing kept beyond a line.
#![no_main]

// The demo's own file: its crate would bring the whole host along.
#[path = "../../../reload-demo/src/net/line.rs"]
#[allow(dead_code)]
mod line;

use libfuzzer_sys::fuzz_target;
use line::{LineDecoder, Said};

const LIMIT: usize = 64;

fuzz_target!(|bytes: &[u8]| {
    let mut decoder = LineDecoder::new(LIMIT);
    let mut ends = 0;
    for byte in bytes {
        ends += usize::from(matches!(byte, b'\r' | b'\n'));
        match decoder.push(*byte) {
            Some(Said::Line(text)) => {
                // A byte that is no text becomes a character of three bytes.
                assert!(text.len() <= 3 * LIMIT, "{} bytes", text.len());
                assert!(!text.chars().any(char::is_control), "{text:?}");
                assert!(!text.contains(['\u{202e}', '\u{200b}', '\u{feff}', '\u{ad}', '\u{3164}']), "{text:?}");
            }
            Some(Said::Refuse(answer)) => assert!(answer[0] == 255 && matches!(answer[1], 252 | 254)),
            Some(Said::TooLong | Said::Request) | None => {}
        }
    }
    // Whatever came before, a line end and a line lead to that line: nobody can be locked out by their own bytes,
    // but for a subnegotiation, which they end themselves.
    let mut said = [255, 240, 255, 240, b'\n'].iter().chain(b"look\n").filter_map(|byte| decoder.push(*byte));
    let last = said.by_ref().last();
    assert!(matches!(&last, Some(Said::Line(text)) if text == "look"), "{ends} {last:?}");
});
