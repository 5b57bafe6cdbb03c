//! proxyd: a reverse proxy, load balancer and API gateway.

#![forbid(unsafe_code)]

mod cli;
mod exit;
mod find;

mod check;
mod demo;
mod run;
mod schema;
mod version;

mod descriptors;
mod logging;
mod output;
mod signals;
mod summary;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

/// HTTP/2 asks the heap for a request's fields, where HTTP/1.1 asks it for nothing.
#[global_allocator]
static HEAP: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        None => run::run(&cli.run),
        Some(Command::Run(options)) => run::run(&options),
        Some(Command::Check(options)) => check::check(&options),
        Some(Command::Schema) => schema::print(),
        Some(Command::Version(options)) => version::print(options),
        Some(Command::Demo) => demo::run(),
    };
    exit::code(outcome)
}
