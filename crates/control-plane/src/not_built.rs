//! What a document asks for and this version does not have.

use config::{Loaded, Problem};

/// Each key of the file whose feature is not built into this version, with a sentence that says so.
pub fn not_built(loaded: &Loaded) -> Vec<Problem> {
    loaded.not_built()
}
