//! The loop behind `cargo xtask fuzz`: mutated inputs for the functions that read what strangers send.
//!
//! The functions are plain ones over bytes, in the crates that they test. This loop needs nothing but
//! the stable toolchain; it does not see which code an input reaches, which cargo-fuzz does.
#![expect(
    clippy::print_stdout,
    reason = "a command line tool talks to its user through its standard streams"
)]

mod corpus;
mod mutate;
mod runner;
mod targets;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;

use self::mutate::Mutator;
use self::targets::{TARGETS, Target};

/// How to let a coverage-guided fuzzer call the same functions.
const CARGO_FUZZ: &str = "\
With cargo-fuzz, which sees which code an input reaches and needs a nightly toolchain:
  cargo install cargo-fuzz && cargo +nightly fuzz init
  name the function's crate in fuzz/Cargo.toml, and write fuzz/fuzz_targets/<name>.rs with the function
  that --list shows beside the name:
    #![no_main]
    libfuzzer_sys::fuzz_target!(|data: &[u8]| http1::fuzz::fuzz_request(data));
  cargo +nightly fuzz run <name> tests/fixtures/corpus/<name>";

/// Feed mutated inputs to the parsers and report what makes them panic.
#[derive(Clone, Debug, Parser)]
#[command(name = "cargo xtask fuzz", bin_name = "cargo xtask fuzz", after_help = CARGO_FUZZ)]
struct Options {
    /// Only these; all of them otherwise.
    names: Vec<String>,

    /// How long each is fed.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,

    /// What the mutations follow from; random otherwise.
    #[arg(long)]
    seed: Option<u64>,

    /// Run one saved input instead, once.
    #[arg(long, value_name = "FILE", requires = "names")]
    replay: Option<PathBuf>,

    /// Print the names and the functions behind them.
    #[arg(long)]
    list: bool,

    /// Where inputs to begin with lie, in a folder per name.
    #[arg(long, hide = true, default_value = "tests/fixtures/corpus")]
    corpus: PathBuf,

    /// Where inputs that fail are saved, in a folder per name.
    #[arg(long, hide = true, default_value = "target/fuzz")]
    failures: PathBuf,
}

fn main() -> Result<()> {
    let options = Options::parse();
    if options.list {
        TARGETS.iter().for_each(|target| println!("{:<20} {}", target.name, target.function));
        return Ok(());
    }
    let chosen = chosen(&options.names)?;
    if let Some(file) = &options.replay {
        let input = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        chosen.iter().for_each(|target| (target.run)(&input));
        println!("{} bytes of {} passed", input.len(), file.display());
        return Ok(());
    }
    for target in chosen {
        feed(target, &options)?;
    }
    Ok(())
}

fn feed(target: &'static Target, options: &Options) -> Result<()> {
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..));
    let corpus = corpus::load(target, &options.corpus)?;
    // Said before it starts: whatever ends the whole process leaves the seed behind.
    println!("{}: seed {seed}, {} inputs to begin with", target.name, corpus.len());
    let mutator = Mutator::new(corpus, target.words, seed);
    match runner::run(target.run, mutator, Duration::from_secs(options.seconds)) {
        Ok(runs) => {
            println!("{}: {runs} inputs passed", target.name);
            Ok(())
        }
        Err(failure) => {
            let file = corpus::save(target, &options.failures, &failure.input)?;
            let repeat = format!("cargo xtask fuzz {} --replay {}", target.name, file.display());
            bail!(
                "{} {} (seed {seed}, input {}); repeat with `{repeat}`",
                target.name,
                failure.what,
                failure.run
            )
        }
    }
}

fn chosen(names: &[String]) -> Result<Vec<&'static Target>> {
    if names.is_empty() {
        return Ok(TARGETS.iter().collect());
    }
    let known = || TARGETS.iter().map(|target| target.name).collect::<Vec<_>>().join(", ");
    let find = |name: &String| {
        let found = TARGETS.iter().find(|target| target.name == name);
        found.with_context(|| format!("there is no `{name}`; there are {}", known()))
    };
    names.iter().map(find).collect()
}

#[cfg(test)]
mod tests;
