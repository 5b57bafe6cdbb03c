//! Handshakes with clients.

mod classes;
mod failure;
mod offer;
mod session;
mod stream;

use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use rustls::server::{Acceptor, ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_rustls::{LazyConfigAcceptor, StartHandshake};

pub use failure::HandshakeFailure;
pub use session::{Session, TlsVersion};
pub use stream::ServerStream;

use crate::certificate::Certificate;
use crate::certificates::{Candidates, Certificates};
use crate::client_auth::{ClientAuth, ClientIdentity};
use crate::name;
use crate::protocol::Protocol;
use crate::provider::provider;
use crate::tickets::TicketKeys;
use classes::{Class, Classes};

/// The protocol of an ACME server that validates a name. RFC 8737 section 3.
const ACME: &[u8] = b"acme-tls/1";
/// A fatal alert that says that the name is not known here. RFC 6066 section 3.
const UNRECOGNIZED_NAME: [u8; 7] = [21, 3, 3, 0, 2, 2, 112];
/// A fatal alert that says that nothing is offered that both sides know.
const HANDSHAKE_FAILURE: [u8; 7] = [21, 3, 3, 0, 2, 2, 40];

/// What a client gets that names no host that is known here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownName {
    /// `unrecognized_name`. A client that names nobody gets a certificate that is marked as the default, if there is one.
    #[default]
    Reject,
    /// The default certificate, or the first.
    Default,
}

/// How clients are served.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServerSettings {
    /// The oldest version that is spoken.
    pub min_version: TlsVersion,
    /// For names that no certificate is for.
    pub unknown_name: UnknownName,
    /// What is spoken inside, the preferred first; nothing is negotiated where there is none.
    pub protocols: Vec<Protocol>,
    /// Who vouches for clients, where a name has no rule of its own.
    pub client_auth: Option<ClientAuth>,
    /// Names with a rule of their own: `a.example.com`, or `*.example.com` for all below it at any depth. The most specific
    /// counts. `None` asks for no certificate.
    pub client_auth_of: Vec<(String, Option<ClientAuth>)>,
    /// What tickets are sealed with: to be the same for all listeners, so that a client may come again to any of them.
    pub ticket_keys: TicketKeys,
}

impl ServerSettings {
    /// With these ticket keys.
    ///
    /// # Defaults
    /// TLS 1.2 and 1.3, no protocol negotiated, unknown names refused, no client certificates.
    pub const fn new(ticket_keys: TicketKeys) -> Self {
        Self {
            min_version: TlsVersion::V12,
            unknown_name: UnknownName::Reject,
            protocols: Vec::new(),
            client_auth: None,
            client_auth_of: Vec::new(),
            ticket_keys,
        }
    }
}

/// The hosts that something is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hosts<'a> {
    /// All.
    Any,
    /// This one, in lower case.
    Exact(&'a str),
    /// All below this one, at any depth.
    Below(&'a str),
}

/// Obtains certificates for names that have none, while the handshake waits. Where there will be none, the name is treated as
/// unknown: see [`UnknownName`].
pub trait Obtain: Send + Sync {
    /// Ready once there is a certificate for `name`, or there will be none (false). Whoever calls bounds the time.
    ///
    /// # Cancel safety
    /// The future is dropped where the client goes away or its time is over.
    fn obtain<'a>(&'a self, name: &'a str) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>>;
}

/// The TLS of one listener. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Server {
    inner: Arc<Inner>,
}

struct Inner {
    certificates: Certificates,
    state: ArcSwap<Classes>,
    obtain: OnceLock<Arc<dyn Obtain>>,
}

impl Server {
    /// Serves these certificates.
    ///
    /// # Errors
    /// What the library says of the settings; never for those that were made by this crate's constructors.
    pub fn new(certificates: Certificates, settings: &ServerSettings) -> Result<Self, SettingsError> {
        let state = ArcSwap::from_pointee(Classes::new(settings)?);
        Ok(Self { inner: Arc::new(Inner { certificates, state, obtain: OnceLock::new() }) })
    }

