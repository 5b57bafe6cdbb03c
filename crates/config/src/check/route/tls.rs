//! What a route says of TLS.

use crate::{
    Duration, HostPattern, Hsts, Route,
    check::{client_auth, doors::Doors, pem},
    report::{At, Report},
};

/// The shortest `maxAge` that browsers' own lists take: a year.
const LISTED: Duration = Duration::from_secs(31_536_000);

pub(in crate::check) fn check(route: &Route, at: At<'_>, doors: Doors, report: &mut Report<'_>) {
    if let Some(at) = at.get("ssl") {
        pem::pair(at, "`ssl`", report);
    }
    if let Some(auth) = at.get("clientAuth") {
        client_auth::check(auth, report);
        if route.v_host == HostPattern::Any && !at.get("vHost").is_some_and(|host| report.is_touched(host)) {
            let hint = "write it below `tls` of the listener, or give the route a `vHost`";
            report.add(
                auth.id,
                "`clientAuth` of a route is for its `vHost`, and this is any",
                Some(hint.into()),
            );
        } else if !doors.https {
            without_tls(auth, "clientAuth", report);
        }
    }
    if let Some(at) = at.get("hsts") {
        if let Some(hsts) = &route.hsts {
            lifetime(hsts, at, report);
        }
        if !doors.https {
            without_tls(at, "hsts", report);
        }
    }
}

fn without_tls(at: At<'_>, key: &str, report: &mut Report<'_>) {
    if !report.is_touched(at) {
        let hint = "add `tls` to a listener, or remove it";
        report.add(at.id, format!("`{key}` does nothing without a listener with `tls`"), Some(hint.into()));
    }
}

fn lifetime(hsts: &Hsts, at: At<'_>, report: &mut Report<'_>) {
    if let Some(age) = at.get("maxAge").filter(|age| !report.is_touched(*age)) {
        // The field itself has seconds, which is what people copy.
        let text = age.text().unwrap_or_default();
        if text != "0" && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let hint = format!("write {text}s, if these are seconds");
            report.add(age.id, "a number without a unit is milliseconds", Some(hint));
        } else if hsts.max_age.get().subsec_millis() != 0 {
            report.add(age.id, "`maxAge` is a number of whole seconds", None);
        }
    }
    let is_short = hsts.max_age < LISTED && !at.get("maxAge").is_some_and(|age| report.is_touched(age));
    if let Some(preload) =
        at.get("preload").filter(|_| hsts.preload && (is_short || !hsts.include_sub_domains))
    {
        let message = "browsers build in no host without `includeSubDomains: true` and a `maxAge` of a year";
        report.add(preload.id, message, Some("write these, or remove it".into()));
    }
}
