//! What stands for a proxy in tests: it answers over TLS, in a thread for each connection.

use std::io::{Read, Write};
use std::net::{SocketAddr, SocketAddrV4, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::NoServerSessionStorage;
use rustls::{HandshakeKind, ServerConfig, ServerConnection};

use crate::bench::backend;
use crate::bench::certificates::Pair;
use crate::bench::messages::{self, Style};

/// What a proxy does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::bench::load) enum Manner {
    /// Gives tickets, and keeps connections.
    Keep,
    /// Gives tickets, and closes connections.
    Close,
    /// Gives none, and closes connections.
    Forget,
}

/// A proxy that serves for as long as the tests run.
#[derive(Debug)]
pub(in crate::bench::load) struct Server {
    pub(in crate::bench::load) address: SocketAddrV4,
    /// Handshakes that resumed a session.
    pub(in crate::bench::load) resumed: Arc<AtomicU64>,
}

/// Starts one that answers with `body` bytes. It reads the files of `pair` for each connection, and goes on
/// with what it had when they do not belong together.
pub(in crate::bench::load) fn start(pair: Pair, body: usize, manner: Manner) -> Server {
    let listener = backend::listen().unwrap();
    let SocketAddr::V4(address) = listener.local_addr().unwrap() else { panic!("bound to IPv4") };
    let resumed = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&resumed);
    let settings =
        Settings { pair, manner, ticketer: aws_lc_rs::Ticketer::new().unwrap(), last: Mutex::default() };
    std::thread::spawn(move || {
        while let Ok((socket, _)) = listener.accept() {
            let settings = settings.current();
            let counter = Arc::clone(&counter);
            // Its client sees what fails.
            std::thread::spawn(move || serve(socket, settings, (body, manner), &counter));
        }
    });
    Server { address, resumed }
}

/// A new certificate for `host`, in a folder that is left behind.
pub(in crate::bench::load) fn certificate(host: &str) -> Pair {
    let folder: PathBuf = tempfile::TempDir::new().unwrap().keep();
    let pair = Pair::called("own", &folder);
    pair.make(host).unwrap();
    pair
}

struct Settings {
    pair: Pair,
    manner: Manner,
    ticketer: Arc<dyn rustls::server::ProducesTickets>,
    last: Mutex<Option<Arc<ServerConfig>>>,
}

impl Settings {
    fn current(&self) -> Arc<ServerConfig> {
        let mut last = self.last.lock().unwrap();
        let chain = vec![CertificateDer::from_pem_file(&self.pair.cert).unwrap()];
        let key = PrivateKeyDer::from_pem_file(&self.pair.key).unwrap();
        let made = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key);
        if let Ok(mut settings) = made {
            settings.session_storage = Arc::new(NoServerSessionStorage {});
            if self.manner == Manner::Forget {
                settings.send_tls13_tickets = 0;
            } else {
                settings.ticketer = Arc::clone(&self.ticketer);
            }
            *last = Some(Arc::new(settings));
        }
        last.clone().unwrap()
    }
}

fn serve(
    mut socket: TcpStream,
    settings: Arc<ServerConfig>,
    (body, manner): (usize, Manner),
    resumed: &AtomicU64,
) -> std::io::Result<()> {
    let mut session = ServerConnection::new(settings).unwrap();
    while session.is_handshaking() {
        session.complete_io(&mut socket)?;
    }
    if session.handshake_kind() == Some(HandshakeKind::Resumed) {
        resumed.fetch_add(1, Ordering::Relaxed);
    }
    let mut stream = rustls::Stream::new(&mut session, &mut socket);
    let mut request = Vec::new();
    let mut part = [0; 1024];
    loop {
        let received = stream.read(&mut part)?;
        if received == 0 {
            return Ok(());
        }
        request.extend_from_slice(&part[..received]);
        if !request.ends_with(b"\r\n\r\n") {
            continue;
        }
        request.clear();
        stream.write_all(&messages::response(Style::Tiny, body))?;
        if manner != Manner::Keep {
            stream.conn.send_close_notify();
            return stream.flush();
        }
    }
}
