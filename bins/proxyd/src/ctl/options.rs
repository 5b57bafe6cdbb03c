//! What the user may type behind `proxyd ctl`.

mod examples;
mod parse;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::address::Address;

pub(super) use parse::Trigger;

pub(crate) const AFTER: &str = "\
Where the proxy is:
  The first of --address, $PROXYD_ADMIN, `admin.address` of the configuration
  that proxyd itself would find, and the default socket that is there:
  $RUNTIME_DIRECTORY/admin.sock, $XDG_RUNTIME_DIR/proxyd/admin.sock,
  /run/proxyd/admin.sock.

Credentials:
  A token comes from --token-file or $PROXYD_TOKEN, never from the command
  line. A certificate is shown with --cert and --key, which stand before the
  command: proxyd ctl --cert me.pem --key me.key routes

Exit codes:
  0   all went well
  1   the proxy refused it, it failed, or no proxy was found
  2   the command line is wrong
  3   not as things stand: something else is there, was changed meanwhile, or
      waits for its confirmation (409 and 412)

Examples:
  proxyd ctl routes
  proxyd ctl backends add app 10.0.0.7:8080 --weight 2
  proxyd ctl drain app 10.0.0.7:8080
  proxyd ctl plan -f new.yaml
  proxyd ctl apply -f new.yaml --confirm 60s --revert-on errors=5%,p99=2x
  proxyd ctl confirm 42
  proxyd ctl rollback 41
  proxyd ctl certs put www.example.com --cert www.pem --key www.key
  proxyd ctl events --types circuit.opened --json
  proxyd ctl top";

#[derive(Clone, Debug, Args)]
pub(crate) struct CtlOptions {
    /// Print the API's own JSON instead of text: one document, or one line for each event.
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) reach: Reach,
    #[command(subcommand)]
    pub(super) command: CtlCommand,
}

/// Where the proxy is, and who asks.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Which proxy, and who asks")]
pub(super) struct Reach {
    /// Where the proxy is: unix:/path, HOST:PORT or https://HOST:PORT.
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub(super) address: Option<Address>,
    /// The configuration whose `admin` section says where the proxy is.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// A file with the token; without it, $PROXYD_TOKEN.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,
    /// The certificates (PEM) that the proxy's must stand on, instead of the system's.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) ca: Option<PathBuf>,
    /// The name that the proxy's certificate must be for, instead of the host of its address.
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) server_name: Option<String>,
    /// How long an answer may take.
    #[arg(long, global = true, value_name = "TIME", default_value = "10s", value_parser = parse::timeout)]
    pub(super) timeout: std::time::Duration,
    /// The certificate (PEM) that is shown to the proxy; stands before the command.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(super) cert: Option<PathBuf>,
    /// Its key (PEM); stands before the command.
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(super) key: Option<PathBuf>,
}

#[derive(Clone, Debug, Subcommand)]
pub(super) enum CtlCommand {
    /// Routes: list, get, put, delete.
    #[command(after_help = examples::ROUTES)]
    Routes(Objects),
    /// Upstreams: list, get, put, delete.
    #[command(after_help = examples::UPSTREAMS)]
    Upstreams(Objects),
    /// Backends: list, add, remove, and set by hand.
    #[command(subcommand, after_help = examples::BACKENDS)]
    Backends(Backends),
    /// Take a backend out: it gets no new requests, what is in flight ends.
    #[command(override_usage = "proxyd ctl drain UPSTREAM ID\n       proxyd ctl drain --route VHOST ID")]
    Drain(Mark),
    /// Certificates: list, get, put, delete.
    #[command(after_help = examples::CERTS)]
    Certs(Certs),
    /// Show what a document would change; changes nothing.
    Plan(PlanOptions),
    /// Make the document this.
    #[command(after_help = examples::APPLY)]
    Apply(ApplyOptions),
    /// Keep a revision that waits for its confirmation.
    Confirm(Number),
    /// Serve the document of a former revision again.
    Rollback(RollbackOptions),
    /// The revisions that are remembered, or one of them.
    Revisions(RevisionsOptions),
    /// The whole document as it is served.
    Document(DocumentOptions),
    /// Read the file again.
    Reload,
    /// Requests per second, errors and latency.
    #[command(after_help = examples::STATS)]
    Stats(StatsOptions),
    /// Print events as they happen, until interrupted.
    #[command(after_help = examples::EVENTS)]
    Events(EventsOptions),
    /// How the proxy is.
    Health,
    /// Watch routes and backends in the terminal.
    Top(TopOptions),
}

