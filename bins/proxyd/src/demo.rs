//! `proxyd demo`: three small backends, and the proxy in front of them.

mod backend;
mod document;
mod guide;
mod request;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use control_plane::{ControlPlane, Factories, compile};
use proxy_core::ListenAddress;
use tokio::net::{TcpListener, TcpSocket};

use self::backend::Backend;
use crate::exit::Failure;
use crate::signals::Signals;
use crate::{logging, output, run};

/// What the backends are called.
const NAMES: [&str; 3] = ["ash", "birch", "cedar"];
/// Any free port of this machine, for nobody else.
const FREE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Runs until a signal ends it.
///
/// # Errors
/// A port cannot be had, or standard output cannot be written.
pub(crate) fn run() -> Result<(), Failure> {
    let failed = |source| Failure::run_time("cannot run the demo", source);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let served = runtime.block_on(async {
        let signals = Signals::take().map_err(failed)?;
        let backends = backends().await.map_err(failed)?;
        let (_held, refusing) = refusing().map_err(failed)?;
        let loaded = config::parse(&document::text(&backends, refusing), "demo")?;
        let _logging = logging::start(&loaded.document.logging).map_err(failed)?;
        let plan = compile(&loaded, &Factories::default())?;
        let listeners = run::bind(&plan)?;
        let (proxy, _) = ControlPlane::build(plan)?;
        if let Some(ListenAddress::Tcp(address)) = listeners.addresses().next() {
            output::print(&guide::text(address, &backends)).map_err(failed)?;
        }
        for backend in backends {
            tokio::spawn(backend.serve());
        }
        run::until_signals(&proxy, listeners, signals).await.map_err(failed)
    });
    runtime.shutdown_background();
    served
}

async fn backends() -> io::Result<Vec<Backend>> {
    let mut backends = Vec::with_capacity(NAMES.len());
    for name in NAMES {
        backends.push(Backend::new(name, TcpListener::bind(FREE).await?)?);
    }
    Ok(backends)
}

/// An address that refuses connections for as long as the socket is held: it is bound, and nobody listens.
fn refusing() -> io::Result<(TcpSocket, SocketAddr)> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(FREE)?;
    let address = socket.local_addr()?;
    Ok((socket, address))
}
