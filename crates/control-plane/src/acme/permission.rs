//! Whether a certificate may be had for a name that a client came up with.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Empty;

use super::dial::Dial;
use super::exchange::{self, ExchangeError};

/// A handshake waits for the answer.
const LONGEST: Duration = Duration::from_secs(5);

/// Asks the operator's endpoint; only 200 is a yes. Redirects are not followed: they are a no like any other.
///
/// # Errors
/// There is no answer.
pub(super) async fn ask(dial: &dyn Dial, endpoint: &str, name: &str) -> Result<bool, ExchangeError> {
    let joint = if endpoint.contains('?') { '&' } else { '?' };
    let url = format!("{endpoint}{joint}domain={name}");
    let request = Request::get(&url).body(Empty::<Bytes>::new()).map_err(|_| ExchangeError::Url { url })?;
    Ok(exchange::ask(dial, request, LONGEST).await?.status() == StatusCode::OK)
}
