//! Turns the world into its file: when somebody asks, from time to time, and before new code runs.

use crate::{console, world_file::WorldFile};
use anyhow::Context;
use core::time::Duration;
use reload_core::World;
use std::time::Instant;

/// A file that is not older than this is new enough for code that is about to run.
const FRESH: Duration = Duration::from_secs(5);

/// Keeps a world in its file.
#[derive(Debug)]
pub struct Keeper {
    file: WorldFile,
    /// The longest time between two saves.
    every: Option<Duration>,
    last: Instant,
    failing: bool,
}

impl Keeper {
    /// Saves to `file`, at least as often as `every` says.
    #[must_use]
    pub fn new(file: WorldFile, every: Option<Duration>) -> Self {
        Self { file, every, last: Instant::now(), failing: false }
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &WorldFile {
        &self.file
    }

    /// Ends; the file is for the next host.
    #[must_use]
    pub fn into_file(self) -> WorldFile {
        self.file
    }

    /// Saves the world. Answers with a sentence about it.
    ///
    /// # Errors
    ///
    /// When it cannot be written; the file that was there is as it was.
    pub fn save(&mut self, world: &World) -> anyhow::Result<String> {
        // Also when it fails: the next try is not in the next turn.
        self.last = Instant::now();
        let saved = world.save()?;
        self.file.write(&saved.text)?;
        self.last = Instant::now();
        self.failing = false;
        let kibibytes = saved.text.len().div_ceil(1024);
        let mut told = format!("saved {} objects, {kibibytes} KiB, to {}", saved.objects, self.file.path().display());
        if saved.in_attic > 0 {
            told += &format!("; {} more are in the attic", saved.in_attic);
        }
        if !saved.left_out.is_empty() {
            told += &format!("; not in the file, because they are opaque: {}", saved.left_out.join(", "));
        }
        Ok(told)
    }

    /// Saves the world, elsewhere if its file cannot be written. Answers with a sentence about it.
    ///
    /// # Errors
    ///
    /// When it is not in its file; the error says where it is instead.
    pub fn save_somewhere(&mut self, world: &World) -> anyhow::Result<String> {
        self.save(world).or_else(|error| {
            let file = WorldFile::write_elsewhere(&world.save()?.text).with_context(|| format!("{error:#}"))?;
            let file = file.display();
            Err(error.context(format!("the world is not in its file but in {file} (--world {file} starts from there)")))
        })
    }

    /// Saves the world if it is time. Answers what the admins should know.
    pub fn save_in_time(&mut self, world: &World) -> Option<String> {
        if self.every? > self.last.elapsed() { None } else { self.save_by_itself(world) }
    }

    /// Saves the world because code is about to run that may end the host, unless that was done just now. Answers what the
    /// admins should know.
    pub fn save_before_code(&mut self, world: &World) -> Option<String> {
        if self.every.is_none() || self.last.elapsed() < FRESH { None } else { self.save_by_itself(world) }
    }

    /// Nobody has asked: only what goes wrong is told, and once until it is mended.
    fn save_by_itself(&mut self, world: &World) -> Option<String> {
        let error = self.save(world).err()?;
        let known = core::mem::replace(&mut self.failing, true);
        let told = format!("not saved: {error:#}");
        (!known).then(|| {
            console::warn(&told);
            told
        })
    }
}
