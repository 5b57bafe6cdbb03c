//! What the user may ask of the benchmark.

use clap::{Args, Subcommand};

use super::scenario::Scenario;
use super::subject::Subject;

#[derive(Args, Clone, Debug)]
pub(crate) struct BenchOptions {
    #[command(subcommand)]
    pub(crate) measure: Option<Measure>,

    /// Only this scenario; may be given several times.
    #[arg(long, value_name = "NAME", global = true)]
    pub(crate) scenario: Vec<Scenario>,

    /// Only these proxies, separated by commas.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', global = true)]
    pub(crate) only: Vec<Subject>,

    /// Rounds per proxy.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) rounds: u32,

    /// How long a round lasts.
    #[arg(long, default_value_t = 0.5, value_parser = seconds)]
    pub(crate) seconds: f64,

    /// Client connections; the default depends on the scenario.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000), global = true)]
    pub(crate) connections: Option<u32>,

    /// Send so many requests per second, whatever comes back, to compare latency below saturation.
    #[arg(long, value_name = "PER_SECOND", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) fixed_rate: Option<u32>,
}

/// What is measured other than processor time.
#[derive(Clone, Copy, Debug, PartialEq, Subcommand)]
pub(crate) enum Measure {
    /// User instructions per request, counted by callgrind.
    Instructions,
    /// Calls of the allocator per request, counted by callgrind.
    Allocations,
    /// System calls per request, counted by strace.
    Syscalls,
    /// Time and user instructions of picking a backend, for each built-in strategy.
    Pick,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.05..=600.0).contains(&seconds) => Ok(seconds),
        _ => Err("a number of seconds from 0.05 to 600".to_owned()),
    }
}
