//! Turns the bytes of one telnet connection into lines of text and the answers that its negotiation needs.
//! Must never keep more than one line, whatever arrives, and never let through what could drive another player's terminal.
//!
//! Written here because a server faces hostile bytes: of the crates at hand `nectar` 0.4 panics when a
//! subnegotiation arrives in two parts, and `libmudtelnet` 2, made for clients, keeps one that never ends and
//! reads it anew with every packet (1 MiB: seven seconds).

use serde::{Deserialize, Serialize};
use unicode_general_category::{GeneralCategory, get_general_category};

/// Marks that one letter may bear. More of them would grow over the lines of others.
const MARKS: usize = 3;

/// What a connection has said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Said {
    /// A complete line, without its end: valid UTF-8 without control characters.
    Line(String),
    /// A line that was longer than allowed. All of it has been dropped.
    TooLong,
    /// The client wants an option that we do not have: the refusal to send back.
    Refuse([u8; 3]),
    /// The first line is an HTTP request: a web page makes a browser speak to this port. What follows may be made to look
    /// like anything.
    Request,
}

const IAC: u8 = 255;
const DONT: u8 = 254;
const DO: u8 = 253;
const WONT: u8 = 252;
const WILL: u8 = 251;
const SB: u8 = 250;
const SE: u8 = 240;
const BACKSPACE: u8 = 8;
const DELETE: u8 = 127;

/// Where in the telnet grammar the next byte stands (RFC 854).
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Place {
    Text,
    /// After a carriage return, whose line feed or NUL belongs to the same line end.
    Return,
    Command,
    Option {
        verb: u8,
    },
    Subnegotiation,
    SubnegotiationCommand,
}

/// Assembles lines. Feed it byte by byte.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LineDecoder {
    place: Place,
    line: Vec<u8>,
    limit: usize,
    too_long: bool,
    /// Whether there has been a line with anything in it.
    begun: bool,
}

impl LineDecoder {
    /// A decoder for lines of at most `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { place: Place::Text, line: Vec::new(), limit, too_long: false, begun: false }
    }

    /// Goes on with another limit.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Takes the next byte.
    pub fn push(&mut self, byte: u8) -> Option<Said> {
        match self.place {
            Place::Text => self.text(byte),
            Place::Return => {
                self.place = Place::Text;
                if matches!(byte, b'\n' | 0) { None } else { self.text(byte) }
            }
            Place::Command => {
                self.place = match byte {
                    WILL | WONT | DO | DONT => Place::Option { verb: byte },
                    SB => Place::Subnegotiation,
                    // A doubled IAC stands for the byte 255, which is in no UTF-8 text; the other commands ask for nothing.
                    _ => Place::Text,
                };
                None
            }
            Place::Option { verb } => {
                self.place = Place::Text;
                match verb {
                    DO => Some(Said::Refuse([IAC, WONT, byte])),
                    WILL => Some(Said::Refuse([IAC, DONT, byte])),
                    _ => None,
                }
            }
            Place::Subnegotiation => {
                if byte == IAC {
                    self.place = Place::SubnegotiationCommand;
                }
                None
            }
            Place::SubnegotiationCommand => {
                self.place = if byte == SE { Place::Text } else { Place::Subnegotiation };
                None
            }
        }
    }

    fn text(&mut self, byte: u8) -> Option<Said> {
        match byte {
            IAC => self.place = Place::Command,
            b'\r' => {
                self.place = Place::Return;
                return Some(self.finish());
            }
            b'\n' => return Some(self.finish()),
            BACKSPACE | DELETE => self.erase(),
            _ if self.line.len() < self.limit => self.line.push(byte),
            _ => self.too_long = true,
        }
        None
    }

    /// Takes back a character, for clients that send keys as they are pressed.
    fn erase(&mut self) {
        while let Some(byte) = self.line.pop() {
            let continues = byte & 0b1100_0000 == 0b1000_0000;
            if !continues {
                break;
            }
        }
    }

    fn finish(&mut self) -> Said {
        let line = core::mem::take(&mut self.line);
        let too_long = core::mem::take(&mut self.too_long);
        if !self.begun && is_request(&line, too_long) {
            return Said::Request;
        }
        self.begun |= !line.is_empty();
        if too_long { Said::TooLong } else { Said::Line(clean(&line)) }
    }
}

/// Whether a line is the first one of an HTTP request. Of one that is too long the end is not known.
fn is_request(line: &[u8], too_long: bool) -> bool {
    let mut words = line.split(|&byte| byte == b' ');
    let method = words.next().is_some_and(|word| word.len() > 1 && word.iter().all(u8::is_ascii_uppercase));
    method && words.next().is_some() && (too_long || words.next_back().is_some_and(|word| word.starts_with(b"HTTP/")))
}

/// Text that is safe to show in anybody's terminal.
fn clean(line: &[u8]) -> String {
    let spaced: Vec<u8> = line.iter().map(|&byte| if byte == b'\t' { b' ' } else { byte }).collect();
    let text = String::from_utf8_lossy(&spaced).into_owned();
    let text = strip_ansi_escapes::strip_str(text);
    let mut marks = 0;
    text.chars()
        .filter(|&char| {
            let category = get_general_category(char);
            if hides(char, category) {
                return false;
            }
            let is_mark = matches!(category, GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark);
            marks = if is_mark { marks + 1 } else { 0 };
            marks <= MARKS
        })
        .collect()
}

