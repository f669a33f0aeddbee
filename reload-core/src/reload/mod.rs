//! The transaction: validated -> plan -> staged -> commit. Everything that can fail comes before
//! commit, and nothing before commit writes to live state.

mod commit;
mod names;
mod plan;
mod rework;
mod stage;
mod untie;

pub(crate) use commit::{commit, tell_one};
pub(crate) use plan::{Former, Plan, Way, plan};
pub(crate) use rework::rework_of_written;
pub(crate) use stage::{Staged, bring_back, stage, told};
