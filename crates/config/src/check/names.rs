//! Names that people give to things.

use crate::report::{At, Report};
use std::collections::HashMap;

/// The longest name in bytes; names are labels of metrics and parts of paths.
const NAME_MAX: usize = 256;

/// Names of one kind that were seen, each with the line where it was.
#[derive(Default)]
pub(crate) struct Names(HashMap<String, u32>);

impl Names {
    /// Reports a name that is none or comes twice.
    pub(super) fn claim(&mut self, name: &str, what: &str, at: At<'_>, report: &mut Report<'_>) {
        check(name, what, at, report);
        let line = at.tree.node(at.id).spot.place.line;
        if let Some(first) = self.0.get(name) {
            let hint = format!("the first one is in line {first}");
            report.add(at.id, format!("the {what} `{name}` is used twice"), Some(hint));
        } else {
            self.0.insert(name.into(), line);
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A name that is not taken yet: this one, or this one with a number.
    pub(crate) fn fresh(&mut self, name: &str) -> String {
        let mut fresh = String::from(name);
        let mut number = 1;
        while self.has(&fresh) {
            number += 1;
            fresh = format!("{name}#{number}");
        }
        self.0.insert(fresh.clone(), 0);
        fresh
    }
}

fn check(name: &str, what: &str, at: At<'_>, report: &mut Report<'_>) {
    let message = if name.len() > NAME_MAX {
        format!("the {what} has {} bytes; at most {NAME_MAX} are allowed", name.len())
    } else if name.trim() != name || name.contains(char::is_control) {
        format!("the {what} `{}` has control characters, or spaces at an end", name.escape_debug())
    } else {
        return;
    };
    report.add(at.id, message, None);
}
