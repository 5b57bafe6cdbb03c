//! Connecting to addresses that were checked.

use crate::EgressError;
use socket2::{SockRef, TcpKeepalive};
use std::{io, net::SocketAddr, path::Path, time::Duration};
use tokio::{
    net::{TcpSocket, TcpStream, UnixStream},
    time::{Instant, sleep, timeout},
};

#[cfg(test)]
mod tests;

/// No more addresses are tried for one connection: with more of them the share of each would be too short to
/// connect in.
const MOST_TRIED: usize = 8;
/// A connection that carries nothing for this long is probed, so that one to a machine that vanished is found
/// out and closed.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVE_PROBES: u32 = 3;
/// How long to wait when a Unix socket's backlog is full; doubles up to the longest.
const BACKLOG_WAIT: Duration = Duration::from_millis(1);
const LONGEST_BACKLOG_WAIT: Duration = Duration::from_millis(50);

/// Connects to the first of these addresses that accepts and that `permit` lets pass, in order. Each has an equal share of
/// the time that is left, so that one that never answers leaves enough for the others.
pub(crate) async fn dial_tcp(
    addresses: &[SocketAddr],
    limit: Duration,
    permit: impl Fn(&TcpStream) -> Result<(), EgressError>,
) -> Result<TcpStream, EgressError> {
    let addresses = addresses.get(..MOST_TRIED).unwrap_or(addresses);
    let began = Instant::now();
    let mut failure = EgressError::Timeout;
    for (address, remaining) in addresses.iter().zip((1..=addresses.len() as u32).rev()) {
        let share = limit.saturating_sub(began.elapsed()) / remaining;
        failure = match timeout(share, connect(*address)).await {
            Ok(Ok(stream)) => match permit(&stream) {
                Ok(()) => return Ok(stream),
                Err(refused) => refused,
            },
            Ok(Err(error)) => EgressError::from_connect(error),
            Err(_) => EgressError::Timeout,
        };
    }
    Err(failure)
}

/// Connects to a Unix socket. Its backlog being full is an error of the call, not a delay as with TCP; it is
/// waited for all the same.
pub(crate) async fn dial_unix(path: &Path, limit: Duration) -> Result<UnixStream, EgressError> {
    let patient = async {
        let mut wait = BACKLOG_WAIT;
        loop {
            match UnixStream::connect(path).await {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => sleep(wait).await,
                outcome => return outcome,
            }
            wait = (wait * 2).min(LONGEST_BACKLOG_WAIT);
        }
    };
    match timeout(limit, patient).await {
        Ok(outcome) => outcome.map_err(EgressError::from_connect),
        Err(_) => Err(EgressError::Timeout),
    }
}

/// The same addresses with the families taking turns, starting with that of the first one (RFC 8305 section
/// 4): a family that leads nowhere here costs one share of the time.
pub(crate) fn interleave(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let starts_with_v4 = addresses.first().is_some_and(SocketAddr::is_ipv4);
    let (mut first, mut second) = (
        addresses.iter().filter(|address| address.is_ipv4() == starts_with_v4),
        addresses.iter().filter(|address| address.is_ipv4() != starts_with_v4),
    );
    let mut mixed = Vec::with_capacity(addresses.len());
    while mixed.len() < addresses.len() {
        mixed.extend(first.next());
        mixed.extend(second.next());
    }
    mixed
}

async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A platform that lacks one of these options makes a connection that works all the same.
    let _ = socket.set_nodelay(true);
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE_IDLE)
        .with_interval(KEEPALIVE_INTERVAL)
        .with_retries(KEEPALIVE_PROBES);
    let _ = SockRef::from(&socket).set_tcp_keepalive(&keepalive);
    let stream = socket.connect(address).await?;
    if is_connected_to_itself(&stream, address) {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    Ok(stream)
}

/// Whether nobody listens at the address and the kernel happened to choose the very same one for our end,
/// which makes a socket that talks to itself (simultaneous open, RFC 9293 section 3.5).
fn is_connected_to_itself(stream: &TcpStream, address: SocketAddr) -> bool {
    stream.local_addr().is_ok_and(|own| own.port() == address.port() && own.ip() == address.ip())
}
