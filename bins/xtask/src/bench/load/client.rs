//! One client connection.

use std::net::{SocketAddr, SocketAddrV4};
use std::os::fd::OwnedFd;
use std::time::Instant;

use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, connect, recv, send};

/// A connection and how far its current response has come.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) socket: OwnedFd,
    /// When the current request was sent or, at a fixed rate, was due.
    pub(super) asked: Instant,
    waits_for: Part,
    /// The beginning of a head that came in parts.
    head: Vec<u8>,
    /// Whether a response's `Content-Length` was compared with what is expected.
    is_checked: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    /// No response is due.
    Nothing,
    Head,
    /// So many bytes of the body.
    Body(usize),
    /// The end of the connection, which the proxy closes.
    End,
}

/// What a read brought.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Progress {
    /// More is to come.
    Partial,
    /// The response is complete.
    Answered,
    /// The connection ended where it had to.
    Ended,
}

/// What the responses must be like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected {
    /// Bytes in the body.
    pub(super) body: usize,
    /// Whether the proxy ends the connection after the response.
    pub(super) ends: bool,
}

const STATUS: &[u8] = b"HTTP/1.1 200 ";
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

impl Client {
    /// Connects to `address`.
    pub(super) fn connect(address: SocketAddrV4) -> rustix::io::Result<Self> {
        let socket =
            rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        // It blocks, which is short on loopback, and saves waiting for the event.
        connect(&socket, &SocketAddr::V4(address))?;
        let (asked, head) = (Instant::now(), Vec::new());
        Ok(Self { socket, asked, waits_for: Part::Nothing, head, is_checked: false })
    }

    /// Sends a request.
    pub(super) fn ask(&mut self, request: &[u8], asked: Instant) -> Result<(), String> {
        self.asked = asked;
        self.waits_for = Part::Head;
        match send(&self.socket, request, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
            Ok(sent) if sent == request.len() => Ok(()),
            Ok(sent) => Err(format!("only {sent} bytes of a request could be sent")),
            Err(error) => Err(format!("a request could not be sent: {error}")),
        }
    }

    /// Whether a response is due.
    pub(super) fn is_asked(&self) -> bool {
        self.waits_for != Part::Nothing
    }

    /// Reads what is there, using `scratch` for it.
    pub(super) fn read(&mut self, scratch: &mut [u8], expected: Expected) -> Result<Progress, String> {
        // Bytes of a body that is known to come are thrown away unseen, which saves copying them.
        let (room, flags) = match self.waits_for {
            Part::Body(left) if left <= scratch.len() => (left, RecvFlags::DONTWAIT | RecvFlags::TRUNC),
            Part::Body(_) => (scratch.len(), RecvFlags::DONTWAIT | RecvFlags::TRUNC),
            _ => (scratch.len().min(FIRST_READ), RecvFlags::DONTWAIT),
        };
        let room = scratch.get_mut(..room).unwrap_or_default();
        let received = match recv(&self.socket, &mut *room, flags) {
            Ok((_, received)) => received,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(Progress::Partial),
            Err(error) => return Err(format!("a connection failed: {error}")),
        };
        if received == 0 {
            return self.ended();
        }
        match self.waits_for {
            Part::Head => self.head_came(room.get(..received).unwrap_or_default(), expected),
            Part::Body(left) => Ok(self.body_came(left.saturating_sub(received), expected)),
            Part::Nothing | Part::End => Err(format!("{received} bytes came after the response")),
        }
    }

    fn ended(&self) -> Result<Progress, String> {
        match self.waits_for {
            Part::End => Ok(Progress::Ended),
            Part::Nothing => Err("a waiting connection was closed".to_owned()),
            Part::Head | Part::Body(_) => Err("a connection was closed within a response".to_owned()),
        }
    }

    fn head_came(&mut self, bytes: &[u8], expected: Expected) -> Result<Progress, String> {
        if !self.head.is_empty() {
            self.head.extend_from_slice(bytes);
            let whole = std::mem::take(&mut self.head);
            return self.head_is(&whole, expected);
        }
        self.head_is(bytes, expected)
    }

    fn head_is(&mut self, bytes: &[u8], expected: Expected) -> Result<Progress, String> {
        let Some(head) = end_of_head(bytes, expected.body) else {
            self.head = bytes.to_vec();
            return Ok(Progress::Partial);
        };
        if !bytes.starts_with(STATUS) {
            return Err(format!("unexpected response: {}", first_line(bytes)));
        }
        if !self.is_checked {
            check_length(bytes.get(..head).unwrap_or_default(), expected.body)?;
            self.is_checked = true;
        }
        let body = bytes.len() - head;
        match expected.body.checked_sub(body) {
            Some(left) => Ok(self.body_came(left, expected)),
            None => Err(format!("{} bytes too many in a response", body - expected.body)),
        }
    }

    fn body_came(&mut self, left: usize, expected: Expected) -> Progress {
        if left > 0 {
            self.waits_for = Part::Body(left);
            return Progress::Partial;
        }
        self.waits_for = if expected.ends { Part::End } else { Part::Nothing };
        Progress::Answered
    }
}

/// How much is read while the head is still to come. More would copy bytes of a large body, which are
/// thrown away uncopied once the head is known.
const FIRST_READ: usize = 16 * 1024;

/// Where the body begins in a message of a head and `body` bytes.
///
/// Mostly the whole message is there, so the end of the head is looked for where it then must be.
fn end_of_head(bytes: &[u8], body: usize) -> Option<usize> {
    if let Some(head) = bytes.len().checked_sub(body)
        && bytes.get(..head).is_some_and(|head| head.ends_with(END_OF_HEAD))
    {
        return Some(head);
    }
    let found = bytes.windows(END_OF_HEAD.len()).position(|window| window == END_OF_HEAD);
    found.map(|at| at + END_OF_HEAD.len())
}

/// Refuses a head without a `Content-Length` of `body`.
fn check_length(head: &[u8], body: usize) -> Result<(), String> {
    let text = String::from_utf8_lossy(head);
    let mut fields = text.split("\r\n").filter_map(|line| line.split_once(':'));
    let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    match length {
        Some((_, value)) if value.trim().parse() == Ok(body) => Ok(()),
        Some((_, value)) => Err(format!("Content-Length is {}, not {body}", value.trim())),
        None => Err("a response has no Content-Length".to_owned()),
    }
}

fn first_line(bytes: &[u8]) -> String {
    let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
    String::from_utf8_lossy(line).chars().take(80).collect()
}

#[cfg(test)]
mod tests;
