//! How the ACME library speaks to the authority.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, Request};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};

use super::clock::Clock;
use super::dial::Dial;
use super::exchange::{self, ExchangeError};

/// A request takes no longer.
const LONGEST: Duration = Duration::from_secs(30);

/// Carries the library's requests over egress, and notes what it does not pass on.
#[derive(Clone)]
pub(super) struct Wire {
    pub(super) dial: Arc<dyn Dial>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) note: Arc<Note>,
}

/// What the authority's last answer said beside its body.
#[derive(Debug, Default)]
pub(super) struct Note(Mutex<Last>);

/// An answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Last {
    /// Its status; 0 where none came.
    pub(super) status: u16,
    /// Of an answer that is an error.
    pub(super) retry_after: Option<SystemTime>,
}

impl Note {
    #[cfg(test)]
    pub(super) fn saying(last: Last) -> Self {
        Self(Mutex::new(last))
    }

    pub(super) fn last(&self) -> Last {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, last: Last) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = last;
    }
}

impl Last {
    pub(super) const fn is_error(self) -> bool {
        self.status >= 400
    }

    /// The authority's own fault.
    pub(super) const fn is_fault(self) -> bool {
        self.status >= 500
    }
}

impl HttpClient for Wire {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let (dial, clock, note) = (self.dial.clone(), self.clock.clone(), self.note.clone());
        Box::pin(async move {
            note.write(Last::default());
            let answer = ask(&*dial, request).await.map_err(|error| Error::Other(Box::new(error)))?;
            let status = answer.status().as_u16();
            let mut last = Last { status, retry_after: None };
            if last.is_error() {
                last.retry_after = retry_after(answer.headers(), clock.now());
            }
            note.write(last);
            let (parts, body) = answer.into_parts();
            Ok(BytesResponse { parts, body: Box::new(body) })
        })
    }
}

async fn ask(
    dial: &dyn Dial,
    request: Request<BodyWrapper<Bytes>>,
) -> Result<http::Response<Bytes>, ExchangeError> {
    let url = request.uri().to_string();
    if !exchange::is_trustworthy(&url) {
        return Err(ExchangeError::Plain { url });
    }
    exchange::ask(dial, request, LONGEST).await
}

/// RFC 9110 section 10.2.3.
fn retry_after(fields: &HeaderMap, now: SystemTime) -> Option<SystemTime> {
    let value = fields.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match value.parse().map(Duration::from_secs) {
        Ok(wait) => now.checked_add(wait),
        Err(_) => httpdate::parse_http_date(value).ok(),
    }
}

#[cfg(test)]
mod tests;
