//! One attempt on an open connection: the request goes out, and the head of the answer comes back, both at once.

use std::task::{Context as Poller, Poll};
use std::time::Instant;

use http1::framing::BodyLength;
use http1::token::list;
use http1::{Name, NameSet, Rule};

use crate::channel::{Broken, Channel};
use crate::client::{Client, NOT_PASSED_ON, Outgoing};
use crate::clock;
use crate::connect::TlsFault;
use crate::deadline::Ticks;
use crate::exchange::Context;
use crate::incoming::Incoming;
use crate::link::Link;
use crate::pace::Pace;
use crate::pump::{End, Pump};
use crate::reason::Reason;

/// More interim answers than that before the final one are refused.
pub(crate) const MOST_INTERIM: u32 = 32;

/// How long the answer may take to begin, or pause, for a client that has shut its sending side. Most such clients
/// have gone, and a backend's work is not to be done for nobody; the others are quick exchanges over a pipe.
pub(crate) const HALF_CLOSED: Ticks = Ticks(Ticks::seconds(1) + 1);

/// The state of one attempt.
pub(crate) struct Trying<'t, C> {
    client: &'t mut C,
    link: &'t mut Link,
    incoming: &'t mut Incoming,
    context: &'t Context<'t>,
    pub(crate) upload: Pump,
    pub(crate) upload_broken: bool,
    patience: Ticks,
    /// When the answer must have begun, in ticks.
    ends: u32,
    pace: Pace,
    /// How long the body may make no progress, as things stand.
    idle: Ticks,
    interim: u32,
    /// When the request's body had gone up whole.
    uploaded: Option<Instant>,
    has_passed: bool,
    /// A 100 was passed on.
    was_continued: bool,
    /// The client has shut its sending side, and the deadline was brought forward for that.
    is_hurried: bool,
}

impl<'t, C: Client> Trying<'t, C> {
    pub(crate) fn new(
        client: &'t mut C,
        link: &'t mut Link,
        incoming: &'t mut Incoming,
        context: &'t Context<'t>,
        patience: Ticks,
    ) -> Self {
        let has_body = incoming.admitted.body != BodyLength::None;
        let upload = if has_body { Pump::new(true) } else { Pump::done() };
        if has_body {
            context.body_begins();
        }
        let ends = context.slot.now().saturating_add(patience.0);
        let mut this = Self {
            client,
            link,
            incoming,
            context,
            upload,
            upload_broken: false,
            patience,
            ends,
            pace: Pace::default(),
            idle: Ticks(0),
            interim: 0,
            uploaded: None,
            has_passed: false,
            was_continued: false,
            is_hurried: false,
        };
        this.set_deadline();
        this
    }

    /// While the body is still going up, it must make progress; after that, the answer is waited for.
    fn set_deadline(&mut self) {
        if self.is_uploading() {
            self.idle = self.idle_now();
            self.context.wait(self.idle);
        } else {
            self.context.slot.set_at(self.ends.min(self.context.deadline()));
        }
    }

    /// A call's client may take its time between two messages, as in a tunnel.
    fn idle_now(&self) -> Ticks {
        let settings = &self.context.pinned.0.settings;
        if self.incoming.admitted.is_call && self.upload.waits_for == End::From {
            settings.tunnel_idle_timeout
        } else {
            settings.body_idle_timeout
        }
    }

    fn is_uploading(&self) -> bool {
        !self.upload_broken && !self.upload.is_done()
    }

    /// Part of an answer has come, an interim one counted.
    pub(crate) fn has_begun(&self) -> bool {
        self.interim > 0 || self.link.has_begun()
    }

    /// The request.
    pub(crate) fn incoming(&self) -> &Incoming {
        self.incoming
    }

    /// When the request's body had gone up whole, where there was one.
    pub(crate) fn uploaded(&self) -> Option<Instant> {
        self.uploaded
    }

    /// The answer has come before the body had gone up whole.
    pub(crate) fn is_early(&self) -> bool {
        self.is_uploading()
    }

