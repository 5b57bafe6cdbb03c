//! Certificates: each with its key, one of them the default.

use super::pem;
use crate::{
    Certificate,
    hostname::{self, HostnameError},
    report::{At, Report},
};

pub(super) fn check(certificates: &mut [Certificate], at: At<'_>, report: &mut Report<'_>) {
    let mut first: Option<At<'_>> = None;
    for (certificate, at) in certificates.iter_mut().zip(at.key("certificates").items()) {
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
                let line = first.tree.node(first.id).spot.place.line;
                let hint = format!("the first one is in line {line}");
                report.add(default.id, "only one certificate can be the default", Some(hint));
            }
        }
    }
}

/// A server name that a certificate is served for, in lower case: a name, `*.` and a name, or an address.
fn served_name(text: &str) -> Result<String, HostnameError> {
    match text.strip_prefix("*.") {
        Some(suffix) => Ok(format!("*.{}", hostname::name(suffix)?)),
        None => hostname::name_or_address(text),
    }
}
