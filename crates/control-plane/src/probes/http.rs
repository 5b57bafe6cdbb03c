//! Probes over HTTP.

use config::{HealthCheck, StatusRange};
use health::{ProbeError, ProbeFuture};
use http::header::{CONNECTION, HOST, USER_AGENT};
use http::uri::PathAndQuery;
use http::{Method, Request, Uri, request};
use proxy_core::{Check, CheckTarget, Stream};
use regex::bytes::{Regex, RegexBuilder};

use super::{Answer, Dialler, LONGEST_BODY, http1, http2};

/// A regular expression compiles to at most so many bytes, as everywhere in a document.
const LARGEST_REGEX: usize = 1 << 20;

/// Asks for a path, and expects a status and a body. Redirects are answers like any other.
pub(crate) struct HttpProbe {
    dialler: Dialler,
    speaks_http2: bool,
    method: Method,
    path: PathAndQuery,
    /// What Host says; `None`: the backend's own name.
    host: Option<String>,
    statuses: Vec<StatusRange>,
    body: Option<Regex>,
}

/// What cannot be asked or expected.
#[derive(Debug)]
pub(crate) struct Wrong {
    /// The key below `healthCheck` that says it.
    pub(crate) key: &'static str,
    pub(crate) cause: String,
}

impl HttpProbe {
    /// What a document asks for.
    pub(crate) fn new(written: &HealthCheck, speaks_http2: bool, dialler: Dialler) -> Result<Self, Wrong> {
        let wrong = |key: &'static str| move |cause: String| Wrong { key, cause };
        let regex = |text: &String| RegexBuilder::new(text).size_limit(LARGEST_REGEX).build();
        Ok(Self {
            dialler,
            speaks_http2,
            method: written.method.parse().map_err(|_| wrong("method")("not a method".into()))?,
            path: written
                .path
                .parse()
                .map_err(|_| wrong("path")("not a path that can be asked for".into()))?,
            host: written.host.clone(),
            statuses: written.expect.status.clone(),
            body: written
                .expect
                .body
                .as_ref()
                .map(regex)
                .transpose()
                .map_err(|error| wrong("expect.body")(error.to_string()))?,
        })
    }

    /// Asks over a connection.
    pub(super) async fn ask(&self, stream: Stream, host: &str) -> Result<(), ProbeError> {
        let host = self.host.as_deref().unwrap_or(host);
        // No body is worth its time where nobody looks at it.
        let most = if self.body.is_some() { LONGEST_BODY } else { 0 };
        // What TLS has negotiated is what is spoken.
        let answer = if self.speaks_http2 || stream.speaks_http2() {
            let scheme = if stream.is_secure() { "https" } else { "http" };
            let uri = Uri::builder().scheme(scheme).authority(host).path_and_query(self.path.clone());
            let request = self.request(uri.build().map_err(ProbeError::failed)?);
            http2::ask(stream, request.body(()).map_err(ProbeError::failed)?, Vec::new(), most).await?
        } else {
            let request =
                self.request(self.path.clone().into()).header(HOST, host).header(CONNECTION, "close");
            http1::ask(stream, request.body(()).map_err(ProbeError::failed)?, most).await?
        };
        self.judge(&answer).map_err(ProbeError::failed)
    }

    fn request(&self, uri: Uri) -> request::Builder {
        Request::builder().method(self.method.clone()).uri(uri).header(USER_AGENT, super::USER_AGENT)
    }

    fn judge(&self, answer: &Answer) -> Result<(), String> {
        let status = answer.head.status.as_u16();
        if !self.statuses.iter().any(|range| range.contains(status)) {
            let expected: Vec<String> = self.statuses.iter().map(ToString::to_string).collect();
            return Err(format!("expected status {}, came {status}", expected.join(", ")));
        }
        match &self.body {
            Some(regex) if !regex.is_match(&answer.body) => {
                let (expected, came) = (regex.as_str(), answer.body.len());
                Err(format!("expected a body that matches `{expected}`, came {came} bytes that do not"))
            }
            _ => Ok(()),
        }
    }
}

impl Check for HttpProbe {
    fn check<'a>(&'a self, target: &'a CheckTarget) -> ProbeFuture<'a> {
        Box::pin(async move {
            let stream = self.dialler.connect(&target.address).await?;
            self.ask(stream, &target.host).await
        })
    }
}

#[cfg(test)]
mod tests;
