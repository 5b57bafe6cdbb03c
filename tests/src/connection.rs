//! One end of a connection, the client's or the backend's.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::{Arc, Mutex};

use crate::locked::lock;
use crate::socket::Stream;
use crate::tls::{Facts, Refused, refused_by};
use crate::{Head, PATIENCE, Socket};

/// One end of a connection.
#[derive(Debug)]
pub struct Connection {
    stream: Stream,
    pub(crate) unread: Vec<u8>,
    seen: Arc<Mutex<Vec<u8>>>,
    /// Methods of requests that were sent and not yet answered; a response is read by them.
    asked: Vec<String>,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With everything delivered.
    Closed,
    /// By a reset.
    Reset,
}

/// What waiting for more came to.
pub(crate) enum Filled {
    /// There is more to read.
    More,
    /// The connection is over.
    Ended(Ending),
    /// Nothing came within [`PATIENCE`].
    Silent,
}

/// Why a message could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The connection ended between two messages.
    End(Ending),
    /// The connection ended within a message; what came of the message.
    Cut(Ending, Vec<u8>),
    /// The framing is wrong.
    Malformed(String),
}

impl Connection {
    /// A connection to an address.
    ///
    /// # Panics
    /// Nobody listens there.
    #[track_caller]
    pub fn to(address: &Socket) -> Self {
        Self::new(address.connect().unwrap_or_else(|error| panic!("cannot connect to {address:?}: {error}")))
    }

    pub(crate) fn new(stream: Stream) -> Self {
        Self { stream, unread: Vec::new(), seen: Arc::default(), asked: Vec::new() }
    }

    /// Every byte that came in on this connection, for whoever looks on.
    pub(crate) fn seen(&self) -> Arc<Mutex<Vec<u8>>> {
        Arc::clone(&self.seen)
    }

    pub(crate) fn stream(&self) -> &Stream {
        &self.stream
    }

    /// The addresses of this end and of the other.
    ///
    /// # Panics
    /// The connection has none, or is over.
    #[track_caller]
    pub fn ends(&self) -> (SocketAddr, SocketAddr) {
        self.stream.identity().unwrap_or_else(|| panic!("{:?} has no addresses", self.stream))
    }

    /// Goes on over another stream.
    pub(crate) fn move_to(&mut self, stream: Stream) {
        self.stream = stream;
    }

    pub(crate) fn into_stream(self) -> Stream {
        self.stream
    }

    /// What was agreed upon in TLS.
    ///
    /// # Panics
    /// The connection is plain.
    #[track_caller]
    pub fn tls(&self) -> Facts {
        match &self.stream {
            Stream::Tls(stream) => stream.facts(),
            other => panic!("{other:?} is no connection of TLS"),
        }
    }

    /// What the other side has said by an alert, or what it has done against the rules of TLS.
    pub fn tls_failure(&self) -> Option<Refused> {
        match &self.stream {
            Stream::Tls(stream) => stream.failure().map(refused_by),
            _ => None,
        }
    }

