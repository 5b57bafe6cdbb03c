//! One state of the table: immutable, so that a handshake finds all of it as it was at one moment.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::sign::CertifiedKey;

use super::Served;
use crate::certificate::Certificate;
use crate::name;

/// From names to certificates.
#[derive(Default)]
pub(crate) struct Table {
    exact: HashMap<Box<str>, Candidates>,
    /// By what stands behind `*.`.
    wildcards: HashMap<Box<str>, Candidates>,
    defaults: Candidates,
    /// The first that is served at all.
    any: Candidates,
    challenges: HashMap<Box<str>, Certificate>,
}

/// Certificates for one name, the preferred ones first: by the kind of their key, then the one that lasts longest.
#[derive(Default)]
pub(crate) struct Candidates(Vec<Certificate>);

impl Candidates {
    fn add(&mut self, certificate: &Certificate) {
        let rank = |one: &Certificate| (one.kind(), std::cmp::Reverse(one.not_after()));
        if self.0.iter().any(|other| other == certificate) {
            return;
        }
        let at = self.0.partition_point(|other| rank(other) <= rank(certificate));
        self.0.insert(at, certificate.clone());
    }

    /// The first that a client with these signature schemes can verify.
    pub(crate) fn choose(&self, schemes: &[SignatureScheme]) -> Option<&Certificate> {
        self.0.iter().find(|certificate| certificate.key().key.choose_scheme(schemes).is_some())
    }

    /// True where that one is among them.
    pub(crate) fn has(&self, certificate: &Certificate) -> bool {
        self.0.iter().any(|other| other == certificate)
    }
}

impl Table {
    pub(super) fn new(served: &BTreeMap<String, Served>, challenges: &BTreeMap<String, Certificate>) -> Self {
        let mut table = Self { exact: HashMap::with_capacity(served.len()), ..Self::default() };
        for one in served.values() {
            for written in one.names() {
                let written = name::canonical(written);
                let (names, key) = match written.strip_prefix("*.") {
                    Some(suffix) => (&mut table.wildcards, suffix),
                    None => (&mut table.exact, &*written),
                };
                match names.get_mut(key) {
                    Some(candidates) => candidates.add(&one.certificate),
                    None => names.entry(key.into()).or_default().add(&one.certificate),
                }
            }
            if one.is_default {
                table.defaults.add(&one.certificate);
            }
        }
        if let Some(first) = served.values().next() {
            table.any.add(&first.certificate);
        }
        let by_name =
            |(name, certificate): (&String, &Certificate)| (name.as_str().into(), certificate.clone());
        table.challenges = challenges.iter().map(by_name).collect();
        table
    }

    /// Those for a name, in its canonical spelling: exactly it, or else a wildcard's.
    pub(crate) fn of_name(&self, name: &str) -> Option<&Candidates> {
        self.exact.get(name).or_else(|| self.wildcards.get(name::parent(name)?))
    }

    /// Those for clients that name nobody.
    pub(crate) fn defaults(&self) -> Option<&Candidates> {
        Some(&self.defaults).filter(|candidates| !candidates.0.is_empty())
    }

    /// The default ones; without any, the first.
    pub(crate) fn any(&self) -> Option<&Candidates> {
        self.defaults().or_else(|| Some(&self.any).filter(|candidates| !candidates.0.is_empty()))
    }

    /// What answers a challenge for that name.
    pub(crate) fn challenge(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        self.challenges.get(name).map(|certificate| Arc::clone(certificate.key()))
    }
}
