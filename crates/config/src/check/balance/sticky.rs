//! Cookies that keep clients where they were (RFC 6265).

use crate::{
    SameSite, Secure, Sticky,
    fields::is_token,
    hostname,
    report::{At, Report},
};

pub(in crate::check) fn check(sticky: &Sticky, at: At<'_>, report: &mut Report<'_>) {
    if let Some(cookie) = at.get("cookie").filter(|_| !is_token(&sticky.cookie)) {
        let message = format!("`{}` is not the name of a cookie", sticky.cookie.escape_debug());
        let hint = "names have letters, digits, hyphens and underscores";
        report.add(cookie.id, message, Some(hint.into()));
    }
    if let Some(path) = at.get("path").filter(|_| !is_path(&sticky.path)) {
        let message = format!("`{}` is not the path of a cookie", sticky.path.escape_debug());
        report.add(path.id, message, Some("start with /; a semicolon ends a path".into()));
    }
    if let (Some(domain), Some(at)) = (&sticky.domain, at.get("domain"))
        && let Err(error) = hostname::name(domain)
    {
        report.add(at.id, error.to_string(), None);
    }
    if let Some(secret) =
        at.get("secret").filter(|_| sticky.secret.as_ref().is_some_and(|it| it.expose().is_empty()))
    {
        let hint = "give it one, or leave `secret` out: the cookie's values are a hash of names then";
        report.add(secret.id, "an empty secret is none", Some(hint.into()));
    }
    let is_right = |key| !at.get(key).is_some_and(|value| report.is_touched(value));
    if is_right("secure") && is_right("sameSite") && is_right("cookie") {
        dropped(sticky, at, report);
    }
}

/// An attribute's value holds no control characters and no semicolon (RFC 6265 section 4.1.1).
fn is_path(path: &str) -> bool {
    path.starts_with('/') && !path.contains(|c: char| !c.is_ascii() || c.is_ascii_control() || c == ';')
}

/// Reports a cookie that browsers would throw away (RFC 6265bis sections 4.1.3 and 5.7).
fn dropped(sticky: &Sticky, at: At<'_>, report: &mut Report<'_>) {
    let always = sticky.secure == Secure::Always;
    if sticky.same_site == SameSite::None && !always {
        let message = "browsers take a cookie with `sameSite: none` with `secure: true` alone";
        report.add(at.key("sameSite").id, message, Some("write `secure: true`".into()));
    }
    let name = sticky.cookie.to_ascii_lowercase();
    if name.starts_with("__secure-") && !always {
        let message = "browsers take a cookie with this name with `secure: true` alone";
        report.add(at.key("cookie").id, message, Some("write `secure: true`, or another name".into()));
    }
    let is_of_host = always && sticky.domain.is_none() && sticky.path == "/";
    if name.starts_with("__host-") && !is_of_host {
        let message =
            "browsers take a cookie with this name with `secure: true`, `path: /` and no `domain` alone";
        report.add(at.key("cookie").id, message, Some("write these, or another name".into()));
    }
}
