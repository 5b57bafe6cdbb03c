//! The backend of the benchmark: one thread, one prebuilt response.
//!
//! Over HTTP/1.1 it must cost far less than any proxy, so it parses nothing: whatever ends with an empty
//! line was a request, since no proxy that is measured pipelines. Calls of gRPC need a real server.
//!
//! It answers at once, or takes its time as a [`Delay`] says.

mod delay;
mod echo;
pub(super) mod grpc;

use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, SocketFlags, accept_with, recv, send};
use rustix::process::Signal;

use self::delay::{Delay, Ticket};
use super::messages::{self, Style};
use super::protocol::Protocol;
use super::timer::Timer;
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
    /// How long it works on each request, in microseconds; over HTTP/1.1 alone.
    #[arg(long, default_value_t = 0)]
    delay_us: u64,
    /// How many requests it works on at the same time, if it works on them; the others wait.
    #[arg(long, default_value_t = usize::MAX)]
    at_a_time: usize,
    /// Send back all that comes on a connection after a request to upgrade it; over HTTP/1.1 alone.
    #[arg(long)]
    echo: bool,
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
    let mut backend = Backend::new(listener.into(), messages::response(options.style, options.body))?;
    if options.echo {
        backend.echo();
    }
    if options.delay_us > 0 {
        backend.take_time(Duration::from_micros(options.delay_us), options.at_a_time)?;
    }
    backend.serve()
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
    /// Bytes of the response that were sent; `None` while none is being sent.
    sent: Option<usize>,
    /// The request that is being worked on.
    asked: Option<Ticket>,
    /// Whether it was upgraded, and everything is sent back.
    is_echo: bool,
}

/// Answers every request with the same response.
pub(super) struct Backend {
    epoll: OwnedFd,
    listener: OwnedFd,
    connections: Vec<Option<Connection>>,
    free: Vec<usize>,
    response: Vec<u8>,
    scratch: Vec<u8>,
    work: Option<Work>,
    /// Whether requests to upgrade are looked for.
    echoes: bool,
}

/// The requests that take time, and what wakes the backend when one is done.
struct Work {
    delay: Delay,
    timer: Timer,
    /// Requests so far.
    requests: u64,
}

/// Marks the listener among the events.
const LISTENER: u64 = u64::MAX;

/// Marks the timer among the events.
const TIMER: u64 = u64::MAX - 1;

