//! What stands in certificates.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::SystemTime;

use aws_lc_rs::digest::{SHA256, digest};
use rustls::pki_types::CertificateDer;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::CertificateError;
use crate::{date, name};

/// What a server's own certificate says.
pub(crate) struct Leaf {
    pub(crate) names: Vec<String>,
    pub(crate) not_before: SystemTime,
    pub(crate) not_after: SystemTime,
    pub(crate) fingerprint: String,
}

impl Leaf {
    pub(crate) fn read(der: &CertificateDer<'_>) -> Result<Self, CertificateError> {
        let certificate = parse(der, 1)?;
        let validity = certificate.validity();
        Ok(Self {
            names: names(&certificate),
            not_before: date::read(&validity.not_before),
            not_after: date::read(&validity.not_after),
            fingerprint: hex_digest(der),
        })
    }
}

/// The SHA-256 in lower-case hexadecimal.
pub(crate) fn hex_digest(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn parse<'a>(
    der: &'a CertificateDer<'_>,
    number: usize,
) -> Result<X509Certificate<'a>, CertificateError> {
    match X509Certificate::from_der(der) {
        Ok((_, certificate)) => Ok(certificate),
        Err(error) => Err(CertificateError::Malformed { number, detail: error.to_string() }),
    }
}

/// Each certificate must be issued by the next: the names agree, and so does the signature.
pub(crate) fn check_order(chain: &[CertificateDer<'_>]) -> Result<(), CertificateError> {
    for (index, pair) in chain.windows(2).enumerate() {
        let [issued, issuer] = pair else { continue };
        let (issued, issuer) = (parse(issued, index + 1)?, parse(issuer, index + 2)?);
        let is_signed = issued.issuer().as_raw() == issuer.subject().as_raw()
            && issued.verify_signature(Some(issuer.public_key())).is_ok();
        if !is_signed {
            return Err(CertificateError::ChainOrder { number: index + 1 });
        }
    }
    Ok(())
}

/// The subject alternative names; of an old certificate without any, the common name.
fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for extension in certificate.extensions() {
        let ParsedExtension::SubjectAlternativeName(alternative) = extension.parsed_extension() else {
            continue;
        };
        names.extend(alternative.general_names.iter().filter_map(host));
    }
    if names.is_empty() {
        let common = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok());
        names.extend(common.filter_map(dns));
    }
    names.sort_unstable();
    names.dedup();
    names
}

fn host(general: &GeneralName<'_>) -> Option<String> {
    match general {
        GeneralName::DNSName(dns_name) => dns(dns_name),
        GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
        _ => None,
    }
}

fn dns(text: &str) -> Option<String> {
    let canonical = name::canonical(text);
    name::is_nameable(&canonical).then(|| canonical.into_owned())
}

/// The address in the form that certificates have. RFC 5280 section 4.2.1.6.
pub(crate) fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(octets) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(octets).into());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|octets| Ipv6Addr::from(octets).into())
}
