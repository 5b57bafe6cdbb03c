//! ATTEMPT: one try after another, each on one backend, until one answers or none is left.

use std::time::Instant;

use http1::framing::BodyLength;
use http1::{Name, Version};

use crate::channel::Channel;
use crate::client::Client;
use crate::course::Course;
use crate::deadline::TICK;
use crate::exchange::Context;
use crate::gate::Pass;
use crate::incoming::Incoming;
use crate::link::Link;
use crate::observe;
use crate::one::One;
use crate::pool::Pooled;
use crate::pump::Pump;
use crate::reason::Reason;
use crate::snapshot::Route;
use crate::trace::{AttemptRecord, Trace};
use crate::upstream::{Hold, Upstream};

/// A backend's final answer, its head parsed and still with the link.
pub(crate) struct Answered<'a> {
    pub(crate) link: Link,
    pub(crate) hold: Hold,
    pub(crate) upstream: &'a Upstream,
    /// What is left of the request's body.
    pub(crate) upload: Pump,
    /// The backend takes no more of it.
    pub(crate) upload_broken: bool,
    /// The backend has switched protocols.
    pub(crate) has_switched: bool,
    /// Interim answers were passed on.
    pub(crate) has_begun: bool,
    /// When the attempt began, where that is not when the request's present attempts did.
    pub(crate) began: Option<Instant>,
    /// The answer came before all of the request had gone up: how long it took says nothing.
    pub(crate) is_early: bool,
    /// When its head was there.
    pub(crate) at: Instant,
    /// The place among the requests that the upstream has in hand.
    pub(crate) pass: Option<Pass>,
}

impl<'a> Answered<'a> {
    /// An attempt whose answer is still to come.
    pub(crate) fn awaited(link: Link, hold: Hold, upstream: &'a Upstream, at: Instant) -> Self {
        Self {
            link,
            hold,
            upstream,
            upload: Pump::done(),
            upload_broken: false,
            has_switched: false,
            has_begun: false,
            began: None,
            is_early: false,
            at,
            pass: None,
        }
    }

    /// Another backend is asked instead. A body that has come whole already leaves a connection that can be used again.
    pub(crate) fn let_go(mut self, incoming: &Incoming, context: &Context<'_>) {
        let length = self.link.body_length(&incoming.response, incoming.head.method());
        let Ok(BodyLength::Bytes(length)) = length else { return };
        let is_kept = !incoming.response.present().contains(Name::Connection)
            && incoming.response.version() == Version::Http11;
        self.link.consume_head();
        let Link::Http1 { mut wire, opened, .. } = self.link else { return };
        if is_kept && self.upload.is_done() && !wire.has_unsent() && wire.input.len() as u64 == length {
            wire.input.consume(length as usize);
            let pooled = Pooled { stream: wire.stream, opened };
            let backend = &self.hold.member().backend;
            context.worker.pools.put(backend, pooled, &self.upstream.pool_rules, context.slot.now());
        }
    }
}

/// Forwards the request to the upstream's backends, one after another. What answered in the end is left in `slot`: it is
/// large, and stays where it is.
///
/// # Errors
/// The reason of the last attempt, or that there was no backend to try.
pub(crate) async fn attempt<'a, C: Client>(
    client: &mut C,
    incoming: &mut Incoming,
    route: &'a Route,
    (context, trace): (&Context<'a>, &mut Trace),
    slot: &mut Option<Answered<'a>>,
) -> Result<(), Reason> {
    let mut course = Course::begin(route, incoming, context, trace)?;
    let mut hold = match course.first() {
        Some(hold) => hold,
        None => Box::pin(course.enter(client, incoming, trace)).await?,
    };
    loop {
        let place = hold.place;
        let number = hold.member().backend.number;
        let (asked, wants_fresh) = (course.asked(), course.wants_fresh(number));
        let one = One { hold, asked, upstream: course.upstream, route, wants_fresh };
        match one.run(client, incoming, (context, trace), slot).await {
            Ok(()) => {
                let Some(answered) = slot else { return Err(Reason::Internal) };
                observe::asked(context.worker, trace, answered.upstream, &answered.hold);
                let (backend, status) = (answered.hold.place, incoming.response.status());
                trace.attempted(AttemptRecord { backend, status, ..AttemptRecord::default() });
                if course.judge(answered, incoming, trace) {
                    return Ok(());
                }
                match Box::pin(course.after_answer(slot, client, incoming)).await? {
                    Some(next) => hold = next,
                    None => return Ok(()),
                }
            }
            Err((failed, held)) => {
                observe::asked(context.worker, trace, course.upstream, &held);
                trace.attempted(AttemptRecord {
                    backend: place,
                    reused: failed.was_reused,
                    failed: Some(failed.reason),
                    status: 0,
                });
                hold = Box::pin(course.after_failure((failed, held), client, incoming, trace)).await?;
            }
        }
        write_time_left(incoming, context);
    }
}

/// The next backend has as much time for a call as is left of it, not as there was.
fn write_time_left(incoming: &mut Incoming, context: &Context<'_>) {
    const NAME: &str = "grpc-timeout";
    if incoming.admitted.call_timeout.is_none() {
        return;
    }
    let ticks = context.call_ends().saturating_sub(context.slot.now());
    let left = format!("{}m", (u64::from(ticks) * TICK.as_millis() as u64).min(99_999_999));
    incoming.head.lines_mut().drop_named(NAME.as_bytes(), incoming.bytes.unread());
    incoming.set_later.retain(|(name, _)| name != NAME);
    incoming.set_later.push((NAME.to_owned(), left));
}