impl Backend {
    pub(super) fn new(listener: OwnedFd, response: Vec<u8>) -> Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC).context("cannot wait for events")?;
        epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), EventFlags::IN)
            .context("cannot wait for connections")?;
        let scratch = vec![0; 16 * 1024];
        let (connections, free) = (Vec::new(), Vec::new());
        let (work, echoes) = (None, false);
        Ok(Self { epoll, listener, connections, free, response, scratch, work, echoes })
    }

    /// Has it work for `time` on each request, on `at_a_time` requests at the most.
    pub(super) fn take_time(&mut self, time: Duration, at_a_time: usize) -> Result<()> {
        let timer = Timer::new()?;
        // Edge-triggered: a timer that is set again need not be read.
        epoll::add(&self.epoll, &timer, EventData::new_u64(TIMER), EventFlags::IN | EventFlags::ET)
            .context("cannot wait for a timer")?;
        self.work = Some(Work { delay: Delay::new(time, at_a_time), timer, requests: 0 });
        Ok(())
    }

    /// Has it agree to upgrade connections, and send back all that comes on them then.
    pub(super) fn echo(&mut self) {
        self.echoes = true;
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
                    // What is done is looked for after all events.
                    TIMER => {}
                    index => self.ready(usize::try_from(index).unwrap_or(usize::MAX)),
                }
            }
            self.finish()?;
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
            *place = Some(Connection { socket, tail: [0; 4], sent: None, asked: None, is_echo: false });
        }
        Ok(())
    }

    /// Goes on with a connection; one that fails is closed, which the proxy notices.
    fn ready(&mut self, index: usize) {
        let Some(Some(connection)) = self.connections.get_mut(index) else { return };
        if connection.sent.is_some() {
            return self.answer(index);
        }
        if connection.is_echo {
            if connection.send_back(&mut self.scratch).is_err() {
                self.close(index);
            }
            return;
        }
        match connection.receive(&mut self.scratch) {
            Ok(Received::Part) => {}
            Ok(Received::Request(request)) if self.echoes && echo::is_upgrade(request) => {
                if connection.upgrade().is_err() {
                    self.close(index);
                }
            }
            Ok(Received::Request(_)) => match &mut self.work {
                None => self.answer(index),
                Some(work) => connection.asked = Some(work.begin(index)),
            },
            Ok(Received::End) | Err(_) => self.close(index),
        }
    }

    /// Sends what can be sent of the response, and waits for room for the rest.
    fn answer(&mut self, index: usize) {
        let Some(Some(connection)) = self.connections.get_mut(index) else { return };
        let waited = connection.sent.is_some();
        let Ok(waits) = connection.send(&self.response) else { return self.close(index) };
        if waits == waited {
            return;
        }
        let flags = if waits { EventFlags::OUT } else { EventFlags::IN };
        let data = EventData::new_u64(index as u64);
        if epoll::modify(&self.epoll, &connection.socket, data, flags).is_err() {
            self.close(index);
        }
    }

    /// Answers what is done by now.
    fn finish(&mut self) -> Result<()> {
        if self.work.is_none() {
            return Ok(());
        }
        let now = Instant::now();
        while let Some(ticket) = self.work.as_mut().and_then(|work| work.delay.take_done(now)) {
            let asker = self.connections.get_mut(ticket.connection).and_then(Option::as_mut);
            // Who has gone is not missed: the work was done all the same.
            if let Some(connection) = asker.filter(|connection| connection.asked == Some(ticket)) {
                connection.asked = None;
                self.answer(ticket.connection);
            }
        }
        self.work.as_ref().map_or(Ok(()), |work| work.arm(now))
    }

    fn close(&mut self, index: usize) {
        if let Some(place) = self.connections.get_mut(index) {
            *place = None;
            self.free.push(index);
        }
    }
}

impl Work {
    /// Begins to work on a request of the connection at `index`, or has it wait.
    fn begin(&mut self, index: usize) -> Ticket {
        self.requests += 1;
        let ticket = Ticket { connection: index, request: self.requests };
        self.delay.arrive(ticket, Instant::now());
        ticket
    }

    /// Sets the timer for what is done next.
    fn arm(&self, now: Instant) -> Result<()> {
        self.delay.next().map_or(Ok(()), |next| self.timer.set(next.saturating_duration_since(now)))
    }
}

/// What was received.
enum Received<'a> {
    /// Not all of a request yet.
    Part,
    /// The rest of a request.
    Request(&'a [u8]),
    /// The end of the connection.
    End,
}

impl Connection {
    fn receive<'a>(&mut self, scratch: &'a mut [u8]) -> rustix::io::Result<Received<'a>> {
        let received = match recv(&self.socket, &mut *scratch, RecvFlags::DONTWAIT) {
            Ok((received, _)) => received,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(Received::Part),
            Err(error) => return Err(error),
        };
        if received == 0 {
            return Ok(Received::End);
        }
        for byte in &scratch[received.saturating_sub(4)..received] {
            self.tail.rotate_left(1);
            self.tail[3] = *byte;
        }
        if self.tail != *b"\r\n\r\n" {
            return Ok(Received::Part);
        }
        self.tail = [0; 4];
        Ok(Received::Request(scratch.get(..received).unwrap_or_default()))
    }

    /// Sends what is left of the response, all of it unless some was sent; whether something is left then.
    fn send(&mut self, response: &[u8]) -> rustix::io::Result<bool> {
        let mut sent = self.sent.unwrap_or(0);
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        while let Some(rest) = response.get(sent..).filter(|rest| !rest.is_empty()) {
            match send(&self.socket, rest, flags) {
                Ok(count) => sent += count,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    self.sent = Some(sent);
                    return Ok(true);
                }
                Err(error) => return Err(error),
            }
        }
        self.sent = None;
        Ok(false)
    }
}
