//! Keys whose features are not built yet.

use crate::{Document, problem::Problem, report::At, source::Source};

/// Each key whose feature is not built, with a sentence that says so.
pub(crate) fn not_built(_document: &Document, _at: At<'_>, _source: &Source) -> Vec<Problem> {
    Vec::new()
}
