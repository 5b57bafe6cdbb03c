//! Certificates from an authority: what it must be told, and how it can be answered.

mod urls;

use super::{doors::Doors, pem};
use crate::{
    Acme, AcmeChallenge, Document, State, hostname,
    report::{At, Report},
};
use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use std::collections::HashSet;

pub(super) fn check(document: &mut Document, doors: Doors, at: At<'_>, report: &mut Report<'_>) {
    let Some(acme_at) = at.get("acme") else { return };
    let keeps = !matches!(document.state, Some(State::None));
    let Some(acme) = &mut document.acme else { return };
    terms(acme, acme_at, report);
    let state = at.get("state");
    if !keeps && !state.is_some_and(|state| report.is_touched(state)) {
        let hint = "write `state: {}`, or `state: { dir: /var/lib/proxyd }`";
        let message = "`acme` needs a `state`: the account and the certificates are kept there";
        report.add(state.unwrap_or(acme_at).id, message, Some(hint.into()));
    }
    urls::check(acme, acme_at, report);
    if let (Some(email), Some(at)) = (&acme.email, acme_at.get("email"))
        && !is_email(email)
    {
        let hint = "write ops@example.com, one address and nothing else";
        report.add(at.id, format!("`{}` is not an e-mail address", email.escape_debug()), Some(hint.into()));
    }
    if let Some(ca) = acme_at.get("ca").filter(|ca| !report.is_touched(*ca)) {
        pem::certificates(ca, report);
    }
    challenges(acme, doors, acme_at, report);
    domains(acme, acme_at, report);
    external_account(acme, acme_at, report);
}

fn terms(acme: &Acme, at: At<'_>, report: &mut Report<'_>) {
    let terms = at.get("agreeToTerms");
    if !acme.agree_to_terms && !terms.is_some_and(|terms| report.is_touched(terms)) {
        let message = "an authority issues nothing to who does not agree to its terms of service";
        let hint = "read them, and write `agreeToTerms: true`";
        report.add(terms.unwrap_or(at).id, message, Some(hint.into()));
    }
}

fn is_email(text: &str) -> bool {
    let is_part =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_control() || " ,:?@<>".contains(c));
    text.split_once('@').is_some_and(|(who, host)| is_part(who) && is_part(host))
}

fn challenges(acme: &Acme, doors: Doors, at: At<'_>, report: &mut Report<'_>) {
    let Some(list) = at.get("challenges") else {
        if !doors.plain && !doors.https {
            let hint = "add a listener for plain HTTP or for HTTPS";
            report.add(at.id, "no listener can answer a challenge of `acme`", Some(hint.into()));
        }
        return;
    };
    if acme.challenges.is_empty() && !report.is_touched(list) {
        let hint = "write [http-01], [tls-alpn-01] or both, or remove it";
        report.add(list.id, "no name can be proved without a challenge", Some(hint.into()));
    }
    let mut seen = HashSet::new();
    for (challenge, at) in acme.challenges.iter().zip(list.items()) {
        let (is_possible, message, hint) = match challenge {
            AcmeChallenge::Http01 => (
                doors.plain,
                "`http-01` needs a listener for plain HTTP, where port 80 of the names leads",
                "add one, or write tls-alpn-01",
            ),
            AcmeChallenge::TlsAlpn01 => (
                doors.https,
                "`tls-alpn-01` needs a listener for HTTPS, where port 443 of the names leads",
                "add one, or write http-01",
            ),
        };
        if !is_possible {
            report.add(at.id, message, Some(hint.into()));
        } else if !seen.insert(challenge) {
            report.add(at.id, "this challenge is listed already", Some("remove it".into()));
        }
    }
}

fn domains(acme: &mut Acme, at: At<'_>, report: &mut Report<'_>) {
    let mut seen = HashSet::new();
    for (domain, at) in acme.domains.iter_mut().zip(at.key("domains").items()) {
        if domain.contains('*') {
            let message =
                format!("no certificate can be got for `{domain}`: its proof takes a challenge over DNS");
            let hint = "list the names themselves, or use `onDemand`";
            report.add(at.id, message, Some(hint.into()));
            continue;
        }
        match hostname::issuable(domain) {
            Ok(name) if seen.insert(name.clone()) => *domain = name,
            Ok(name) => report.add(at.id, format!("`{name}` is listed already"), Some("remove it".into())),
            Err(error) => report.add(at.id, error.to_string(), None),
        }
    }
}

fn external_account(acme: &Acme, at: At<'_>, report: &mut Report<'_>) {
    let (Some(account), Some(at)) = (&acme.external_account, at.get("externalAccount")) else { return };
    if account.key_id.is_empty() && !report.is_touched(at) {
        let hint = "the authority's owner says it together with the key";
        report.add(at.key("keyId").id, "an external account needs a `keyId`", Some(hint.into()));
    }
    match (at.get("key"), &account.key) {
        (Some(at), Some(key)) if !is_base64url(key.expose()) => {
            report.add(at.id, "this key is not base64url (RFC 4648 section 5)", None);
        }
        (None, _) if at.get("keyFile").is_none() && !report.is_touched(at) => {
            report.add(at.id, "an external account needs a `key` or a `keyFile`", None);
        }
        _ => {}
    }
}

/// With or without padding, as authorities hand it out.
fn is_base64url(text: &str) -> bool {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let decoded = GeneralPurpose::new(&URL_SAFE, lenient).decode(text.trim()).map(zeroize::Zeroizing::new);
    decoded.is_ok_and(|key| !key.is_empty())
}
