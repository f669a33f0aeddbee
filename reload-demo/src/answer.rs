//! What admins read, in sizes that a connection takes. Whoever is sent more than it takes would be cut off.

use reload_core::Fault;

/// Bytes of one answer.
const LONGEST: usize = 16 * 1024;
/// Faults of one turn that are told.
const FAULTS: usize = 10;

/// The text, or its beginning and how much is missing.
#[must_use]
pub fn shortened(mut text: String) -> String {
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        if end + line.len() > LONGEST {
            break;
        }
        end += line.len();
    }
    if end < text.len() {
        // The first line may be too long by itself.
        let end = if end == 0 { text.floor_char_boundary(LONGEST) } else { end };
        let left = text.split_off(end).lines().count();
        text.truncate(text.trim_end().len());
        text += &format!("\n.. {left} more {}", if left == 1 { "line" } else { "lines" });
    }
    text
}

/// One line for each kind of fault.
#[must_use]
pub fn gathered(faults: &[Fault]) -> Vec<String> {
    // The first of its kind, and how many there are.
    let mut kinds: Vec<(&Fault, String, usize)> = Vec::new();
    let mut left = 0;
    for fault in faults {
        let kind = format!("{} {} {:?}", fault.class, fault.during, fault.kind);
        match kinds.iter().position(|(_, known, _)| *known == kind) {
            Some(at) => kinds[at].2 += 1,
            None if kinds.len() < FAULTS => kinds.push((fault, kind, 1)),
            None => left += 1,
        }
    }
    let told = |(fault, _, count): (&Fault, String, usize)| {
        let others = if count > 1 { format!(" (and {} more like it)", count - 1) } else { String::new() };
        format!("fault: {fault}{others}")
    };
    let mut lines: Vec<String> = kinds.into_iter().map(told).collect();
    if left > 0 {
        lines.push(format!("and {left} other faults in this turn; the log has them"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{FAULTS, LONGEST, gathered, shortened};
    use reload_core::{Fault, FaultKind, ObjectId};

    #[test]
    fn what_is_too_long_says_so() {
        assert_eq!(shortened("short\n".into()), "short\n");
        let long = shortened("0123456789abcde\n".repeat(2000));
        assert!(long.len() < LONGEST + 40 && long.ends_with("\n.. 976 more lines"), "{}", &long[long.len() - 40..]);
        let one = shortened("é".repeat(LONGEST));
        assert!(one.len() < LONGEST + 40 && one.ends_with("\n.. 1 more line"), "{}", one.len());
    }

    #[test]
    fn faults_of_a_kind_are_one_line() {
        let fault = |during: String| Fault {
            class: "Player".into(),
            object: ObjectId::NONE,
            during,
            kind: FaultKind::Unknown { what: "x".into() },
        };
        let same: Vec<Fault> = (0..50).map(|_| fault("event_said".into())).collect();
        let lines = gathered(&same);
        assert!(lines.len() == 1 && lines[0].ends_with("(and 49 more like it)"), "{lines:?}");
        let all: Vec<Fault> = (0..50).map(|number| fault(format!("event_{number}"))).collect();
        let lines = gathered(&all);
        assert!(lines.len() == FAULTS + 1 && lines[FAULTS].starts_with("and 40 other"), "{lines:?}");
    }
}
