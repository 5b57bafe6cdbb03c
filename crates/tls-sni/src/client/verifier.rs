//! Whether a backend is who it should be.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::time::ASN1Time;

use super::{ClientError, ClientSettings, Pin, Roots, roots};
use crate::certificate::revocation_lists;
use crate::provider::provider;

/// Verifies what a backend shows: by its chain, unless that is skipped, and by the pins.
#[derive(Debug)]
pub(super) struct Verifier {
    chain: Option<Chain>,
    pins: Vec<Pin>,
    algorithms: WebPkiSupportedAlgorithms,
}

#[derive(Debug)]
struct Chain {
    ordinary: Arc<WebPkiServerVerifier>,
    /// The roots that were given one by one.
    given: Vec<CertificateDer<'static>>,
}

impl Verifier {
    /// One that goes by these settings.
    ///
    /// # Errors
    /// What is wrong with the roots or the lists.
    pub(super) fn new(settings: &ClientSettings) -> Result<Self, ClientError> {
        let chain = if settings.skips_verification { None } else { Some(Chain::new(settings)?) };
        let algorithms = provider().signature_verification_algorithms;
        Ok(Self { chain, pins: settings.pins.clone(), algorithms })
    }

    fn check_pins(&self, leaf: &CertificateDer<'_>) -> Result<(), Error> {
        if self.pins.is_empty() {
            return Ok(());
        }
        let key = ParsedCertificate::try_from(leaf)?.subject_public_key_info();
        if self.pins.iter().any(|pin| pin.is_of(&key)) {
            return Ok(());
        }
        Err(CertificateError::ApplicationVerificationFailure.into())
    }
}

impl Chain {
    fn new(settings: &ClientSettings) -> Result<Self, ClientError> {
        let (roots, given) = match &settings.roots {
            Roots::System => (roots::of_system()?, Vec::new()),
            Roots::Pem(text) => roots::of_pem(text)?,
        };
        let ordinary = WebPkiServerVerifier::builder_with_provider(roots, provider())
            .with_crls(lists(&settings.crls)?)
            .build()
            .map_err(|error| ClientError::Unusable { detail: error.to_string() })?;
        Ok(Self { ordinary, given })
    }

    fn verify(&self, shown: &Shown<'_>) -> Result<(), Error> {
        let Shown { leaf, others, name, ocsp, now } = *shown;
        match self.ordinary.verify_server_cert(leaf, others, name, ocsp, now) {
            Ok(_) => Ok(()),
            // An authority of the right name has another key than the one that signed: it was made anew. It is not the one
            // that is trusted.
            Err(Error::InvalidCertificate(CertificateError::BadSignature)) => {
                Err(CertificateError::UnknownIssuer.into())
            }
            // Among the rarer causes is that the certificate says that it is an authority.
            Err(Error::InvalidCertificate(CertificateError::Other(_))) if self.given.contains(leaf) => {
                verify_given(leaf, name, now)
            }
            Err(error) => Err(error),
        }
    }
}

/// What a backend shows, and when to whom.
#[derive(Clone, Copy)]
struct Shown<'a> {
    leaf: &'a CertificateDer<'a>,
    others: &'a [CertificateDer<'a>],
    name: &'a ServerName<'a>,
    ocsp: &'a [u8],
    now: UnixTime,
}

/// Nobody has to vouch for a certificate that was named itself: its time and its name are left to be verified.
fn verify_given(leaf: &CertificateDer<'_>, name: &ServerName<'_>, now: UnixTime) -> Result<(), Error> {
    let (_, parsed) = X509Certificate::from_der(leaf).map_err(|_| CertificateError::BadEncoding)?;
    let now = i64::try_from(now.as_secs()).ok().and_then(|now| ASN1Time::from_timestamp(now).ok());
    let now = now.ok_or(Error::FailedToGetCurrentTime)?;
    if now < parsed.validity().not_before {
        return Err(CertificateError::NotValidYet.into());
    }
    if now > parsed.validity().not_after {
        return Err(CertificateError::Expired.into());
    }
    verify_server_name(&ParsedCertificate::try_from(leaf)?, name)
}

fn lists(texts: &[Vec<u8>]) -> Result<Vec<CertificateRevocationListDer<'static>>, ClientError> {
    let mut lists = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let refused = |detail: String| ClientError::RevocationList { number: index + 1, detail };
        let found = revocation_lists(text).map_err(|error| refused(error.to_string()))?;
        if found.is_empty() {
            return Err(refused("there is no list in it (`-----BEGIN X509 CRL-----`)".into()));
        }
        lists.extend(found);
    }
    Ok(lists)
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(chain) = &self.chain {
            chain.verify(&Shown { leaf, others, name, ocsp, now })?;
        }
        self.check_pins(leaf)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, leaf, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, leaf, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
