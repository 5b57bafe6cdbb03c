//! A chain and its key in one text.

use zeroize::Zeroizing;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// The certificates of one PEM text and the keys of another (which may be the same) in one, each once, without whatever else
/// stands in either. RFC 7468 section 2.
pub(super) fn join(chain: &[u8], key: &[u8]) -> Zeroizing<Vec<u8>> {
    // With room for all of it: a text that grows leaves parts of itself behind.
    let mut joined = Zeroizing::new(Vec::with_capacity(chain.len() + key.len() + 2));
    copy(chain, |label| label == "CERTIFICATE", &mut joined);
    copy(key, |label| label.ends_with("PRIVATE KEY"), &mut joined);
    joined
}

/// Copies the sections whose labels are wanted.
fn copy(text: &[u8], is_wanted: impl Fn(&str) -> bool, to: &mut Vec<u8>) {
    let mut inside = false;
    for line in text.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        if let Some(label) = label(line, BEGIN) {
            inside = is_wanted(label);
        }
        if inside {
            to.extend_from_slice(line);
            to.push(b'\n');
        }
        if label(line, END).is_some() {
            inside = false;
        }
    }
}

fn label<'l>(line: &'l [u8], edge: &str) -> Option<&'l str> {
    std::str::from_utf8(line).ok()?.strip_prefix(edge)?.strip_suffix(DASHES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(chain: &str, key: &str, expected: &str) {
        assert_eq!(String::from_utf8_lossy(&join(chain.as_bytes(), key.as_bytes())), expected);
    }

    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
    const KEY: &str = "-----BEGIN EC PRIVATE KEY-----\nBB==\n-----END EC PRIVATE KEY-----\n";

    #[test]
    fn a_chain_and_its_key_become_one_text() {
        let both = format!("{CERTIFICATE}{KEY}");
        check(CERTIFICATE, KEY, &both);
        check(&both, &both, &both);
        check(
            &format!("subject=a\n\n{KEY}{CERTIFICATE}"),
            &format!("-----BEGIN EC PARAMETERS-----\nCC==\n-----END EC PARAMETERS-----\n{KEY}"),
            &both,
        );
        check(&CERTIFICATE.replace('\n', "\r\n"), KEY.trim_end(), &both);
    }

    #[test]
    fn what_is_no_pem_is_left_out() {
        check("", "", "");
        check("-----BEGIN CERTIFICATE", "secret", "");
        check("\u{0}\u{fffd}\n", "-----END PRIVATE KEY-----\nsecret", "");
    }
}
