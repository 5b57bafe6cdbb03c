//! Changes of the document: planned, made, and tried again where what they were made from has changed meanwhile.

use std::time::Duration;

use config::{Key, Kind};
use control_plane::changes::{Applied, Change, ChangeError, Condition, Edit, How, RevertOn};
use http::StatusCode;
use http::header::{HeaderValue, RETRY_AFTER};

use super::ask::Ask;
use super::refusal::{Places, changed, refusal};
use super::reply::Reply;
use super::tags::Tags;
use super::{dto_plan, query};
use crate::{Problem, dto};

/// So often is a change tried that is made from what was read.
const TRIES_MAX: usize = 64;
const CONFIRM_MIN: Duration = Duration::from_secs(1);
const CONFIRM_MAX: Duration = Duration::from_secs(86_400);

/// A change that is wanted.
pub(super) struct Wanted {
    pub(super) edit: Edit,
    /// Where the edit's value stands in the body.
    pub(super) places: Places,
    /// Whether it was made from what was read, and the client did not say of which tag that must be: it is made anew from what
    /// is there then.
    pub(super) is_derived: bool,
    /// Whether all is so already: nothing is changed then, and what the file says stays the file's.
    pub(super) is_so: bool,
}

/// Makes a change, or says what it would do. It is made anew for each try; `done` gets the object that it is about, if it is about
/// one, and what was done, if there was something to do.
///
/// # Errors
/// Why it is refused; nothing has changed then.
pub(super) fn write(
    ask: &Ask,
    mut wanted: impl FnMut() -> Result<Wanted, Problem>,
    done: impl FnOnce(Option<&Applied>, &Key) -> Reply,
) -> Result<Reply, Problem> {
    let how = how(ask)?;
    for _ in 0..TRIES_MAX {
        let Wanted { edit, places, is_derived, is_so } = wanted()?;
        let change = Change::of(edit);
        if is_so && ask.is_dry() {
            return Ok(Reply::written(&dto::Plan::of_nothing(ask.view().revision, ask.connections())));
        }
        if is_so {
            return Ok(done(None, &key_of(&change)));
        }
        if ask.is_dry() {
            let planned = ask.api.documents.plan(&change).map_err(|error| refusal(&error, &places))?;
            return Ok(dto_plan(&planned));
        }
        match ask.api.documents.apply(&change, &how) {
            Ok(applied) => {
                let reply = done(Some(&applied), &key_of(&change));
                return Ok(reply.made(applied.revision, summary(&applied)));
            }
            Err(error) if is_derived && is_outrun(&error) => {}
            Err(ChangeError::Exists { key }) if ask.conditions.is_not.is_some() => {
                let tag = ask.view().entry(&key).map(|entry| entry.tag().to_owned());
                return Err(changed(&format!("{key} is there already"), tag.as_deref()));
            }
            Err(error) => return Err(refusal(&error, &places)),
        }
    }
    let detail = "others change the same at the same time; try again";
    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail)
        .field(RETRY_AFTER, HeaderValue::from_static("1")))
}

/// The object that a change is about.
fn key_of(change: &Change) -> Key {
    match change.edits.first() {
        Some(Edit::Put { key, .. } | Edit::Remove { key, .. }) => key.clone(),
        _ => Key::new(Kind::Section, ""),
    }
}

/// Whether somebody else was quicker.
const fn is_outrun(error: &ChangeError) -> bool {
    matches!(
        error,
        ChangeError::Condition { .. } | ChangeError::DocumentCondition { .. } | ChangeError::Exists { .. }
    )
}

/// What the request wants to be true of what it changes.
///
/// # Errors
/// 428 where something is there that may be changed under a condition alone.
pub(super) fn condition(ask: &Ask, is_there: bool) -> Result<Condition, Problem> {
    match (&ask.conditions.is, &ask.conditions.is_not) {
        (_, Some(_)) => Ok(Condition::Absent),
        (Some(Tags::Any), None) => Ok(Condition::Present),
        (Some(Tags::These(tags)), None) => Ok(Condition::Tag(Tags::strong(tags))),
        (None, None) if is_there && !ask.is_dry() && ask.api.settings.require_if_match => Err(Problem::new(
            StatusCode::PRECONDITION_REQUIRED,
            "precondition_required",
            "say with `If-Match` what you have seen of it: its `ETag`",
        )),
        (None, None) => Ok(Condition::None),
    }
}

/// On whose behalf, and under which reservation.
///
/// # Errors
/// 400 where a parameter of the query is wrong.
pub(super) fn how(ask: &Ask) -> Result<How, Problem> {
    let mut how = How::by(&ask.by);
    how.confirm = ask.query.text("confirm").map(|text| span("confirm", text)).transpose()?;
    how.revert_on = ask.query.text("revertOn").map(revert_on).transpose()?;
    Ok(how)
}

/// What was changed, in a few words for a log.
pub(super) fn summary(applied: &Applied) -> String {
    const MOST: usize = 8;
    let mut words: Vec<_> = applied
        .changes
        .iter()
        .take(MOST)
        .map(|change| format!("{} {}", change.kind.as_str(), change.key))
        .collect();
    if applied.changes.len() > MOST {
        words.push(format!("and {} more", applied.changes.len() - MOST));
    }
    words.join(", ")
}

fn span(name: &str, text: &str) -> Result<Duration, Problem> {
    let span =
        text.parse::<config::Duration>().map_err(|error| query::refuse(name, &format!("is {error}")))?;
    let is_within = (CONFIRM_MIN..=CONFIRM_MAX).contains(&span.get());
    if is_within { Ok(span.get()) } else { Err(query::refuse(name, "must be from 1s to 24h")) }
}

const SHARE: &str = "has errors that are no share: 0% to 100%";
const FACTOR: &str = "has a p99 that is no factor: 1x to 1000x";
const COUNT: &str = "has a least that is no whole number";

fn revert_on(text: &str) -> Result<RevertOn, Problem> {
    let refuse = |detail: &str| query::refuse("revertOn", detail);
    let mut bounds = RevertOn::default();
    let mut seen = Vec::new();
    for part in text.split(',') {
        let (name, value) = part.split_once('=').ok_or_else(|| refuse("is written errors=5%,p99=2x"))?;
        if seen.contains(&name) {
            return Err(refuse("names a bound twice"));
        }
        seen.push(name);
        match name {
            "errors" => bounds.errors = Some(number(value, '%', 0.0..=100.0).ok_or_else(|| refuse(SHARE))?),
            "p99" => bounds.p99 = Some(number(value, 'x', 1.0..=1000.0).ok_or_else(|| refuse(FACTOR))?),
            "watch" => bounds.watch = span("revertOn", value)?,
            "least" => bounds.least = value.parse().map_err(|_| refuse(COUNT))?,
            _ => return Err(refuse("knows errors, p99, watch and least")),
        }
    }
    if bounds.errors.is_none() && bounds.p99.is_none() {
        return Err(refuse("must say errors or p99"));
    }
    Ok(bounds)
}

fn number(text: &str, unit: char, bounds: std::ops::RangeInclusive<f64>) -> Option<f64> {
    let digits = text.strip_suffix(unit).unwrap_or(text);
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    digits.parse().ok().filter(|number| is_plain && bounds.contains(number))
}

#[cfg(test)]
mod tests;
