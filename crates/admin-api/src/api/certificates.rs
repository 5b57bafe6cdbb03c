//! Certificates: never with their keys.

mod check;
mod status;

use std::time::SystemTime;

use config::{Key, Kind};
use control_plane::changes::Edit;
use serde_json::{Value, json};

use super::ask::Ask;
use super::objects::Noun;
use super::paging::Page;
use super::refusal::{self, Places};
use super::reply::Reply;
use super::tags::Tags;
use super::writing::{self, Wanted};
use crate::Problem;
use crate::dto::CertificateStatus;
use status::Known;

const CERTIFICATE: Noun =
    Noun { kind: Kind::Certificate, word: "certificate", list: "certificates", name: "id" };

pub(super) fn list(ask: &Ask) -> Result<Reply, Problem> {
    let view = ask.view();
    let all = Known::of(&view, ask.control()).all();
    let page = Page::of(all.iter(), ask, CERTIFICATE.list, |certificate: &CertificateStatus| {
        certificate.id.clone()
    })?;
    Ok(page.link(Reply::written(&page.items)))
}

pub(super) fn get(ask: &Ask) -> Result<Reply, Problem> {
    let named = ask.segment("certificate");
    let (reply, tag) = shown(ask, named)?;
    match tag {
        Some(tag) if ask.conditions.is.as_ref().is_some_and(|tags| !tags.matches(&tag)) => {
            Err(refusal::changed("it is not as it was expected", Some(&tag)))
        }
        None if matches!(ask.conditions.is, Some(Tags::These(_))) => {
            Err(refusal::changed("it has no tag", None))
        }
        Some(tag) if ask.conditions.has(&tag) => Ok(Reply::not_modified(&tag)),
        Some(tag) => Ok(reply.tag(&tag)),
        None => Ok(reply),
    }
}

/// Adds a certificate, or replaces the one of the same domain.
pub(super) fn put(ask: &Ask) -> Result<Reply, Problem> {
    let (domain, value) = read(ask)?;
    let key = CERTIFICATE.key(&domain);
    let is_there = ask.view().entry(&key).is_some();
    let wanted = || {
        let is_there = ask.view().entry(&key).is_some();
        let condition = writing::condition(ask, is_there)?;
        let edit = Edit::Put { key: key.clone(), value: value.clone(), condition };
        Ok(Wanted { edit, places: Places::Renamed(&[("/id", "/domain")]), is_derived: false, is_so: false })
    };
    writing::write(ask, wanted, |_, key| match shown(ask, &key.id) {
        Ok((reply, tag)) => {
            let reply = tag.into_iter().fold(reply, |reply, tag| reply.tag(&tag));
            if is_there { reply } else { reply.created(&CERTIFICATE.path(&key.id)) }
        }
        // Somebody may have removed it again.
        Err(_) => Reply::nothing(),
    })
}

pub(super) fn delete(ask: &Ask) -> Result<Reply, Problem> {
    let named = ask.segment("certificate");
    let view = ask.view();
    let key = status::key(&view, named);
    let is_elsewhere = view.entry(&key).is_none() && Known::of(&view, ask.control()).find(named)?.is_some();
    if is_elsewhere {
        let detail = format!("the certificate {named:?} is not the API's: it goes with what it comes from");
        return Err(refusal::conflict("file_owned", detail));
    }
    let wanted = || {
        let is_there = ask.view().entry(&key).is_some();
        let edit = Edit::Remove { key: key.clone(), condition: writing::condition(ask, is_there)? };
        Ok(Wanted { edit, places: Places::Nowhere, is_derived: false, is_so: false })
    };
    writing::write(ask, wanted, |_, _| Reply::nothing())
}

/// A certificate as it is answered, and its tag if it is one of the document's.
fn shown(ask: &Ask, named: &str) -> Result<(Reply, Option<String>), Problem> {
    let view = ask.view();
    let found = Known::of(&view, ask.control()).find(named)?;
    let status = found.ok_or_else(|| refusal::missing("certificate", named))?;
    let key: Key = CERTIFICATE.key(&status.id);
    let tag = view.entry(&key).map(|entry| entry.tag().to_owned());
    Ok((Reply::written(&status), tag))
}

/// The domain of a body, and the object that it makes.
///
/// # Errors
/// 422 with what is wrong.
fn read(ask: &Ask) -> Result<(String, Value), Problem> {
    let body = ask.object_of(&["domain", "id", "cert", "key"])?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let domain = text("domain").or_else(|| text("id"));
    let wanted = [
        ("/domain", "the host that it is for is needed: a text", domain),
        ("/cert", "the chain is needed: PEM", text("cert")),
        ("/key", "the key is needed: PEM", text("key")),
    ];
    let missing: Vec<_> = wanted.iter().filter(|(_, _, value)| value.is_none()).collect();
    let (Some(domain), Some(cert), Some(key)) = (domain, text("cert"), text("key")) else {
        let problem = refusal::summary(missing.len());
        return Err(missing
            .into_iter()
            .fold(problem, |problem, (pointer, detail, _)| problem.error(pointer, detail, None)));
    };
    let domain = domain.strip_suffix('.').unwrap_or(domain).to_ascii_lowercase();
    if text("id").is_some_and(|id| !id.eq_ignore_ascii_case(&domain)) {
        return Err(refusal::wrong("/id", "it is known by its domain", Some("leave it out")));
    }
    check::check(&domain, cert, key, SystemTime::now())?;
    let value = json!({ "id": domain, "cert": cert, "key": key });
    Ok((domain, value))
}
