//! Who a caller is, by what it shows.

#[cfg(test)]
mod tests;

use aws_lc_rs::digest::{SHA256, digest};
use http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use subtle::{ConditionallySelectable, ConstantTimeEq};
use tls_sni::ClientIdentity;

use super::{Arrival, Peer};
use crate::caller::{Caller, Role};
use crate::problem::Problem;
use crate::server::{ClientSettings, TokenSettings};

/// The longest token that is looked at.
const LONGEST_TOKEN: usize = 1024;

/// Who is believed.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) tokens: Vec<TokenSettings>,
    pub(crate) clients: Vec<ClientSettings>,
    /// What a client may do that is vouched for and named nowhere.
    pub(crate) any_client: Option<Role>,
    /// The user that this process runs as.
    pub(crate) own_uid: u32,
}

/// Why nobody is believed to be anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denial {
    /// No token is shown, and there has to be one.
    Missing,
    /// The token is none of those that are known.
    Wrong,
    /// A user that is neither root nor our own, and shows no token.
    ForeignUser,
    /// The certificate is believed, but nothing says what its owner may do.
    UnknownClient,
}

impl Credentials {
    /// Who asks. What is shown counts before what a connection says, so that a wrong token is refused wherever it is shown.
    pub(crate) fn caller(&self, arrival: &Arrival, fields: &HeaderMap) -> Result<Caller, Denial> {
        if has_credentials(fields) {
            return self.by_token(fields).ok_or(Denial::Wrong);
        }
        match (arrival.peer, &arrival.identity) {
            (Peer::Uid(uid), _) if uid == 0 || uid == self.own_uid => {
                Ok(Caller::new(format!("uid:{uid}"), Role::Write))
            }
            (Peer::Uid(_), _) => Err(Denial::ForeignUser),
            (Peer::Address(_), Some(identity)) => self.by_certificate(identity).ok_or(Denial::UnknownClient),
            // The server listens at loopback alone then.
            (Peer::Address(_), None) if self.is_open() => Ok(Caller::new("local", Role::Write)),
            (Peer::Address(_), None) => Err(Denial::Missing),
        }
    }

    /// Whether whoever gets through to a TCP listener may do anything.
    pub(crate) fn is_open(&self) -> bool {
        self.tokens.is_empty() && self.clients.is_empty() && self.any_client.is_none()
    }

    fn by_token(&self, fields: &HeaderMap) -> Option<Caller> {
        let mut all = fields.get_all(AUTHORIZATION).iter();
        let (Some(value), None) = (all.next(), all.next()) else { return None };
        let shown = digest(&SHA256, bearer(value)?);
        // Every token is compared, and all of each, so that the time says nothing about which was nearly right.
        let mut found = 0u32;
        for (place, token) in (1u32..).zip(&self.tokens) {
            found.conditional_assign(&place, shown.as_ref().ct_eq(&token.sha256));
        }
        let token = self.tokens.get(usize::try_from(found.checked_sub(1)?).ok()?)?;
        Some(Caller::new(token.name.clone(), token.role))
    }

    fn by_certificate(&self, identity: &ClientIdentity) -> Option<Caller> {
        let is_named = |client: &&ClientSettings| {
            identity.subject == client.name
                // Separators inside of a value are escaped there.
                || identity.subject.split(", ").any(|part| part == client.name)
                || identity.names.contains(&client.name)
        };
        match self.clients.iter().find(is_named) {
            Some(client) => Some(Caller::new(client.name.clone(), client.role)),
            None => self.any_client.map(|role| Caller::new(identity.subject.clone(), role)),
        }
    }
}

/// Whether a request shows any.
pub(crate) fn has_credentials(fields: &HeaderMap) -> bool {
    fields.contains_key(AUTHORIZATION)
}

/// The token of `Bearer <token>`: RFC 6750 section 2.1.
fn bearer(value: &HeaderValue) -> Option<&[u8]> {
    let (scheme, token) = value.as_bytes().split_at_checked(b"Bearer ".len())?;
    let token = token.trim_ascii();
    let is_token = scheme.eq_ignore_ascii_case(b"Bearer ") && (1..=LONGEST_TOKEN).contains(&token.len());
    is_token.then_some(token)
}

impl From<Denial> for Problem {
    fn from(denial: Denial) -> Self {
        let unauthorized = |code, detail: &str, challenge| {
            Self::new(StatusCode::UNAUTHORIZED, code, detail)
                .field(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
        };
        match denial {
            Denial::Missing => {
                unauthorized("auth_missing", "a token is needed: Authorization: Bearer <token>", "Bearer")
            }
            // RFC 6750 section 3.1.
            Denial::Wrong => {
                unauthorized("auth_invalid", "the token is not known here", "Bearer error=\"invalid_token\"")
            }
            Denial::ForeignUser => Self::new(
                StatusCode::FORBIDDEN,
                "auth_denied",
                "root and the user that proxyd runs as need no token here; all others do",
            ),
            Denial::UnknownClient => Self::new(
                StatusCode::FORBIDDEN,
                "auth_denied",
                "nothing says what the owner of this certificate may do",
            ),
        }
    }
}
