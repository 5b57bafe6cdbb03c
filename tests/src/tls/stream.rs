//! A connection within TLS.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};

use rustls::{Connection, Error, HandshakeKind, ProtocolVersion};

use crate::latin1;
use crate::locked::lock;
use crate::tls::Facts;

/// One end of a connection within TLS. Whoever reads does not keep others from writing.
#[derive(Debug)]
pub(crate) struct TlsStream {
    tcp: TcpStream,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    tls: Connection,
    /// What has come and has not been read: the library keeps a little only.
    unread: VecDeque<u8>,
    /// Whether the other side has said that no more comes.
    has_ended: bool,
    failure: Option<Error>,
}

impl TlsStream {
    /// A connection whose handshake has not begun.
    pub(crate) fn new(tls: impl Into<Connection>, tcp: TcpStream) -> Self {
        let (tls, unread) = (tls.into(), VecDeque::new());
        Self { tcp, shared: Arc::new(Mutex::new(Shared { tls, unread, has_ended: false, failure: None })) }
    }

    pub(crate) const fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { tcp: self.tcp.try_clone()?, shared: Arc::clone(&self.shared) })
    }

    /// Shakes hands.
    pub(crate) fn shake_hands(&mut self) -> io::Result<()> {
        loop {
            self.flush_out()?;
            if !lock(&self.shared).tls.is_handshaking() {
                return Ok(());
            }
            if self.take_in()? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// What would be sent first, which is not sent any more.
    pub(crate) fn first_flight(&self) -> Vec<u8> {
        let mut flight = Vec::new();
        while lock(&self.shared).tls.wants_write() {
            lock(&self.shared).tls.write_tls(&mut flight).expect("memory takes all");
        }
        flight
    }

    /// What broke the rules of TLS, or an alert of the other side.
    pub(crate) fn failure(&self) -> Option<Error> {
        lock(&self.shared).failure.clone()
    }

    pub(crate) fn facts(&self) -> Facts {
        let shared = lock(&self.shared);
        Facts {
            protocol: shared.tls.alpn_protocol().map(latin1),
            version: match shared.tls.protocol_version() {
                Some(ProtocolVersion::TLSv1_2) => "1.2",
                Some(ProtocolVersion::TLSv1_3) => "1.3",
                _ => "none",
            },
            is_resumed: shared.tls.handshake_kind() == Some(HandshakeKind::Resumed),
            leaf: shared
                .tls
                .peer_certificates()
                .and_then(<[_]>::first)
                .map(|leaf| leaf.to_vec())
                .unwrap_or_default(),
        }
    }

    /// Changes the keys of what is sent from here on, as TLS 1.3 alone can.
    pub(crate) fn change_keys(&self) {
        lock(&self.shared).tls.refresh_traffic_keys().expect("it is TLS 1.3");
        let _ = self.flush_out();
    }

    /// Says that no more will be sent, within TLS and below it.
    pub(crate) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        if how != Shutdown::Read {
            lock(&self.shared).tls.send_close_notify();
            let _ = self.flush_out();
        }
        self.tcp.shutdown(how)
    }

    /// Takes in what has come. 0 where the other side has closed.
    fn take_in(&self) -> io::Result<usize> {
        let mut part = [0; 32 * 1024];
        let count = (&self.tcp).read(&mut part)?;
        let mut shared = lock(&self.shared);
        let mut left = part.get(..count).unwrap_or_default();
        if left.is_empty() {
            return Ok(0);
        }
        while !left.is_empty() {
            shared.tls.read_tls(&mut left)?;
            if let Err(error) = shared.take() {
                drop(shared);
                // The other side is told why.
                let _ = self.flush_out();
                return Err(io::Error::new(ErrorKind::InvalidData, error));
            }
        }
        Ok(count)
    }

    fn flush_out(&self) -> io::Result<()> {
        let mut shared = lock(&self.shared);
        while shared.tls.wants_write() {
            shared.tls.write_tls(&mut &self.tcp)?;
        }
        Ok(())
    }
}

impl Shared {
    /// Takes what has come out of the library's hands.
    fn take(&mut self) -> Result<(), Error> {
        let state = self.tls.process_new_packets().inspect_err(|error| self.failure = Some(error.clone()))?;
        self.has_ended |= state.peer_has_closed();
        let mut plain = vec![0; state.plaintext_bytes_to_read()];
        if self.tls.reader().read_exact(&mut plain).is_ok() {
            self.unread.extend(plain);
        }
        Ok(())
    }
}

impl Read for TlsStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut shared = lock(&self.shared);
            if !shared.unread.is_empty() {
                return shared.unread.read(buffer);
            }
            if shared.has_ended {
                return Ok(0);
            }
            drop(shared);
            if self.take_in()? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            self.flush_out()?;
        }
    }
}

impl Write for TlsStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = lock(&self.shared).tls.writer().write(bytes)?;
        self.flush_out()?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flush_out()
    }
}