#[derive(Clone, Debug, Args)]
pub(super) struct Objects {
    #[command(subcommand)]
    pub(super) action: Option<ObjectAction>,
}

#[derive(Clone, Debug, Subcommand)]
pub(super) enum ObjectAction {
    /// All of them. This is what happens without an action, too.
    List,
    /// One, as JSON; its tag goes to standard error.
    Get(Named),
    /// Make or replace one.
    Put(PutOptions),
    /// Remove one.
    Delete(DeleteOptions),
}

#[derive(Clone, Debug, Args)]
pub(super) struct Named {
    /// A route's id or vHost, an upstream's name, a certificate's domain.
    pub(super) id: String,
}

#[derive(Clone, Debug, Args)]
pub(super) struct PutOptions {
    /// Its id or name; without it, the one in the file. A route without either gets one.
    pub(super) id: Option<String>,
    /// What it is, YAML or JSON; `-` is standard input.
    #[arg(short, long, value_name = "FILE")]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) write: Write,
}

#[derive(Clone, Debug, Args)]
pub(super) struct DeleteOptions {
    /// A route's id or vHost, an upstream's name, a certificate's domain.
    pub(super) id: String,
    #[command(flatten)]
    pub(super) write: Write,
}

/// Under which reservation something is written.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Write {
    /// Only if its tag is this one, as `get` and `plan` show it; `*`: only if it is there.
    #[arg(long, value_name = "ETAG", value_parser = parse::tag)]
    pub(super) if_match: Option<String>,
    /// Show what it would do; change nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Take it back unless it is confirmed within this time (1s to 24h).
    #[arg(long, value_name = "TIME", value_parser = parse::wait)]
    pub(super) confirm: Option<String>,
}

#[derive(Clone, Debug, Subcommand)]
pub(super) enum Backends {
    /// The backends of an upstream, of a route, or all.
    List(ListBackends),
    /// Add a backend.
    #[command(
        override_usage = "proxyd ctl backends add UPSTREAM HOST:PORT [OPTIONS]\n       proxyd ctl backends add --route VHOST HOST:PORT [OPTIONS]"
    )]
    Add(AddBackend),
    /// Remove a backend.
    #[command(
        override_usage = "proxyd ctl backends remove UPSTREAM ID [OPTIONS]\n       proxyd ctl backends remove --route VHOST ID [OPTIONS]"
    )]
    Remove(RemoveBackend),
    /// Mark a backend dead by hand: it gets no requests.
    #[command(
        override_usage = "proxyd ctl backends dead UPSTREAM ID\n       proxyd ctl backends dead --route VHOST ID"
    )]
    Dead(Mark),
    /// Take a backend out: it gets no new requests, what is in flight ends.
    #[command(
        override_usage = "proxyd ctl backends drain UPSTREAM ID\n       proxyd ctl backends drain --route VHOST ID"
    )]
    Drain(Mark),
    /// Give a backend requests again.
    #[command(
        override_usage = "proxyd ctl backends ready UPSTREAM ID\n       proxyd ctl backends ready --route VHOST ID"
    )]
    Ready(Mark),
}

#[derive(Clone, Debug, Args)]
pub(super) struct ListBackends {
    /// The upstream; without it and without --route, all backends.
    #[arg(conflicts_with = "route")]
    pub(super) upstream: Option<String>,
    /// The route whose own backends are meant, by vHost or id.
    #[arg(long, value_name = "VHOST")]
    pub(super) route: Option<String>,
}

