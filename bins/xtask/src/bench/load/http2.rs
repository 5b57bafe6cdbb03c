//! Many streams on few connections of HTTP/2.
//!
//! Each connection is a task that moves frames, and each of its streams a task that asks, checks the
//! response and asks again, so that nothing is made for a request but what HTTP/2 needs. All of them
//! share one thread, and stand still between orders.

mod alarm;
mod exchange;
mod kept;
mod run;
mod schedule;

use std::net::SocketAddrV4;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use h2::client::{Builder, Connection, SendRequest};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

pub(super) use self::exchange::Expected;
pub(super) use self::kept::Kept;
use self::run::Run;
use self::schedule::Schedule;
use super::orders::Tally;
use super::{PATIENCE, tls};
use crate::bench::messages::call::Call;

/// What is sent where.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) address: SocketAddrV4,
    pub(super) call: Call,
    pub(super) expected: Expected,
    pub(super) connections: usize,
    /// On each connection.
    pub(super) streams: usize,
    /// How TLS is spoken, and with whom; `None` for clear text.
    pub(super) tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
}

/// Bytes that may arrive unread. With less, clients would have to say often that they read on.
const WINDOW: u32 = 1 << 20;

/// How often it is looked whether answers still come.
const CHECK: Duration = Duration::from_secs(1);

/// The connections to one proxy.
pub(super) struct Load {
    plan: Plan,
    runtime: Runtime,
    connections: Vec<SendRequest<Bytes>>,
    /// What moves the frames of the connections.
    drivers: JoinSet<()>,
}

impl Load {
    pub(super) fn new(plan: Plan) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot wait for events")?;
        Ok(Self { plan, runtime, connections: Vec::new(), drivers: JoinSet::new() })
    }

    /// Closes all connections and opens new ones.
    pub(super) fn connect(&mut self) -> Result<()> {
        let Self { plan, runtime, connections, drivers } = self;
        runtime.block_on(async {
            connections.clear();
            drivers.shutdown().await;
            for _ in 0..plan.connections {
                let opened = open(plan, drivers).await.context("cannot connect to the proxy")?;
                connections.push(opened);
            }
            Ok(())
        })
    }

    /// Sends for `seconds`, and waits for the last answers.
    pub(super) fn burst(&mut self, seconds: f64, rate: Option<u32>) -> Result<Tally> {
        let start = Instant::now();
        let end = start + Duration::from_secs_f64(seconds);
        self.run(start, rate.map_or(Schedule::Until(end), |rate| Schedule::paced(rate, start, end)))
    }

    /// Sends `requests`, and waits for the last answers.
    pub(super) fn count(&mut self, requests: u64) -> Result<Tally> {
        self.run(Instant::now(), Schedule::Requests(requests))
    }

    fn run(&mut self, start: Instant, schedule: Schedule) -> Result<Tally> {
        if self.connections.is_empty() {
            self.connect()?;
        }
        let Self { plan, runtime, connections, .. } = self;
        let run = Arc::new(Run::new(start, schedule, plan.call.clone(), plan.expected));
        let is_finished = runtime.block_on(async {
            let mut streams = JoinSet::new();
            for connection in connections.iter() {
                for _ in 0..plan.streams {
                    streams.spawn(exchange::repeat(connection.clone(), Arc::clone(&run)));
                }
            }
            finish(&mut streams, &run).await
        });
        if !is_finished {
            // An answer that comes yet would be one too many for the next run.
            connections.clear();
        }
        Ok(Arc::into_inner(run).context("a stream goes on after its run")?.close())
    }
}

/// Waits for all `streams`; `false` if no answers come any more.
async fn finish(streams: &mut JoinSet<()>, run: &Run) -> bool {
    loop {
        match timeout(CHECK, streams.join_next()).await {
            Ok(None) => return true,
            Ok(Some(Ok(()))) => {}
            Ok(Some(Err(error))) => run.failed(|| format!("a stream failed: {error}")),
            Err(_) if run.is_silent_for(PATIENCE) => {
                run.failed(|| format!("no request was answered for {} s", PATIENCE.as_secs()));
                streams.shutdown().await;
                return false;
            }
            Err(_) => {}
        }
    }
}

async fn open(plan: &Plan, drivers: &mut JoinSet<()>) -> Result<SendRequest<Bytes>> {
    let socket = TcpStream::connect(plan.address).await?;
    socket.set_nodelay(true)?;
    let Some((settings, host)) = &plan.tls else { return speak(socket, drivers).await };
    let stream = TlsConnector::from(Arc::clone(settings)).connect(host.clone(), socket).await?;
    if stream.get_ref().1.alpn_protocol() != Some(tls::HTTP2) {
        bail!("the proxy does not agree to HTTP/2");
    }
    speak(stream, drivers).await
}

async fn speak<S>(socket: S, drivers: &mut JoinSet<()>) -> Result<SendRequest<Bytes>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (requests, connection) = handshake(socket).await?;
    drivers.spawn(async {
        // Its streams hear of an error, too.
        let _ = connection.await;
    });
    Ok(requests)
}

async fn handshake<S>(socket: S) -> Result<(SendRequest<Bytes>, Connection<S>), h2::Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut settings = Builder::new();
    settings.enable_push(false).initial_window_size(WINDOW).initial_connection_window_size(WINDOW);
    settings.handshake(socket).await
}

#[cfg(test)]
mod tests;
