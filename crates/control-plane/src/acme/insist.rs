//! Calls that an authority refuses for their nonce alone.

use instant_acme::Error;

use super::failure::kind;

/// An authority may forget nonces at any time; more often in a row is no accident. The library tries each call three times.
pub(super) const CALLS: u32 = 4;

/// Makes a call again whose nonce was refused (RFC 8555 section 6.5): it was not even looked at. The expression is the call's
/// future, and is evaluated for each.
///
/// A macro, since a function could not say of a closure that it may be called on any thread.
macro_rules! insist {
    ($call:expr) => {{
        let mut calls = 1;
        loop {
            match $call.await {
                Err(error)
                    if calls < $crate::acme::insist::CALLS && $crate::acme::insist::is_stale(&error) =>
                {
                    calls += 1;
                }
                outcome => break outcome,
            }
        }
    }};
}

pub(super) use insist;

/// True where only the nonce is wrong.
pub(super) fn is_stale(error: &Error) -> bool {
    matches!(error, Error::Api(problem) if problem.r#type.as_deref() == Some(kind::BAD_NONCE))
}
