//! Names that people give to things.

use crate::{
    report::{At, Report},
    tree::NodeId,
};
use std::collections::HashMap;

/// The longest name in bytes; names are labels of metrics and parts of paths.
const NAME_MAX: usize = 256;

/// Names of one kind that were seen.
#[derive(Default)]
pub(crate) struct Names {
    /// Each with where it was, if it was written.
    seen: HashMap<String, Option<NodeId>>,
    /// The number that was last put behind a name. Names are never given back, so that the next free one is behind it.
    numbers: HashMap<String, u32>,
}

impl Names {
    /// Reports a name that is none or comes twice.
    pub(super) fn claim(&mut self, name: &str, what: &str, at: At<'_>, report: &mut Report<'_>) {
        check(name, what, at, report);
        self.take(name, what, at, report);
    }

    /// Reports an id that is none or comes twice. One that was derived is none of somebody's making: it may have any form.
    pub(super) fn claim_id(&mut self, id: (&str, &str), what: &str, at: At<'_>, report: &mut Report<'_>) {
        let (id, derived) = id;
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_derived = match id.strip_prefix(derived) {
            Some("") => true,
            Some(rest) => rest.strip_prefix('#').is_some_and(is_number),
            None => false,
        };
        if !is_derived {
            check(id, what, at, report);
        }
        self.take(id, what, at, report);
    }

    fn take(&mut self, name: &str, what: &str, at: At<'_>, report: &mut Report<'_>) {
        if let Some(first) = self.seen.get(name) {
            let hint = first.map(|first| format!("the first one is {}", at.other(first).whereabouts()));
            report.add(at.id, format!("the {what} `{name}` is used twice"), hint);
        } else {
            self.seen.insert(name.into(), Some(at.id));
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.seen.contains_key(name)
    }

    /// A name that is not taken yet: this one, or this one with a number.
    pub(crate) fn fresh(&mut self, name: &str) -> String {
        let mut fresh = String::from(name);
        if self.has(name) {
            let number = self.numbers.entry(fresh.clone()).or_insert(1);
            while self.seen.contains_key(&fresh) {
                *number = number.saturating_add(1);
                fresh = format!("{name}#{number}");
            }
        }
        self.seen.insert(fresh.clone(), None);
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
