//! The load generator: one thread, prebuilt requests; over HTTP/1.1 one epoll, over HTTP/2 the `h2` crate, and
//! rustls below both of them where TLS is spoken.
//!
//! It obeys one order per line of its standard input, and answers each with one line, so that whoever
//! measures a proxy can read the proxy's counters before and after, while nothing moves.

mod client;
mod hold;
mod http2;
pub(crate) mod mixed;
mod orders;
mod pace;
mod run;
mod surge;
mod swap;
mod tally;
mod tls;

use std::io::{BufRead, Write};
use std::net::SocketAddrV4;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use rustix::process::Signal;
use rustls::pki_types::ServerName;

use self::hold::Held;
pub(crate) use self::orders::{Lane, Mix, Mixed, Order, Surge, Swap, Tally, Wave};
pub(crate) use self::tls::Handshakes;
use super::messages::call::Call;
use super::messages::{self, Style};
use super::protocol::Protocol;
use crate::{machine, process};

/// A response that takes longer is an error, and so is a proxy that says nothing for so long.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Args, Clone, Debug)]
pub(crate) struct LoadOptions {
    /// The core to run on.
    #[arg(long)]
    cpu: usize,
    /// Where the proxy listens.
    #[arg(long)]
    address: SocketAddrV4,
    /// What is spoken.
    #[arg(long)]
    protocol: Protocol,
    /// The fields of the requests; those of gRPC are its own.
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
    /// Requests under way on each connection of HTTP/2.
    #[arg(long, default_value_t = 1)]
    streams: usize,
    /// Use a new connection for each request.
    #[arg(long)]
    new_connections: bool,
    /// Speak TLS, and ask so much of handshakes.
    #[arg(long)]
    handshakes: Option<Handshakes>,
    /// Spread the requests over TLS over so many hosts, each with a certificate of its own.
    #[arg(long, default_value_t = 1)]
    certificates: u32,
    /// Where the proxy's certificate lies, to be replaced, and those to replace it with.
    #[arg(long)]
    swaps_in: Option<PathBuf>,
    /// Where the proxy takes HTTP/2, for clients of all kinds at a time.
    #[arg(long, value_name = "ADDRESS")]
    mixed: Option<SocketAddrV4>,
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
    if let Some(http2) = options.mixed {
        return mixed::run(&mixed::Plan {
            http1: options.address,
            http2,
            connections: options.connections,
            streams: options.streams,
            style: options.style,
            body: options.body,
        });
    }
    match options.protocol {
        Protocol::Http1 => http1(options),
        Protocol::Http2 => {
            let scheme = if options.handshakes.is_some() { "https" } else { "http" };
            http2(options, Call::get(options.style, scheme)?)
        }
        Protocol::Grpc => http2(options, Call::unary(options.body)?),
    }
}

fn http1(options: &LoadOptions) -> Result<()> {
    let (requests, tls) = requests(options)?;
    let mut load = run::Load::new(run::Plan {
        address: options.address,
        requests,
        tls,
        body: options.body,
        connections: options.connections,
        new_connections: options.new_connections,
    })?;
    let mut held = Held::default();
    obey(|order| match order {
        Order::Connect => load.connect().map(|()| Tally::default()),
        Order::Burst { seconds, rate } => load.burst(seconds, rate),
        Order::Count { requests } => load.count(requests),
        Order::Hold { connections } => held.grow_to(connections, load.plan()),
        Order::Surge(wave) => surge::run(load.plan(), wave),
        Order::Swap { swaps, rate } => {
            let folder = options.swaps_in.as_deref().context("no folder to swap certificates in")?;
            swap::run(load.plan(), folder, swaps, rate)
        }
        Order::Mix(_) => bail!("only clients of all kinds at a time do that"),
    })
}

/// The requests that take turns and, over TLS, whom they are for.
fn requests(options: &LoadOptions) -> Result<(Vec<Vec<u8>>, Option<tls::Plan>)> {
    let (style, close) = (options.style, options.new_connections);
    let Some(handshakes) = options.handshakes else {
        return Ok((messages::requests(style, options.routes, close), None));
    };
    let (hosts, requests): (Vec<_>, _) =
        messages::certified_requests(style, options.certificates, close).into_iter().unzip();
    Ok((requests, Some(tls::Plan::new(hosts, handshakes)?)))
}

fn http2(options: &LoadOptions, call: Call) -> Result<()> {
    let is_grpc = options.protocol == Protocol::Grpc;
    let mut load = http2::Load::new(http2::Plan {
        address: options.address,
        call,
        expected: http2::Expected { body: options.body, is_grpc },
        connections: options.connections,
        streams: options.streams,
        tls: options.handshakes.map(|_| over_tls()).transpose()?,
    })?;
    obey(|order| match order {
        Order::Connect => load.connect().map(|()| Tally::default()),
        Order::Burst { seconds, rate } => load.burst(seconds, rate),
        Order::Count { requests } => load.count(requests),
        Order::Hold { .. } | Order::Surge(_) | Order::Swap { .. } | Order::Mix(_) => {
            bail!("only clients of HTTP/1.1 do that")
        }
    })
}

/// How clients of HTTP/2 speak TLS, and with whom.
fn over_tls() -> Result<(Arc<rustls::ClientConfig>, ServerName<'static>)> {
    let host = ServerName::try_from(messages::certified(0)).context("the host has an odd name")?;
    Ok((Arc::new(tls::settings(tls::HTTP2)?), host))
}

/// Has `act` carry out each order that comes.
fn obey(mut act: impl FnMut(Order) -> Result<Tally>) -> Result<()> {
    for line in std::io::stdin().lock().lines() {
        let order = serde_json::from_str(&line.context("cannot read orders")?).context("odd order")?;
        let mut answer = serde_json::to_string(&act(order)?).context("cannot write a tally")?;
        answer.push('\n');
        std::io::stdout().write_all(answer.as_bytes()).context("nobody reads the answers")?;
    }
    Ok(())
}
