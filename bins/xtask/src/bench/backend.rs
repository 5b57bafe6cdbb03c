//! The backend of the benchmark: one thread, one prebuilt response.
//!
//! Over HTTP/1.1 it must cost far less than any proxy, so it parses nothing: whatever ends with an empty
//! line was a request, since no proxy that is measured pipelines. Calls of gRPC need a real server.

pub(super) mod grpc;

use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::OwnedFd;

use anyhow::{Context, Result};
use clap::Args;
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, SocketFlags, accept_with, recv, send};
use rustix::process::Signal;

use super::messages::{self, Style};
use super::protocol::Protocol;
use crate::process;

#[derive(Args, Clone, Debug)]
pub(crate) struct BackendOptions {
    /// The core to run on.
    #[arg(long)]
    cpu: usize,
    /// What is spoken.
    #[arg(long)]
    protocol: Protocol,
    /// The fields of the response; those of gRPC are its own.
    #[arg(long)]
    style: Style,
    /// Bytes in the response's body.
    #[arg(long)]
    body: usize,
}

/// Prints the port that it listens on, and serves until it is killed.
///
/// # Errors
/// When the system refuses a socket.
pub(crate) fn run(options: &BackendOptions) -> Result<()> {
    process::pin_to(options.cpu)?;
    process::die_with_parent(Signal::KILL)?;
    let listener = listen().context("cannot listen")?;
    let address = listener.local_addr().context("cannot listen")?;
    println!("{}", address.port());
    if options.protocol.is_http2_to_backend() {
        return grpc::serve(listener, options.body);
    }
    Backend::new(listener.into(), messages::response(options.style, options.body))?.serve()
}

/// A listening socket on a free port of loopback.
pub(super) fn listen() -> std::io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))?;
    // std listens with a backlog of 128; listening again only widens it.
    rustix::net::listen(&listener, 4096)?;
    // Accepted sockets inherit it.
    rustix::net::sockopt::set_tcp_nodelay(&listener, true)?;
    Ok(listener)
}

/// A proxy's connection.
struct Connection {
    socket: OwnedFd,
    /// The last bytes received, as the empty line may arrive in two parts.
    tail: [u8; 4],
    /// Bytes of the response that were sent; `None` while no response is due.
    sent: Option<usize>,
}

/// Answers every request with the same response.
pub(super) struct Backend {
    epoll: OwnedFd,
    listener: OwnedFd,
    connections: Vec<Option<Connection>>,
    free: Vec<usize>,
    response: Vec<u8>,
    scratch: Vec<u8>,
}

/// Marks the listener among the events.
const LISTENER: u64 = u64::MAX;

impl Backend {
    pub(super) fn new(listener: OwnedFd, response: Vec<u8>) -> Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC).context("cannot wait for events")?;
        epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), EventFlags::IN)
            .context("cannot wait for connections")?;
        let scratch = vec![0; 16 * 1024];
        Ok(Self { epoll, listener, connections: Vec::new(), free: Vec::new(), response, scratch })
    }

    /// Serves until something fails.
    pub(super) fn serve(mut self) -> Result<()> {
        let mut events = Vec::with_capacity(512);
        loop {
            events.clear();
            match epoll::wait(&self.epoll, spare_capacity(&mut events), None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error).context("cannot wait for events"),
            }
            for event in &events {
                match event.data.u64() {
                    LISTENER => self.accept()?,
                    index => self.ready(usize::try_from(index).unwrap_or(usize::MAX)),
                }
            }
        }
    }

    fn accept(&mut self) -> Result<()> {
        let socket = match accept_with(&self.listener, SocketFlags::CLOEXEC) {
            Ok(socket) => socket,
            // It was reset before it was accepted.
            Err(Errno::CONNABORTED | Errno::INTR) => return Ok(()),
            Err(error) => return Err(error).context("cannot accept"),
        };
        let index = self.free.pop().unwrap_or_else(|| {
            self.connections.push(None);
            self.connections.len() - 1
        });
        epoll::add(&self.epoll, &socket, EventData::new_u64(index as u64), EventFlags::IN)
            .context("cannot wait for a connection")?;
        if let Some(place) = self.connections.get_mut(index) {
            *place = Some(Connection { socket, tail: [0; 4], sent: None });
        }
        Ok(())
    }

    /// Goes on with a connection; one that fails is closed, which the proxy notices.
    fn ready(&mut self, index: usize) {
        let Some(Some(connection)) = self.connections.get_mut(index) else { return };
        let going = match connection.sent {
            None => connection.receive(&mut self.scratch, &self.response),
            Some(_) => connection.answer(&self.response),
        };
        let waits_to_send = connection.sent.is_some();
        let socket = &connection.socket;
        let data = EventData::new_u64(index as u64);
        match going {
            Ok(Going::On) => {}
            Ok(Going::Turned) => {
                let flags = if waits_to_send { EventFlags::OUT } else { EventFlags::IN };
                if epoll::modify(&self.epoll, socket, data, flags).is_err() {
                    self.close(index);
                }
            }
            Ok(Going::Ended) | Err(_) => self.close(index),
        }
    }

    fn close(&mut self, index: usize) {
        if let Some(place) = self.connections.get_mut(index) {
            *place = None;
            self.free.push(index);
        }
    }
}

/// What a connection wants next.
enum Going {
    /// The same as before.
    On,
    /// To send where it received before, or the other way round.
    Turned,
    /// Nothing more.
    Ended,
}

impl Connection {
    fn receive(&mut self, scratch: &mut [u8], response: &[u8]) -> rustix::io::Result<Going> {
        let received = match recv(&self.socket, &mut *scratch, RecvFlags::DONTWAIT) {
            Ok((received, _)) => received,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(Going::On),
            Err(error) => return Err(error),
        };
        if received == 0 {
            return Ok(Going::Ended);
        }
        for byte in &scratch[received.saturating_sub(4)..received] {
            self.tail.rotate_left(1);
            self.tail[3] = *byte;
        }
        if self.tail != *b"\r\n\r\n" {
            return Ok(Going::On);
        }
        self.tail = [0; 4];
        self.sent = Some(0);
        match self.answer(response)? {
            Going::Turned => Ok(Going::On),
            // Not all could be sent: from now on it waits to send.
            Going::On | Going::Ended => Ok(Going::Turned),
        }
    }

    /// Sends what is left of the response: `Turned` when it was the last of it.
    fn answer(&mut self, response: &[u8]) -> rustix::io::Result<Going> {
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        while let Some(rest) = self.sent.and_then(|sent| response.get(sent..)) {
            if rest.is_empty() {
                self.sent = None;
                return Ok(Going::Turned);
            }
            match send(&self.socket, rest, flags) {
                Ok(count) => self.sent = self.sent.map(|sent| sent + count),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(Going::On),
                Err(error) => return Err(error),
            }
        }
        Ok(Going::On)
    }
}
