//! Authorities, backends, and handshakes between them and a client.

use std::io;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams, CertifiedIssuer,
    DnType, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use tls_sni::{Client, ClientSettings, ClientStream, ConnectFailure, Protocol, Roots};
use tokio::io::{DuplexStream, duplex};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

pub(super) use crate::it::talk::talk;

/// Versions of TLS that a backend speaks.
pub(super) type Versions = &'static [&'static SupportedProtocolVersion];
pub(super) static V12: [&SupportedProtocolVersion; 1] = [&TLS12];
pub(super) static V13: [&SupportedProtocolVersion; 1] = [&TLS13];
/// Each for itself.
pub(super) const EACH: [Versions; 2] = [&V12, &V13];

/// The name that backends have where it does not matter.
pub(super) const NAME: &str = "backend.test";

/// Issues certificates.
pub(super) struct Authority {
    pub(super) issuer: CertifiedIssuer<'static, KeyPair>,
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        Self { issuer: CertifiedIssuer::self_signed(authority_params(name), key).unwrap() }
    }

    /// One that this one vouches for.
    pub(super) fn below(&self, name: &str, serial: u64) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = authority_params(name);
        params.serial_number = Some(SerialNumber::from(serial));
        Self { issuer: CertifiedIssuer::signed_by(params, key, &self.issuer).unwrap() }
    }

    pub(super) fn pem(&self) -> String {
        self.issuer.pem()
    }

    pub(super) fn roots(&self) -> Roots {
        Roots::Pem(self.pem().into_bytes())
    }

    /// A certificate for `name`.
    pub(super) fn issue(&self, name: &str) -> Issued {
        self.issue_with(name, |_| ())
    }

    pub(super) fn issue_with(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Issued {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Issued::new(&certificate, key)
    }

    /// A list of what this one has revoked, PEM, good until that year.
    pub(super) fn revokes(&self, serials: &[u64], until: i32) -> Vec<u8> {
        let revoked = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2020, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2020, 1, 1),
            next_update: date_time_ymd(until, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer).unwrap().pem().unwrap().into_bytes()
    }
}

/// A certificate with its key.
pub(super) struct Issued {
    pub(super) pem: String,
    pub(super) key: KeyPair,
}

impl Issued {
    pub(super) fn new(certificate: &Certificate, key: KeyPair) -> Self {
        Self { pem: certificate.pem(), key }
    }

    /// One that signed itself.
    pub(super) fn by_itself(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let certificate = params.self_signed(&key).unwrap();
        Self::new(&certificate, key)
    }

    /// Shows these certificates behind its own.
    pub(super) fn with_chain(mut self, others: &[&Authority]) -> Self {
        for authority in others {
            self.pem.push_str(&authority.pem());
        }
        self
    }
}

/// Every certificate and key of a text.
fn chain(pem: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes()).map(Result::unwrap).collect()
}

/// How a backend answers.
pub(super) struct Backend<'a> {
    pub(super) shows: &'a Issued,
    pub(super) versions: Versions,
    pub(super) protocols: &'a [Protocol],
    /// Who must vouch for us.
    pub(super) believes: Option<&'a Authority>,
}

impl<'a> Backend<'a> {
    pub(super) const fn with(shows: &'a Issued) -> Self {
        Self { shows, versions: rustls::ALL_VERSIONS, protocols: &[], believes: None }
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::from_pem_slice(self.shows.key.serialize_pem().as_bytes()).unwrap();
        let signing = aws_lc_rs::sign::any_supported_type(&key).unwrap();
        let certified = CertifiedKey::new(chain(&self.shows.pem), signing);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(self.versions)
            .unwrap();
        let builder = match self.believes {
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.issuer.der().clone()).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
            None => builder.with_no_client_auth(),
        };
        // Whether the key is that of the certificate is not looked at: some backends show what is not theirs.
        let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        config.alpn_protocols = self.protocols.iter().map(|protocol| protocol.alpn().to_vec()).collect();
        Arc::new(config)
    }
}

/// Settings that trust this authority.
pub(super) fn trusting(authority: &Authority) -> ClientSettings {
    let mut settings = ClientSettings::new();
    settings.roots = authority.roots();
    settings
}

/// Both ends of a handshake.
pub(super) struct Ends {
    pub(super) ours: Result<ClientStream<DuplexStream>, ConnectFailure>,
    pub(super) theirs: io::Result<TlsStream<DuplexStream>>,
}

impl Ends {
    /// Both, where both are content.
    #[track_caller]
    pub(super) fn both(self) -> (ClientStream<DuplexStream>, TlsStream<DuplexStream>) {
        (self.ours.unwrap(), self.theirs.unwrap())
    }

    #[track_caller]
    pub(super) fn failure(self) -> ConnectFailure {
        self.ours.map(|_| ()).unwrap_err()
    }
}

/// Lets a client and a backend shake hands in memory.
pub(super) async fn shake(client: &Client, backend: &Arc<ServerConfig>, host: &str) -> Ends {
    let (near, far) = duplex(64 * 1024);
    let acceptor = TlsAcceptor::from(Arc::clone(backend));
    let (ours, theirs) = tokio::join!(client.connect(near, host), acceptor.accept(far));
    Ends { ours, theirs }
}
