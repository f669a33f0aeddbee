//! What the compiler itself says that it does in an incremental build, by activity.

use crate::generated::{self, Case, Crates, run};
use analyzeme::ProfilingData;
use std::{collections::BTreeMap, fs, time::Duration};

/// Activities that are told; what is left is one line.
const LINES: usize = 16;

/// The time of each activity, without those that it calls, on all threads.
type Profile = BTreeMap<String, Duration>;

/// The same in milliseconds: the middle one of several.
type Middle = BTreeMap<String, f64>;

/// Profiles an edit of each case in turn, and prints the medians: what the last case has more of comes first.
#[expect(clippy::print_stdout, reason = "the result of a benchmark")]
pub(crate) fn print(crates: &Crates, cases: &[Case], rounds: usize) {
    let mut profiles: Vec<Vec<Profile>> = vec![Vec::new(); cases.len()];
    for round in 0..=rounds {
        for (case, profiles) in cases.iter().zip(&mut profiles) {
            crates.edit(*case, 10 + round, 0);
            let profile = profile(crates, *case);
            // The first round builds everything.
            if round > 0 {
                profiles.push(profile);
            }
        }
    }
    let medians: Vec<Middle> = profiles.iter().map(|profiles| median(profiles)).collect();
    let (Some(first), Some(last)) = (medians.first(), medians.last()) else { return };
    let of = |profile: &Middle, activity: &str| profile.get(activity).copied().unwrap_or(0.0);
    let mut activities: Vec<&String> = last.keys().collect();
    activities.sort_by(|one, other| {
        let more = |activity: &str| of(last, activity) - of(first, activity);
        more(other).total_cmp(&more(one))
    });
    let names: Vec<&str> = cases.iter().map(|case| case.kind.name()).collect();
    println!("\n| activity, ms on all threads | {} |\n|---{}|", names.join(" | "), "|---:".repeat(names.len()));
    let line = |name: &str, values: &dyn Fn(&Middle) -> f64| {
        let cells = medians.iter().map(|profile| format!("{:.1}", values(profile)));
        println!("| {name} | {} |", cells.collect::<Vec<_>>().join(" | "));
    };
    let told = &activities[..activities.len().min(LINES)];
    for &activity in told {
        line(activity, &|profile| of(profile, activity));
    }
    line("all others", &|profile| profile.iter().filter(|(name, _)| !told.contains(name)).map(|(_, time)| time).sum());
    line("in all", &|profile| profile.values().sum());
}

/// Builds a case and reads what the compiler wrote about it.
fn profile(crates: &Crates, case: Case) -> Profile {
    let folder = crates.folder().join("profile").join(case.package());
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("removed");
    }
    fs::create_dir_all(&folder).expect("writable");
    let mut command = crates.cargo("rustc", case);
    // An option of nightly compilers, which others take where they are told to.
    command.args(["--lib", "--"]).arg(format!("-Zself-profile={}", folder.display())).env("RUSTC_BOOTSTRAP", "1");
    run(command);
    let file = fs::read_dir(&folder).expect("readable").next().expect("the compiler left a profile").expect("readable");
    let data = ProfilingData::new(&file.path().with_extension("")).expect("a profile of this compiler");
    let activities = data.perform_analysis().query_data;
    activities.into_iter().map(|data| (data.label, data.self_time)).collect()
}

/// The median of each activity, of which a round need not have all.
fn median(profiles: &[Profile]) -> Middle {
    let mut times: BTreeMap<&String, Vec<Duration>> = BTreeMap::new();
    for (activity, time) in profiles.iter().flatten() {
        times.entry(activity).or_default().push(*time);
    }
    let middle = |mut times: Vec<Duration>| {
        times.resize(profiles.len(), Duration::ZERO);
        generated::median(&times)
    };
    times.into_iter().map(|(activity, times)| (activity.clone(), middle(times))).collect()
}
