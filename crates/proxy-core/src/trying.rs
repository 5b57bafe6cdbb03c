//! One attempt on an open connection: the request goes out, and the head of the answer comes back, both at once.

use std::task::{Context as Poller, Poll};

use http1::framing::BodyLength;
use http1::token::list;
use http1::{Name, NameSet, Parsed, Rule};

use crate::channel::{Broken, Channel};
use crate::client::{Client, NOT_PASSED_ON, Outgoing};
use crate::deadline::Ticks;
use crate::exchange::Context;
use crate::incoming::Incoming;
use crate::pace::Pace;
use crate::pump::{End, Pump};
use crate::reason::Reason;
use crate::wire::Wire;

/// More interim answers than that before the final one are refused.
const MOST_INTERIM: u32 = 32;

/// How long the answer may take to begin, or pause, for a client that has shut its sending side. Most such clients
/// have gone, and a backend's work is not to be done for nobody; the others are quick exchanges over a pipe.
pub(crate) const HALF_CLOSED: Ticks = Ticks(Ticks::seconds(1) + 1);

/// The head of a final answer.
pub(crate) struct Head {
    pub(crate) len: usize,
    pub(crate) has_switched: bool,
}

/// The state of one attempt.
pub(crate) struct Trying<'t, C> {
    client: &'t mut C,
    wire: &'t mut Wire,
    incoming: &'t mut Incoming,
    context: &'t Context<'t>,
    pub(crate) upload: Pump,
    pub(crate) upload_broken: bool,
    patience: Ticks,
    /// When the answer must have begun, in ticks.
    ends: u32,
    pace: Pace,
    interim: u32,
    /// A 100 was passed on.
    was_continued: bool,
    /// Bytes of the input that hold no end of a head.
    looked_at: usize,
    /// The client has shut its sending side, and the deadline was brought forward for that.
    is_hurried: bool,
}

impl<'t, C: Client> Trying<'t, C> {
    pub(crate) fn new(
        client: &'t mut C,
        wire: &'t mut Wire,
        incoming: &'t mut Incoming,
        context: &'t Context<'t>,
        patience: Ticks,
    ) -> Self {
        let has_body = incoming.admitted.body != BodyLength::None;
        let upload = if has_body { Pump::new(true) } else { Pump::done() };
        let ends = context.slot.now().saturating_add(patience.0);
        let this = Self {
            client,
            wire,
            incoming,
            context,
            upload,
            upload_broken: false,
            patience,
            ends,
            pace: Pace::default(),
            interim: 0,
            was_continued: false,
            looked_at: 0,
            is_hurried: false,
        };
        this.set_deadline();
        this
    }

    /// While the body is still going up, it must make progress; after that, the answer is waited for.
    fn set_deadline(&self) {
        if self.is_uploading() {
            self.context.slot.set(Some(self.context.pinned.0.settings.body_idle_timeout));
        } else {
            self.context.slot.set_at(self.ends.min(self.context.deadline()));
        }
    }

    fn is_uploading(&self) -> bool {
        !self.upload_broken && !self.upload.is_done()
    }

    /// Part of an answer has come, an interim one counted.
    pub(crate) fn has_begun(&self) -> bool {
        self.interim > 0 || !self.wire.input.is_empty()
    }

    /// Ready once the head of the final answer is whole, or the attempt has failed.
    pub(crate) fn poll(&mut self, cx: &mut Poller<'_>) -> Poll<Result<Head, Reason>> {
        self.poll_upload(cx)?;
        if let Poll::Ready(head) = self.poll_head(cx)? {
            return Poll::Ready(Ok(head));
        }
        if self.client.has_unsent() && has_failed(&self.client.poll_flush(cx)) {
            return Poll::Ready(Err(Reason::ClientGone));
        }
        if !self.is_uploading() {
            if self.client.poll_gone(cx).is_ready() {
                return Poll::Ready(Err(Reason::ClientGone));
            }
            if self.client.is_leaving() && !self.is_hurried {
                self.is_hurried = true;
                let hurried = self.context.slot.now().saturating_add(HALF_CLOSED.0);
                self.context.slot.set_at(hurried.min(self.context.slot.at()));
            }
        }
        if self.context.slot.is_expired() {
            return Poll::Ready(Err(self.too_late()));
        }
        Poll::Pending
    }

