//! URLs that are asked for certificates.

use crate::{
    Acme,
    report::{At, Report},
    url,
};
use std::net::IpAddr;

pub(super) fn check(acme: &Acme, at: At<'_>, report: &mut Report<'_>) {
    if let Some(at) = at.get("directory").filter(|at| !report.is_touched(*at)) {
        directory(&acme.directory, at, report);
    }
    let (Some(on_demand), Some(at)) = (&acme.on_demand, at.get("onDemand")) else { return };
    match at.get("ask") {
        Some(ask) if credentials(&on_demand.ask, ask, report) => {}
        Some(ask) if !report.is_touched(ask) && parts(&on_demand.ask).is_none() => {
            let message = format!("`{}` is not a URL that can be asked", on_demand.ask.escape_debug());
            report.add(ask.id, message, Some("write http://host:port/path, or https://".into()));
        }
        None if !report.is_touched(at) => {
            let hint = "name a URL that answers with 200 for names that may have one: without it, anybody could have any number got";
            report.add(at.id, "`onDemand` needs an `ask`", Some(hint.into()));
        }
        _ => {}
    }
}

fn directory(url: &str, at: At<'_>, report: &mut Report<'_>) {
    // RFC 8555 section 6.1.
    let is_trusted = parts(url).is_some_and(|(is_https, host)| is_https || is_here(&host));
    if !credentials(url, at, report) && !is_trusted {
        let message = format!("`{}` is not the URL of a directory", url.escape_debug());
        let hint = "write https://host/path; http:// is for this machine alone";
        report.add(at.id, message, Some(hint.into()));
    }
}

/// Reports a user or a password, which are shown nowhere.
fn credentials(url: &str, at: At<'_>, report: &mut Report<'_>) -> bool {
    let has_any = url.contains('@');
    if has_any {
        report.add(at.id, "this URL carries credentials, or an `@`, which it must not", None);
    }
    has_any
}

/// Whether an `http://` or `https://` URL is the latter, and its host; `None` for what is neither.
fn parts(text: &str) -> Option<(bool, String)> {
    let (scheme, rest) = text.split_once("://")?;
    let is_https = match scheme.to_ascii_lowercase().as_str() {
        "http" => false,
        "https" => true,
        _ => return None,
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    // What a URL may hold (RFC 3986 section 2); a fragment is never sent.
    if path.contains(|c: char| !c.is_ascii_graphic() || "\"<>\\^`{|}#".contains(c)) {
        return None;
    }
    let (host, _) = url::host_and_port(authority, 0).ok()?;
    Some((is_https, host))
}

fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
