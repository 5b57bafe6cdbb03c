//! Checks before forwarding: the seam for authentication, rate limits, validation, and an embedder's own.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use http1::{Fields, Name};

/// A check of a route. It passes a request on or answers it; it never forwards.
///
/// A guard is asked once per request, after the route was found and before a backend is chosen. What it sees
/// is what the client sent; what it may change is what the backend gets, and that comes last: a client cannot
/// forge a field that a guard sets.
///
/// # Panics
/// A guard that panics costs the one connection that asked it.
pub trait Guard: Send + Sync {
    /// Checks a request. It must not block: what takes time goes into [`Verdict::Wait`].
    fn check(&self, request: &Request<'_>) -> Verdict;
}

impl<F> Guard for F
where
    F: Fn(&Request<'_>) -> Verdict + Send + Sync,
{
    fn check(&self, request: &Request<'_>) -> Verdict {
        self(request)
    }
}

/// What a guard says.
#[non_exhaustive]
pub enum Verdict {
    /// The request goes on.
    Pass,
    /// The request goes on, and these fields are set on it, whatever the client sent under their names.
    PassWith(Vec<(String, String)>),
    /// The request ends here.
    Refuse(Refusal),
    /// It will be known later: the request waits, its body unread. The future yields any verdict but `Wait`;
    /// it is dropped when the client goes away.
    Wait(Pin<Box<dyn Future<Output = Self> + Send>>),
}

/// An answer that a guard gives itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// Its status, 400 to 599.
    pub status: u16,
    /// The stable snake_case code that says why.
    pub reason: &'static str,
    /// One sentence for the client.
    pub detail: String,
    /// Further fields, such as `WWW-Authenticate` or `Retry-After`.
    pub fields: Vec<(String, String)>,
}

impl Refusal {
    /// A refusal without further fields.
    pub fn new(status: u16, reason: &'static str, detail: impl Into<String>) -> Self {
        Self { status, reason, detail: detail.into(), fields: Vec::new() }
    }

    /// With one more field.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }
}

/// A request as a guard sees it: read-only, as the client sent it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub(crate) method: &'a [u8],
    pub(crate) host: &'a str,
    pub(crate) path: &'a [u8],
    pub(crate) query: Option<&'a [u8]>,
    pub(crate) fields: Fields<'a>,
    pub(crate) client: IpAddr,
    pub(crate) route: &'a str,
    pub(crate) request_id: &'a str,
}

impl<'a> Request<'a> {
    /// The method.
    pub const fn method(&self) -> &'a [u8] {
        self.method
    }

    /// The host in lower case, without port; empty where an HTTP/1.0 client named none.
    pub const fn host(&self) -> &'a str {
        self.host
    }

    /// The normalised path: the one that was routed, and that is forwarded.
    pub const fn path(&self) -> &'a [u8] {
        self.path
    }

    /// What follows the first `?`.
    pub const fn query(&self) -> Option<&'a [u8]> {
        self.query
    }

    /// The fields, in the order in which they came.
    pub const fn fields(&self) -> Fields<'a> {
        self.fields
    }

    /// The value of the first field of that name, in any case.
    pub fn field(&self, name: &str) -> Option<&'a [u8]> {
        match Name::of(name.as_bytes()) {
            Name::Other => self.fields.all_named(name).next(),
            id => self.fields.first(id),
        }
    }

    /// The client's address, as far as trusted proxies tell it.
    pub const fn client(&self) -> IpAddr {
        self.client
    }

    /// The route's id.
    pub const fn route(&self) -> &'a str {
        self.route
    }

    /// The request's id.
    pub const fn request_id(&self) -> &'a str {
        self.request_id
    }
}
