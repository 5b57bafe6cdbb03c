//! What backends are told of a client's certificate.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tls_sni::ClientIdentity;

/// No field's value is longer, in bytes: what does not fit is left out.
const LONGEST: usize = 4096;
/// A certificate that is larger is not passed on; its fingerprint is.
const LARGEST: usize = 8192;

/// Lines, each `name: value CRLF`.
pub(super) fn client_fields(client: &ClientIdentity) -> Vec<u8> {
    let mut lines = Vec::new();
    push(&mut lines, "X-Client-Cert-Subject", bounded(&client.subject));
    let names = names(&client.names);
    if !names.is_empty() {
        push(&mut lines, "X-Client-Cert-San", &names);
    }
    push(&mut lines, "X-Client-Cert-Fingerprint", &client.fingerprint);
    if client.certificate.len() <= LARGEST {
        // RFC 9440 section 2.2: a byte sequence of RFC 8941.
        push(&mut lines, "Client-Cert", &format!(":{}:", STANDARD.encode(&client.certificate)));
    }
    lines
}

/// The texts are visible ASCII: every byte is a character.
fn bounded(text: &str) -> &str {
    text.get(..LONGEST).unwrap_or(text)
}

/// As many of the names as fit, in order.
fn names(all: &[String]) -> String {
    let mut joined = String::new();
    for name in all {
        if joined.len() + name.len() + 2 > LONGEST {
            break;
        }
        if !joined.is_empty() {
            joined.push_str(", ");
        }
        joined.push_str(name);
    }
    joined
}

fn push(lines: &mut Vec<u8>, name: &str, value: &str) {
    for part in [name, ": ", value.trim(), "\r\n"] {
        lines.extend_from_slice(part.as_bytes());
    }
}
