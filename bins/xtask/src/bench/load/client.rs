//! One client connection.

mod response;

use std::net::{SocketAddr, SocketAddrV4};
use std::os::fd::OwnedFd;
use std::time::Instant;

use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, connect, recv, send};

use self::response::Response;
pub(super) use self::response::{Expected, Progress};
use super::tls::Session;

/// A connection and how far its current response has come.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) socket: OwnedFd,
    /// When the current request was sent or, at a fixed rate, was due.
    pub(super) asked: Instant,
    /// What everything is sealed with, over TLS.
    session: Option<Box<Session>>,
    response: Response,
}

impl Client {
    /// Connects to `address`.
    pub(super) fn connect(address: SocketAddrV4) -> rustix::io::Result<Self> {
        let socket =
            rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        // It blocks, which is short on loopback, and saves waiting for the event.
        connect(&socket, &SocketAddr::V4(address))?;
        Ok(Self { socket, asked: Instant::now(), session: None, response: Response::none() })
    }

    /// Has everything sealed with `session`, whose handshake begins with the first request.
    pub(super) fn secure(&mut self, session: Session) {
        self.session = Some(Box::new(session));
    }

    /// What everything is sealed with, over TLS.
    pub(super) fn session(&self) -> Option<&Session> {
        self.session.as_deref()
    }

    /// Sends a request.
    pub(super) fn ask(&mut self, request: &[u8], asked: Instant) -> Result<(), String> {
        self.asked = asked;
        self.response.begin();
        match &mut self.session {
            Some(session) => session.send(&self.socket, request),
            None => send_whole(&self.socket, request),
        }
    }

    /// Whether a response is due.
    pub(super) fn is_asked(&self) -> bool {
        self.response.is_due()
    }

    /// Reads what is there, using `scratch` for it.
    pub(super) fn read(&mut self, scratch: &mut [u8], expected: Expected) -> Result<Progress, String> {
        let Self { socket, session: Some(session), response, .. } = self else {
            return self.read_clear(scratch, expected);
        };
        let mut progress = Progress::Partial;
        let goes_on = session.receive(socket, scratch, |bytes| {
            progress = response.push(bytes, expected)?;
            Ok(())
        })?;
        if goes_on { Ok(progress) } else { response.end() }
    }

    fn read_clear(&mut self, scratch: &mut [u8], expected: Expected) -> Result<Progress, String> {
        // Bytes of a body that is known to come are thrown away unseen, which saves copying them.
        let unseen = self.response.unseen();
        let (room, flags) = match unseen {
            Some(left) => (scratch.len().min(left), RecvFlags::DONTWAIT | RecvFlags::TRUNC),
            None => (scratch.len().min(FIRST_READ), RecvFlags::DONTWAIT),
        };
        let room = scratch.get_mut(..room).unwrap_or_default();
        let received = match recv(&self.socket, &mut *room, flags) {
            Ok((_, received)) => received,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(Progress::Partial),
            Err(error) => return Err(format!("a connection failed: {error}")),
        };
        match unseen {
            _ if received == 0 => self.response.end(),
            Some(_) => self.response.skip(received, expected),
            None => self.response.push(room.get(..received).unwrap_or_default(), expected),
        }
    }
}

/// How much is read while the head is still to come. More would copy bytes of a large body, which are
/// thrown away uncopied once the head is known.
const FIRST_READ: usize = 16 * 1024;

/// Sends a message for which there must be room.
pub(super) fn send_whole(socket: &OwnedFd, message: &[u8]) -> Result<(), String> {
    match send(socket, message, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
        Ok(sent) if sent == message.len() => Ok(()),
        Ok(sent) => Err(format!("only {sent} bytes of a request could be sent")),
        Err(error) => Err(format!("a request could not be sent: {error}")),
    }
}

#[cfg(test)]
mod tests;