    /// Goes by these settings from the next handshake on. Tickets stay good where ticket keys and rule are the same.
    ///
    /// # Errors
    /// As [`new`](Self::new); nothing has changed then.
    pub fn replace(&self, settings: &ServerSettings) -> Result<(), SettingsError> {
        self.inner.state.store(Arc::new(Classes::new(settings)?));
        Ok(())
    }

    /// Has certificates for unknown names obtained by this. The first one that is set counts.
    pub fn obtain_by(&self, obtain: Arc<dyn Obtain>) {
        let _ = self.inner.obtain.set(obtain);
    }

    /// Shakes hands with a client. The caller bounds the time.
    ///
    /// # Errors
    /// Why there is no connection; the client was told, as far as TLS has words for it.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection.
    pub async fn accept<IO>(&self, io: IO) -> Result<ServerStream<IO>, HandshakeFailure>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let mut hello = pin!(LazyConfigAcceptor::new(Acceptor::default(), io));
        let start = hello.as_mut().await.map_err(|error| failure::of(&error))?;
        let name = start.client_hello().server_name().map(|name| name::canonical(name).into_owned());
        if is_challenge(&start.client_hello()) {
            return self.answer_challenge(start, name.as_deref()).await;
        }
        if let (Some(name), Some(obtain)) = (&name, self.inner.obtain.get())
            && !self.inner.certificates.has(name)
        {
            // Whatever comes of it: the table has what there is.
            obtain.obtain(name).await;
        }
        let certificate = match self.choose(name.as_deref(), &start.client_hello()) {
            Chosen::One(certificate) => certificate,
            Chosen::Unknown => return refuse(start, UNRECOGNIZED_NAME, HandshakeFailure::UnknownName).await,
            Chosen::Unverifiable => {
                return refuse(start, HANDSHAKE_FAILURE, HandshakeFailure::NoSharedParameters).await;
            }
        };
        let class = Arc::clone(self.inner.state.load().of_name(name.as_deref()));
        let config = class.config_with(certificate.key());
        let tls = start.into_stream(config).await.map_err(|error| failure::of(&error))?;
        session(tls, name, certificate, &class)
    }

    /// True where a request for `host` (lower case, without a port) may come over a connection: where the rules for client
    /// certificates are the same as for the name that the client asked for, and the certificate that it got is for that host,
    /// too. RFC 9110 section 7.4.
    #[inline]
    pub fn admits(&self, session: &Session, host: &str) -> bool {
        let state = self.inner.state.load();
        let is_same = session.server_name.as_deref() == Some(host);
        if is_same && state.has_one() && session.class == state.of_name(None).id {
            return true;
        }
        if state.of_name(Some(host)).id != session.class {
            return false;
        }
        is_same
            // HTTP/1.0 need not name a host.
            || host.is_empty()
            || session.server_name.is_none()
            || session.certificate.covers(host)
            || self.inner.certificates.table().of_name(host).is_some_and(|all| all.has(&session.certificate))
    }

    /// True where what is there for `hosts` may be reached over a connection: not where a certificate is demanded there under
    /// another rule than the one that the client came in under. A request may be for a host of less, and end up there
    /// because nothing more specific is for its path.
    #[inline]
    pub fn reaches(&self, session: &Session, hosts: Hosts<'_>) -> bool {
        let state = self.inner.state.load();
        if state.has_one() {
            return true;
        }
        let class = state.of_hosts(hosts);
        !class.is_required || class.id == session.class
    }

    fn choose(&self, name: Option<&str>, hello: &ClientHello<'_>) -> Chosen {
        let table = self.inner.certificates.table();
        let serves_any = self.inner.state.load().unknown_name == UnknownName::Default;
        let any = || if serves_any { table.any() } else { None };
        let candidates: Option<&Candidates> = match name {
            Some(name) => table.of_name(name).or_else(any),
            None => table.defaults().or_else(any),
        };
        let schemes = offer::schemes(hello.signature_schemes(), hello.cipher_suites());
        match candidates.map(|candidates| candidates.choose(&schemes)) {
            None => Chosen::Unknown,
            Some(None) => Chosen::Unverifiable,
            Some(Some(certificate)) => Chosen::One(certificate.clone()),
        }
    }

    async fn answer_challenge<IO>(
        &self,
        start: StartHandshake<IO>,
        name: Option<&str>,
    ) -> Result<ServerStream<IO>, HandshakeFailure>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let key = name.and_then(|name| self.inner.certificates.table().challenge(name));
        let Some(key) = key else {
            return refuse(start, UNRECOGNIZED_NAME, HandshakeFailure::UnknownName).await;
        };
        let config = classes::for_challenge(ACME, Fixed::of(&key)).map_err(|_| HandshakeFailure::Io)?;
        let mut tls = start.into_stream(config).await.map_err(|error| failure::of(&error))?;
        let _ = tls.shutdown().await;
        Err(HandshakeFailure::Challenge)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("certificates", &self.inner.certificates).finish_non_exhaustive()
    }
}

