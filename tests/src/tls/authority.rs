//! An authority, and what it issues.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_ED25519, PKCS_RSA_SHA256,
    RevokedCertParams, RsaKeySize, SanType, SerialNumber, date_time_ymd,
};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

use crate::tls::Leaf;

/// An authority that certificates are issued by.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// Those between what it issues and the root, its own first; none where it is a root.
    between: Vec<CertificateDer<'static>>,
}

/// Each certificate has a number of its own.
static ISSUED: AtomicU64 = AtomicU64::new(1);

/// A certificate that is wished for.
#[derive(Clone, Debug)]
pub struct Wish {
    params: CertificateParams,
    key: Key,
}

#[derive(Clone, Copy, Debug)]
enum Key {
    Ecdsa,
    Ed25519,
    Rsa,
}

impl Authority {
    /// A root.
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().expect("there is randomness");
        let issuer = CertifiedIssuer::self_signed(params(name), key).expect("the parameters are right");
        Self { issuer, between: Vec::new() }
    }

    /// An authority that this one vouches for.
    pub fn below(&self, name: &str) -> Self {
        let key = KeyPair::generate().expect("there is randomness");
        let issuer = CertifiedIssuer::signed_by(params(name), key, &self.issuer);
        let issuer = issuer.expect("the parameters are right");
        let between = [vec![issuer.der().clone()], self.between.clone()].concat();
        Self { issuer, between }
    }

    /// Its certificate.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Those who believe this authority alone.
    pub fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).expect("it is a certificate");
        roots
    }

    /// A certificate for these names or addresses, with an ECDSA key.
    pub fn leaf(&self, names: &[&str]) -> Leaf {
        self.issue(Wish::of(names))
    }

    /// A client's certificate.
    pub fn client(&self, name: &str) -> Leaf {
        self.issue(Wish::client(name))
    }

    /// A certificate as it is wished for.
    pub fn issue(&self, wish: Wish) -> Leaf {
        let Wish { mut params, key } = wish;
        let number = ISSUED.fetch_add(1, Relaxed);
        params.serial_number = Some(SerialNumber::from(number));
        let key = match key {
            Key::Ecdsa => KeyPair::generate(),
            Key::Ed25519 => KeyPair::generate_for(&PKCS_ED25519),
            Key::Rsa => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048),
        };
        let key = key.expect("there is randomness");
        let certificate = params.signed_by(&key, &self.issuer).expect("the parameters are right");
        Leaf::new(number, certificate.der().clone(), self.between.clone(), &key)
    }

    /// Its list of revoked certificates.
    pub fn revokes(&self, revoked: &[&Leaf]) -> String {
        let one = |leaf: &&Leaf| RevokedCertParams {
            serial_number: SerialNumber::from(leaf.number()),
            revocation_time: date_time_ymd(2020, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2020, 1, 1),
            next_update: date_time_ymd(2100, 1, 1),
            crl_number: SerialNumber::from(ISSUED.fetch_add(1, Relaxed)),
            issuing_distribution_point: None,
            revoked_certs: revoked.iter().map(one).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list.signed_by(&self.issuer).expect("the parameters are right");
        list.pem().expect("it can be written")
    }
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages =
        vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    params
}

impl Wish {
    /// For a server of these names or addresses.
    pub fn of(names: &[&str]) -> Self {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let common = names.first().cloned().unwrap_or_default();
        let mut params = CertificateParams::new(names).expect("they are names");
        params.distinguished_name.push(DnType::CommonName, common);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        Self { params, key: Key::Ecdsa }
    }

    /// For a client, whose subject is `CN=<name>, O=Clients`.
    pub fn client(name: &str) -> Self {
        let mut wish = Self::of(&[]);
        wish.params.distinguished_name = rcgen::DistinguishedName::new();
        wish.params.distinguished_name.push(DnType::CommonName, name);
        wish.params.distinguished_name.push(DnType::OrganizationName, "Clients");
        wish.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        wish
    }

    /// Which has this name, too, as a URI.
    #[must_use]
    pub fn uri(mut self, uri: &str) -> Self {
        self.params.subject_alt_names.push(SanType::URI(uri.try_into().expect("it is a URI")));
        self
    }

    /// Which has this name, too, as the address of a mailbox.
    #[must_use]
    pub fn mail(mut self, address: &str) -> Self {
        self.params.subject_alt_names.push(SanType::Rfc822Name(address.try_into().expect("it is ASCII")));
        self
    }

    /// With an RSA key.
    #[must_use]
    pub fn rsa(mut self) -> Self {
        self.key = Key::Rsa;
        self
    }

    /// With an Ed25519 key.
    #[must_use]
    pub fn ed25519(mut self) -> Self {
        self.key = Key::Ed25519;
        self
    }

    /// Which ended in the year 2001.
    #[must_use]
    pub fn expired(self) -> Self {
        self.within(2000, 2001)
    }

    /// Which begins in the year 3000.
    #[must_use]
    pub fn not_yet_valid(self) -> Self {
        self.within(3000, 3001)
    }

    /// Which ends so long from now, to the second.
    #[must_use]
    pub fn ending_in(mut self, lifetime: Duration) -> Self {
        self.params.not_after = (SystemTime::now() + lifetime).into();
        self
    }

    /// From the beginning of one year to the beginning of another.
    #[must_use]
    pub fn within(mut self, begins: i32, ends: i32) -> Self {
        self.params.not_before = date_time_ymd(begins, 1, 1);
        self.params.not_after = date_time_ymd(ends, 1, 1);
        self
    }
}
