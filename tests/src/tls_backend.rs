//! A backend that speaks TLS and does what a test tells it.

use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Deref;
use std::sync::{Arc, Condvar, Mutex};

use rustls::server::{Acceptor, ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};

use crate::frames::{Http2Notes, Http2Session};
use crate::locked::{lock, wait_until};
use crate::socket::Stream;
use crate::tls::{Authority, Facts, Leaf, Refused, TlsStream, Version, provider, refused_by};
use crate::{Backend, Connection, Ending, Session, latin1};

/// What a backend goes by in TLS. Without more it speaks both versions, chooses no protocol, asks for no certificate and
/// gives tickets.
#[derive(Clone)]
pub struct TlsServer {
    leaf: Leaf,
    versions: Vec<&'static SupportedProtocolVersion>,
    protocols: Vec<Vec<u8>>,
    believes: Option<RootCertStore>,
    tickets: usize,
}

/// A backend behind TLS; what is inside of TLS is as with any [`Backend`]. It ends when it is dropped.
pub struct TlsBackend {
    backend: Backend,
    shared: Arc<Shared>,
}

/// A handshake with a backend.
#[derive(Clone, Debug)]
pub struct Handshake {
    /// The name that was asked for.
    pub name: Option<String>,
    /// The protocols that were offered, in order of preference.
    pub offered: Vec<String>,
    /// What came of it.
    pub outcome: Result<Facts, Refused>,
}

struct Shared {
    config: Mutex<Arc<ServerConfig>>,
    /// Those that are over.
    handshakes: Mutex<Vec<Handshake>>,
    changed: Condvar,
    http2: Http2Notes,
}

/// Shows one certificate, and nothing else is of interest.
#[derive(Debug)]
struct Shows(Arc<CertifiedKey>);

impl TlsServer {
    /// A server that shows this certificate.
    pub fn new(leaf: &Leaf) -> Self {
        Self {
            leaf: leaf.clone(),
            versions: vec![&rustls::version::TLS13, &rustls::version::TLS12],
            protocols: Vec::new(),
            believes: None,
            tickets: 2,
        }
    }

    /// Which speaks that version alone.
    #[must_use]
    pub fn version(mut self, version: Version) -> Self {
        self.versions = vec![match version {
            Version::V12 => &rustls::version::TLS12,
            Version::V13 => &rustls::version::TLS13,
        }];
        self
    }

    /// Which chooses among these protocols: `h2`, `http/1.1`.
    #[must_use]
    pub fn protocols(mut self, protocols: &[&str]) -> Self {
        self.protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        self
    }

    /// Which demands a certificate of this authority.
    #[must_use]
    pub fn demanding(mut self, authority: &Authority) -> Self {
        self.believes = Some(authority.roots());
        self
    }

    /// Which gives no tickets, so that sessions of TLS 1.3 are not resumed.
    #[must_use]
    pub fn without_tickets(mut self) -> Self {
        self.tickets = 0;
        self
    }

    fn config(&self) -> Arc<ServerConfig> {
        let provider = provider();
        let key = provider.key_provider.load_private_key(self.leaf.key()).expect("the key can be used");
        let shown = CertifiedKey::new(self.leaf.chain().to_vec(), key);
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&self.versions)
            .expect("the provider knows them");
        let builder = match &self.believes {
            None => builder.with_no_client_auth(),
            Some(roots) => {
                let roots = Arc::new(roots.clone());
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
                builder.with_client_cert_verifier(verifier.expect("there is a root"))
            }
        };
        let mut config = builder.with_cert_resolver(Arc::new(Shows(Arc::new(shown))));
        config.alpn_protocols.clone_from(&self.protocols);
        config.send_tls13_tickets = self.tickets;
        Arc::new(config)
    }

    /// A backend each of whose connections, once hands are shaken, is served by `script` and closed behind it.
    pub fn start(&self, script: impl Fn(&mut Session) + Send + Sync + 'static) -> TlsBackend {
        self.start_behind(|_| {}, script)
    }

    /// The same where `before` comes before the handshake.
    pub fn start_behind(
        &self,
        before: impl Fn(&mut Session) + Send + Sync + 'static,
        script: impl Fn(&mut Session) + Send + Sync + 'static,
    ) -> TlsBackend {
        self.spawn(free_port(), before, move |session, _| script(session))
    }

    /// A backend that answers each request with 200 and this body, in the protocol that was agreed upon.
    pub fn saying(&self, body: &str) -> TlsBackend {
        self.saying_on(free_port(), body)
    }

    /// The same on a listener of the test's.
    pub fn saying_on(&self, listener: TcpListener, body: &str) -> TlsBackend {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let body = body.to_owned();
        self.spawn(
            listener,
            |_| {},
            either(
                move |session| session.answer_all(answer.as_bytes()),
                move |session| session.answer_all(&body),
            ),
        )
    }

    /// A backend whose connections are served by one script in HTTP/1.1 and by the other in HTTP/2, as was agreed upon.
    pub fn start_either(
        &self,
        http1: impl Fn(&mut Session) + Send + Sync + 'static,
        http2: impl Fn(&mut Http2Session<'_>) + Send + Sync + 'static,
    ) -> TlsBackend {
        self.spawn(free_port(), |_| {}, either(http1, http2))
    }

    /// A backend that speaks HTTP/2, each of whose connections is served by `script`.
    pub fn start_http2(&self, script: impl Fn(&mut Http2Session<'_>) + Send + Sync + 'static) -> TlsBackend {
        self.clone().protocols(&["h2"]).spawn(
            free_port(),
            |_| {},
            move |session, shared| {
                shared.http2.serve(session, &[], &script);
            },
        )
    }

    fn spawn(
        &self,
        listener: TcpListener,
        before: impl Fn(&mut Session) + Send + Sync + 'static,
        script: impl Fn(&mut Session, &Shared) + Send + Sync + 'static,
    ) -> TlsBackend {
        let shared = Arc::new(Shared {
            config: Mutex::new(self.config()),
            handshakes: Mutex::default(),
            changed: Condvar::new(),
            http2: Http2Notes::default(),
        });
        let serving = Arc::clone(&shared);
        let backend = Backend::on(listener, move |session| {
            before(session);
            if serving.shake_hands(session) {
                script(session, &serving);
                if !session.connection.stream().resets_at_end() {
                    session.connection.half_close();
                }
            }
        });
        TlsBackend { backend, shared }
    }
}

fn free_port() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free")
}