    fn too_late(&self) -> Reason {
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
            if self.wire.has_unsent() && has_failed(&self.wire.poll_flush(cx)) {
                self.upload_broken = true;
            }
            return Ok(());
        }
        if self.upload_broken {
            return Ok(());
        }
        let before = self.upload.moved;
        match self.upload.poll(self.client, self.wire, cx) {
            Poll::Ready(Ok(())) => {
                // The time that the body took is not the backend's.
                self.ends = self.context.slot.now().saturating_add(self.patience.0);
                self.context.restart_deadline();
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
            if !self.pace.is_kept(self.upload.moved, settings.body_min_rate, now) {
                return Err(Reason::BodyTimeout);
            }
            self.set_deadline();
        }
        if self.upload.waits_for == End::From {
            self.pace.wait(now);
        } else {
            self.pace.rest(now);
        }
        Ok(())
    }

    fn poll_head(&mut self, cx: &mut Poller<'_>) -> Result<Poll<Head>, Reason> {
        loop {
            if !self.wire.input.is_empty()
                && let Some(head) = self.parse()?
            {
                return Ok(Poll::Ready(head));
            }
            match self.wire.poll_read(cx) {
                Poll::Pending => return Ok(Poll::Pending),
                Poll::Ready(Ok(1..)) => {}
                // RFC 9112 section 8: an answer whose head is cut short is no answer.
                Poll::Ready(Ok(0) | Err(_)) => return Err(Reason::UpstreamReset),
            }
        }
    }

    /// The final head, where it is whole; interim ones are passed on meanwhile.
    fn parse(&mut self) -> Result<Option<Head>, Reason> {
        loop {
            let bytes = self.wire.input.unread();
            let limits = &self.context.pinned.0.settings.limits;
            let parsed = self.incoming.response.parse_more(bytes, self.looked_at, limits);
            let Parsed::Complete { len } = parsed.map_err(Reason::BadResponse)? else {
                self.looked_at = bytes.len();
                return Ok(None);
            };
            self.looked_at = 0;
            match self.incoming.response.status() {
                101 => return self.switched(len).map(Some),
                100..=199 => self.pass_interim(len)?,
                _ => return Ok(Some(Head { len, has_switched: false })),
            }
            if self.wire.input.is_empty() {
                return Ok(None);
            }
        }
    }

    /// RFC 9110 section 15.2.2: only what was asked for, and only one of the protocols that were offered.
    fn switched(&self, len: usize) -> Result<Head, Reason> {
        let bytes = self.wire.input.unread();
        let offered = |chosen: &[u8]| {
            let mut offers = self.incoming.fields().all(Name::Upgrade).flat_map(list);
            offers.any(|offer| offer.eq_ignore_ascii_case(chosen))
        };
        let mut chosen = self.incoming.response.fields(bytes).all(Name::Upgrade).flat_map(list).peekable();
        let is_right = self.incoming.admitted.wants_upgrade
            && self.client.can_switch()
            && chosen.peek().is_some()
            && chosen.all(offered);
        if is_right { Ok(Head { len, has_switched: true }) } else { Err(Reason::BadResponse(Rule::Upgrade)) }
    }

    /// RFC 9110 section 15.2: interim answers are passed on, but 100 only to a client that waits for it.
    fn pass_interim(&mut self, len: usize) -> Result<(), Reason> {
        self.interim += 1;
        if self.interim > MOST_INTERIM {
            return Err(Reason::BadResponse(Rule::TooManyInterim));
        }
        let bytes = self.wire.input.unread();
        let response = &mut self.incoming.response;
        http1::connection::apply(response.lines_mut(), bytes).map_err(Reason::BadResponse)?;
        let status = response.status();
        let is_wanted = status != 100
            || self.incoming.admitted.expects_continue && !std::mem::replace(&mut self.was_continued, true);
        if is_wanted && self.client.takes_interim() {
            self.client.interim(&Outgoing {
                status,
                reason: response.reason(bytes),
                fields: response.fields(bytes),
                skip: NOT_PASSED_ON.union(NameSet::of(&[Name::ContentLength])),
                extra: &[],
                body: BodyLength::None,
            });
        }
        self.wire.input.consume(len);
        Ok(())
    }
}

/// What a broken side means where it is the client's.
pub(crate) fn of_client(broken: Broken) -> Reason {
    match broken {
        Broken::Gone | Broken::Rule(Rule::Incomplete) => Reason::ClientGone,
        Broken::Rule(rule) => Reason::BadRequest(rule),
        Broken::TooLarge => Reason::BodyTooLarge,
    }
}

/// What a broken side means where it is the backend's.
pub(crate) fn of_backend(broken: Broken) -> Reason {
    match broken {
        Broken::Gone | Broken::Rule(Rule::Incomplete) | Broken::TooLarge => Reason::UpstreamReset,
        Broken::Rule(rule) => Reason::BadResponse(rule),
    }
}

/// True where it is known already that sending failed.
fn has_failed(sent: &Poll<Result<(), Broken>>) -> bool {
    matches!(sent, Poll::Ready(Err(_)))
}