    /// Part of an answer was passed on.
    pub(crate) fn has_passed(&self) -> bool {
        self.has_passed
    }

    /// Ready once the head of the final answer is whole, or the attempt has failed.
    ///
    /// True where the backend has switched protocols.
    pub(crate) fn poll(&mut self, cx: &mut Poller<'_>) -> Poll<Result<bool, Reason>> {
        self.poll_upload(cx)?;
        if let Poll::Ready(has_switched) = self.poll_head(cx)? {
            return Poll::Ready(Ok(has_switched));
        }
        if self.client.has_unsent() && has_failed(&self.client.poll_flush(cx)) {
            return Poll::Ready(Err(Reason::ClientGone));
        }
        if self.is_uploading() {
            // While the backend takes nothing, nothing is read from the client that would tell.
            if self.upload.waits_for == End::To && self.client.poll_reset(cx).is_ready() {
                return Poll::Ready(Err(Reason::ClientGone));
            }
        } else {
            if self.client.poll_gone(cx).is_ready() {
                return Poll::Ready(Err(Reason::ClientGone));
            }
            if self.client.is_leaving() && !self.is_hurried {
                self.is_hurried = true;
                self.context.hurry(HALF_CLOSED);
            }
        }
        if self.context.slot.is_expired() {
            return Poll::Ready(Err(self.too_late()));
        }
        Poll::Pending
    }

    fn too_late(&self) -> Reason {
        if self.context.call_ends() <= self.context.slot.now() {
            return Reason::RequestTimeout;
        }
        if self.is_uploading() {
            // Who was told to wait for a 100 is not slow: the backend has not sent one. RFC 9110 section 10.1.1.
            let is_held =
                self.incoming.admitted.expects_continue && !self.was_continued && self.upload.moved == 0;
            return if self.upload.waits_for == End::From && !is_held {
                Reason::BodyTimeout
            } else {
                Reason::ResponseTimeout
            };
        }
        if self.is_hurried {
            return Reason::ClientGone;
        }
        if self.context.deadline() <= self.ends { Reason::RequestTimeout } else { Reason::ResponseTimeout }
    }

    fn poll_upload(&mut self, cx: &mut Poller<'_>) -> Result<(), Reason> {
        if self.upload.is_done() {
            // No body: the head goes out by itself.
            if self.link.has_unsent() && has_failed(&self.link.poll_flush(cx)) {
                self.upload_broken = true;
            }
            return Ok(());
        }
        if self.upload_broken {
            return Ok(());
        }
        let before = self.upload.moved;
        match self.upload.poll(self.client, self.link, cx) {
            Poll::Ready(Ok(())) => {
                self.uploaded = Some(clock::now());
                // The time that the body took is not the backend's.
                self.ends = self.context.slot.now().saturating_add(self.patience.0);
                self.context.body_is_up();
                self.set_deadline();
            }
            // The backend takes no more; it may have answered before it stopped. RFC 9112 section 9.5.
            Poll::Ready(Err((End::To, _))) => {
                self.upload_broken = true;
                self.set_deadline();
            }
            Poll::Ready(Err((End::From, broken))) => return Err(of_client(broken)),
            Poll::Pending => self.judge_upload(before)?,
        }
        Ok(())
    }

    fn judge_upload(&mut self, before: u64) -> Result<(), Reason> {
        let now = self.context.slot.now();
        let settings = &self.context.pinned.0.settings;
        if self.upload.moved != before {
            let rate = if self.incoming.admitted.is_call { 0 } else { settings.body_min_rate };
            if !self.pace.is_kept(self.upload.moved, rate, now) {
                return Err(Reason::BodyTimeout);
            }
            self.set_deadline();
        } else if self.idle != self.idle_now() {
            self.set_deadline();
        }
        if self.upload.waits_for == End::From {
            self.pace.wait(now);
        } else {
            self.pace.rest(now);
        }
        Ok(())
    }