/// The settings cannot be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("TLS cannot be served like this: {detail}")]
pub struct SettingsError {
    detail: String,
}

impl From<rustls::Error> for SettingsError {
    fn from(error: rustls::Error) -> Self {
        Self { detail: error.to_string() }
    }
}

enum Chosen {
    One(Certificate),
    /// No certificate is for that name.
    Unknown,
    /// None that is could be verified by this client.
    Unverifiable,
}

/// The certificate that was chosen for a connection.
#[derive(Debug)]
struct Fixed(Arc<CertifiedKey>);

impl Fixed {
    fn of(key: &Arc<CertifiedKey>) -> Arc<dyn ResolvesServerCert> {
        Arc::new(Self(Arc::clone(key)))
    }
}

impl ResolvesServerCert for Fixed {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

impl Class {
    /// The configuration of one connection.
    fn config_with(&self, key: &Arc<CertifiedKey>) -> Arc<ServerConfig> {
        let mut config = self.config.clone();
        config.cert_resolver = Fixed::of(key);
        Arc::new(config)
    }
}

/// A server that validates a name offers nothing else. RFC 8737 section 3.
fn is_challenge(hello: &ClientHello<'_>) -> bool {
    hello.alpn().is_some_and(|mut offered| offered.next() == Some(ACME) && offered.next().is_none())
}

/// Says why, and closes.
async fn refuse<IO>(
    start: StartHandshake<IO>,
    alert: [u8; 7],
    failure: HandshakeFailure,
) -> Result<ServerStream<IO>, HandshakeFailure>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    let mut io = start.io;
    let _ = io.write_all(&alert).await;
    let _ = io.shutdown().await;
    Err(failure)
}

/// What was agreed upon.
fn session<IO>(
    tls: tokio_rustls::server::TlsStream<IO>,
    server_name: Option<String>,
    certificate: Certificate,
    class: &Class,
) -> Result<ServerStream<IO>, HandshakeFailure> {
    let connection = tls.get_ref().1;
    let leaf = connection.peer_certificates().and_then(<[CertificateDer<'_>]>::first);
    let client = leaf.map(|leaf| identified(leaf, SystemTime::now())).transpose()?;
    let session = Session {
        server_name,
        protocol: connection.alpn_protocol().and_then(Protocol::of),
        version: TlsVersion::of(connection.protocol_version()),
        is_resumed: connection.handshake_kind() == Some(rustls::HandshakeKind::Resumed),
        client,
        class: class.id,
        certificate,
    };
    Ok(ServerStream::new(tls, session))
}

/// Who shows this certificate at `now`: never nobody.
fn identified(leaf: &CertificateDer<'_>, now: SystemTime) -> Result<ClientIdentity, HandshakeFailure> {
    // A ticket spares the verification, and with it the look at the clock. What verifies is not what reads: who cannot be named
    // to backends must not come in as if no certificate had been asked for.
    let identity = ClientIdentity::of(leaf).filter(|identity| now < identity.not_after);
    identity.ok_or(HandshakeFailure::ClientCertificate)
}

/// A configuration that all others begin with.
fn base(
    min: TlsVersion,
) -> Result<rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier>, rustls::Error> {
    let versions: &[&rustls::SupportedProtocolVersion] = match min {
        TlsVersion::V12 => &[&rustls::version::TLS13, &rustls::version::TLS12],
        TlsVersion::V13 => &[&rustls::version::TLS13],
    };
    ServerConfig::builder_with_provider(provider()).with_protocol_versions(versions)
}

#[cfg(test)]
mod tests;
