//! What is decided of a request before routes are looked at: challenges of an authority, hosts that are served over secure
//! channels alone, and connections that are not for the host.

use http1::push_decimal;

use crate::answer::Answer;
use crate::exchange::Context;
use crate::forward::scheme;
use crate::incoming::Incoming;
use crate::reason::Reason;
use crate::snapshot::Route;

/// How a request ends that no route sees.
pub(crate) enum Ahead {
    /// It is answered with this.
    Answer(Answer),
    /// It is refused.
    Refuse(Reason),
}

/// `None` where routes decide.
#[inline]
pub(crate) fn ahead(incoming: &Incoming, context: &Context<'_>) -> Option<Ahead> {
    match &context.facts.secured {
        Some(secured) if secured.admits(incoming.host()) => None,
        // RFC 9110 section 7.4.
        Some(_) => Some(Ahead::Refuse(Reason::Misdirected)),
        None => of_plain(incoming, context),
    }
}

/// True where a route may be reached by this client. Its hosts may be others than the one that was asked for: where nothing
/// more specific is for the path, the next less specific one has its turn.
#[inline]
pub(crate) fn may_reach(route: &Route, context: &Context<'_>) -> bool {
    match &context.facts.secured {
        Some(secured) => {
            let has_shown = !route.spec.needs_client || !secured.client_fields().is_empty();
            has_shown && secured.reaches(&route.spec.host)
        }
        None => !route.spec.needs_client,
    }
}

#[inline]
fn of_plain(incoming: &Incoming, context: &Context<'_>) -> Option<Ahead> {
    if !context.facts.is_secure
        && let Some(answer) = context.worker.shared.challenges.answer(&incoming.path)
    {
        return Some(Ahead::Answer(Answer::of_route(200, "text/plain", &answer)));
    }
    if context.pinned.0.hosts.is_empty() { None } else { of_host(incoming, context) }
}

fn of_host(incoming: &Incoming, context: &Context<'_>) -> Option<Ahead> {
    let host = context.pinned.0.hosts.find(incoming.host())?;
    let is_plain = scheme(incoming, context.facts) == "http";
    if let Some(port) = host.redirect_to.filter(|_| is_plain && !incoming.host.is_empty()) {
        return Some(Ahead::Answer(Answer::of_redirect(308, &location(incoming, port))));
    }
    // Whoever stands in front cannot vouch for a certificate that was to be shown here.
    host.needs_client.then_some(Ahead::Refuse(Reason::Misdirected))
}

/// The same place, over a secure channel.
fn location(incoming: &Incoming, port: u16) -> Vec<u8> {
    let mut location = b"https://".to_vec();
    location.extend_from_slice(&incoming.host);
    if port != 443 {
        location.push(b':');
        push_decimal(&mut location, u64::from(port));
    }
    location.extend_from_slice(&incoming.path);
    if let Some(query) = incoming.query() {
        location.push(b'?');
        location.extend_from_slice(query);
    }
    location
}
