//! The states that backends were set to by hand, as a text that outlives the process: JSON, with a version.
//!
//! ```
//! use config::{BackendState, backend_states::BackendStates};
//!
//! let mut states = BackendStates::default();
//! states.set("app", "10.0.0.1:80", BackendState::Drain);
//! let text = states.to_text();
//! assert_eq!(BackendStates::parse(text)?.find("app", "10.0.0.1:80"), Some(BackendState::Drain));
//! # Ok::<(), config::backend_states::StatesError>(())
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::BackendState;

/// The version that is written, and the only one that is read.
const VERSION: u32 = 1;

/// States of backends, by the names of their upstreams and their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackendStates {
    upstreams: BTreeMap<String, BTreeMap<String, BackendState>>,
}

/// Why a text has no states.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatesError {
    /// It is no JSON, or has other keys or values than these texts have.
    #[error("not the states of backends")]
    Form(#[from] serde_json::Error),
    /// It was written by another version of proxyd.
    #[error("version {0} of the format, where this version of proxyd knows {VERSION} alone")]
    Version(u32),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    version: u32,
    upstreams: BTreeMap<String, BTreeMap<String, BackendState>>,
}

/// What any version has.
#[derive(Deserialize)]
struct Head {
    version: u32,
}

impl BackendStates {
    /// Reads what [`to_text`](Self::to_text) wrote.
    ///
    /// # Errors
    /// Why the text has no states.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, StatesError> {
        let text = text.as_ref();
        let Head { version } = serde_json::from_slice(text)?;
        if version != VERSION {
            return Err(StatesError::Version(version));
        }
        let File { upstreams, .. } = serde_json::from_slice(text)?;
        Ok(Self { upstreams })
    }

    /// The states as a text, a line for each, with a line break at the end.
    pub fn to_text(&self) -> String {
        // Texts and names of states are all that is in it, so that nothing can fail.
        let file = serde_json::json!({ "version": VERSION, "upstreams": self.upstreams });
        format!("{file:#}\n")
    }

    /// What a backend was set to; `None` where nobody did.
    pub fn find(&self, upstream: &str, id: &str) -> Option<BackendState> {
        self.upstreams.get(upstream)?.get(id).copied()
    }

    /// Notes what a backend is set to.
    pub fn set(&mut self, upstream: &str, id: &str, state: BackendState) {
        self.upstreams.entry(upstream.to_owned()).or_default().insert(id.to_owned(), state);
    }

    /// Forgets what a backend was set to.
    pub fn forget(&mut self, upstream: &str, id: &str) {
        if let Some(backends) = self.upstreams.get_mut(upstream) {
            backends.remove(id);
            self.upstreams.retain(|_, backends| !backends.is_empty());
        }
    }

    /// The states of an upstream's backends, by their ids.
    pub fn of_upstream(&self, upstream: &str) -> impl Iterator<Item = (&str, BackendState)> {
        self.upstreams.get(upstream).into_iter().flatten().map(|(id, state)| (id.as_str(), *state))
    }
}

#[cfg(test)]
mod tests;
