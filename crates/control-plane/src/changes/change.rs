//! What somebody wants changed.

use config::Key;
use serde_json::Value;

/// What somebody wants changed: all of it, or nothing.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// What to do, in order.
    pub edits: Vec<Edit>,
}

impl Change {
    /// One edit.
    pub fn of(edit: Edit) -> Self {
        Self { edits: vec![edit] }
    }
}

/// One thing to do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Edit {
    /// An object of the API's layer is this from now on. Where the file has one of the same key, that is shadowed.
    Put {
        /// Its key; the id that the value has, if any, must be the same.
        key: Key,
        /// What it is; secrets may be markers of secrets that are known.
        value: Value,
        /// What must be true.
        condition: Condition,
    },
    /// An object of the API's layer is gone from now on; what it shadowed is served again.
    Remove {
        /// Its key.
        key: Key,
        /// What must be true.
        condition: Condition,
    },
    /// The API's layer is what makes the document this: objects that are the same as the file's stay the file's, others are
    /// the API's, and what the API had and is not here is gone. What the file alone has stays.
    Document {
        /// The whole document.
        value: Value,
        /// What must be true of the whole document.
        condition: Condition,
    },
}

/// What must be true for an edit to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition {
    /// Nothing.
    #[default]
    None,
    /// The object is not there yet, whoever's it would be.
    Absent,
    /// The object is there.
    Present,
    /// The object is there, and its tag is one of these.
    Tag(Vec<String>),
}
