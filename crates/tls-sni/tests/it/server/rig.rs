//! Authorities, clients, and handshakes between them and a server.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType, IsCa,
    KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RevokedCertParams, SerialNumber, date_time_ymd,
};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{
    AlertDescription, ClientConfig, ClientConnection, HandshakeKind, RootCertStore, SupportedProtocolVersion,
};
use tls_sni::{
    Certificate, Certificates, ClientAuth, ClientAuthMode, HandshakeFailure, Served, Server, ServerSettings,
    ServerStream, Session, TicketKeys,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub(super) use crate::it::talk::talk;

/// Versions of TLS that a client speaks.
pub(super) type Versions = &'static [&'static SupportedProtocolVersion];
pub(super) static V12: [&SupportedProtocolVersion; 1] = [&TLS12];
pub(super) static V13: [&SupportedProtocolVersion; 1] = [&TLS13];
/// Each for itself.
pub(super) const EACH: [Versions; 2] = [&V12, &V13];

/// Issues certificates.
pub(super) struct Authority {
    pub(super) issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        Self { issuer: CertifiedIssuer::self_signed(params, key).unwrap() }
    }

    pub(super) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for these names.
    pub(super) fn issue(&self, names: &[&str]) -> Issued {
        self.issue_with(names, |_| ())
    }

    pub(super) fn issue_with(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Issued {
        self.issue_for(KeyPair::generate().unwrap(), names, change)
    }

    /// One with an RSA key.
    pub(super) fn issue_rsa(&self, names: &[&str]) -> Issued {
        // Made once: it takes long.
        static KEY: OnceLock<String> = OnceLock::new();
        let made = || KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap().serialize_pem();
        self.issue_for(KeyPair::from_pem(KEY.get_or_init(made)).unwrap(), names, |_| ())
    }

    fn issue_for(&self, key: KeyPair, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Issued {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Issued { der: certificate.der().clone(), pem: certificate.pem(), key }
    }

    /// A list of what this one has revoked, PEM.
    pub(super) fn revokes(&self, serials: &[u64]) -> Vec<u8> {
        let revoked = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2020, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2020, 1, 1),
            next_update: date_time_ymd(2021, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer).unwrap().pem().unwrap().into_bytes()
    }

    /// Believes clients that this one vouches for.
    pub(super) fn rule(&self, mode: ClientAuthMode) -> ClientAuth {
        ClientAuth::new(self.pem().as_bytes(), &[], mode).unwrap()
    }

    pub(super) fn required(&self) -> ClientAuth {
        self.rule(ClientAuthMode::Required)
    }
}

/// A certificate with its key.
pub(super) struct Issued {
    pub(super) der: CertificateDer<'static>,
    pub(super) pem: String,
    pub(super) key: KeyPair,
}

impl Issued {
    pub(super) fn certificate(&self) -> Certificate {
        let key = self.key.serialize_pem();
        Certificate::parse(self.pem.as_bytes(), key.as_bytes(), SystemTime::now()).unwrap()
    }

    pub(super) fn served(&self) -> Served {
        Served::new(self.certificate())
    }

    /// For clients that name nobody.
    pub(super) fn as_default(&self) -> Served {
        let mut served = self.served();
        served.is_default = true;
        served
    }
}

/// A table of these, each under an id of its own, in this order.
pub(super) fn table(all: Vec<Served>) -> Certificates {
    let certificates = Certificates::new();
    certificates.put_all((0..).map(|id: u32| format!("file:{id:03}")).zip(all).collect());
    certificates
}

pub(super) fn settings() -> ServerSettings {
    ServerSettings::new(TicketKeys::random())
}

/// A server of these certificates, where nothing else matters.
pub(super) fn serving(all: &[&Issued]) -> Server {
    Server::new(table(all.iter().map(|issued| issued.served()).collect()), &settings()).unwrap()
}

/// How a client goes about it.
#[derive(Clone)]
pub(super) struct Visitor<'a> {
    pub(super) believes: &'a Authority,
    pub(super) versions: Versions,
    pub(super) protocols: &'a [&'a [u8]],
    pub(super) shows: Option<&'a Issued>,
    pub(super) provider: CryptoProvider,
}

impl<'a> Visitor<'a> {
    pub(super) fn of(believes: &'a Authority) -> Self {
        let provider = aws_lc_rs::default_provider();
        Self { believes, versions: rustls::ALL_VERSIONS, protocols: &[], shows: None, provider }
    }

