//! Bounds that stand with the fields themselves, checked by garde.

use crate::report::{At, Report};
use garde::Validate;

/// Checks what was read from the whole of the file, or from the part of it that `inside` leads to (`server.`).
pub(super) fn check(read: &impl Validate<Context = ()>, inside: &str, at: At<'_>, report: &mut Report<'_>) {
    let Err(found) = read.validate() else { return };
    for (path, error) in found.iter() {
        // garde counts the items that were read; the tree has those too that were left out.
        let item = |list, index| Some(at.other(list).items().nth(index)?.id);
        let (id, _) = at.tree.find_nearest_by(&format!("{inside}{path}"), item);
        report.add(id, sentence(error.message()), None);
    }
}

/// garde's words as a demand.
fn sentence(message: &str) -> String {
    let most =
        message.strip_prefix("greater than ").or_else(|| message.strip_prefix("length is greater than "));
    match (message.strip_prefix("lower than "), most) {
        (Some(least), _) => format!("must be at least {least}"),
        (_, Some(most)) => format!("must be at most {most}"),
        _ => message.into(),
    }
}
