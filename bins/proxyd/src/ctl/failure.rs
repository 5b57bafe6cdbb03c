//! How `proxyd ctl` ends.

use std::io;
use std::process::ExitCode;

use http::StatusCode;

use super::client::{Answer, AskError, TlsError, TokenError};
use super::locate::LocateError;
use super::task::TaskError;
use super::{problem, view};
use crate::output;

/// Why a command did not do what it was told.
#[derive(Debug, thiserror::Error)]
pub(super) enum CtlFailure {
    #[error(transparent)]
    Task(#[from] TaskError),
    #[error(transparent)]
    Locate(#[from] LocateError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The proxy refused it.
    #[error("{}", problem::lines(.0).join("\n"))]
    Refused(Answer),
    /// What was answered is not the API's.
    #[error("what {0} answers is not JSON; is this the address of an admin API?")]
    NoJson(String),
    /// The stream of events ended.
    #[error("the stream of events has ended: {0}")]
    Stream(String),
    #[error("cannot write to standard output: {0}")]
    Output(#[source] io::Error),
    #[error("the terminal: {0}")]
    Terminal(#[source] io::Error),
    #[error("cannot start: {0}")]
    Runtime(#[source] io::Error),
}

/// The exit code; what went wrong is told on standard error, and with `json` on standard output what the API said.
pub(super) fn code(outcome: Result<(), CtlFailure>, json: bool) -> ExitCode {
    let Err(failure) = outcome else { return ExitCode::SUCCESS };
    if let (CtlFailure::Refused(answer), true) = (&failure, json)
        && let Ok(problem) = serde_json::from_slice(&answer.body)
    {
        // Standard error tells it as well.
        let _ = output::print(&view::object(&problem));
    }
    output::error(&format!("proxyd ctl: {failure}\n"));
    ExitCode::from(number(&failure))
}

const fn number(failure: &CtlFailure) -> u8 {
    match failure {
        CtlFailure::Task(TaskError::Usage(_)) => 2,
        CtlFailure::Refused(answer) if is_conflict(answer.status) => 3,
        _ => 1,
    }
}

/// Whether the same may well be done once things stand otherwise.
const fn is_conflict(status: StatusCode) -> bool {
    matches!(status, StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED)
}

#[cfg(test)]
mod tests;
