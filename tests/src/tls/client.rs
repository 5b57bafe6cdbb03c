//! Clients that speak TLS.

use std::io::{ErrorKind, Write};
use std::sync::{Arc, OnceLock};

use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::{
    ClientConfig, ClientConnection, Error, RootCertStore, SignatureScheme, SupportedProtocolVersion,
};

use crate::socket::Stream;
use crate::tls::tickets::Tickets;
use crate::tls::verifying::{AnyName, only};
use crate::tls::{Authority, Leaf, Refused, TlsStream, provider};
use crate::{Broken, Connection, Ending, Socket};

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// TLS 1.2.
    V12,
    /// TLS 1.3.
    V13,
}

/// A client that believes one authority. Without more it speaks both versions, offers no protocol and has no certificate.
/// All its connections share its tickets.
#[derive(Clone)]
pub struct Client {
    roots: RootCertStore,
    takes_any_name: bool,
    versions: Vec<&'static SupportedProtocolVersion>,
    protocols: Vec<Vec<u8>>,
    identity: Option<Leaf>,
    provider: Arc<CryptoProvider>,
    resumption: Resumption,
    names_itself: bool,
    is_early: bool,
    /// Made when it is first needed.
    config: OnceLock<Arc<ClientConfig>>,
}

impl Client {
    /// A client that believes this authority.
    pub fn new(authority: &Authority) -> Self {
        Self {
            roots: authority.roots(),
            takes_any_name: false,
            versions: vec![&rustls::version::TLS13, &rustls::version::TLS12],
            protocols: Vec::new(),
            identity: None,
            provider: provider(),
            resumption: Resumption::disabled(),
            names_itself: true,
            is_early: false,
            config: OnceLock::new(),
        }
    }

    /// Which speaks that version alone.
    #[must_use]
    pub fn version(mut self, version: Version) -> Self {
        self.config = OnceLock::new();
        self.versions = vec![match version {
            Version::V12 => &rustls::version::TLS12,
            Version::V13 => &rustls::version::TLS13,
        }];
        self
    }

    /// Which offers these protocols by ALPN: `h2`, `http/1.1`.
    #[must_use]
    pub fn protocols(mut self, protocols: &[&str]) -> Self {
        self.config = OnceLock::new();
        self.protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        self
    }

    /// Which has this certificate.
    #[must_use]
    pub fn with(mut self, identity: &Leaf) -> Self {
        self.config = OnceLock::new();
        self.identity = Some(identity.clone());
        self
    }

    /// Which takes a certificate for another name than the one that it asks for.
    #[must_use]
    pub fn any_name(mut self) -> Self {
        self.config = OnceLock::new();
        self.takes_any_name = true;
        self
    }

    /// Which tells nobody what it asks for: no SNI.
    #[must_use]
    pub fn nameless(mut self) -> Self {
        self.config = OnceLock::new();
        self.names_itself = false;
        self
    }

    /// Which verifies signatures of RSA alone.
    #[must_use]
    pub fn rsa_only(self) -> Self {
        self.offering(|scheme| {
            matches!(
                scheme,
                SignatureScheme::RSA_PSS_SHA256
                    | SignatureScheme::RSA_PSS_SHA384
                    | SignatureScheme::RSA_PSS_SHA512
                    | SignatureScheme::RSA_PKCS1_SHA256
                    | SignatureScheme::RSA_PKCS1_SHA384
                    | SignatureScheme::RSA_PKCS1_SHA512
            )
        })
    }

    /// Which verifies signatures of Ed25519 alone.
    #[must_use]
    pub fn ed25519_only(self) -> Self {
        self.offering(|scheme| scheme == SignatureScheme::ED25519)
    }

    fn offering(mut self, is_offered: impl Fn(SignatureScheme) -> bool) -> Self {
        self.config = OnceLock::new();
        let mut provider = CryptoProvider::clone(&self.provider);
        let all = provider.signature_verification_algorithms;
        provider.signature_verification_algorithms = only(all, is_offered);
        self.provider = Arc::new(provider);
        self
    }

    /// Which resumes sessions.
    #[must_use]
    pub fn resuming(mut self) -> Self {
        self.config = OnceLock::new();
        self.resumption = Resumption::in_memory_sessions(32);
        self
    }

    /// Which shows its tickets to everybody, whoever gave them.
    #[must_use]
    pub fn mixing_tickets(mut self) -> Self {
        self.config = OnceLock::new();
        self.resumption = Resumption::store(Arc::new(Tickets::default()));
        self
    }

    /// Which sends requests ahead of the handshake, where whoever gave it a ticket takes that (0-RTT).
    #[must_use]
    pub fn early(mut self) -> Self {
        self.config = OnceLock::new();
        self.is_early = true;
        self
    }

    /// Whether whoever has that name has said that requests may come ahead of the handshake.
    #[track_caller]
    pub fn may_be_early(&self, name: &str) -> bool {
        let name = ServerName::try_from(name.to_owned()).expect("it is a name");
        let tls = ClientConnection::new(self.config(), name);
        tls.expect("the configuration is right").early_data().is_some()
    }

    fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(self.config.get_or_init(|| Arc::new(self.make_config())))
    }

    fn make_config(&self) -> ClientConfig {
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&self.versions)
            .expect("the provider knows them");
        let builder = if self.takes_any_name {
            let verifier = AnyName::of(self.roots.clone(), Arc::clone(&self.provider));
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
        } else {
            builder.with_root_certificates(self.roots.clone())
        };
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(leaf) => {
                builder.with_client_auth_cert(leaf.chain().to_vec(), leaf.key()).expect("the key can be used")
            }
        };
        config.alpn_protocols.clone_from(&self.protocols);
        config.resumption = self.resumption.clone();
        config.enable_sni = self.names_itself;
        config.enable_early_data = self.is_early;
        config
    }

    /// A connection to whoever has that name at the address.
    ///
    /// # Panics
    /// There is none.
    #[track_caller]
    pub fn to(&self, address: &Socket, name: &str) -> Connection {
        self.try_to(address, name).unwrap_or_else(|refused| panic!("no handshake for {name}: {refused:?}"))
    }

    /// A connection to whoever has that name at the address, where the handshake comes to an end. In TLS 1.3 that may be
    /// before the other side has seen the certificate of this one.
    ///
    /// # Errors
    /// Why it comes to none.
    ///
    /// # Panics
    /// Nobody listens there.
    #[track_caller]
    pub fn try_to(&self, address: &Socket, name: &str) -> Result<Connection, Refused> {
        self.begin(Connection::to(address), name, |flight| vec![flight])
    }

    /// The same over a connection on which something else has been said before, with what is sent first in such pieces.
    ///
    /// # Errors
    /// Why it comes to none.
    ///
    /// # Panics
    /// The connection is not one of TCP.
    #[track_caller]
    pub fn begin(
        &self,
        connection: Connection,
        name: &str,
        pieces: impl FnOnce(Vec<u8>) -> Vec<Vec<u8>>,
    ) -> Result<Connection, Refused> {
        let mut stream = self.start(connection, name);
        for piece in pieces(stream.first_flight()) {
            let mut tcp = stream.tcp();
            if tcp.write_all(&piece).is_err() {
                break;
            }
        }
        match stream.shake_hands() {
            Ok(()) => Ok(Connection::new(Stream::Tls(stream))),
            Err(error) => Err(refused(&stream, error.kind())),
        }
    }

    #[track_caller]
    fn start(&self, connection: Connection, name: &str) -> TlsStream {
        let name = ServerName::try_from(name.to_owned()).expect("it is a name");
        let tls = ClientConnection::new(self.config(), name).expect("the configuration is right");
        match connection.into_stream() {
            Stream::Tcp(tcp) => TlsStream::new(tls, tcp),
            other => panic!("{other:?} is no connection of TCP"),
        }
    }

    /// What this client sends first to whoever has that name.
    #[track_caller]
    pub fn hello(&self, name: &str) -> Vec<u8> {
        let name = ServerName::try_from(name.to_owned()).expect("it is a name");
        let mut tls = ClientConnection::new(self.config(), name).expect("the configuration is right");
        let mut hello = Vec::new();
        tls.write_tls(&mut hello).expect("memory takes all");
        hello
    }

    /// How this client is refused: in the handshake, or behind it before anything is answered.
    ///
    /// # Panics
    /// It is not.
    #[track_caller]
    pub fn refused(&self, address: &Socket, name: &str) -> Refused {
        let mut connection = match self.try_to(address, name) {
            Ok(connection) => connection,
            Err(refused) => return refused,
        };
        let request = format!("GET / HTTP/1.1\r\nHost: {name}\r\n\r\n");
        let sent = connection.try_send(request);
        match connection.head() {
            Ok(head) => panic!("{name} is served: {head:?}"),
            Err(Broken::End(ending)) => connection.tls_failure().unwrap_or(Refused::Ended(ending)),
            Err(broken) => panic!("{name}: {broken:?} after {sent:?}"),
        }
    }

    /// The answer to GET of `/` of that host on a connection of its own.
    ///
    /// # Panics
    /// There is none.
    #[track_caller]
    pub fn get(&self, address: &Socket, name: &str) -> crate::Message {
        let mut connection = self.to(address, name);
        connection.ask(format!("GET / HTTP/1.1\r\nHost: {name}\r\n\r\n"));
        connection.response().unwrap_or_else(|broken| panic!("no answer of {name}: {broken:?}"))
    }
}

fn refused(stream: &TlsStream, kind: ErrorKind) -> Refused {
    let ending = if kind == ErrorKind::UnexpectedEof { Ending::Closed } else { Ending::Reset };
    stream.failure().map_or(Refused::Ended(ending), of)
}

/// What a failure of TLS says.
pub(crate) fn of(error: Error) -> Refused {
    match error {
        Error::AlertReceived(alert) => Refused::Alert(alert),
        other => Refused::Own(other),
    }
}
