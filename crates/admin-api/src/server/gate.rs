//! What a request has to get through, in this order: its head, its host and origin, its credentials, the caller's rate and role,
//! and its content.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::bind::BindError;
use super::settings::{AdminAddress, AdminSettings, Deadlines};
use crate::access::credentials::{Credentials, Denial};
use crate::access::hosts::Hosts;
use crate::access::{Arrival, PeerKey, content, head};
use crate::audit::Refusals;
use crate::caller::Caller;
use crate::limit::Limiter;
use crate::problem::Problem;

/// How many clients' budgets are kept apart.
const MAX_KEYS: usize = 1024;

#[derive(Debug)]
pub(super) struct Gate {
    hosts: Hosts,
    credentials: Credentials,
    failures: Mutex<Limiter<PeerKey>>,
    rates: Mutex<Limiter<String>>,
    pub(super) refusals: Arc<Refusals>,
    pub(super) max_body: usize,
    /// A permit for each byte of a body that is held.
    pub(super) bodies: Arc<Semaphore>,
    pub(super) deadlines: Deadlines,
}

impl Gate {
    pub(super) fn new(settings: &AdminSettings) -> Result<Self, BindError> {
        let credentials = Credentials {
            tokens: settings.tokens.clone(),
            clients: settings.clients.clone(),
            any_client: settings.any_client,
            own_uid: rustix::process::geteuid().as_raw(),
        };
        let address = &settings.address;
        if matches!(address, AdminAddress::Tcp(tcp) if !tcp.ip().to_canonical().is_loopback())
            && credentials.is_open()
        {
            return Err(BindError::Unprotected { address: address.clone() });
        }
        let max_body = settings.max_body.min(Semaphore::MAX_PERMITS);
        Ok(Self {
            hosts: Hosts::new(&settings.hosts).map_err(|host| BindError::Host { host })?,
            credentials,
            failures: Mutex::new(Limiter::new(settings.failures, MAX_KEYS)),
            rates: Mutex::new(Limiter::new(settings.rate, MAX_KEYS)),
            refusals: Arc::new(Refusals::new()),
            max_body,
            bodies: Arc::new(Semaphore::new(settings.max_bodies.clamp(max_body, Semaphore::MAX_PERMITS))),
            deadlines: settings.deadlines,
        })
    }

    /// Who asks.
    pub(super) fn identify(&self, arrival: &Arrival, parts: &Parts) -> Result<Caller, Problem> {
        head::check(&parts.method, &parts.uri)?;
        self.hosts.check(&parts.uri, &parts.headers, arrival.local)?;
        let caller = self.credentials.caller(arrival, &parts.headers);
        // Who shows the right one is let in, whatever others behind the same address have tried.
        if caller == Err(Denial::Wrong) {
            let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
            failures
                .take(arrival.peer.key(), Instant::now().into_std())
                .map_err(|wait| too_many("too many wrong tokens have come from this address", wait))?;
        }
        Ok(caller?)
    }

    /// Whether it may ask this, now, with such a body.
    pub(super) fn admit(&self, caller: &Caller, parts: &Parts, has_body: bool) -> Result<(), Problem> {
        let now = Instant::now().into_std();
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        rates
            .take(caller.name.clone(), now)
            .map_err(|wait| too_many("this caller asks more often than it may", wait))?;
        drop(rates);
        if caller.role < head::role_for(&parts.method) {
            let detail = "this caller may look, and not change anything";
            return Err(Problem::new(StatusCode::FORBIDDEN, "auth_denied", detail));
        }
        if has_body { content::check(&parts.method, &parts.headers, self.max_body) } else { Ok(()) }
    }
}

fn too_many(detail: &str, wait: Duration) -> Problem {
    // In whole seconds: RFC 9110 section 10.2.3.
    let seconds = wait.as_millis().div_ceil(1_000).max(1);
    let value = HeaderValue::from_str(&seconds.to_string()).unwrap_or(HeaderValue::from_static("1"));
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail).field(RETRY_AFTER, value)
}
