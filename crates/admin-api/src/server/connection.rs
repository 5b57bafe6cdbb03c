//! One connection, from the handshake to its end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tls_sni::ClientIdentity;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::exchange::Exchanges;
use super::gate::Gate;
use super::line::Line;
use super::phase::Phase;
use super::stall::{Stream, Timed};
use crate::access::{Arrival, Peer};

/// The longest head, in bytes, and the fields that it may have.
const MAX_HEAD: usize = 64 * 1024;
const MAX_FIELDS: usize = 100;
/// How long a connection that was told to go may take over what is no request yet.
const LEAVING: Duration = Duration::from_millis(250);

/// A connection that was let in.
pub(super) struct Connection {
    pub(super) socket: Box<dyn Stream>,
    pub(super) peer: Peer,
    /// The address that it came in at.
    pub(super) local: Option<SocketAddr>,
    pub(super) phase: Arc<Phase>,
    /// Told to go, after the request that it is at.
    pub(super) go: CancellationToken,
    /// The server stops.
    pub(super) stop: CancellationToken,
}

impl Connection {
    /// Serves it to its end.
    pub(super) async fn serve(self, gate: Arc<Gate>, router: Router, tls: Option<tls_sni::Server>) {
        let timed = Timed::new(self.socket, gate.deadlines.write);
        let shaken = async {
            match &tls {
                None => Some((Box::new(timed) as Box<dyn Stream>, None)),
                Some(tls) => shake(tls, timed, self.peer, gate.deadlines.handshake).await,
            }
        };
        let shaken = tokio::select! {
            shaken = shaken => shaken,
            () = self.go.cancelled() => None,
        };
        let Some((stream, identity)) = shaken else { return };
        self.phase.opened();
        let line = Line::new(stream, Arc::clone(&self.phase), (self.peer, Arc::clone(&gate.refusals)));
        let arrival = Arrival { peer: self.peer, local: self.local, identity };
        let exchanges = Exchanges { gate, router, arrival, phase: self.phase, stop: self.stop };
        talk(line, exchanges, &self.go).await;
    }
}

/// Shakes hands, in time.
async fn shake(
    tls: &tls_sni::Server,
    timed: Timed,
    peer: Peer,
    time: Duration,
) -> Option<(Box<dyn Stream>, Option<ClientIdentity>)> {
    match timeout(time, tls.accept(timed)).await {
        Ok(Ok(stream)) => {
            let identity = stream.session().client.clone();
            Some((Box::new(stream), identity))
        }
        Ok(Err(failure)) => {
            tracing::debug!(%peer, reason = failure.code(), "a TLS handshake of the control plane failed");
            None
        }
        Err(_) => {
            tracing::debug!(%peer, reason = "timeout", "a TLS handshake of the control plane failed");
            None
        }
    }
}

/// Speaks HTTP/1.1 until one of the two has enough.
async fn talk(mut line: Line, exchanges: Exchanges, go: &CancellationToken) {
    let exchanges = Arc::new(exchanges);
    let phase = Arc::clone(&exchanges.phase);
    let service = service_fn(|request| {
        let exchanges = Arc::clone(&exchanges);
        Box::pin(async move { Ok::<_, Infallible>(exchanges.answer(request).await) })
    });
    {
        let http = http1::Builder::new()
            // A client may close its side once it has asked.
            .half_close(true)
            // Deadlines are the line's: hyper's own does not tell a slow head from a quiet connection.
            .header_read_timeout(None)
            .max_headers(MAX_FIELDS)
            .max_header_size(MAX_HEAD)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(&mut line), service);
        let mut http = pin!(http);
        let result = tokio::select! {
            result = http.as_mut() => Some(result),
            () = go.cancelled() => None,
        };
        let result = match result {
            Some(result) => result,
            None => {
                http.as_mut().graceful_shutdown();
                loop {
                    match timeout(LEAVING, http.as_mut()).await {
                        Ok(result) => break result,
                        Err(_) if phase.idle_since().is_none() => {}
                        Err(_) => break Ok(()),
                    }
                }
            }
        };
        if let Err(error) = result {
            tracing::debug!(peer = %exchanges.arrival.peer, %error, "a connection of the control plane broke");
        }
    }
    line.close().await;
}
