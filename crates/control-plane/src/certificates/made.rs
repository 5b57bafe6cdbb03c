//! Certificates for tests.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, KeyPair};
use tls_sni::Certificate;

pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The time that tests have, unless they say otherwise: 2026-01-01.
pub(super) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600)
}

/// A certificate and its key, PEM.
#[derive(Clone)]
pub(super) struct Made {
    pub(super) chain: String,
    pub(super) key: String,
}

/// One that is valid now.
pub(super) fn made(name: &str) -> Made {
    lasting(name, now() - DAY, now() + 90 * DAY)
}

pub(super) fn lasting(name: &str, from: SystemTime, until: SystemTime) -> Made {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.not_before = from.into();
    params.not_after = until.into();
    Made { chain: params.self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
}

impl Made {
    pub(super) fn both(&self) -> String {
        format!("{}{}", self.chain, self.key)
    }

    /// It, parsed when it began to be valid.
    pub(super) fn certificate(&self) -> Certificate {
        let parse = |now| Certificate::parse(self.chain.as_bytes(), self.key.as_bytes(), now);
        match parse(now()) {
            Err(tls_sni::CertificateError::NotYetValid { begins }) => parse(begins).unwrap(),
            Err(tls_sni::CertificateError::Expired { ended }) => {
                parse(ended - Duration::from_secs(1)).unwrap()
            }
            parsed => parsed.unwrap(),
        }
    }

    pub(super) fn fingerprint(&self) -> String {
        self.certificate().fingerprint().to_owned()
    }

    /// Writes chain and key into one file, in place.
    pub(super) fn write(&self, path: &Path) {
        fs::write(path, self.both()).unwrap();
    }

    /// Puts a file with both in the place of another, at once.
    pub(super) fn replace(&self, path: &Path) {
        let next = path.with_extension("next");
        self.write(&next);
        fs::rename(next, path).unwrap();
    }
}