    /// Ready once the final head is there; interim ones are passed on meanwhile.
    fn poll_head(&mut self, cx: &mut Poller<'_>) -> Result<Poll<bool>, Reason> {
        loop {
            let limits = &self.context.pinned.0.settings.limits;
            let Poll::Ready(()) = self.link.poll_head(&mut self.incoming.response, limits, cx)? else {
                return Ok(Poll::Pending);
            };
            match self.incoming.response.status() {
                101 => return self.switched().map(|()| Poll::Ready(true)),
                100..=199 => self.pass_interim()?,
                // RFC 8441 section 5: success would mean that the protocol was switched.
                200..=299 if self.client.must_switch() => return Err(Reason::BadResponse(Rule::Upgrade)),
                _ => return Ok(Poll::Ready(false)),
            }
        }
    }

    /// RFC 9110 section 15.2.2: only what was asked for, and only one of the protocols that were offered.
    fn switched(&self) -> Result<(), Reason> {
        let bytes = self.link.head();
        let offered = |chosen: &[u8]| {
            let mut offers = self.incoming.fields().all(Name::Upgrade).flat_map(list);
            offers.any(|offer| offer.eq_ignore_ascii_case(chosen))
        };
        let mut chosen = self.incoming.response.fields(bytes).all(Name::Upgrade).flat_map(list).peekable();
        let is_right = self.incoming.admitted.wants_upgrade
            && self.client.can_switch()
            && chosen.peek().is_some()
            && chosen.all(offered)
            && self.is_accepted();
        if is_right { Ok(()) } else { Err(Reason::BadResponse(Rule::Upgrade)) }
    }

    /// RFC 6455 section 4.1: who gave the key checks what became of it.
    fn is_accepted(&self) -> bool {
        let Some(expected) = &self.incoming.accept else { return true };
        let said = self.incoming.response.first(Name::SecWebSocketAccept, self.link.head());
        said.is_some_and(|said| said == expected)
    }

    /// RFC 9110 section 15.2: interim answers are passed on, but 100 only to a client that waits for it.
    fn pass_interim(&mut self) -> Result<(), Reason> {
        self.interim += 1;
        if self.interim > MOST_INTERIM {
            return Err(Reason::BadResponse(Rule::TooManyInterim));
        }
        let bytes = self.link.head();
        let response = &mut self.incoming.response;
        http1::connection::apply(response.lines_mut(), bytes).map_err(Reason::BadResponse)?;
        let status = response.status();
        let is_wanted = status != 100
            || self.incoming.admitted.expects_continue && !std::mem::replace(&mut self.was_continued, true);
        if is_wanted && self.client.takes_interim() {
            // A 100 only asks for the body.
            self.has_passed |= status != 100;
            self.client.interim(&Outgoing {
                status,
                reason: response.reason(bytes),
                fields: response.fields(bytes),
                skip: NOT_PASSED_ON.union(NameSet::of(&[Name::ContentLength])),
                extra: &[],
                body: BodyLength::None,
                goes_on: false,
            });
        }
        self.link.consume_head();
        Ok(())
    }
}

/// What a broken side means where it is the client's.
pub(crate) fn of_client(broken: Broken) -> Reason {
    match broken {
        Broken::Gone | Broken::Rule(Rule::Incomplete) | Broken::Tls(_) => Reason::ClientGone,
        Broken::Rule(rule) => Reason::BadRequest(rule),
        Broken::TooLarge => Reason::BodyTooLarge,
    }
}

/// What a broken side means where it is the backend's.
pub(crate) fn of_backend(broken: Broken) -> Reason {
    match broken {
        Broken::Gone | Broken::Rule(Rule::Incomplete) | Broken::TooLarge => Reason::UpstreamReset,
        Broken::Rule(rule) => Reason::BadResponse(rule),
        // It may have taken the request in before.
        Broken::Tls(TlsFault::LateAlert) => Reason::UpstreamTls(TlsFault::LateAlert),
        Broken::Tls(_) => Reason::UpstreamReset,
    }
}

/// True where it is known already that sending failed.
fn has_failed(sent: &Poll<Result<(), Broken>>) -> bool {
    matches!(sent, Poll::Ready(Err(_)))
}
