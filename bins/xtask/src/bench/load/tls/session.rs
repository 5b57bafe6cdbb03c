//! TLS of one connection.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, HandshakeKind};

use crate::bench::load::client::send_whole;

/// What a connection seals with.
#[derive(Debug)]
pub(in crate::bench::load) struct Session {
    connection: ClientConnection,
    /// What the handshake must be like.
    kind: HandshakeKind,
    /// Whether the handshake is over.
    is_open: bool,
    /// Sealed bytes on their way, kept for its room.
    outgoing: Vec<u8>,
}

impl Session {
    /// A session with `host`, whose handshake has to be of this `kind`.
    pub(in crate::bench::load) fn begin(
        settings: Arc<ClientConfig>,
        host: ServerName<'static>,
        kind: HandshakeKind,
    ) -> Result<Self, String> {
        let connection = ClientConnection::new(settings, host);
        let connection = connection.map_err(|error| format!("a handshake could not begin: {error}"))?;
        Ok(Self { connection, kind, is_open: false, outgoing: Vec::new() })
    }

    /// The certificate that the proxy has proved itself with; `None` as long as the handshake lasts.
    pub(in crate::bench::load) fn certificate(&self) -> Option<&CertificateDer<'static>> {
        self.connection.peer_certificates().filter(|_| self.is_open)?.first()
    }

    /// Sends `message`, as soon as the handshake is over.
    pub(in crate::bench::load) fn send(&mut self, socket: &OwnedFd, message: &[u8]) -> Result<(), String> {
        self.connection.writer().write_all(message).map_err(failed)?;
        self.flush(socket)
    }

    /// Receives what is there, using `scratch` for it, and gives what was sealed in it to `take`. Returns
    /// whether the connection goes on.
    pub(in crate::bench::load) fn receive(
        &mut self,
        socket: &OwnedFd,
        scratch: &mut [u8],
        mut take: impl FnMut(&[u8]) -> Result<(), String>,
    ) -> Result<bool, String> {
        let (sealed, opened) = scratch.split_at_mut(scratch.len() / 2);
        let received = match recv(socket, &mut *sealed, RecvFlags::DONTWAIT) {
            Ok((received, _)) => received,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(true),
            Err(error) => return Err(failed(error)),
        };
        let mut rest = sealed.get(..received).unwrap_or_default();
        // Nothing is taken after the proxy's last word.
        while !rest.is_empty() && self.connection.read_tls(&mut rest).map_err(failed)? > 0 {
            self.connection.process_new_packets().map_err(failed)?;
            self.check_handshake()?;
            while let Some(count) = self.open(opened)? {
                take(opened.get(..count).unwrap_or_default())?;
            }
        }
        self.flush(socket)?;
        Ok(received > 0)
    }

    /// Fills `room` with bytes that have been received; `None` if there are none.
    fn open(&mut self, room: &mut [u8]) -> Result<Option<usize>, String> {
        match self.connection.reader().read(room) {
            Ok(0) => Ok(None),
            Ok(count) => Ok(Some(count)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// Refuses a handshake that was not what it had to be.
    fn check_handshake(&mut self) -> Result<(), String> {
        if self.is_open || self.connection.is_handshaking() {
            return Ok(());
        }
        self.is_open = true;
        match self.connection.handshake_kind() {
            Some(kind) if kind == self.kind => Ok(()),
            kind => Err(format!("a handshake was {kind:?}, not {:?}", self.kind)),
        }
    }

    /// Sends what is sealed, at once: in parts, the proxy would be woken for each of them.
    fn flush(&mut self, socket: &OwnedFd) -> Result<(), String> {
        self.outgoing.clear();
        while self.connection.wants_write() {
            self.connection.write_tls(&mut self.outgoing).map_err(failed)?;
        }
        if self.outgoing.is_empty() { Ok(()) } else { send_whole(socket, &self.outgoing) }
    }
}

fn failed(error: impl std::fmt::Display) -> String {
    format!("a connection failed: {error}")
}