/// One script for HTTP/1.1, and another for HTTP/2.
fn either(
    http1: impl Fn(&mut Session) + Send + Sync + 'static,
    http2: impl Fn(&mut Http2Session<'_>) + Send + Sync + 'static,
) -> impl Fn(&mut Session, &Shared) + Send + Sync + 'static {
    move |session, shared| {
        if session.connection.tls().protocol.as_deref() == Some("h2") {
            shared.http2.serve(session, &[], &http2);
        } else {
            http1(session);
        }
    }
}

impl TlsBackend {
    /// From the next connection on it goes by this.
    pub fn become_like(&self, server: &TlsServer) {
        *lock(&self.shared.config) = server.config();
    }

    /// The handshakes that are over.
    pub fn handshakes(&self) -> Vec<Handshake> {
        lock(&self.shared.handshakes).clone()
    }

    /// Waits until so many handshakes are over.
    ///
    /// # Panics
    /// They are not.
    #[track_caller]
    pub fn wait_for_handshakes(&self, count: usize) -> Vec<Handshake> {
        let (handshakes, came) =
            wait_until(&self.shared.handshakes, &self.shared.changed, |all| all.len() >= count);
        assert!(came, "not so many handshakes: {handshakes:#?}");
        handshakes.clone()
    }

    /// What came over HTTP/2.
    pub fn http2(&self) -> &Http2Notes {
        &self.shared.http2
    }
}

impl Deref for TlsBackend {
    type Target = Backend;

    fn deref(&self) -> &Backend {
        &self.backend
    }
}

impl Handshake {
    /// What was agreed upon.
    ///
    /// # Panics
    /// Nothing was.
    #[track_caller]
    pub fn facts(&self) -> &Facts {
        self.outcome.as_ref().unwrap_or_else(|refused| panic!("no handshake: {refused:?}"))
    }
}

impl Shared {
    /// Has the session go on within TLS; false where it does not come to that.
    fn shake_hands(&self, session: &mut Session) -> bool {
        let config = Arc::clone(&lock(&self.config));
        let Some((stream, handshake)) = accept(&mut session.connection, config) else { return false };
        let has_begun = stream.is_some();
        if let Some(stream) = stream {
            session.connection.move_to(Stream::Tls(stream));
        }
        lock(&self.handshakes).push(handshake);
        self.changed.notify_all();
        if !has_begun {
            // What the other side is told must not be lost in a reset.
            session.connection.half_close();
            session.hold();
        }
        has_begun
    }
}

/// Shakes hands over a connection, what was read of it already included. `None` where it ends before anything was said: it
/// is a probe.
fn accept(connection: &mut Connection, config: Arc<ServerConfig>) -> Option<(Option<TlsStream>, Handshake)> {
    let ahead = std::mem::take(&mut connection.unread);
    let Ok(Stream::Tcp(tcp)) = connection.stream().try_clone() else { panic!("TLS goes over TCP, once") };
    let mut coming = ahead.as_slice().chain(&tcp);
    let mut acceptor = Acceptor::default();
    let accepted = loop {
        if acceptor.read_tls(&mut coming).ok()? == 0 {
            return None;
        }
        match acceptor.accept() {
            Ok(None) => {}
            Ok(Some(accepted)) => break accepted,
            Err((error, mut alert)) => {
                let _ = alert.write_all(&mut &tcp);
                panic!("the proxy does not speak TLS: {error}");
            }
        }
    };
    let hello = accepted.client_hello();
    let name = hello.server_name().map(str::to_owned);
    let offered = hello.alpn().map(|protocols| protocols.map(latin1).collect()).unwrap_or_default();
    let tls = match accepted.into_connection(config) {
        Ok(tls) => tls,
        Err((error, mut alert)) => {
            let _ = alert.write_all(&mut &tcp);
            let handshake = Handshake { name, offered, outcome: Err(Refused::Own(error)) };
            return Some((None, handshake));
        }
    };
    let mut stream = TlsStream::new(tls, tcp);
    let outcome = match stream.shake_hands() {
        Ok(()) => Ok(stream.facts()),
        Err(_) => Err(stream.failure().map_or(Refused::Ended(Ending::Closed), refused_by)),
    };
    Some((outcome.is_ok().then_some(stream), Handshake { name, offered, outcome }))
}

impl ResolvesServerCert for Shows {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}
