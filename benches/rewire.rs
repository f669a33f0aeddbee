//! A code change with the same layout: one handler of one class is gone, then it is back. What that costs with a number
//! of objects alive, and with a number of classes. `cargo bench -p reload-benches --bench rewire`

mod support;
// Not among the other peers: two versions of a class are in this program, which only a library listed by hand can have.
#[path = "support/wiring.rs"]
mod wiring;

use support::contest::Contest;
use wiring::{classes, handler};

/// A run switches off and on.
const CHANGES: usize = 2;

fn main() {
    let mut contest = Contest::new("rewire");
    for objects in [1_000, 10_000, 100_000, 1_000_000] {
        contest.case("one handler, by objects", &objects.to_string(), CHANGES, || handler(objects));
    }
    for count in [1, 8, 64] {
        contest.case("whole library, by classes", &count.to_string(), 1, || classes(count));
    }
    contest.finish();
}
