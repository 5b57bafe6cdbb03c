//! Pebble, the ACME server that Let's Encrypt tests with, as a child process.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;
use tls_sni::{Client, ClientSettings, ClientStream, Roots};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::names;

/// It has to be up within that time, and to have made its keys.
const PATIENCE: Duration = Duration::from_secs(60);
/// A port that was free may be taken by somebody else before Pebble binds it.
const TRIES: usize = 5;

/// A running Pebble, which ends with it.
pub(super) struct Pebble {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    port: u16,
    management: u16,
    /// Who vouches for its own certificate, PEM.
    pub(super) root: String,
    _dir: TempDir,
}

/// How Pebble is to be.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    /// Where it looks for answers to HTTP-01.
    pub(super) http_port: u16,
    /// Where it looks for answers to TLS-ALPN-01.
    pub(super) tls_port: u16,
    /// Where it listens; any free port if 0.
    pub(super) port: u16,
    /// The id and the key of an account that one must have with it.
    pub(super) external: Option<(&'static str, &'static str)>,
}

impl Pebble {
    /// One that validates names at these ports, and takes each name to be this machine.
    pub(super) async fn start(wanted: Wanted) -> Self {
        let mut log = String::new();
        for _ in 0..TRIES {
            let mut pebble = Self::spawn(wanted);
            match timeout(PATIENCE, pebble.is_up()).await {
                Ok(true) => return pebble,
                _ => log = pebble.log(),
            }
        }
        panic!("pebble does not start:\n{log}");
    }

    /// A connection to it, at one of its doors.
    pub(super) async fn connect(&self, port: u16) -> Option<ClientStream<TcpStream>> {
        let mut trusting = ClientSettings::new();
        trusting.roots = Roots::Pem(self.root.clone().into_bytes());
        let stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        Client::new(trusting).unwrap().connect(stream, "127.0.0.1").await.ok()
    }

    /// The URL of its directory.
    pub(super) fn directory(&self) -> String {
        format!("https://127.0.0.1:{}/dir", self.port)
    }

    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    /// Where it tells of itself.
    pub(super) const fn management(&self) -> u16 {
        self.management
    }

    /// What it has written so far.
    pub(super) fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    fn spawn(wanted: Wanted) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = write_certificate(dir.path());
        let (port, management) = (free_port(wanted.port), free_port(0));
        let config = dir.path().join("pebble.json");
        std::fs::write(&config, settings(wanted, port, management, dir.path()).to_string()).unwrap();
        let child = Command::new("pebble")
            .arg("-config")
            .arg(&config)
            .args(["-dnsserver", &names::here().to_string()])
            .env("PEBBLE_VA_NOSLEEP", "1")
            .env("PEBBLE_WFE_NONCEREJECT", "30")
            .env("PEBBLE_AUTHZREUSE", "0")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = match child {
            Ok(child) => child,
            Err(error) => panic!("pebble is needed: `apt-get install pebble` ({error})"),
        };
        let log = Arc::<Mutex<Vec<String>>>::default();
        follow(child.stdout.take().unwrap(), log.clone());
        follow(child.stderr.take().unwrap(), log.clone());
        Self { child, log, port, management, root, _dir: dir }
    }

    /// Ready once both of its doors are open, or it has ended.
    async fn is_up(&mut self) -> bool {
        while self.child.try_wait().unwrap().is_none() {
            if self.connect(self.port).await.is_some() && self.connect(self.management).await.is_some() {
                return true;
            }
            tokio::task::yield_now().await;
        }
        false
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn settings(wanted: Wanted, port: u16, management: u16, dir: &Path) -> Value {
    let mut keys = serde_json::Map::new();
    if let Some((id, key)) = wanted.external {
        keys.insert(id.to_owned(), json!(key));
    }
    json!({ "pebble": {
        "listenAddress": format!("127.0.0.1:{port}"),
        "managementListenAddress": format!("127.0.0.1:{management}"),
        "certificate": dir.join("cert.pem"),
        "privateKey": dir.join("key.pem"),
        "httpPort": wanted.http_port,
        "tlsPort": wanted.tls_port,
        "ocspResponderURL": "",
        "externalAccountBindingRequired": wanted.external.is_some(),
        "externalAccountMACKeys": keys,
    }})
}

/// Writes a certificate for this machine and its key; gives who vouches for it.
fn write_certificate(dir: &Path) -> String {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &root).unwrap();
    std::fs::write(dir.join("cert.pem"), own.pem()).unwrap();
    std::fs::write(dir.join("key.pem"), key.serialize_pem()).unwrap();
    root.pem()
}

fn free_port(wanted: u16) -> u16 {
    if wanted > 0 {
        return wanted;
    }
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Keeps what is written.
fn follow(source: impl Read + Send + 'static, log: Arc<Mutex<Vec<String>>>) {
    thread::spawn(move || {
        for line in BufReader::new(source).lines().map_while(Result::ok) {
            log.lock().unwrap().push(line);
        }
    });
}
