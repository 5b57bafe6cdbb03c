//! A request of the proxy's own to a backend: nobody's connection waits for it, and nobody's body feeds it.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, ready};

use http1::{Limits, ResponseHead};

use crate::channel::Channel;
use crate::http2::{BackendStream, Found};
use crate::link::Link;
use crate::one::{has_turned_down, is_to_be_shared, speaks_http2};
use crate::pool::Pooled;
use crate::reason::Reason;
use crate::trying::MOST_INTERIM;
use crate::upstream::{Hold, Upstream};
use crate::wire::Writer;
use crate::worker::Worker;

/// What is sent.
pub(crate) struct Errand<'e> {
    pub(crate) worker: &'e Arc<Worker>,
    pub(crate) upstream: &'e Upstream,
    pub(crate) hold: &'e Hold,
    pub(crate) limits: &'e Limits,
    /// The head as for HTTP/1.1.
    pub(crate) head: Vec<u8>,
    pub(crate) body: &'e [u8],
    /// The head says that the body comes in chunks.
    pub(crate) is_chunked: bool,
}

impl Errand<'_> {
    /// Sends it, and waits for the head of the final answer.
    ///
    /// # Errors
    /// Why there is no answer.
    pub(crate) async fn run(self) -> Result<(Link, ResponseHead), Reason> {
        let mut link = self.link().await?;
        if let Link::Http1 { wire, .. } = &mut link {
            wire.output.appender().extend_from_slice(&self.head);
            wire.frame(if self.is_chunked { Writer::Chunked } else { Writer::Raw });
        }
        let has_body = self.is_chunked || !self.body.is_empty();
        let mut sent = 0;
        let sending = poll_fn(|cx| {
            while let Some(rest) = self.body.get(sent..).filter(|rest| !rest.is_empty()) {
                sent += ready!(link.poll_send(cx, rest))?;
            }
            if has_body {
                link.finish(&[]);
            }
            link.poll_flush(cx)
        });
        sending.await.map_err(|_| Reason::UpstreamReset)?;
        let mut response = ResponseHead::default();
        for _ in 0..=MOST_INTERIM {
            poll_fn(|cx| link.poll_head(&mut response, self.limits, cx)).await?;
            match response.status() {
                // Nothing was asked that could be switched to.
                101 => return Err(Reason::BadResponse(http1::Rule::Upgrade)),
                100..=199 => link.consume_head(),
                _ => return Ok((link, response)),
            }
        }
        Err(Reason::BadResponse(http1::Rule::TooManyInterim))
    }

    async fn link(&self) -> Result<Link, Reason> {
        if speaks_http2(self.upstream, self.hold) {
            match self.stream().await {
                Err(reason) if has_turned_down(self.upstream, reason) => {}
                stream => return Ok(Link::Http2(Box::new(stream?))),
            }
        }
        let pooled = self.connection().await?;
        if is_to_be_shared(self.upstream, &pooled.stream) {
            self.worker.lines.adopt(self.worker, self.hold.member(), pooled.stream);
            return Ok(Link::Http2(Box::new(self.stream().await?)));
        }
        Ok(Link::http1(pooled))
    }

    async fn connection(&self) -> Result<Pooled, Reason> {
        let (worker, member) = (self.worker, self.hold.member());
        let now = worker.deadlines.now();
        if let Some(pooled) = worker.pools.take(&member.backend, now, true) {
            return Ok(pooled);
        }
        let stream = worker.shared.dial(member.into(), None, true).await?;
        Ok(Pooled { stream, opened: worker.deadlines.now() })
    }

    async fn stream(&self) -> Result<BackendStream, Reason> {
        let mut waiting = None;
        let ticket = loop {
            match self.worker.lines.find(self.worker, self.upstream, self.hold.member(), waiting.as_ref()) {
                Found::Ticket(ticket) => break ticket,
                Found::Failed(reason) => return Err(reason),
                Found::Wait(changed) => {
                    let changed = waiting.insert(changed);
                    changed.changes.changed().await.map_err(|_| Reason::Internal)?;
                }
            }
        };
        let is_over = self.body.is_empty() && !self.is_chunked;
        BackendStream::begin(ticket, self.head.clone(), is_over).map_err(|(reason, _)| reason)
    }
}

/// Reads the rest of an answer that nobody wants, up to so many bytes. True where the connection can serve another
/// request.
pub(crate) async fn discard(link: &mut Link, most: u64) -> bool {
    use crate::channel::Fill;
    let mut read = 0;
    poll_fn(|cx| {
        loop {
            match ready!(link.poll_fill(cx)) {
                Ok(Fill::End) => return Poll::Ready(true),
                Ok(Fill::Data) => {
                    let count = link.data().len();
                    read += count as u64;
                    link.consume(count);
                    if read > most {
                        return Poll::Ready(false);
                    }
                }
                Err(_) => return Poll::Ready(false),
            }
        }
    })
    .await
}
