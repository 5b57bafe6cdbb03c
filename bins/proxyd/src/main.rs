//! proxyd: a reverse proxy, load balancer and API gateway.

#![deny(unsafe_code)]

mod admin;
mod cli;
mod exit;
mod find;

mod check;
mod ctl;
mod demo;
mod run;
mod schema;
mod version;

mod background;
mod descriptors;
mod heap;
mod logging;
mod output;
mod signals;
mod socket;
mod summary;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        None => run::run(&cli.run),
        Some(Command::Run(options)) => run::run(&options),
        Some(Command::Check(options)) => check::check(&options),
        Some(Command::Schema) => schema::print(),
        Some(Command::Version(options)) => version::print(options),
        Some(Command::Ctl(options)) => return ctl::run(&options),
        Some(Command::Demo) => demo::run(),
    };
    exit::code(outcome)
}
