//! Why changes are refused, as it is answered.

use std::error::Error as _;

use control_plane::changes::{ChangeError, Fault};
use http::StatusCode;

use super::{moment, tags};
use crate::Problem;

/// Where the value of an edit stands in the body that it was made from.
#[derive(Clone, Debug)]
pub(crate) enum Places {
    /// In the same place.
    Same,
    /// What is below this pointer is the body.
    Below(String),
    /// In the same place, but for these pointers, which have other names there.
    Renamed(&'static [(&'static str, &'static str)]),
    /// Nowhere.
    Nowhere,
}

impl Places {
    /// The pointer in the body of a pointer in the value.
    fn in_body(&self, pointer: &str) -> Option<String> {
        match self {
            Self::Same => Some(pointer.to_owned()),
            Self::Below(above) => {
                let rest = pointer.strip_prefix(above.as_str())?;
                (rest.is_empty() || rest.starts_with('/')).then(|| rest.to_owned())
            }
            Self::Renamed(names) => {
                let renamed = names.iter().find(|(in_value, _)| *in_value == pointer);
                Some(renamed.map_or(pointer, |(_, in_body)| in_body).to_owned())
            }
            Self::Nowhere => None,
        }
    }
}

/// A refused change as it is answered.
pub(crate) fn refusal(error: &ChangeError, places: &Places) -> Problem {
    let detail = error.to_string();
    match error {
        ChangeError::Invalid { faults } => invalid(faults, places),
        ChangeError::Condition { tag, .. } => changed(&detail, tag.as_deref()),
        ChangeError::DocumentCondition { tag } => changed(&detail, Some(tag)),
        ChangeError::Missing { .. } | ChangeError::UnknownRevision { .. } => {
            Problem::new(StatusCode::NOT_FOUND, "not_found", detail)
        }
        ChangeError::Exists { key } => exists(&detail, &key.id),
        ChangeError::FileOwned { .. } => conflict("file_owned", detail),
        ChangeError::Pending { revision, until } => {
            conflict("pending", detail).with("revision", *revision).with("until", moment::with_millis(*until))
        }
        ChangeError::NotPending { revision } => conflict("not_pending", detail).with("revision", *revision),
        ChangeError::NeedsRestart { .. } => conflict("needs_restart", detail),
        ChangeError::Store { is_full: true, .. } => {
            Problem::new(StatusCode::INSUFFICIENT_STORAGE, "storage_full", with_cause(error))
        }
        ChangeError::Store { .. } => unavailable("storage_failed", with_cause(error)),
        ChangeError::InUse { .. } => unavailable("storage_in_use", detail),
        ChangeError::Internal(_) => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail),
        // A cause that this version has no answer of its own for.
        _ => unavailable("refused", detail),
    }
}

/// What is not there.
pub(crate) fn missing(what: &str, id: &str) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", format!("there is no {what} {id:?}"))
}

/// What is there already.
pub(crate) fn exists(detail: &str, id: &str) -> Problem {
    conflict("exists", detail).with("candidates", vec![id])
}

/// What cannot be, as things are.
pub(crate) fn conflict(code: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::CONFLICT, code, detail)
}

/// What is wrong with the body as a whole, or at a place in it.
pub(crate) fn wrong(pointer: &str, detail: &str, hint: Option<&str>) -> Problem {
    summary(1).error(pointer, detail, hint)
}

/// What is not as it was when it was read.
pub(crate) fn changed(detail: &str, tag: Option<&str>) -> Problem {
    let problem = Problem::new(StatusCode::PRECONDITION_FAILED, "changed", detail);
    match tag {
        Some(tag) => problem.field(http::header::ETAG, tags::field(tag)),
        None => problem,
    }
}

/// The head of a problem with so many errors: 422, as what is wrong with the document is told apart from what is no JSON and no
/// parameter (400).
pub(crate) fn summary(count: usize) -> Problem {
    let detail = if count == 1 { "1 thing is wrong".to_owned() } else { format!("{count} things are wrong") };
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail)
}

fn unavailable(code: &'static str, detail: String) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, detail)
}

fn invalid(faults: &[Fault], places: &Places) -> Problem {
    faults.iter().fold(summary(faults.len()), |answer, fault| {
        let problem = &fault.problem;
        let hint = problem.hint.as_deref();
        let pointer = fault.edit.and_then(|_| places.in_body(&fault.pointer));
        match pointer {
            Some(pointer) => answer.error(&pointer, &problem.message, hint),
            // It is about something that the body does not have: the sentence says what.
            None => answer.error("", &elsewhere(&problem.path, &problem.message), hint),
        }
    })
}

fn elsewhere(path: &str, message: &str) -> String {
    if path.is_empty() { message.to_owned() } else { format!("{path}: {message}") }
}

fn with_cause(error: &ChangeError) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
