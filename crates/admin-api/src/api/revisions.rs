//! Revisions, and ways back.

use control_plane::changes::ChangeError;
use serde_json::Value;

use super::ask::Ask;
use super::paging::Page;
use super::refusal::{self, Places, refusal};
use super::reply::Reply;
use super::{dto_applied, dto_plan, writing};
use crate::{Problem, dto};

pub(super) fn list(ask: &Ask) -> Result<Reply, Problem> {
    let all = ask.api.documents.revisions();
    let page = Page::of(all.iter(), ask, "revisions", |revision| revision.number.to_string())?;
    let told: Vec<_> = page.items.iter().map(|revision| dto::Revision::of(revision)).collect();
    Ok(page.link(Reply::written(&told)))
}

pub(super) fn get(ask: &Ask) -> Result<Reply, Problem> {
    let named = ask.segment("revision");
    let number = named.parse().ok();
    let revision = number.and_then(|number| ask.api.documents.revision(number));
    let revision = revision.ok_or_else(|| refusal::missing("revision", named))?;
    Ok(Reply::written(&dto::Revision::of(&revision)))
}

pub(super) fn confirm(ask: &Ask) -> Result<Reply, Problem> {
    let number = number(ask)?;
    let documents = &ask.api.documents;
    documents.confirm(number, &ask.by).map_err(refused)?;
    let revision = documents
        .revision(number)
        .ok_or_else(|| refused(ChangeError::UnknownRevision { revision: number }))?;
    Ok(Reply::written(&dto::Revision::of(&revision)).made(number, "confirmed".into()))
}

pub(super) fn roll_back(ask: &Ask) -> Result<Reply, Problem> {
    let number = number(ask)?;
    let how = writing::how(ask)?;
    let documents = &ask.api.documents;
    if ask.is_dry() {
        return documents.plan_roll_back(number).map(|planned| dto_plan(&planned)).map_err(refused);
    }
    let applied = documents.roll_back(number, &how).map_err(refused)?;
    Ok(dto_applied(&applied).made(applied.revision, format!("rolled back to {number}")))
}

pub(super) fn reload(ask: &Ask) -> Result<Reply, Problem> {
    if ask.body.is_some() {
        ask.object_of(&[])?;
    }
    let applied = ask.api.documents.reload(&ask.by).map_err(refused)?;
    let summary = writing::summary(&applied);
    Ok(dto_applied(&applied).made(applied.revision, summary))
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
fn refused(error: ChangeError) -> Problem {
    refusal(&error, &Places::Nowhere)
}

fn number(ask: &Ask) -> Result<u64, Problem> {
    let number = ask.object_of(&["revision"])?.get("revision").and_then(Value::as_u64);
    number.ok_or_else(|| refusal::wrong("/revision", "the number of a revision is needed", None))
}
