//! What can be said on the command line.

use clap::Parser;
use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
};

/// A telnet MUD whose world you edit while people play in it.
///
/// Start it, connect with `telnet 127.0.0.1 4000`, edit reload-demo/logic, save.
#[derive(Clone, Debug, Parser)]
#[command(version, about)]
pub struct Options {
    /// The port to listen on (0: any free one).
    #[arg(long, default_value_t = 4000)]
    pub port: u16,
    /// The address to listen on; 0.0.0.0 lets other computers in.
    #[arg(long, value_name = "ADDR", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub listen: IpAddr,
    /// How many may play at once.
    #[arg(long, value_name = "COUNT", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub max_connections: u32,
    /// The file that the world is kept in: read at the start if it is there, written at the end, by @save, and meanwhile.
    #[arg(long, value_name = "FILE", env = "MUD_WORLD", default_value = "world.json")]
    pub world: PathBuf,
    /// Start a new world; the file of the old one is kept under another name.
    #[arg(long)]
    pub fresh: bool,
    /// Save the world when this many seconds have passed, and before new code runs (0: only at the end and by @save).
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0, value_parser = seconds)]
    pub save_every: f32,
    /// Only see whether this program can read a world, and end.
    #[arg(long, value_name = "FILE", hide = true)]
    pub check_world: Option<PathBuf>,
    /// Build the logic with optimisations.
    #[arg(long)]
    pub release: bool,
    /// A folder in the workspace of the logic, if it is not this one.
    #[arg(long, value_name = "DIR")]
    pub logic: Option<PathBuf>,
    /// Do not build the logic: follow the library in this folder, whoever builds it.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["release", "logic"])]
    pub watch: Option<PathBuf>,
    /// Say so when game code has not returned for this many seconds (0: never).
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0, value_parser = seconds)]
    pub watchdog: f32,
    /// What opens the commands that begin with @; made up and printed if not given.
    #[arg(long, value_name = "TOKEN", env = "MUD_ADMIN_TOKEN", hide_env_values = true, value_parser = token)]
    pub admin_token: Option<String>,
}

fn seconds(text: &str) -> Result<f32, &'static str> {
    let advice = "a number of seconds, 0 to 86400";
    let seconds: f32 = text.parse().map_err(|_| advice)?;
    if (0.0..=86_400.0).contains(&seconds) { Ok(seconds) } else { Err(advice) }
}

fn token(text: &str) -> Result<String, &'static str> {
    let fine = text.len() >= 6 && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fine { Ok(text.to_owned()) } else { Err("a token has at least 6 characters and no spaces") }
}

#[cfg(test)]
mod tests {
    use super::Options;
    use clap::{CommandFactory, Parser};

    #[test]
    fn the_declaration_is_sound() {
        Options::command().debug_assert();
    }

    #[test]
    fn loopback_unless_asked() {
        let options = Options::try_parse_from(["mud"]).expect("no option is needed");
        assert!(options.listen.is_loopback() && options.port == 4000);
        let options = Options::try_parse_from(["mud", "--listen", "0.0.0.0", "--port", "0"]).expect("valid");
        assert!(options.listen.is_unspecified());
    }

    #[test]
    fn nonsense_is_refused() {
        for line in [
            vec!["mud", "--listen", "here"],
            vec!["mud", "--port", "70000"],
            vec!["mud", "--max-connections", "0"],
            vec!["mud", "--watch", "x", "--release"],
            vec!["mud", "--watchdog", "-1"],
            vec!["mud", "--watchdog", "NaN"],
            vec!["mud", "--admin-token", "a b c d"],
            vec!["mud", "--admin-token", "short"],
        ] {
            assert!(Options::try_parse_from(&line).is_err(), "{line:?}");
        }
    }
}
