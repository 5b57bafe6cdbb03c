//! A backend of the demo: it says its name, and tells the request as it arrived.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::request::{self, Request};

/// How long `/slow` takes.
const SLOW: Duration = Duration::from_secs(2);
/// From one line of `/stream` to the next, and how many there are.
const STEP: Duration = Duration::from_millis(400);
const STEPS: u32 = 5;
/// How long to wait where a connection cannot be accepted.
const OUT_OF_MEANS: Duration = Duration::from_millis(100);

/// A backend, bound and not yet serving.
pub(super) struct Backend {
    name: &'static str,
    listener: TcpListener,
    address: SocketAddr,
}

impl Backend {
    /// A backend that will listen there.
    ///
    /// # Errors
    /// The address of the listener is not known.
    pub(super) fn new(name: &'static str, listener: TcpListener) -> io::Result<Self> {
        let address = listener.local_addr()?;
        Ok(Self { name, listener, address })
    }

    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the runtime ends.
    pub(super) async fn serve(self) {
        loop {
            match self.listener.accept().await {
                // A client that goes away in between is no news.
                Ok((stream, _)) => drop(tokio::spawn(converse(self.name, stream))),
                Err(_) => tokio::time::sleep(OUT_OF_MEANS).await,
            }
        }
    }
}

/// One connection's requests, one after another.
async fn converse(name: &'static str, stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    while let Some(request) = request::read(&mut stream).await? {
        match request.path() {
            "/stream" => step_by_step(name, stream.get_mut()).await?,
            path => {
                if path.starts_with("/slow") {
                    tokio::time::sleep(SLOW).await;
                }
                stream.get_mut().write_all(answer(name, &request).as_bytes()).await?;
            }
        }
        if !request.is_kept_alive {
            break;
        }
    }
    Ok(())
}

fn answer(name: &str, request: &Request) -> String {
    let mut body = format!("{name} answers {}\n", request.line);
    for field in &request.fields {
        body.push_str("  ");
        body.push_str(field);
        body.push('\n');
    }
    if request.body > 0 {
        body.push_str(&format!("and a body of {} bytes\n", request.body));
    }
    let length = body.len();
    let shown = if request.line.starts_with("HEAD ") { "" } else { &body };
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\nX-Backend: {name}\r\n\r\n{shown}"
    )
}

/// An answer that takes its time, one chunk after another.
async fn step_by_step(name: &str, stream: &mut TcpStream) -> io::Result<()> {
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    for step in 1..=STEPS {
        let line = format!("{name} says {step} of {STEPS}\n");
        stream.write_all(format!("{:x}\r\n{line}\r\n", line.len()).as_bytes()).await?;
        tokio::time::sleep(STEP).await;
    }
    stream.write_all(b"0\r\n\r\n").await
}
