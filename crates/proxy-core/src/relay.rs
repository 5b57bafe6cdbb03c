//! RELAY: the answer's head and body to the client, what is left of the request's body to the backend, tunnels.

use std::future::poll_fn;
use std::task::{Context as Poller, Poll};

use http1::framing::BodyLength;
use http1::{Name, NameSet, Version, connection};

use crate::answer::Answer;
use crate::attempt::Answered;
use crate::channel::Channel;
use crate::client::{Client, NOT_PASSED_ON, Outgoing};
use crate::clock::date;
use crate::deadline::Ticks;
use crate::exchange::{Context, Next};
use crate::forward::{scheme, vars};
use crate::incoming::Incoming;
use crate::link::Link;
use crate::own::send_own;
use crate::pace::Pace;
use crate::pool::Pooled;
use crate::pump::{End, Pump};
use crate::reason::Reason;
use crate::snapshot::Route;
use crate::trace::Trace;
use crate::trying::{HALF_CLOSED, of_backend, of_client};

/// Passes the backend's answer in `slot` on.
pub(crate) async fn relay<'a, C: Client>(
    client: &mut C,
    incoming: &mut Incoming,
    route: &Route,
    (context, trace): (&Context<'a>, &mut Trace),
    slot: &mut Option<Answered<'a>>,
) -> Next {
    let Some(answered) = slot else { return Next::Abort };
    let head = match begin(client, incoming, route, (context, trace), answered) {
        Ok(head) => head,
        Err(reason) => {
            trace.status = reason.status();
            trace.reason = Some(reason);
            let answer = Answer::of_failure(reason, incoming, &trace.request_id);
            return send_own(client, answer, incoming, (context, trace)).await;
        }
    };
    let is_tunnel = answered.has_switched;
    let mut relaying = Relaying {
        client,
        answered,
        context,
        download: Pump::new(true),
        up: Pace::default(),
        down: Pace::default(),
        idle: Ticks(0),
        is_tunnel,
        is_call: incoming.admitted.is_call,
    };
    let outcome = poll_fn(|cx| relaying.poll(cx)).await;
    trace.bytes_out = relaying.download.bytes;
    trace.bytes_in = answered.upload.bytes;
    match outcome {
        Ok(()) => {
            let is_whole = answered.upload.is_done();
            if head.keeps_backend
                && is_whole
                && !is_tunnel
                && let Some(answered) = slot.take()
            {
                keep(answered, context);
            }
            match (is_tunnel, is_whole) {
                (true, _) => Next::Close,
                (false, true) => Next::Go,
                (false, false) => Next::Linger,
            }
        }
        Err(reason) => {
            trace.reason = Some(reason);
            // What came before the end is the client's, as far as it goes out at once.
            poll_fn(|cx| {
                let _ = client.poll_flush(cx);
                Poll::Ready(())
            })
            .await;
            Next::Abort
        }
    }
}

struct Begun {
    /// The backend's connection may serve another request.
    keeps_backend: bool,
}

