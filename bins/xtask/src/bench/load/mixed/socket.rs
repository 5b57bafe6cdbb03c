//! A WebSocket whose messages come back as they are.

use std::io::{Read, Write};
use std::net::{SocketAddr, SocketAddrV4, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};

use super::lane::Line;
use crate::bench::load::client::send_whole;
use crate::bench::load::surge::connection::Came;
use crate::bench::load::surge::outcomes::Outcome;
use crate::bench::messages::{self, Style};

/// How long the proxy may take to agree to one. Others wait meanwhile.
const OPENING: Duration = Duration::from_secs(5);

/// A WebSocket with at most one message under way.
#[derive(Debug)]
pub(super) struct Socket {
    socket: OwnedFd,
    /// When the message under way was due.
    asked: Option<Instant>,
    /// What was sent and has not come back yet.
    expected: Vec<u8>,
}

impl Line for Socket {
    fn open(address: SocketAddrV4) -> Result<Self, String> {
        let failed = |error| format!("cannot open a WebSocket: {error}");
        let mut stream = TcpStream::connect_timeout(&SocketAddr::V4(address), OPENING).map_err(failed)?;
        stream.set_read_timeout(Some(OPENING)).map_err(failed)?;
        stream.write_all(&messages::upgrade(Style::Tiny)).map_err(failed)?;
        let head = read_head(&mut stream).map_err(failed)?;
        if !head.starts_with(b"HTTP/1.1 101 ") {
            let line = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
            return Err(format!("no WebSocket: {line}"));
        }
        Ok(Self { socket: stream.into(), asked: None, expected: Vec::new() })
    }

    fn socket(&self) -> &OwnedFd {
        &self.socket
    }

    fn asked(&self) -> Option<Instant> {
        self.asked
    }

    fn ask(&mut self, message: &[u8], due: Instant) -> Result<(), String> {
        self.asked = Some(due);
        self.expected = message.to_vec();
        send_whole(&self.socket, message)
    }

    fn go_on(&mut self, scratch: &mut [u8]) -> Came {
        let mut came = Came::Nothing;
        loop {
            let received = match recv(&self.socket, &mut *scratch, RecvFlags::DONTWAIT) {
                Ok((received, _)) => scratch.get(..received).unwrap_or_default(),
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => return came,
                Err(error) => return Came::End(format!("a WebSocket failed: {error}")),
            };
            if received.is_empty() {
                return match came {
                    Came::Answer { outcome, .. } => Came::Answer { outcome, is_last: true },
                    _ => Came::End("a WebSocket ended".to_owned()),
                };
            }
            let Some(rest) = self.expected.strip_prefix(received) else {
                // What ends a WebSocket is a message, too.
                return Came::End("a WebSocket brought something else than was sent".to_owned());
            };
            self.expected = rest.to_vec();
            if self.expected.is_empty() {
                self.asked = None;
                came = Came::Answer { outcome: Outcome::Good, is_last: false };
            }
        }
    }
}

/// Reads byte by byte, so that nothing is taken of what follows.
fn read_head(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend_from_slice(&byte);
    }
    Ok(head)
}

#[cfg(test)]
mod tests;
