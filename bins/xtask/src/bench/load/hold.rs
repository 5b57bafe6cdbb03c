//! Connections that are open and do nothing.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, socket_with};
use rustls::{ClientConfig, ClientConnection};

use super::orders::Tally;
use super::run::Plan;
use super::tls;

/// Connections whose one request was answered.
#[derive(Debug, Default)]
pub(super) struct Held(Vec<TcpStream>);

/// Connections from one client address, so that limits per address do not come into it.
const PER_ADDRESS: usize = 50;

impl Held {
    /// Opens connections until there are `connections`, and makes one request on each.
    pub(super) fn grow_to(&mut self, connections: usize, plan: &Plan) -> Result<Tally> {
        let started = Instant::now();
        let mut requests = 0;
        let settings = plan.tls.is_some().then(|| tls::settings(tls::HTTP1)).transpose()?.map(Arc::new);
        while self.0.len() < connections {
            let index = self.0.len();
            let stream =
                open(index, plan, settings.as_ref()).with_context(|| format!("idle connection {index}"))?;
            self.0.push(stream);
            requests += 1;
        }
        Ok(Tally { requests, seconds: started.elapsed().as_secs_f64(), ..Tally::default() })
    }
}

fn open(index: usize, plan: &Plan, settings: Option<&Arc<ClientConfig>>) -> Result<TcpStream> {
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    bind(&socket, &SocketAddr::V4(SocketAddrV4::new(client_address(index), 0)))?;
    connect(&socket, &SocketAddr::V4(plan.address))?;
    let mut stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    match (settings, &plan.tls) {
        (Some(settings), Some(tls)) => {
            // Who only waits needs no keys: they go when the request is answered.
            let mut session = ClientConnection::new(Arc::clone(settings), tls.host()?)?;
            exchange(&mut rustls::Stream::new(&mut session, &mut stream), plan)?;
        }
        _ => exchange(&mut stream, plan)?,
    }
    Ok(stream)
}

fn exchange(stream: &mut (impl Read + Write), plan: &Plan) -> Result<()> {
    let request = plan.requests.first().context("no request")?;
    stream.write_all(request).context("no request could be sent")?;
    read_response(stream, plan.body)
}

/// Addresses of the loopback network, 127.0.1.0 and up.
fn client_address(index: usize) -> Ipv4Addr {
    let number = 256 + index / PER_ADDRESS;
    Ipv4Addr::from_bits(Ipv4Addr::new(127, 0, 0, 0).to_bits() + u32::try_from(number).unwrap_or(0))
}

fn read_response(stream: &mut impl Read, body: usize) -> Result<()> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let received = stream.read(&mut part).context("no response")?;
        if received == 0 {
            bail!("the proxy closed the connection");
        }
        bytes.extend_from_slice(part.get(..received).unwrap_or_default());
        let head = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if head.is_some_and(|head| bytes.len() >= head + 4 + body) {
            break;
        }
    }
    if !bytes.starts_with(b"HTTP/1.1 200 ") {
        bail!("unexpected response: {}", String::from_utf8_lossy(&bytes).lines().next().unwrap_or_default());
    }
    Ok(())
}
