//! The command line.

use clap::Parser;
use reqwest::Url;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

/// Downloads files, several at once. Run it again to go on where it was stopped.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
pub(crate) struct Options {
    /// The files to download
    #[arg(value_name = "URL", required_unless_present = "list")]
    pub(crate) urls: Vec<Url>,

    /// Where the files and the record of them go
    #[arg(short, long, value_name = "DIR", default_value = "downloads")]
    pub(crate) directory: PathBuf,

    /// How many files to download at once
    #[arg(short = 'n', long, value_name = "N", default_value = "8")]
    pub(crate) at_once: NonZeroUsize,

    /// How long a request may take, in seconds
    #[arg(short, long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub(crate) timeout: Duration,

    /// How often to ask for a file before giving up; a request that brings something starts anew
    #[arg(long, value_name = "N", default_value = "4")]
    pub(crate) tries: NonZeroU32,

    /// How long to wait before the second try, in seconds; each further pause is twice as long
    #[arg(long, value_name = "SECONDS", default_value = "0.5", value_parser = seconds)]
    pub(crate) pause: Duration,

    /// Print what the directory has, and download nothing
    #[arg(long)]
    pub(crate) list: bool,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "it is not a number".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}
