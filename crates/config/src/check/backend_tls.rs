//! TLS towards backends, and the PROXY protocol.

use super::pem;
use crate::{
    Protocol, Upstream, UpstreamTls, Url, hostname,
    report::{At, Report},
};
use base64::{Engine, engine::general_purpose::STANDARD};

pub(super) fn check(upstream: &mut Upstream, at: At<'_>, report: &mut Report<'_>) {
    if let Some(version) = at.get("sendProxyProtocol").filter(|_| upstream.protocol == Protocol::Http2) {
        let message =
            "`sendProxyProtocol` tells of one client, and a connection of `protocol: http2` has many";
        let hint = "write `protocol: http1`, or remove it: X-Forwarded-For tells of the client";
        report.add(version.id, message, Some(hint.into()));
    }
    let Some(tls_at) = at.get("tls") else { return };
    match &upstream.url {
        Some(Url::Http { host, .. }) => {
            let hint = format!("write https://{host} in `url`, or remove it");
            useless(tls_at, "`tls` does nothing where `url` is not `https://`", &hint, report);
        }
        Some(Url::Unix(_)) => {
            let hint = "list the socket under `backends`, where `tls` has it spoken";
            useless(tls_at, "`tls` does nothing where `url` is a Unix socket", hint, report);
        }
        _ => {}
    }
    let has_sockets = upstream.backends.iter().any(|backend| backend.hostname.starts_with("unix:"));
    let Some(tls) = &mut upstream.tls else { return };
    server_name(tls, tls_at, has_sockets, report);
    belief(tls, tls_at, report);
    let own = ["cert", "key", "keyFile"].iter().any(|key| tls_at.get(key).is_some());
    if own {
        pem::pair(tls_at, "the proxy's own certificate", report);
    }
}

fn useless(at: At<'_>, message: &str, hint: &str, report: &mut Report<'_>) {
    if !report.is_touched(at) {
        report.add(at.id, message, Some(hint.into()));
    }
}

fn server_name(tls: &mut UpstreamTls, at: At<'_>, has_sockets: bool, report: &mut Report<'_>) {
    match (&mut tls.server_name, at.get("serverName")) {
        (Some(name), Some(at)) => match hostname::name_or_address(name) {
            Ok(canonical) => *name = canonical,
            Err(error) => report.add(at.id, error.to_string(), None),
        },
        (None, None) if has_sockets && !report.is_touched(at) => {
            let hint = "write the name that the backends' certificates have";
            report.add(at.id, "TLS over Unix sockets needs a `serverName`", Some(hint.into()));
        }
        _ => {}
    }
}

/// What a backend's certificate must have.
fn belief(tls: &UpstreamTls, at: At<'_>, report: &mut Report<'_>) {
    if let Some(ca) = at.get("ca").filter(|ca| !report.is_touched(*ca)) {
        pem::certificates(ca, report);
        if tls.insecure_skip_verify && !report.is_touched(ca) {
            let hint =
                "remove `insecureSkipVerify`: backends with a certificate of this authority are believed";
            report.add(
                ca.id,
                "`ca` says who is believed, and `insecureSkipVerify` believes anybody",
                Some(hint.into()),
            );
        }
    }
    pem::crls(at, report);
    for (pin, at) in tls.pins.iter().zip(at.key("pins").items()) {
        if !is_pin(pin) {
            let message = format!("`{}` is not `sha256/` and the base64 of 32 bytes", pin.escape_debug());
            let hint = "docs/configuration.md says how to find the pin of a certificate";
            report.add(at.id, message, Some(hint.into()));
        }
    }
}

/// As in RFC 7469 section 2.4, and with curl's second slash.
fn is_pin(text: &str) -> bool {
    let Some(encoded) = text.strip_prefix("sha256/") else { return false };
    let is_hash = |encoded: &str| STANDARD.decode(encoded).is_ok_and(|bytes| bytes.len() == 32);
    // The base64 of a hash may begin with a slash itself.
    is_hash(encoded) || encoded.strip_prefix('/').is_some_and(is_hash)
}
