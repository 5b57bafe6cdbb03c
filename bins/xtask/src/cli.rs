//! What the user may type.

use clap::{Args, Parser, Subcommand};

use crate::api::ApiOptions;
use crate::bench::backend::BackendOptions;
use crate::bench::load::LoadOptions;
use crate::bench::options::BenchOptions;

/// What a developer of proxyd runs.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check everything that CI checks, stopping at the first step that fails.
    Test,
    /// Check the dependency graph against the table in docs/architecture.md.
    Layers,
    /// Measure proxyd beside nginx and HAProxy on this machine.
    Bench(BenchOptions),
    /// Feed mutated inputs to the parsers and report what makes them panic.
    #[command(disable_help_flag = true)]
    Fuzz {
        /// What the fuzzing loop is told; `--help` shows it.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Ask a running proxyd's API whatever its OpenAPI document allows and forbids, with schemathesis.
    Api(ApiOptions),
    /// The benchmark's backend; the benchmark starts it.
    #[command(hide = true)]
    BenchBackend(BackendOptions),
    /// The benchmark's load generator; the benchmark starts it.
    #[command(hide = true)]
    BenchLoad(LoadOptions),
    /// Become another program, pinned to a core and tied to the life of this one's parent.
    #[command(hide = true)]
    BenchExec(ExecOptions),
}

#[derive(Debug, Args)]
pub(crate) struct ExecOptions {
    /// The core to run on.
    #[arg(long)]
    pub(crate) cpu: usize,
    /// The program and its arguments.
    #[arg(last = true, required = true)]
    pub(crate) program: Vec<String>,
}
