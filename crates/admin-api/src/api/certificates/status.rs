//! What is known of certificates: what the document has, and what is served.

use std::collections::HashMap;

use config::{Key, Kind};
use control_plane::changes::{Entry, View};
use control_plane::{ControlPlane, Status};
use serde_json::Value;

use super::super::moment;
use super::{CERTIFICATE, refusal};
use crate::Problem;
use crate::dto::CertificateStatus;

/// Every certificate.
pub(super) struct Known(Vec<CertificateStatus>);

/// The key of a certificate of the document, by its id or its domain.
pub(super) fn key(view: &View, named: &str) -> Key {
    let exact = CERTIFICATE.key(named);
    if view.entry(&exact).is_some() {
        return exact;
    }
    CERTIFICATE.key(&named.strip_suffix('.').unwrap_or(named).to_ascii_lowercase())
}

impl Known {
    pub(super) fn of(view: &View, control: &ControlPlane) -> Self {
        let served = control.certificates().list();
        let mut served: HashMap<String, Status> =
            served.into_iter().map(|status| (status.id.clone(), status)).collect();
        let of_document = view.of_kind(Kind::Certificate).map(|entry| {
            let status = served.remove(&source(entry));
            let mut told = told(entry.key.id.clone(), entry.owner.as_str(), status);
            told.shadows = view.shadowed(&entry.key).is_some();
            told
        });
        let mut all: Vec<_> = of_document.collect();
        let mut others: Vec<_> = served.into_values().collect();
        others.sort_by(|one, other| one.id.cmp(&other.id));
        all.extend(others.into_iter().map(|status| {
            let source = match status.id.split_once(':') {
                Some(("route", _)) => "route",
                Some(("acme", _)) => "acme",
                Some(("store", _)) => "store",
                _ => "file",
            };
            told(status.id.clone(), source, Some(status))
        }));
        Self(all)
    }

    pub(super) fn all(self) -> Vec<CertificateStatus> {
        self.0
    }

    /// The one of that id, or else the one that is served for that name.
    ///
    /// # Errors
    /// 409 where several are.
    pub(super) fn find(self, named: &str) -> Result<Option<CertificateStatus>, Problem> {
        let domain = named.strip_suffix('.').unwrap_or(named).to_ascii_lowercase();
        let has_id = |certificate: &CertificateStatus| certificate.id == named || certificate.id == domain;
        let mut all = self.0;
        if let Some(place) = all.iter().position(has_id) {
            return Ok(Some(all.swap_remove(place)));
        }
        all.retain(|certificate| certificate.names.contains(&domain));
        if all.len() > 1 {
            let candidates: Vec<_> = all.into_iter().map(|certificate| certificate.id).collect();
            let detail = format!("several certificates are for {domain:?}: name one by its id");
            return Err(refusal::conflict("ambiguous", detail).with("candidates", candidates));
        }
        Ok(all.pop())
    }
}

/// What a certificate of the document is known by where it is served.
fn source(entry: &Entry) -> String {
    match entry.value().get("cert").and_then(Value::as_str) {
        Some(path) if !config::is_pem(path) => format!("file:{path}"),
        _ => format!("document:{}", entry.key.id),
    }
}

fn told(id: String, source: &'static str, status: Option<Status>) -> CertificateStatus {
    let (served, last_error) = status.map(|status| (status.served, status.last_error)).unwrap_or_default();
    let told = CertificateStatus {
        id,
        source,
        shadows: false,
        is_served: served.is_some(),
        names: Vec::new(),
        not_before: None,
        not_after: None,
        fingerprint: None,
        kind: None,
        is_default: false,
        last_error,
    };
    let Some(served) = served else { return told };
    CertificateStatus {
        names: served.names,
        not_before: Some(moment::to_second(served.not_before)),
        not_after: Some(moment::to_second(served.not_after)),
        fingerprint: Some(served.fingerprint),
        kind: Some(served.kind.to_string()),
        is_default: served.is_default,
        ..told
    }
}