    pub(super) fn config(&self) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.believes.issuer.der().clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(self.provider.clone()))
            .with_protocol_versions(self.versions)
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match self.shows {
            None => builder.with_no_client_auth(),
            Some(issued) => {
                let key = PrivateKeyDer::try_from(issued.key.serialize_der()).unwrap();
                builder.with_client_auth_cert(vec![issued.der.clone()], key).unwrap()
            }
        };
        config.alpn_protocols = self.protocols.iter().map(|protocol| protocol.to_vec()).collect();
        config
    }

    pub(super) fn client(&self) -> Arc<ClientConfig> {
        Arc::new(self.config())
    }
}

/// A client that believes this authority, and has nothing to show.
pub(super) fn client(believes: &Authority) -> Arc<ClientConfig> {
    Visitor::of(believes).client()
}

/// One that names nobody.
pub(super) fn nameless(believes: &Authority) -> Arc<ClientConfig> {
    let mut config = Visitor::of(believes).config();
    config.enable_sni = false;
    Arc::new(config)
}

pub(super) type Ours = ServerStream<DuplexStream>;
pub(super) type Theirs = TlsStream<DuplexStream>;

/// Both ends of a handshake.
pub(super) struct Ends {
    pub(super) ours: Result<Ours, HandshakeFailure>,
    pub(super) theirs: io::Result<Theirs>,
}

impl Ends {
    /// Both, where both are content.
    #[track_caller]
    pub(super) fn both(self) -> (Ours, Theirs) {
        (self.ours.unwrap_or_else(|failure| panic!("{failure:?}")), self.theirs.unwrap())
    }

    #[track_caller]
    pub(super) fn session(self) -> Arc<Session> {
        Arc::clone(self.both().0.session())
    }

    /// The certificate that the client was shown.
    #[track_caller]
    pub(super) fn shown(self) -> CertificateDer<'static> {
        shown(&self.both().1)
    }

    #[track_caller]
    pub(super) fn failure(&self) -> HandshakeFailure {
        *self.ours.as_ref().map(|_| ()).unwrap_err()
    }

    /// The alert that the client gets, be it after its own half of the handshake.
    pub(super) async fn alert(self) -> AlertDescription {
        let error = match self.theirs {
            Err(error) => error,
            Ok(mut theirs) => theirs.read(&mut [0]).await.unwrap_err(),
        };
        match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(rustls::Error::AlertReceived(alert)) => *alert,
            _ => panic!("no alert: {error:?}"),
        }
    }
}

#[track_caller]
pub(super) fn shown(theirs: &Theirs) -> CertificateDer<'static> {
    theirs.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

/// Lets a client and a server shake hands in memory.
pub(super) async fn shake(server: &Server, client: &Arc<ClientConfig>, name: &str) -> Ends {
    let (near, far) = duplex(64 * 1024);
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let connector = TlsConnector::from(Arc::clone(client));
    let (ours, theirs) = tokio::join!(server.accept(near), connector.connect(name, far));
    Ends { ours, theirs }
}

/// Connects, talks, and hands back what the server made of it. Both sides agree on whether it was a resumption.
pub(super) async fn visit(server: &Server, client: &Arc<ClientConfig>, name: &str) -> Arc<Session> {
    let (mut ours, mut theirs) = shake(server, client, name).await.both();
    talk(&mut theirs, &mut ours).await;
    let is_resumed = theirs.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed);
    assert_eq!(ours.session().is_resumed, is_resumed);
    Arc::clone(ours.session())
}

/// The first bytes of a client.
pub(super) fn hello(client: &Arc<ClientConfig>, name: &str) -> Vec<u8> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut connection = ClientConnection::new(Arc::clone(client), name).unwrap();
    let mut bytes = Vec::new();
    connection.write_tls(&mut bytes).unwrap();
    bytes
}

/// What a server makes of these bytes and of the end behind them, and what it answers.
pub(super) async fn feed(server: &Server, bytes: &[u8]) -> (HandshakeFailure, Vec<u8>) {
    let (near, mut far) = duplex(256 * 1024);
    far.write_all(bytes).await.unwrap();
    far.shutdown().await.unwrap();
    let failure = server.accept(near).await.map(|_| ()).unwrap_err();
    let mut answer = Vec::new();
    far.read_to_end(&mut answer).await.unwrap();
    (failure, answer)
}
