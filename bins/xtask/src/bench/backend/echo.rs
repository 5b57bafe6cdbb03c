//! Connections that become WebSockets, and bring back all that is sent.
//!
//! Frames are not looked into, as proxies do not either.

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};

use super::Connection;
use crate::bench::messages;

/// Whether the bytes of a request ask for another protocol.
pub(super) fn is_upgrade(request: &[u8]) -> bool {
    let mut lines = request.split(|byte| *byte == b'\n');
    lines.any(|line| line.get(..8).is_some_and(|name| name.eq_ignore_ascii_case(b"upgrade:")))
}

impl Connection {
    /// Agrees to a request to upgrade.
    pub(super) fn upgrade(&mut self) -> rustix::io::Result<()> {
        self.is_echo = true;
        self.send_all(messages::UPGRADED.as_bytes())
    }

    /// Sends back what has come; its end is an error.
    pub(super) fn send_back(&mut self, scratch: &mut [u8]) -> rustix::io::Result<()> {
        match recv(&self.socket, &mut *scratch, RecvFlags::DONTWAIT) {
            Ok((0, _)) => Err(Errno::PIPE),
            Ok((received, _)) => self.send_all(scratch.get(..received).unwrap_or_default()),
            Err(Errno::AGAIN | Errno::INTR) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Sends what there must be room for, as messages are small.
    fn send_all(&self, bytes: &[u8]) -> rustix::io::Result<()> {
        match send(&self.socket, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)? {
            sent if sent == bytes.len() => Ok(()),
            _ => Err(Errno::AGAIN),
        }
    }
}

#[cfg(test)]
mod tests;
