//! Certificates: each with its key, one of them the default.

use super::{names::Names, pem};
use crate::{
    Certificate,
    document::is_pem,
    hostname::{self, HostnameError},
    report::{At, Report},
};
use std::sync::Arc;

pub(super) fn check(certificates: &mut [Arc<Certificate>], at: At<'_>, report: &mut Report<'_>) {
    let mut first: Option<At<'_>> = None;
    for (certificate, at) in certificates.iter_mut().zip(at.key("certificates").items()) {
        let certificate = Arc::make_mut(certificate);
        (certificate.source, certificate.shadows) = (None, None);
        pem::pair(at, "a certificate", report);
        for (name, at) in certificate.names.iter_mut().zip(at.key("names").items()) {
            match served_name(name) {
                Ok(canonical) => *name = canonical,
                Err(error) => report.add(at.id, error.to_string(), None),
            }
        }
        let Some(default) = at.get("default").filter(|_| certificate.default) else { continue };
        match first {
            None => first = Some(default),
            Some(first) => {
                let hint = format!("the first one is {}", first.whereabouts());
                report.add(default.id, "only one certificate can be the default", Some(hint));
            }
        }
    }
    ids(certificates, at.key("certificates"), report);
}

/// Written ids first, so that a derived one never takes one of theirs.
fn ids(certificates: &mut [Arc<Certificate>], list: At<'_>, report: &mut Report<'_>) {
    let mut ids = Names::default();
    for (index, (certificate, at)) in certificates.iter().zip(list.items()).enumerate() {
        if let Some(id) = at.get("id").filter(|_| !certificate.id.is_empty()) {
            let derived = derived_id(certificate, index);
            ids.claim_id((&certificate.id, &derived), "certificate id", id, report);
        }
    }
    for (index, certificate) in certificates.iter_mut().enumerate() {
        if certificate.id.is_empty() {
            let id = ids.fresh(&derived_id(certificate, index));
            Arc::make_mut(certificate).id = id;
        }
    }
}

fn derived_id(certificate: &Certificate, index: usize) -> String {
    if !certificate.cert.is_empty() && !is_pem(&certificate.cert) {
        return certificate.cert.clone();
    }
    certificate.names.first().cloned().unwrap_or_else(|| format!("document:{index}"))
}

/// A server name that a certificate is served for, in lower case: a name, `*.` and a name, or an address.
fn served_name(text: &str) -> Result<String, HostnameError> {
    match text.strip_prefix("*.") {
        Some(suffix) => Ok(format!("*.{}", hostname::name(suffix)?)),
        None => hostname::name_or_address(text),
    }
}
