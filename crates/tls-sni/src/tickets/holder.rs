//! Whose ticket it is.

use std::time::SystemTime;

use rustls::pki_types::CertificateDer;

use crate::client_auth::ClientIdentity;

/// True where the certificate of the ticket's client has ended at `now`. Nobody is resumed by it then: the client shows the
/// one that it has by now, in a full handshake. Were it resumed and refused, it would come again with the next such ticket.
pub(super) fn has_ended(state: &[u8], now: SystemTime) -> bool {
    let client = client(state).and_then(|der| ClientIdentity::of(&CertificateDer::from(der)));
    client.is_some_and(|client| client.not_after <= now)
}

/// The client's certificate in what the library puts into a ticket; `None` where there is none. The library does not promise
/// that it goes on to write it like this: were it to change, a client with such a ticket would be refused after the handshake.
fn client(state: &[u8]) -> Option<&[u8]> {
    let (has_name, rest) = state.split_first()?;
    let rest = if *has_name == 1 { behind_text(rest)? } else { rest };
    // The version and the cipher suite, two bytes each; the secret; whether that is an extended one; whether there are
    // certificates; how long all of them are, and how long the first is.
    let rest = behind_text(rest.get(4..)?)?;
    let [_, 1, _, _, _, high, middle, low, certificates @ ..] = rest else { return None };
    certificates.get(..usize::from(*high) << 16 | usize::from(*middle) << 8 | usize::from(*low))
}

/// What follows a text whose length is its first byte.
fn behind_text(bytes: &[u8]) -> Option<&[u8]> {
    let (len, rest) = bytes.split_first()?;
    rest.get(usize::from(*len)..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(name: &[u8], behind: &[u8]) -> Vec<u8> {
        [name, &[3, 4, 0x13, 1, 2, 7, 7, 1], behind].concat()
    }

    #[test]
    fn the_client_is_found_behind_what_is_of_any_length() {
        for name in [&b"\x06a.test"[..], b"\0"] {
            let name = [&[1], name].concat();
            assert_eq!(client(&state(&name, b"\x01\0\0\x06\0\0\x03abc\0\0")), Some(&b"abc"[..]));
        }
        assert_eq!(client(&state(&[0], b"\x01\0\0\x0b\0\0\x03abc\0\0\x02de\0")), Some(&b"abc"[..]));
    }

    #[test]
    fn what_is_no_such_state_has_no_client() {
        let whole = state(b"\x01\x06a.test", b"\x01\0\0\x06\0\0\x03abc");
        for end in 0..whole.len() {
            assert_eq!(client(&whole[..end]), None, "{end}");
        }
        assert_eq!(client(&state(&[0], b"\0\0\0\0\0\0\0\0\0\0\0")), None);
        assert!(!has_ended(&whole, SystemTime::now()));
    }
}
