//! What a client offers.

use std::borrow::Cow;

use rustls::{CipherSuite, SignatureScheme, SupportedCipherSuite};

use crate::provider::provider;

/// The signature schemes that count, of those that a client knows: in TLS 1.2 a cipher suite says with what kind of key the
/// handshake is signed, and a client may know more schemes than it offers suites for. RFC 8422 section 2.
pub(super) fn schemes<'o>(
    known: &'o [SignatureScheme],
    suites: &[CipherSuite],
) -> Cow<'o, [SignatureScheme]> {
    let provider = provider();
    let shared = || provider.cipher_suites.iter().filter(|suite| suites.contains(&suite.suite()));
    // TLS 1.3 leaves that to the schemes: RFC 8446 section 4.2.3.
    if shared().any(|suite| matches!(suite, SupportedCipherSuite::Tls13(_))) {
        return Cow::Borrowed(known);
    }
    let is_usable = |scheme: &SignatureScheme| {
        shared()
            .any(|suite| matches!(suite, SupportedCipherSuite::Tls12(suite) if suite.sign.contains(scheme)))
    };
    Cow::Owned(known.iter().copied().filter(is_usable).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [SignatureScheme; 4] = [
        SignatureScheme::ECDSA_NISTP256_SHA256,
        SignatureScheme::ED25519,
        SignatureScheme::RSA_PSS_SHA256,
        SignatureScheme::RSA_PKCS1_SHA256,
    ];

    #[track_caller]
    fn check(suites: &[CipherSuite], usable: &[SignatureScheme]) {
        assert_eq!(schemes(&KNOWN, suites).as_ref(), usable);
    }

    #[test]
    fn suites_of_tls_1_2_say_which_schemes_count() {
        check(&[CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256], &KNOWN[2..]);
        check(&[CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256], &KNOWN[..2]);
        check(&[CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256], &[]);
    }

    #[test]
    fn those_of_tls_1_3_do_not() {
        let rsa = CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;
        check(&[rsa, CipherSuite::TLS13_AES_128_GCM_SHA256], &KNOWN);
    }
}
