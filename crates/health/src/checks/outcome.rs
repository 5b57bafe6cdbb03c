//! What came of one probe.

use crate::{ProbeError, Transition};
use std::{error::Error, iter, time::Duration};

/// No error text is longer, in bytes.
const LONGEST: usize = 256;

/// What came of one probe of [`Checks`](crate::Checks).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// Whether the probe succeeded.
    pub succeeded: bool,
    /// What that did to the backend.
    pub transition: Transition,
    /// From the start of the probe to its end.
    pub took: Duration,
    /// Why it did not succeed, with the causes, at most 256 bytes; `None` if it did.
    pub error: Option<String>,
}

impl Outcome {
    pub(super) fn new(result: Result<(), ProbeError>, transition: Transition, took: Duration) -> Self {
        let error = result.err().map(|error| text(&error));
        Self { succeeded: error.is_none(), transition, took, error }
    }
}

/// The error and its causes, outermost first.
fn text(error: &ProbeError) -> String {
    let causes = iter::successors(Some(error as &dyn Error), |error| (*error).source());
    let mut text = String::new();
    for cause in causes.take(8) {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&cause.to_string());
        if text.len() > LONGEST {
            text.truncate(text.floor_char_boundary(LONGEST));
            break;
        }
    }
    text
}
