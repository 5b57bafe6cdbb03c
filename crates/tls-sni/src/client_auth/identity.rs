//! Who a client is, by its certificate.

use std::time::SystemTime;

use rustls::pki_types::CertificateDer;
use x509_parser::asn1_rs::{Any, Tag};
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::prelude::{AttributeTypeAndValue, X509Certificate};

use crate::certificate::hex_digest;
use crate::{certificate, date};

/// A client's identity, as its verified certificate says it. Every text is visible ASCII, so that it can stand in a field of
/// HTTP: other bytes are written as `\` and two hexadecimal digits, and so are the characters that separate, so that nothing
/// that a certificate says looks like something else.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientIdentity {
    /// The subject, in the certificate's order: `CN=alice, O=Example`. RFC 4514 section 2.4 escapes it likewise.
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
    /// `None` where it cannot be read.
    pub(crate) fn of(der: &CertificateDer<'_>) -> Option<Self> {
        let parsed = certificate::parse(der, 1).ok()?;
        Some(Self {
            subject: subject(&parsed),
            names: names(&parsed),
            fingerprint: hex_digest(der),
            certificate: der.to_vec(),
            not_after: date::read(&parsed.validity().not_after),
        })
    }
}

fn subject(parsed: &X509Certificate<'_>) -> String {
    let relative =
        parsed.subject().iter().map(|all| all.iter().map(attribute).collect::<Vec<_>>().join(" + "));
    relative.collect::<Vec<_>>().join(", ")
}

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> String {
    let kind = attribute.attr_type();
    let kind = oid2abbrev(kind, oid_registry()).map_or_else(|_| kind.to_id_string(), str::to_owned);
    format!("{kind}={}", value(attribute.attr_value()))
}

/// Texts are taken byte by byte: what is in none of the character sets that it may be in is shown all the same.
fn value(value: &Any<'_>) -> String {
    const SEPARATORS: &[u8] = b",+\"<>;";
    match value.tag() {
        Tag::Utf8String
        | Tag::PrintableString
        | Tag::Ia5String
        | Tag::T61String
        | Tag::NumericString
        | Tag::VisibleString
        | Tag::GeneralString => visible(value.data, SEPARATORS),
        Tag::BmpString => {
            let units = value
                .data
                .chunks(2)
                .map(|pair| pair.iter().fold(0, |unit, byte| unit << 8 | u16::from(*byte)));
            visible(String::from_utf16_lossy(&units.collect::<Vec<_>>()).as_bytes(), SEPARATORS)
        }
        // RFC 4514 section 2.4 writes what is no text much like this.
        _ => format!("#{}", hex(value.data)),
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
    Some(format!("{kind}:{}", visible(text.as_bytes(), b",")))
}

/// The bytes that are visible, and others by their digits: those that separate, the escape itself, and what a reader may
/// strip or take for something else at the ends.
fn visible(text: &[u8], separators: &[u8]) -> String {
    let last = text.len().saturating_sub(1);
    let mut shown = String::with_capacity(text.len());
    for (index, byte) in text.iter().enumerate() {
        let is_shown = match byte {
            b'\\' => false,
            b' ' => index != 0 && index != last,
            b'#' => index != 0,
            b'!'..=b'~' => !separators.contains(byte),
            _ => false,
        };
        if is_shown {
            shown.push(char::from(*byte));
        } else {
            shown.push('\\');
            shown.push_str(&hex(&[*byte]));
        }
    }
    shown
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn what_could_break_a_field_is_written_in_digits() {
        assert_eq!(visible("CN=a\r\nX: y\u{e9}".as_bytes(), b""), "CN=a\\0d\\0aX: y\\c3\\a9");
    }

    #[test]
    fn what_a_reader_could_take_for_something_else_is_written_in_digits() {
        for (text, shown) in
            [("", ""), (" ", "\\20"), (" a ", "\\20a\\20"), ("#a#", "\\23a#"), ("a, b\\", "a\\2c b\\5c")]
        {
            assert_eq!(visible(text.as_bytes(), b","), shown);
        }
    }
}
