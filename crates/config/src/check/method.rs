//! Methods: case-sensitive tokens (RFC 9110 section 9.1).

use crate::{
    fields::is_token,
    report::{At, Report},
};

/// The methods that everybody knows.
const KNOWN: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];

pub(super) fn check(at: At<'_>, report: &mut Report<'_>) {
    let Some(method) = at.text() else { return };
    if !is_token(method) {
        report.add(at.id, format!("`{}` is not a method", method.escape_debug()), None);
    } else if let Some(known) = KNOWN.into_iter().find(|known| *known == method.to_ascii_uppercase())
        && known != method
    {
        let message = format!("`{method}` is not `{known}`: methods are case-sensitive");
        report.add(at.id, message, Some(format!("write {known}")));
    }
}
