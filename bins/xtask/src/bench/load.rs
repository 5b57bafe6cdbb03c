//! The load generator: one thread, one epoll, prebuilt requests.
//!
//! It obeys one order per line of its standard input, and answers each with one line, so that whoever
//! measures a proxy can read the proxy's counters before and after, while nothing moves.

mod client;
mod hold;
mod orders;
mod pace;
mod run;
mod tally;
mod timer;

use std::io::{BufRead, Write};
use std::net::SocketAddrV4;

use anyhow::{Context, Result};
use clap::Args;
use rustix::process::Signal;

use self::hold::Held;
pub(crate) use self::orders::{Order, Tally};
use self::run::{Load, Plan};
use super::messages::{self, Style};
use crate::{machine, process};

#[derive(Args, Clone, Debug)]
pub(crate) struct LoadOptions {
    /// The core to run on.
    #[arg(long)]
    cpu: usize,
    /// Where the proxy listens.
    #[arg(long)]
    address: SocketAddrV4,
    /// The fields of the requests.
    #[arg(long)]
    style: Style,
    /// Spread the requests over a list of so many routes.
    #[arg(long)]
    routes: Option<u32>,
    /// Bytes that each response's body must have.
    #[arg(long)]
    body: usize,
    /// Connections to use at the same time.
    #[arg(long)]
    connections: usize,
    /// Use a new connection for each request.
    #[arg(long)]
    new_connections: bool,
}

/// Obeys orders until there are no more.
///
/// # Errors
/// When an order makes no sense or the system refuses a socket; what goes wrong with single requests is
/// counted in the answers instead.
pub(crate) fn run(options: &LoadOptions) -> Result<()> {
    process::pin_to(options.cpu)?;
    process::die_with_parent(Signal::KILL)?;
    machine::allow_open_files(super::OPEN_FILES)?;
    let plan = Plan {
        address: options.address,
        requests: messages::requests(options.style, options.routes, options.new_connections),
        body: options.body,
        connections: options.connections,
        new_connections: options.new_connections,
    };
    let mut held = Held::default();
    let mut load = Load::new(plan)?;
    for line in std::io::stdin().lock().lines() {
        let order: Order = serde_json::from_str(&line.context("cannot read orders")?).context("odd order")?;
        let tally = match order {
            Order::Connect => load.connect().map(|()| Tally::default())?,
            Order::Burst { seconds, rate } => load.burst(seconds, rate)?,
            Order::Count { requests } => load.count(requests)?,
            Order::Hold { connections } => held.grow_to(connections, load.plan())?,
        };
        let mut answer = serde_json::to_string(&tally).context("cannot write a tally")?;
        answer.push('\n');
        std::io::stdout().write_all(answer.as_bytes()).context("nobody reads the answers")?;
    }
    Ok(())
}
