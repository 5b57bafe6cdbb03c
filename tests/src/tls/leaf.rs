//! A certificate with its key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::KeyPair;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// A certificate with its key, and those that lead to its root.
#[derive(Clone, Debug)]
pub struct Leaf {
    number: u64,
    chain: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
    public_key: Vec<u8>,
}

impl Leaf {
    pub(super) fn new(
        number: u64,
        own: CertificateDer<'static>,
        between: Vec<CertificateDer<'static>>,
        key: &KeyPair,
    ) -> Self {
        use rcgen::PublicKeyData;
        let chain = [vec![own], between].concat();
        Self { number, chain, key: key.serialize_der(), public_key: key.subject_public_key_info() }
    }

    /// The number that its authority has given to it.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The certificate itself, DER.
    pub fn der(&self) -> &[u8] {
        self.chain.first().map(AsRef::as_ref).unwrap_or_default()
    }

    /// Its public key, as certificates have it (SubjectPublicKeyInfo), DER.
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// It and those between it and its root.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// The same in PEM.
    pub fn pem(&self) -> String {
        self.chain.iter().map(|one| pem("CERTIFICATE", one)).collect()
    }

    /// The chain in PEM, the last one first.
    pub fn reversed_pem(&self) -> String {
        self.chain.iter().rev().map(|one| pem("CERTIFICATE", one)).collect()
    }

    /// The key in PEM.
    pub fn key_pem(&self) -> String {
        pem("PRIVATE KEY", &self.key)
    }

    /// The key as it would stand there encrypted. Nobody can decrypt it.
    pub fn encrypted_key_pem(&self) -> String {
        pem("ENCRYPTED PRIVATE KEY", &self.key)
    }

    /// The key.
    pub fn key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.clone()).into()
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("base64 is ASCII")).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