/// Judges the head of the answer and hands it to the client.
fn begin<C: Client>(
    client: &mut C,
    incoming: &mut Incoming,
    route: &Route,
    (context, trace): (&Context<'_>, &mut Trace),
    answered: &mut Answered<'_>,
) -> Result<Begun, Reason> {
    let mut response = std::mem::take(&mut incoming.response);
    let mut extra = std::mem::take(&mut incoming.extra);
    let bytes = answered.link.head();
    let judged = answered
        .link
        .body_length(&response, incoming.head.method())
        .and_then(|body| connection::apply(response.lines_mut(), bytes).map(|options| (body, options)))
        .map_err(Reason::BadResponse);
    let (body, options) = match judged {
        Ok(judged) => judged,
        Err(reason) => {
            incoming.response = response;
            incoming.extra = extra;
            return Err(reason);
        }
    };
    let is_http11 = response.version() == Version::Http11;
    let keeps_backend = body != BodyLength::UntilClose
        && !options.close
        && (is_http11 || options.keep_alive)
        && !is_at_odds(&response, bytes);
    if let Some(edits) = &route.response_edits {
        edits.take_out(response.lines_mut(), bytes);
    }
    extra.clear();
    write_extra(&mut extra, incoming, route, (context, trace), &response);
    if !incoming.cookies.is_empty() {
        extra.append(&mut incoming.cookies);
    }
    if body == BodyLength::Bytes(0)
        && !response.present().contains(Name::ContentLength)
        && !context.facts.is_http2
    {
        // A stream's end tells that there is no body; HTTP/1.1 has to say it. RFC 9112 section 6.3.
        extra.extend_from_slice(b"Content-Length: 0\r\n");
    }
    let mut skip = NOT_PASSED_ON;
    if response.status() == 204 || answered.has_switched {
        // RFC 9110 section 8.6.
        skip = skip.with(Name::ContentLength);
    }
    if context.worker.is_draining() || answered.has_switched {
        client.close_after();
    }
    if answered.has_switched {
        write_switch(&mut extra, &response, bytes);
    }
    let outgoing = Outgoing {
        status: response.status(),
        reason: response.reason(bytes),
        fields: response.fields(bytes),
        skip,
        extra: &extra,
        body,
        goes_on: answered.link.goes_on(),
    };
    if answered.has_switched {
        client.switch(&outgoing);
    } else {
        if !answered.upload.is_done() {
            client.close_after();
        }
        client.begin(&outgoing);
    }
    trace.status = response.status();
    answered.link.consume_head();
    client.forget_body();
    if answered.has_switched {
        answered.link.tunnel();
        answered.upload = Pump::new(true);
    } else {
        answered.link.expect(body);
    }
    incoming.response = response;
    incoming.extra = extra;
    Ok(Begun { keeps_backend })
}

/// True where an answer that has no body says that it has one: what follows on the connection is anybody's guess.
fn is_at_odds(response: &http1::ResponseHead, bytes: &[u8]) -> bool {
    let length = response.first(Name::ContentLength, bytes).unwrap_or(b"0");
    response.status() == 204 && (length != b"0" || response.present().contains(Name::TransferEncoding))
}

/// RFC 9110 section 7.8: both name the protocol that is spoken from here on.
fn write_switch(extra: &mut Vec<u8>, response: &http1::ResponseHead, bytes: &[u8]) {
    for protocol in response.fields(bytes).all(Name::Upgrade) {
        extra.extend_from_slice(b"Upgrade: ");
        extra.extend_from_slice(protocol);
        extra.extend_from_slice(b"\r\n");
    }
    extra.extend_from_slice(b"Connection: upgrade\r\n");
}

/// What we add to an answer.
fn write_extra(
    extra: &mut Vec<u8>,
    incoming: &Incoming,
    route: &Route,
    (context, trace): (&Context<'_>, &Trace),
    response: &http1::ResponseHead,
) {
    let sets = route.response_edits.as_ref().map_or(NameSet::EMPTY, |edits| edits.sets);
    if !sets.contains(Name::XRequestId) {
        extra.extend_from_slice(b"X-Request-Id: ");
        extra.extend_from_slice(trace.request_id.as_bytes());
        extra.extend_from_slice(b"\r\n");
    }
    if !response.present().contains(Name::Date) && !sets.contains(Name::Date) {
        // RFC 9110 section 6.6.1: whoever passes a message on without a date gives it one.
        extra.extend_from_slice(b"Date: ");
        extra.extend_from_slice(&date());
        extra.extend_from_slice(b"\r\n");
    }
    if let Some(hsts) = &route.spec.hsts
        && !response.present().union(sets).contains(Name::StrictTransportSecurity)
    {
        push_hsts(hsts, incoming, context, extra);
    }
    if let Some(edits) = &route.response_edits {
        edits.put_in(&vars(incoming, context.facts, &route.spec.id, &trace.request_id), extra);
    }
}

/// RFC 6797 section 7.2: over plain connections it is not said.
pub(crate) fn push_hsts(hsts: &str, incoming: &Incoming, context: &Context<'_>, extra: &mut Vec<u8>) {
    if scheme(incoming, context.facts) == "https" {
        extra.extend_from_slice(b"Strict-Transport-Security: ");
        extra.extend_from_slice(hsts.as_bytes());
        extra.extend_from_slice(b"\r\n");
    }
}

/// Keeps the backend's connection for the next request.
#[inline]
fn keep(answered: Answered<'_>, context: &Context<'_>) {
    let Answered { link, hold, upstream, .. } = answered;
    // A stream ends by itself.
    let Link::Http1 { wire, opened, .. } = link else { return };
    // Bytes behind the answer belong to nothing that was asked. RFC 9112 section 9.2.
    if wire.input.is_empty() && !wire.has_unsent() && !context.worker.is_draining() {
        let pooled = Pooled { stream: wire.stream, opened };
        context.worker.pools.put(&hold.member().backend, pooled, &upstream.pool_rules, context.slot.now());
    }
}

struct Relaying<'r, 'a, C> {
    client: &'r mut C,
    answered: &'r mut Answered<'a>,
    context: &'r Context<'a>,
    download: Pump,
    up: Pace,
    down: Pace,
    idle: Ticks,
    is_tunnel: bool,
    is_call: bool,
}

impl<C: Client> Relaying<'_, '_, C> {
    /// Ready once the whole answer was sent, or the exchange has broken off.
    fn poll(&mut self, cx: &mut Poller<'_>) -> Poll<Result<(), Reason>> {
        let before = (self.download.moved, self.answered.upload.moved);
        if let Poll::Ready(ended) = self.poll_download(cx) {
            return Poll::Ready(ended);
        }
        self.poll_upload(cx)?;
        if self.is_tunnel && self.download.is_done() && self.answered.upload.is_done() {
            return Poll::Ready(Ok(()));
        }
        let has_moved = before != (self.download.moved, self.answered.upload.moved);
        if has_moved {
            self.judge_pace(before)?;
        }
        self.note_waits();
        if self.poll_gone(cx).is_ready() {
            return Poll::Ready(Err(Reason::ClientGone));
        }
        let idle = self.idle_now();
        if has_moved || idle != self.idle {
            self.idle = idle;
            self.context.wait(idle);
        }
        if self.context.slot.is_expired() { Poll::Ready(Err(self.too_late())) } else { Poll::Pending }
    }

    /// Ready with the end of the exchange; a tunnel goes on until both directions have ended.
    fn poll_download(&mut self, cx: &mut Poller<'_>) -> Poll<Result<(), Reason>> {
        if self.download.is_done() {
            return Poll::Pending;
        }
        match self.download.poll(&mut self.answered.link, self.client, cx) {
            Poll::Ready(Ok(())) if self.is_tunnel => Poll::Pending,
            Poll::Ready(Ok(())) => Poll::Ready(Ok(())),
            Poll::Ready(Err((End::To, _))) => Poll::Ready(Err(Reason::ClientGone)),
            Poll::Ready(Err((End::From, broken))) => Poll::Ready(Err(of_backend(broken))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn poll_upload(&mut self, cx: &mut Poller<'_>) -> Result<(), Reason> {
        if self.answered.upload.is_done() || self.answered.upload_broken {
            return Ok(());
        }
        match self.answered.upload.poll(self.client, &mut self.answered.link, cx) {
            Poll::Ready(Err((End::From, broken))) => Err(of_client(broken)),
            Poll::Ready(Err((End::To, _))) if self.is_tunnel => Err(Reason::UpstreamReset),
            Poll::Ready(Err((End::To, _))) => {
                self.answered.upload_broken = true;
                Ok(())
            }
            Poll::Ready(Ok(())) | Poll::Pending => Ok(()),
        }
    }

    /// Ready once the client has gone while the answer pauses: nothing else is read from it by then.
    fn poll_gone(&mut self, cx: &mut Poller<'_>) -> Poll<()> {
        if self.is_tunnel || !(self.answered.upload.is_done() || self.answered.upload_broken) {
            // While the backend takes nothing, nothing is read from the client that would tell.
            let is_held_up = self.answered.upload.waits_for == End::To;
            return if is_held_up { self.client.poll_reset(cx) } else { Poll::Pending };
        }
        self.client.poll_gone(cx)
    }

    /// How long nothing may move, as things stand.
    fn idle_now(&self) -> Ticks {
        let settings = &self.context.pinned.0.settings;
        let has_half_ended = self.download.is_done() || self.answered.upload.is_done();
        match self.is_tunnel {
            // Who has ended one direction is mostly gone: nobody is told of the rest of that.
            true if has_half_ended => settings.tunnel_idle_timeout.min(settings.body_idle_timeout),
            true => settings.tunnel_idle_timeout,
            // A client that takes what comes has not gone, whatever it has shut.
            false if self.client.is_leaving() && self.download.waits_for == End::From => {
                settings.body_idle_timeout.min(HALF_CLOSED)
            }
            // A call may be silent both ways between two messages, as a tunnel may.
            false if self.is_call && self.is_silent() => settings.tunnel_idle_timeout,
            false => settings.body_idle_timeout,
        }
    }

    /// True where nobody holds anything back: there is nothing to be passed on.
    fn is_silent(&self) -> bool {
        let upload = &self.answered.upload;
        self.download.waits_for == End::From && (upload.is_done() || upload.waits_for == End::From)
    }

    /// Only the client has a pace to keep, and only outside tunnels.
    fn judge_pace(&mut self, before: (u64, u64)) -> Result<(), Reason> {
        if self.is_tunnel {
            return Ok(());
        }
        let now = self.context.slot.now();
        let rate = self.context.pinned.0.settings.body_min_rate;
        let up_rate = if self.is_call { 0 } else { rate };
        let is_kept = (before.0 == self.download.moved || self.down.is_kept(self.download.moved, rate, now))
            && (before.1 == self.answered.upload.moved
                || self.up.is_kept(self.answered.upload.moved, up_rate, now));
        if is_kept { Ok(()) } else { Err(Reason::BodyTimeout) }
    }

    fn note_waits(&mut self) {
        let now = self.context.slot.now();
        if !self.download.is_done() && self.download.waits_for == End::To {
            self.down.wait(now);
        } else {
            self.down.rest(now);
        }
        if !self.answered.upload.is_done() && self.answered.upload.waits_for == End::From {
            self.up.wait(now);
        } else {
            self.up.rest(now);
        }
    }

    fn too_late(&self) -> Reason {
        if self.context.call_ends() <= self.context.slot.now() {
            return Reason::RequestTimeout;
        }
        match (self.is_tunnel, self.client.is_leaving()) {
            (true, _) => Reason::TunnelTimeout,
            (false, true) if self.download.waits_for == End::From => Reason::ClientGone,
            (false, _) => Reason::BodyTimeout,
        }
    }
}