/// A backend of an upstream or of a route.
#[derive(Clone, Debug, Args)]
pub(super) struct Which {
    /// The upstream, unless there is --route; then the backend: its id, or HOST:PORT where it is added.
    #[arg(required = true, num_args = 1..=2, value_names = ["UPSTREAM", "BACKEND"])]
    pub(super) words: Vec<String>,
    /// The route whose own backend is meant, by vHost or id.
    #[arg(long, value_name = "VHOST")]
    pub(super) route: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub(super) struct AddBackend {
    #[command(flatten)]
    pub(super) which: Which,
    /// Its share of requests in relation to its neighbours' weights.
    #[arg(long, value_name = "N")]
    pub(super) weight: Option<u32>,
    /// Its id; without it, HOST:PORT.
    #[arg(long, value_name = "ID")]
    pub(super) id: Option<String>,
    #[command(flatten)]
    pub(super) write: Write,
}

#[derive(Clone, Debug, Args)]
pub(super) struct RemoveBackend {
    #[command(flatten)]
    pub(super) which: Which,
    #[command(flatten)]
    pub(super) write: Write,
}

#[derive(Clone, Debug, Args)]
pub(super) struct Mark {
    #[command(flatten)]
    pub(super) which: Which,
    /// Clients that stick to it still reach it; of drain alone.
    #[arg(long)]
    pub(super) keep_sticky: bool,
}

#[derive(Clone, Debug, Args)]
pub(super) struct Certs {
    #[command(subcommand)]
    pub(super) action: Option<CertAction>,
}

#[derive(Clone, Debug, Subcommand)]
pub(super) enum CertAction {
    /// All of them. This is what happens without an action, too.
    List,
    /// One, as JSON, without its key.
    Get(Named),
    /// Add or replace one.
    Put(PutCert),
    /// Remove one.
    Delete(DeleteOptions),
}

#[derive(Clone, Debug, Args)]
pub(super) struct PutCert {
    /// What it is for: www.example.com or *.example.com.
    pub(super) domain: String,
    /// The chain, PEM, its own certificate first; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(super) cert: PathBuf,
    /// The key, PEM.
    #[arg(long, value_name = "FILE")]
    pub(super) key: PathBuf,
    #[command(flatten)]
    pub(super) write: Write,
}

#[derive(Clone, Debug, Args)]
pub(super) struct PlanOptions {
    /// The document, YAML or JSON; `-` is standard input.
    #[arg(short, long, value_name = "FILE")]
    pub(super) file: PathBuf,
}

#[derive(Clone, Debug, Args)]
pub(super) struct ApplyOptions {
    /// The document, YAML or JSON; `-` is standard input.
    #[arg(short, long, value_name = "FILE")]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) write: Write,
    /// Take it back if the routes concerned fare worse than this: errors=5%,p99=2x.
    #[arg(long, value_name = "BOUNDS", value_delimiter = ',')]
    pub(super) revert_on: Vec<Trigger>,
}

#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Number {
    /// The number of the revision.
    pub(super) revision: u64,
}

#[derive(Clone, Debug, Args)]
pub(super) struct RollbackOptions {
    /// The number of the revision whose document is served again.
    pub(super) revision: u64,
    /// Show what it would do; change nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Take it back unless it is confirmed within this time (1s to 24h).
    #[arg(long, value_name = "TIME", value_parser = parse::wait)]
    pub(super) confirm: Option<String>,
}

#[derive(Clone, Copy, Debug, Args)]
pub(super) struct RevisionsOptions {
    /// The number of one; without it, all.
    pub(super) revision: Option<u64>,
    /// The most that are listed, the newest first.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(super) limit: u32,
}

#[derive(Clone, Copy, Debug, Args)]
pub(super) struct DocumentOptions {
    /// The part of it that one owner has.
    #[arg(long, value_enum)]
    pub(super) layer: Option<Layer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Layer {
    /// What came through the API.
    Api,
    /// What the file says.
    File,
}

#[derive(Clone, Debug, Args)]
pub(super) struct StatsOptions {
    /// A route, by vHost or id; without it, all traffic.
    #[arg(conflicts_with_all = ["upstream", "routes"])]
    pub(super) route: Option<String>,
    /// An upstream instead.
    #[arg(long, value_name = "NAME", conflicts_with = "routes")]
    pub(super) upstream: Option<String>,
    /// One backend of that upstream.
    #[arg(long, value_name = "ID", requires = "upstream")]
    pub(super) backend: Option<String>,
    /// Every route in a table.
    #[arg(long)]
    pub(super) routes: bool,
    /// What was before, too.
    #[arg(long, conflicts_with = "routes")]
    pub(super) history: bool,
}

#[derive(Clone, Debug, Args)]
pub(super) struct EventsOptions {
    /// Only events of these types.
    #[arg(long, value_name = "TYPES", value_delimiter = ',')]
    pub(super) types: Vec<String>,
}

#[derive(Clone, Copy, Debug, Args)]
pub(super) struct TopOptions {
    /// Print one table and end; so it is without a terminal, too.
    #[arg(long)]
    pub(super) once: bool,
}

#[cfg(test)]
mod tests;
