//! Changes of header fields.

use crate::{FieldName, Fields};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Changes of a message's header fields; first `remove`, then `set`, then `add`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct FieldEdits {
    /// Fields that get this value alone, whatever they had.
    pub set: Fields,
    /// Fields that get this value beside those that they have.
    pub add: Fields,
    /// Fields that are taken out.
    pub remove: Vec<FieldName>,
}
