//! Requests over HTTP/2.

use anyhow::{Context, Result};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, TE, USER_AGENT};
use http::{Method, Request, Version};

use super::{HOST, Style, first_route, grpc, request_fields};

/// A request over HTTP/2.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) head: Request<()>,
    /// Empty for a request that ends with its head.
    pub(crate) body: Bytes,
}

impl Call {
    /// The same request as over HTTP/1.1, by `scheme`.
    ///
    /// # Errors
    /// When a field is none.
    pub(crate) fn get(style: Style, scheme: &str) -> Result<Self> {
        Self::get_from(style, &format!("{scheme}://{HOST}/"))
    }

    /// The same for the first of a list of routes, in clear text.
    ///
    /// # Errors
    /// When a field is none.
    pub(crate) fn get_first_route(style: Style) -> Result<Self> {
        let (host, path) = first_route();
        Self::get_from(style, &format!("http://{host}{path}"))
    }

    fn get_from(style: Style, uri: &str) -> Result<Self> {
        let mut head = Request::builder().version(Version::HTTP_2).uri(uri);
        for line in request_fields(style).lines() {
            let (name, value) = line.split_once(": ").context("a field without a value")?;
            // RFC 9113 section 8.2.2: HTTP/2 has no fields about the connection.
            if !name.eq_ignore_ascii_case("connection") {
                head = head.header(name, value);
            }
        }
        Ok(Self { head: head.body(()).context("a request is odd")?, body: Bytes::new() })
    }

    /// A unary call of gRPC with a message of `length` bytes, prefix included.
    ///
    /// # Errors
    /// When a field is none.
    pub(crate) fn unary(length: usize) -> Result<Self> {
        let head = Request::builder()
            .version(Version::HTTP_2)
            .method(Method::POST)
            .uri(format!("http://{HOST}{}", grpc::PATH))
            .header(CONTENT_TYPE, grpc::CONTENT_TYPE)
            .header(TE, "trailers")
            .header(USER_AGENT, "grpc-bench/1.0")
            .body(())
            .context("a call is odd")?;
        Ok(Self { head, body: grpc::message(length) })
    }
}

#[cfg(test)]
mod tests;
