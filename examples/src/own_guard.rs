//! A guard of one's own: requests need a token, and the backend is told whose it was.

use std::hint::black_box;

use proxy_core::spec::{BackendSpec, RouteSpec, UpstreamSpec};
use proxy_core::{BuildError, Guard, Proxy, Refusal, Request, Verdict};

/// The field in which the backend is told who asks. What a client sends under this name never arrives.
pub const CALLER: &str = "X-Caller";

/// Lets those requests pass that carry one of the tokens as `Authorization: Bearer <token>`.
pub struct Tokens {
    callers: Vec<(String, String)>,
}

impl Tokens {
    /// With these callers and their tokens.
    pub fn new<'a>(callers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self {
            callers: callers.into_iter().map(|(name, token)| (name.to_owned(), token.to_owned())).collect(),
        }
    }

    /// The caller whose token this is. All are compared, so that the time does not tell which one was near.
    fn caller(&self, given: &[u8]) -> Option<&str> {
        let mut found = None;
        for (name, token) in &self.callers {
            if is_same(given, token.as_bytes()) {
                found = Some(name.as_str());
            }
        }
        found
    }
}

impl Guard for Tokens {
    fn check(&self, request: &Request<'_>) -> Verdict {
        let mut lines = request.fields().all_named("authorization");
        let (Some(given), None) = (lines.next(), lines.next()) else {
            return refuse("token_missing", "This needs one Authorization field with a token.");
        };
        let token = given.strip_prefix(b"Bearer ").and_then(|token| self.caller(token));
        match token {
            Some(caller) => Verdict::PassWith(vec![(CALLER.to_owned(), caller.to_owned())]),
            None => refuse("token_unknown", "This token is none of ours."),
        }
    }
}

/// The proxy writes the answer: the reason and the request's id are in it, and in the counts.
fn refuse(reason: &'static str, detail: &str) -> Verdict {
    Verdict::Refuse(Refusal::new(401, reason, detail).field("WWW-Authenticate", "Bearer realm=\"orders\""))
}

/// Compares in a time that depends on the lengths alone, which are no secret: a comparison that ends at the first
/// difference lets a patient client guess a token byte by byte.
fn is_same(given: &[u8], token: &[u8]) -> bool {
    if given.len() != token.len() {
        return false;
    }
    let difference = given.iter().zip(token).fold(0, |all, (a, b)| black_box(all | (a ^ b)));
    difference == 0
}

/// A proxy whose one route is guarded.
///
/// # Errors
/// Never, as long as route and upstream fit together.
pub fn proxy(backend: BackendSpec, tokens: Tokens) -> Result<Proxy, BuildError> {
    let mut route = RouteSpec::to("orders", "orders").guard(tokens);
    // The token was for us: the backend does not need it. Guards come before edits, and see what the client sent.
    route.request_fields.remove.push("Authorization".to_owned());
    Proxy::builder().upstream(UpstreamSpec::new("orders").backend(backend)).route(route).build()
}
