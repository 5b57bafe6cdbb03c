//! Who a client is, by its certificate.

use std::time::SystemTime;

use rustls::pki_types::CertificateDer;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::X509Certificate;

use crate::certificate::hex_digest;
use crate::{certificate, date};

/// A client's identity, as its verified certificate says it. Every text is visible ASCII: other bytes are written as `\`
/// and two hexadecimal digits, so that it can stand in a field of HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientIdentity {
    /// The subject: `CN=alice, O=Example`.
    pub subject: String,
    /// The subject alternative names, with their kinds: `DNS:a.example.com`, `URI:spiffe://x`, `email:a@b`, `IP:::1`.
    pub names: Vec<String>,
    /// The SHA-256 of the certificate, in lower-case hexadecimal.
    pub fingerprint: String,
    /// The certificate, DER.
    pub certificate: Vec<u8>,
    pub(crate) not_after: SystemTime,
}

impl ClientIdentity {
    /// `None` where it cannot be read; what was verified can.
    pub(crate) fn of(der: &CertificateDer<'_>) -> Option<Self> {
        let parsed = certificate::parse(der, 1).ok()?;
        Some(Self {
            subject: visible(&parsed.subject().to_string()),
            names: names(&parsed),
            fingerprint: hex_digest(der),
            certificate: der.to_vec(),
            not_after: date::read(&parsed.validity().not_after),
        })
    }
}

fn names(parsed: &X509Certificate<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for extension in parsed.extensions() {
        let ParsedExtension::SubjectAlternativeName(alternative) = extension.parsed_extension() else {
            continue;
        };
        names.extend(alternative.general_names.iter().filter_map(name));
    }
    names
}

fn name(general: &GeneralName<'_>) -> Option<String> {
    let (kind, text) = match general {
        GeneralName::DNSName(name) => ("DNS", (*name).to_owned()),
        GeneralName::URI(uri) => ("URI", (*uri).to_owned()),
        GeneralName::RFC822Name(email) => ("email", (*email).to_owned()),
        GeneralName::IPAddress(bytes) => ("IP", certificate::address(bytes)?.to_string()),
        _ => return None,
    };
    Some(format!("{kind}:{}", visible(&text).replace(',', "\\2c")))
}

/// RFC 4514 section 2.4 writes what cannot stand as it is like this.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' '..=b'~' => shown.push(char::from(byte)),
            _ => shown.push_str(&format!("\\{byte:02x}")),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn what_could_break_a_field_is_written_in_digits() {
        assert_eq!(visible("CN=a\r\nX: y\u{e9}"), "CN=a\\0d\\0aX: y\\c3\\a9");
    }
}