    /// Sends bytes.
    ///
    /// # Panics
    /// The other side takes no more.
    #[track_caller]
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).unwrap_or_else(|error| panic!("cannot send: {error}"));
    }

    /// Sends bytes to a side that may take no more.
    ///
    /// # Errors
    /// It takes no more.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    /// The answer to a request; `None` where the connection is over.
    pub fn try_ask(&mut self, request: impl AsRef<[u8]>) -> Option<crate::Message> {
        let method = request.as_ref().split(|&byte| byte == b' ').next().unwrap_or_default();
        self.asked.push(crate::latin1(method));
        self.try_send(request).ok()?;
        self.response().ok()
    }

    /// Sends a request, whose answer [`Connection::response`] reads.
    ///
    /// # Panics
    /// The other side takes no more.
    #[track_caller]
    pub fn ask(&mut self, request: impl AsRef<[u8]>) {
        let method = request.as_ref().split(|&byte| byte == b' ').next().unwrap_or_default();
        self.asked.push(crate::latin1(method));
        self.send(request);
    }

    /// Notes that a request with this method is sent.
    pub(crate) fn expect_answer(&mut self, method: &str) {
        self.asked.push(method.to_owned());
    }

    /// The method of the request that the next final response is for.
    pub(crate) fn answered(&mut self) -> String {
        if self.asked.is_empty() { String::new() } else { self.asked.remove(0) }
    }

    /// Reads more. `None` while the connection goes on.
    #[track_caller]
    pub(crate) fn fill(&mut self) -> Option<Ending> {
        match self.fill_or_silence() {
            Filled::More => None,
            Filled::Ended(ending) => Some(ending),
            Filled::Silent => {
                panic!("nothing came within {PATIENCE:?} after {:?}", crate::latin1(&self.unread))
            }
        }
    }

    /// Reads more, for as long as anything is waited for.
    pub(crate) fn fill_or_silence(&mut self) -> Filled {
        let mut buffer = [0; 64 * 1024];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Filled::Ended(Ending::Closed),
                Ok(count) => {
                    self.unread.extend_from_slice(&buffer[..count]);
                    let mut seen = lock(&self.seen);
                    // Big bodies are not kept twice.
                    if seen.len() < 1 << 20 {
                        seen.extend_from_slice(&buffer[..count]);
                    }
                    return Filled::More;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Filled::Silent;
                }
                Err(_) => return Filled::Ended(Ending::Reset),
            }
        }
    }

    /// Waits for one byte and says whether the connection goes on with one.
    pub fn goes_on(&mut self) -> bool {
        !self.unread.is_empty() || self.fill().is_none()
    }

    /// Reads so many bytes.
    ///
    /// # Errors
    /// The connection ends before.
    pub fn exactly(&mut self, count: usize) -> Result<Vec<u8>, Broken> {
        while self.unread.len() < count {
            if let Some(ending) = self.fill() {
                return Err(Broken::Cut(ending, std::mem::take(&mut self.unread)));
            }
        }
        Ok(self.unread.drain(..count).collect())
    }

    /// Reads until the connection ends.
    pub fn rest(&mut self) -> (Vec<u8>, Ending) {
        loop {
            if let Some(ending) = self.fill() {
                return (std::mem::take(&mut self.unread), ending);
            }
        }
    }

    /// Reads and forgets until the connection ends. Says how much came, and how it ended.
    pub fn count_rest(&mut self) -> (u64, Ending) {
        let mut count = 0;
        loop {
            count += self.unread.len() as u64;
            self.unread.clear();
            if let Some(ending) = self.fill() {
                return (count, ending);
            }
        }
    }

    /// Reads and forgets so many bytes.
    ///
    /// # Errors
    /// The connection ends before.
    pub fn skip(&mut self, mut count: u64) -> Result<(), Broken> {
        loop {
            let part = usize::try_from(count).unwrap_or(usize::MAX).min(self.unread.len());
            self.unread.drain(..part);
            count -= part as u64;
            if count == 0 {
                return Ok(());
            }
            if let Some(ending) = self.fill() {
                return Err(Broken::Cut(ending, Vec::new()));
            }
        }
    }

    /// Reads a head.
    ///
    /// # Errors
    /// The connection ends before.
    pub fn head(&mut self) -> Result<Head, Broken> {
        crate::reading::head(self)
    }

    /// A second handle, for a thread that writes while this one reads.
    ///
    /// # Panics
    /// No descriptors are left.
    pub fn writer(&self) -> Self {
        Self::new(self.stream.try_clone().expect("descriptors are left"))
    }

    /// A second handle, to be used instead of this one; who looks on sees what either reads.
    ///
    /// # Panics
    /// No descriptors are left.
    pub(crate) fn twin(&self) -> Self {
        Self { seen: self.seen(), ..self.writer() }
    }

    /// Sends bytes as they are, where those that are sent are in TLS.
    ///
    /// # Panics
    /// The connection is plain, or the other side takes no more.
    #[track_caller]
    pub fn send_below_tls(&mut self, bytes: impl AsRef<[u8]>) {
        match &self.stream {
            Stream::Tls(stream) => {
                let mut tcp = stream.tcp();
                tcp.write_all(bytes.as_ref()).unwrap_or_else(|error| panic!("cannot send: {error}"));
            }
            other => panic!("{other:?} is no connection of TLS"),
        }
    }

    /// Changes the keys of what is sent from here on, and asks the other side to do the same: RFC 8446 section 4.6.3.
    ///
    /// # Panics
    /// The connection is not one of TLS 1.3.
    #[track_caller]
    pub fn change_keys(&mut self) {
        match &self.stream {
            Stream::Tls(stream) => stream.change_keys(),
            other => panic!("{other:?} is no connection of TLS"),
        }
    }

    /// Ends what is sent as a cut would, without a word in TLS.
    pub fn close_below_tls(&mut self) {
        if let Stream::Tls(stream) = &self.stream {
            let _ = stream.tcp().shutdown(Shutdown::Write);
        }
    }

    /// Says that no more will be sent.
    pub fn half_close(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Ends the connection by a reset.
    pub fn reset(self) {
        let _ = self.stream.reset_at_end();
    }
}
