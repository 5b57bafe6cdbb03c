//! Who vouches for clients.

use super::pem;
use crate::report::{At, Report};

/// Checks one `clientAuth`.
pub(super) fn check(at: At<'_>, report: &mut Report<'_>) {
    match at.get("ca") {
        Some(ca) if !report.is_touched(ca) => pem::certificates(ca, report),
        None if !report.is_touched(at) => {
            let hint = "name a file with the authorities that are believed, or write them as PEM";
            report.add(at.id, "`clientAuth` needs a `ca`", Some(hint.into()));
        }
        _ => {}
    }
    pem::crls(at, report);
}
