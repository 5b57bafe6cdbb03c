//! The control plane's listener: it is closed to strangers, and is nobody else's.

mod address;

use super::{names::Names, pem};
use crate::{
    Admin, Document, Token, hostname,
    report::{At, Report},
};

/// What a hash of a token begins with.
const HASH: &str = "sha256:";

/// Checks what was read, secrets from files included.
pub(super) fn check(document: &mut Document, at: At<'_>, report: &mut Report<'_>) {
    let Some(admin_at) = at.get("admin") else { return };
    address::check(document, at, report);
    let Some(admin) = &mut document.admin else { return };
    tls(admin, admin_at, report);
    tokens(&admin.tokens, admin_at, report);
    hosts(&mut admin.hosts, admin_at, report);
}

fn tls(admin: &Admin, at: At<'_>, report: &mut Report<'_>) {
    let (Some(tls), Some(at)) = (&admin.tls, at.get("tls")) else { return };
    pem::pair(at, "`tls` of `admin`", report);
    let authority = at.get("clientCa");
    if let Some(authority) = authority.filter(|authority| !report.is_touched(*authority)) {
        pem::certificates(authority, report);
    }
    let Some(list) = at.get("clients") else { return };
    if authority.is_none() && !report.is_touched(list) {
        let hint = "name the authorities that vouch for them under `clientCa`, or remove it";
        report.add(list.id, "`clients` have no certificates without a `clientCa`", Some(hint.into()));
    }
    let mut names = Names::default();
    for (client, at) in tls.clients.iter().zip(list.items()) {
        let hint = "write the common name or an alternative name of its certificate";
        name((&client.name, "client"), hint, at, &mut names, report);
    }
}

fn tokens(tokens: &[Token], at: At<'_>, report: &mut Report<'_>) {
    let mut names = Names::default();
    for (token, at) in tokens.iter().zip(at.key("tokens").items()) {
        name((&token.name, "token"), "say whose it is: the audit log does", at, &mut names, report);
        let written = at.get("hash").or_else(|| at.get("hashFile"));
        match (written, &token.hash) {
            (Some(at), Some(hash)) if !is_hash(hash.expose()) && !report.is_touched(at) => {
                let hint = "write what `printf %s \"$TOKEN\" | sha256sum` gives behind `sha256:`";
                let message = format!("this is not `{HASH}` and 64 hexadecimal digits");
                report.add(at.id, message, Some(hint.into()));
            }
            (None, _) if !report.is_touched(at) => {
                report.add(at.id, "a token needs a `hash` or a `hashFile`", None);
            }
            _ => {}
        }
    }
}

fn name((name, what): (&str, &str), hint: &str, at: At<'_>, names: &mut Names, report: &mut Report<'_>) {
    match at.get("name") {
        Some(at) if report.is_touched(at) => {}
        Some(at) if name.is_empty() => {
            report.add(at.id, format!("the name of a {what} is empty"), Some(hint.into()));
        }
        Some(at) => names.claim(name, &format!("{what} name"), at, report),
        None if report.is_touched(at) => {}
        None => report.add(at.id, format!("a {what} needs a `name`"), Some(hint.into())),
    }
}

fn is_hash(text: &str) -> bool {
    let digits = text.strip_prefix(HASH);
    digits.is_some_and(|digits| digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn hosts(hosts: &mut [String], at: At<'_>, report: &mut Report<'_>) {
    let mut names = Names::default();
    for (host, at) in hosts.iter_mut().zip(at.key("hosts").items()) {
        match hostname::name_or_address(host) {
            Ok(canonical) => {
                *host = canonical;
                names.claim(host, "host", at, report);
            }
            Err(error) => report.add(at.id, error.to_string(), None),
        }
    }
}
