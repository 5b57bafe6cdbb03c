//! Bounds that stand with the fields themselves, checked by garde.

use crate::{
    Document,
    report::{At, Report},
};
use garde::Validate;

pub(super) fn check(document: &Document, at: At<'_>, report: &mut Report<'_>) {
    let Err(found) = document.validate() else { return };
    for (path, error) in found.iter() {
        let (id, _) = at.tree.find_nearest(&path.to_string());
        report.add(id, error.message(), None);
    }
}
