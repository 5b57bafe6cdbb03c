//! What the user may type.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

const AFTER: &str = "\
Exit codes:
  0   all went well; also after SIGTERM or SIGINT
  1   a failure at run time, such as an address that cannot be listened at
  2   the command line is wrong
  78  the configuration is wrong

Signals:
  SIGTERM, SIGINT   stop accepting, let what is in flight end within
                    proxy.drainTimeout, exit with 0;
                    a second one ends at once, also with 0
  SIGHUP            read the configuration again; where it is wrong, what
                    was served before still is, and the log says why";

/// A reverse proxy, load balancer and API gateway.
#[derive(Debug, Parser)]
#[command(name = "proxyd", version, args_conflicts_with_subcommands = true, after_help = AFTER)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) run: RunOptions,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve what a configuration says. This is what happens without a command, too.
    #[command(after_help = AFTER)]
    Run(RunOptions),
    /// Say whether a configuration is right, and everything that is wrong with it.
    Check(CheckOptions),
    /// Print the JSON Schema of the configuration.
    Schema,
    /// Print the version.
    Version(VersionOptions),
    /// Ask a proxy that runs, and tell it what to do.
    #[command(after_help = crate::ctl::AFTER, args_conflicts_with_subcommands = false)]
    Ctl(Box<crate::ctl::CtlOptions>),
    /// Start three small backends and a proxy in front of them, with requests worth trying.
    Demo,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RunOptions {
    #[command(flatten)]
    pub(crate) file: FileOptions,
    /// Do not read the configuration again when it changes, but on SIGHUP and on `proxyd ctl reload` alone.
    #[arg(long)]
    pub(crate) no_watch: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct FileOptions {
    /// The configuration, YAML or JSON. Without this: $PROXYD_CONFIG, ./proxyd.yaml,
    /// $XDG_CONFIG_HOME/proxyd/proxyd.yaml, /etc/proxyd/proxyd.yaml; the first that there is.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckOptions {
    #[command(flatten)]
    pub(crate) file: FileOptions,
    /// How the outcome is printed.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text: the outcome on standard output, errors and warnings on standard error.
    Human,
    /// One JSON object on standard output.
    Json,
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct VersionOptions {
    /// Print a JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}
