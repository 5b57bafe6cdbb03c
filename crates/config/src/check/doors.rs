//! The ways in that keys of other parts need.

use crate::{
    Document,
    report::{At, Report},
};

/// Which ways in there are. Where listeners have errors, all count as there, so that one error does not make more.
#[derive(Clone, Copy)]
pub(super) struct Doors {
    /// Plain HTTP.
    pub(super) plain: bool,
    /// HTTP over TLS.
    pub(super) https: bool,
    /// TLS that is passed on by its server name.
    pub(super) passages: bool,
}

impl Doors {
    pub(super) fn of(document: &Document, at: At<'_>, report: &Report<'_>) -> Self {
        let is_unsure =
            ["listeners", "proxy"].iter().any(|key| at.get(key).is_some_and(|at| report.is_touched(at)));
        Self {
            plain: is_unsure || document.has_plain(),
            https: is_unsure || document.has_https(),
            passages: is_unsure || document.has_passages(),
        }
    }
}
