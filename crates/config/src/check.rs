//! What one value cannot know by itself: bounds, names that must exist, names that must not come twice.

mod bounds;

use crate::{
    Document,
    load::Surroundings,
    report::{At, Report},
};

/// Checks a document that was read, and completes it: default ids, secrets from files.
pub(crate) fn check(
    document: &mut Document,
    at: At<'_>,
    _surroundings: &Surroundings<'_>,
    report: &mut Report<'_>,
) {
    bounds::check(document, at, report);
}
