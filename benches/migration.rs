//! The state of all objects gets another layout: a field is added, or one goes and its values are kept.
//! `cargo bench -p reload-benches --bench migration`

mod support;
// Not among the other peers, as with rewiring: two versions of a class are in this program.
#[path = "support/shapes.rs"]
mod shapes;

use shapes::{added, removed};
use support::contest::Contest;

fn main() {
    let mut contest = Contest::new("migration");
    for objects in [1_000, 10_000, 100_000, 1_000_000] {
        contest.case("one field added", &objects.to_string(), objects, || added(objects));
    }
    for objects in [1_000, 100_000, 1_000_000] {
        contest.case("one field removed", &objects.to_string(), objects, || removed(objects));
    }
    contest.finish();
}
