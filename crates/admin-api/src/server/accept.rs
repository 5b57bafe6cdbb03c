//! The accept loop.

#[cfg(test)]
mod tests;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use rustix::io::Errno;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::bare;
use super::bind::Door;
use super::connection::Connection;
use super::connections::Connections;
use super::gate::Gate;
use super::phase::Phase;
use super::request_id::RequestId;
use super::stall::Stream;
use crate::access::Peer;
use crate::problem::Problem;

/// How long nobody is let in where the system has no descriptor or memory left.
const BACK_OFF: Duration = Duration::from_millis(100);
/// How many are told at once that there is no room, and how long that may take.
const MAX_REFUSING: usize = 16;
const REFUSING: Duration = Duration::from_secs(1);

/// Lets connections in, and keeps the tasks that serve them.
pub(super) struct Acceptor {
    pub(super) gate: Arc<Gate>,
    pub(super) connections: Arc<Connections>,
    pub(super) router: Router,
    pub(super) tls: Option<tls_sni::Server>,
}

/// Somebody at the door.
struct Guest {
    socket: Box<dyn Stream>,
    peer: Peer,
    local: Option<SocketAddr>,
}

impl Acceptor {
    /// Until `shutdown`, and the end of all tasks.
    pub(super) async fn run(self, door: Door, shutdown: impl Future<Output = ()>) {
        let mut shutdown = pin!(shutdown);
        let stop = CancellationToken::new();
        let mut serving = JoinSet::new();
        let mut refusing = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(ended) = serving.join_next() => look_at(ended),
                Some(ended) = refusing.join_next() => look_at(ended),
                guest = self.next(&door) => {
                    if let Some(guest) = self.let_in(guest, &mut serving, &stop)
                        && refusing.len() < MAX_REFUSING && self.tls.is_none()
                    {
                        refusing.spawn(refuse(guest));
                    }
                }
            }
        }
        drop(door);
        stop.cancel();
        let ended = async {
            while let Some(ended) = serving.join_next().await {
                look_at(ended);
            }
        };
        if timeout(self.gate.deadlines.drain, ended).await.is_err() {
            tracing::warn!(connections = serving.len(), "requests of the control plane are cut off");
        }
        serving.shutdown().await;
        refusing.shutdown().await;
    }

    async fn next(&self, door: &Door) -> Guest {
        loop {
            let error = match accept(door).await {
                Ok(guest) => return guest,
                Err(error) => error,
            };
            if is_passing(&error) {
                continue;
            }
            tracing::warn!(%error, "the control plane cannot let a connection in");
            // A descriptor less here is one for the next.
            self.connections.evict();
            sleep(BACK_OFF).await;
        }
    }

    /// Gives the guest back where there is no room.
    fn let_in(&self, guest: Guest, serving: &mut JoinSet<()>, stop: &CancellationToken) -> Option<Guest> {
        let phase = Arc::new(Phase::new(self.gate.deadlines));
        let go = stop.child_token();
        let Some(slot) = self.connections.admit(Arc::clone(&phase), go.clone()) else { return Some(guest) };
        let Guest { socket, peer, local } = guest;
        let connection = Connection { socket, peer, local, phase, go, stop: stop.clone() };
        let (gate, router, tls) = (Arc::clone(&self.gate), self.router.clone(), self.tls.clone());
        serving.spawn(async move {
            connection.serve(gate, router, tls).await;
            drop(slot);
        });
        None
    }
}

async fn accept(door: &Door) -> io::Result<Guest> {
    match door {
        Door::Tcp(listener) => {
            let (socket, address) = listener.accept().await?;
            // An answer is written at once; nothing is gained by waiting for more.
            let _ = socket.set_nodelay(true);
            let local = socket.local_addr().ok();
            Ok(Guest { socket: Box::new(socket), peer: Peer::Address(address), local })
        }
        Door::Unix(listener, _) => {
            let (socket, _) = listener.accept().await?;
            let uid = socket.peer_cred()?.uid();
            Ok(Guest { socket: Box::new(socket), peer: Peer::Uid(uid), local: None })
        }
    }
}

/// Whether it concerns the one connection alone: accept(2) passes on what has become of it.
fn is_passing(error: &io::Error) -> bool {
    let lasting = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::BADF, Errno::INVAL];
    Errno::from_io_error(error).is_some_and(|errno| !lasting.contains(&errno))
}

/// Says that there is no room, whatever is asked.
async fn refuse(mut guest: Guest) {
    let problem = Problem::new(
        http::StatusCode::SERVICE_UNAVAILABLE,
        "too_many_connections",
        "every connection that there may be answers a request",
    )
    .field(http::header::RETRY_AFTER, http::HeaderValue::from_static("1"));
    let answer = bare::answer(problem, &RequestId::new());
    let told = async {
        guest.socket.write_all(&answer).await?;
        guest.socket.shutdown().await?;
        // Closed with bytes unread, it would take the answer back.
        while guest.socket.read(&mut [0; 4096]).await? > 0 {}
        io::Result::Ok(())
    };
    let _ = timeout(REFUSING, told).await;
}

fn look_at(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a connection of the control plane panicked");
    }
}