/// Whether a character drives the terminal, changes the direction of the text around it, or cannot be seen: with those a
/// player could forge what others read.
const fn hides(char: char, category: GeneralCategory) -> bool {
    use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator};
    let invisible = matches!(
        char,
        // What Unicode wants ignored where it is not known, and is not of the category for formats.
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2065}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{e0000}'..='\u{e0fff}'
            // An empty Braille cell.
            | '\u{2800}'
    );
    invisible || matches!(category, Control | Format | LineSeparator | ParagraphSeparator)
}

#[cfg(test)]
mod tests {
    use super::{LineDecoder, Said};

    fn check(bytes: &[u8], expected: &[Said]) {
        let mut decoder = LineDecoder::new(16);
        let said: Vec<Said> = bytes.iter().filter_map(|&byte| decoder.push(byte)).collect();
        assert_eq!(said, expected, "{bytes:?}");
    }

    fn line(text: &str) -> Said {
        Said::Line(text.to_owned())
    }

    #[test]
    fn every_line_end_ends_one_line() {
        check(b"a\r\nb\r\0c\nd\re\n", &[line("a"), line("b"), line("c"), line("d"), line("e")]);
        check(b"\r\n\r\n\n", &[line(""), line(""), line("")]);
    }

    #[test]
    fn negotiation_is_refused_and_is_no_text() {
        check(b"lo\xff\xfd\x01ok\r\n", &[Said::Refuse([255, 252, 1]), line("look")]);
        check(b"\xff\xfb\x18\xff\xfe\x01\xff\xfc\x01\xff\xf1x\n", &[Said::Refuse([255, 254, 24]), line("x")]);
        check(b"a\xff\xffb\n", &[line("ab")]);
    }

    #[test]
    fn subnegotiation_is_swallowed() {
        check(b"a\xff\xfa\x1f\x00\xff\xff\n\r\x18\xff\xf0b\n", &[line("ab")]);
        check(b"\xff\xfa", &[]);
        check(b"\xff\xfa\x1f\xff", &[]);
    }

    #[test]
    fn long_lines_are_dropped_whole() {
        check(b"0123456789abcdef\n", &[line("0123456789abcdef")]);
        check(b"0123456789abcdefg\nnext\n", &[Said::TooLong, line("next")]);
    }

    #[test]
    fn broken_text_is_replaced() {
        check(b"caf\xc3\xa9\n", &[line("café")]);
        check(b"caf\xc3\n", &[line("caf\u{fffd}")]);
        check(b"\xed\xa0\x80\n", &[line("\u{fffd}\u{fffd}\u{fffd}")]);
    }

    #[test]
    fn terminals_cannot_be_painted() {
        check(b"a\x1b[31mred\x1b[0m\n", &[line("ared")]);
        check(b"\x1b]0;title\x07hi\n", &[line("hi")]);
        check(b"\x1b]0;never\n", &[line("")]);
        check(b"b\x07e\x00l\tl\n", &[line("bel l")]);
        check("a\u{9b}2Jb\n".as_bytes(), &[line("a2Jb")]);
        check("x\u{202e}y\n".as_bytes(), &[line("xy")]);
    }

    #[test]
    fn nothing_is_said_that_cannot_be_seen() {
        let hidden =
            "\u{ad}\u{34f}\u{61c}\u{115f}\u{180e}\u{200b}\u{2028}\u{2066}\u{3164}\u{fe0f}\u{feff}\u{fff9}\u{e0041}";
        for char in hidden.chars() {
            check(format!("x{char}y\n").as_bytes(), &[line("xy")]);
        }
        let mut decoder = LineDecoder::new(512);
        let grown = format!("a{}b\n", "\u{301}".repeat(100));
        let said = grown.bytes().find_map(|byte| decoder.push(byte));
        assert_eq!(said, Some(line("a\u{301}\u{301}\u{301}b")));
        check("né ñ Việt\n".as_bytes(), &[line("né ñ Việt")]);
    }

    #[test]
    fn a_browser_is_known_by_its_first_line() {
        for request in ["GET / HTTP/1.1\r\n", "\r\nPOST /x HTTP/1.0\n"] {
            let mut decoder = LineDecoder::new(64);
            assert!(
                request.bytes().filter_map(|byte| decoder.push(byte)).any(|said| said == Said::Request),
                "{request}"
            );
        }
        // Its end is beyond the limit.
        check(b"POST /0123456789abcdef HTTP/1.1\n", &[Said::Request]);
        check(b"SAY it\nGET HTTP/1.1\n", &[line("SAY it"), line("GET HTTP/1.1")]);
        check(b"Ann\nGET / HTTP/1.1\n", &[line("Ann"), line("GET / HTTP/1.1")]);
    }

    #[test]
    fn keys_sent_one_by_one_can_be_taken_back() {
        check(b"loom\x08k\n", &[line("look")]);
        check("né\u{7f}\u{7f}\u{7f}o\n".as_bytes(), &[line("o")]);
    }

    #[test]
    fn keeps_no_more_than_a_line() {
        let mut decoder = LineDecoder::new(16);
        for byte in [b'a', 0xff, 0xfa].into_iter().chain(core::iter::repeat_n(7, 100_000)) {
            decoder.push(byte);
        }
        assert!(decoder.line.capacity() <= 32, "{}", decoder.line.capacity());
    }
}
