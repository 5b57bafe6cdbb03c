//! What a developer of proxyd runs: `test`, `layers`, `bench`, `fuzz` and `api`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool talks to its user through its standard streams"
)]

mod api;
mod bench;
mod checks;
mod cli;
mod folder;
mod fuzz;
mod interrupt;
mod layers;
mod machine;
mod process;
mod procfs;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Test => checks::run(),
        Command::Layers => layers::run(),
        Command::Bench(options) => bench::run(&options),
        Command::Fuzz { arguments } => fuzz::run(&arguments),
        Command::Api(options) => api::run(&options),
        Command::BenchBackend(options) => bench::backend::run(&options),
        Command::BenchLoad(options) => bench::load::run(&options),
        Command::BenchExec(options) => process::become_program(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
