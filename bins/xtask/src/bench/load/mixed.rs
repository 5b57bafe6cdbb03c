//! Clients of HTTP/1.1, of HTTP/2 and of WebSockets at a time, each kind at a fixed rate of its own.
//!
//! Requests are due at even distances, and each is sent on a connection that is kept. Where the proxy ends
//! one, the next request opens another: all of that is counted, and so is whatever fails, as what a proxy
//! costs its clients while it is changed is what is looked for. Each kind has a thread of its own.

mod count;
mod lane;
mod socket;

use std::net::SocketAddrV4;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

pub(super) use self::count::Count;
use self::lane::Lane;
use self::socket::Socket;
use super::orders::{self, Mix, Order, Tally};
use super::surge::connection::Connection;
use super::{http2, obey};
use crate::bench::messages::call::Call;
use crate::bench::messages::{self, Style};

/// Connections over HTTP/2.
pub(crate) const HTTP2_CONNECTIONS: usize = 4;

/// WebSockets.
pub(crate) const SOCKETS: usize = 64;

/// What is sent where.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Where the proxy takes HTTP/1.1.
    pub(super) http1: SocketAddrV4,
    /// Where it takes HTTP/2.
    pub(super) http2: SocketAddrV4,
    /// Connections over HTTP/1.1.
    pub(super) connections: usize,
    /// Requests under way on each connection over HTTP/2.
    pub(super) streams: usize,
    pub(super) style: Style,
    pub(super) body: usize,
}

/// All clients of one proxy. Requests are for the first of a list of routes.
pub(super) struct Clients {
    http1: Lane<Connection>,
    http2: http2::Kept,
    sockets: Lane<Socket>,
}

/// Obeys orders until there are no more.
///
/// # Errors
/// When an order makes no sense or the system refuses to wait for events; what happens to requests is counted.
pub(super) fn run(plan: &Plan) -> Result<()> {
    let mut clients = Clients::new(plan)?;
    obey(|order| match order {
        Order::Mix(mix) => clients.send(mix),
        other => Err(anyhow!("clients of all kinds at a time do not {other:?}")),
    })
}

impl Clients {
    pub(super) fn new(plan: &Plan) -> Result<Self> {
        let Plan { style, streams, body, .. } = *plan;
        let requests = messages::requests(style, Some(1), false);
        let request = requests.into_iter().next().context("there is no request")?;
        let expected = http2::Expected { body, is_grpc: false };
        let call = Call::get_first_route(style)?;
        let kept = http2::Plan {
            address: plan.http2,
            call,
            expected,
            connections: HTTP2_CONNECTIONS,
            streams,
            tls: None,
        };
        Ok(Self {
            http1: Lane::new(plan.http1, plan.connections, request)?,
            http2: http2::Kept::new(kept)?,
            sockets: Lane::new(plan.http1, SOCKETS, messages::SOCKET_MESSAGE.to_vec())?,
        })
    }

    /// Sends what `mix` says, and waits for the last answers.
    pub(super) fn send(&mut self, mix: Mix) -> Result<Tally> {
        let Self { http1, http2, sockets } = self;
        let start = Instant::now();
        let end = start + Duration::from_secs_f64(mix.seconds);
        thread::scope(|scope| {
            let http1 = scope.spawn(|| http1.send(mix.http1, start, end));
            let http2 = scope.spawn(|| http2.send(mix.http2, start, end));
            let sockets = sockets.send(mix.sockets, start, end)?;
            let crashed = |_| anyhow!("a thread of the load generator crashed");
            let (http1, http2) = (http1.join().map_err(crashed)??, http2.join().map_err(crashed)??);
            Ok(tally(orders::Mixed { http1, http2, sockets }, mix.seconds))
        })
    }
}

fn tally(mixed: orders::Mixed, seconds: f64) -> Tally {
    let lanes = [&mixed.http1, &mixed.http2, &mixed.sockets];
    let requests = lanes.iter().map(|lane| lane.answered).sum();
    Tally { requests, seconds, mixed: Some(mixed), ..Tally::default() }
}

#[cfg(test)]
mod tests;
