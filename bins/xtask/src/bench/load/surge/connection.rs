//! A connection of one client, on which any answer may come.

use std::net::{SocketAddr, SocketAddrV4};
use std::os::fd::OwnedFd;
use std::time::Instant;

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, connect, recv, send, socket_with,
};

use super::answer::Answer;
use super::outcomes::Outcome;

/// A connection with at most one request under way.
#[derive(Debug)]
pub(in crate::bench::load) struct Connection {
    socket: OwnedFd,
    /// When the request under way was due.
    asked: Option<Instant>,
    /// What could not be sent, as the connection does not stand yet.
    unsent: Vec<u8>,
    answer: Answer,
}

/// What came of an event.
#[derive(Debug)]
pub(in crate::bench::load) enum Came {
    /// Nothing that matters yet.
    Nothing,
    /// A whole answer, and whether the connection ends with it.
    Answer { outcome: Outcome, is_last: bool },
    /// The connection is of no use any more, and why.
    End(String),
}

impl Connection {
    /// Begins to connect to `address`.
    pub(in crate::bench::load) fn open(address: SocketAddrV4) -> rustix::io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
        match connect(&socket, &SocketAddr::V4(address)) {
            Ok(()) | Err(Errno::INPROGRESS) => {}
            Err(error) => return Err(error),
        }
        Ok(Self { socket, asked: None, unsent: Vec::new(), answer: Answer::default() })
    }

    pub(in crate::bench::load) fn socket(&self) -> &OwnedFd {
        &self.socket
    }

    /// When the request under way was due, if there is one.
    pub(in crate::bench::load) fn asked(&self) -> Option<Instant> {
        self.asked
    }

    /// Sends a request that was `due`, as soon as the connection stands.
    pub(in crate::bench::load) fn ask(&mut self, request: &[u8], due: Instant) -> Result<(), String> {
        self.asked = Some(due);
        self.answer = Answer::default();
        self.unsent = request.to_vec();
        self.send()
    }

    /// Sends and receives what can be.
    pub(in crate::bench::load) fn go_on(&mut self, scratch: &mut [u8]) -> Came {
        if let Err(failure) = self.send() {
            return Came::End(failure);
        }
        let mut came = Came::Nothing;
        loop {
            let received = match recv(&self.socket, &mut *scratch, RecvFlags::empty()) {
                Ok((received, _)) => received,
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN | Errno::NOTCONN) => return came,
                Err(error) => return Came::End(format!("a connection failed: {error}")),
            };
            if received == 0 {
                if let Came::Answer { outcome, .. } = came {
                    return Came::Answer { outcome, is_last: true };
                }
                return Came::End("a connection was closed before its answer".to_owned());
            }
            match self.answer.push(scratch.get(..received).unwrap_or_default()) {
                Ok(None) => {}
                Ok(Some((outcome, is_last))) => {
                    self.asked = None;
                    // Its end may have come, too, which is reported only once.
                    came = Came::Answer { outcome, is_last };
                }
                Err(failure) => return Came::End(failure),
            }
        }
    }

    fn send(&mut self) -> Result<(), String> {
        if self.unsent.is_empty() {
            return Ok(());
        }
        match send(&self.socket, &self.unsent, SendFlags::NOSIGNAL) {
            Ok(sent) => {
                self.unsent.drain(..sent);
                Ok(())
            }
            // It goes on when the connection stands, or has room.
            Err(Errno::AGAIN | Errno::INTR | Errno::NOTCONN) => Ok(()),
            Err(error) => Err(format!("a request could not be sent: {error}")),
        }
    }
}
