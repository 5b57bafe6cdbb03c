//! Challenges of ACME that are pending: what an authority asks for over plain HTTP, to see whose name it is.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError, RwLock};

/// Where challenges are asked for. RFC 8555 section 8.3.
const PREFIX: &[u8] = b"/.well-known/acme-challenge/";

/// Tokens that an authority may ask for, and what it is told. Cheap to clone; all clones are the same.
///
/// They are answered on every plain connection before anything else is looked at: redirects, routes, guards. A token that
/// is not pending is a request like any other.
#[derive(Clone, Default)]
pub struct Challenges {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Without any, nobody looks further.
    has_some: AtomicBool,
    pending: RwLock<HashMap<String, String>>,
}

impl Challenges {
    /// Answers for this token with this text from now on.
    pub fn put(&self, token: impl Into<String>, answer: impl Into<String>) {
        let mut pending = self.shared.pending.write().unwrap_or_else(PoisonError::into_inner);
        pending.insert(token.into(), answer.into());
        self.shared.has_some.store(true, Relaxed);
    }

    /// Answers for it no longer.
    pub fn remove(&self, token: &str) {
        let mut pending = self.shared.pending.write().unwrap_or_else(PoisonError::into_inner);
        pending.remove(token);
        self.shared.has_some.store(!pending.is_empty(), Relaxed);
    }

    /// What is answered at this path; `None` where no pending challenge is there.
    #[inline]
    pub(crate) fn answer(&self, path: &[u8]) -> Option<String> {
        if !self.shared.has_some.load(Relaxed) {
            return None;
        }
        let token = std::str::from_utf8(path.strip_prefix(PREFIX)?).ok()?;
        self.shared.pending.read().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }
}

impl fmt::Debug for Challenges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pending = self.shared.pending.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Challenges").field("pending", &pending.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Challenges;

    #[test]
    fn pending_tokens_are_answered_and_no_others() {
        let challenges = Challenges::default();
        assert_eq!(challenges.answer(b"/.well-known/acme-challenge/t"), None);
        challenges.put("t", "t.key");
        assert_eq!(challenges.answer(b"/.well-known/acme-challenge/t").as_deref(), Some("t.key"));
        for path in ["/.well-known/acme-challenge/", "/.well-known/acme-challenge/T", "/t", ""] {
            assert_eq!(challenges.answer(path.as_bytes()), None, "{path}");
        }
        challenges.remove("t");
        assert_eq!(challenges.answer(b"/.well-known/acme-challenge/t"), None);
    }
}
