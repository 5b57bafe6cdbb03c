//! The client's side of an exchange whose client is a caller in this process.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as Poller, Poll};

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::{Body, Frame};
use http1::framing::BodyLength;
use http1::{Lines, Name, parse_trailers};

use super::{Head, append};
use crate::channel::{Broken, Channel, Fill};
use crate::client::{Client, Outgoing};

/// What the exchange has put out and the caller has not yet taken: one piece at a time.
#[derive(Default)]
pub(super) struct Shelf {
    pub(super) head: Option<Head>,
    pub(super) is_broken: bool,
    data: Bytes,
    trailers: Option<HeaderMap>,
}

impl Shelf {
    pub(super) fn has_some(&self) -> bool {
        !self.data.is_empty() || self.trailers.is_some()
    }

    /// Data first, then trailers.
    pub(super) fn take(&mut self) -> Option<Frame<Bytes>> {
        if !self.data.is_empty() {
            return Some(Frame::data(std::mem::take(&mut self.data)));
        }
        self.trailers.take().map(Frame::trailers)
    }
}

/// A caller as a client. Without a body yet, it is `ServiceClient<()>`.
pub(super) struct ServiceClient<B = ()> {
    shelf: Arc<Mutex<Shelf>>,
    body: B,
    data: Bytes,
    trailers: Vec<u8>,
    is_ended: bool,
    allowed: u64,
}

impl ServiceClient {
    pub(super) fn new(shelf: Arc<Mutex<Shelf>>) -> Self {
        Self { shelf, body: (), data: Bytes::new(), trailers: Vec::new(), is_ended: false, allowed: u64::MAX }
    }

    pub(super) fn with_body<B: Body>(self, body: B) -> ServiceClient<B> {
        let is_ended = body.is_end_stream();
        ServiceClient {
            shelf: self.shelf,
            body,
            data: Bytes::new(),
            trailers: Vec::new(),
            is_ended,
            allowed: u64::MAX,
        }
    }
}

impl<B: Body> ServiceClient<B> {
    /// The body's length, where it is known.
    pub(super) fn body_length(&self) -> Option<u64> {
        if self.is_ended { Some(0) } else { self.body.size_hint().exact() }
    }
}

impl<B> ServiceClient<B> {
    fn shelf(&self) -> std::sync::MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B: Body<Data = Bytes> + Unpin> Channel for ServiceClient<B> {
    fn poll_fill(&mut self, cx: &mut Poller<'_>) -> Poll<Result<Fill, Broken>> {
        loop {
            if !self.data.is_empty() {
                return Poll::Ready(Ok(Fill::Data));
            }
            if self.is_ended {
                return Poll::Ready(Ok(Fill::End));
            }
            match std::task::ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                None => self.is_ended = true,
                Some(Err(_)) => return Poll::Ready(Err(Broken::Gone)),
                Some(Ok(frame)) => self.take_frame(frame)?,
            }
        }
    }

    fn data(&self) -> &[u8] {
        &self.data
    }

    fn consume(&mut self, count: usize) {
        self.data.advance(count.min(self.data.len()));
    }

    fn trailers(&self) -> &[u8] {
        &self.trailers
    }

    /// One piece is on the shelf at a time: the caller is asked to take it before the next is put there.
    fn poll_send(&mut self, _: &mut Poller<'_>, data: &[u8]) -> Poll<Result<usize, Broken>> {
        let mut shelf = self.shelf();
        if !shelf.data.is_empty() {
            return Poll::Pending;
        }
        shelf.data = Bytes::copy_from_slice(data);
        Poll::Ready(Ok(data.len()))
    }

    fn finish(&mut self, trailers: &[u8]) {
        if !trailers.is_empty() {
            let mut section = trailers.to_vec();
            section.extend_from_slice(b"\r\n");
            self.shelf().trailers = Some(fields_of(&section));
        }
    }

    /// Everything was sent once the caller has taken it.
    fn poll_flush(&mut self, _: &mut Poller<'_>) -> Poll<Result<(), Broken>> {
        if self.shelf().has_some() { Poll::Pending } else { Poll::Ready(Ok(())) }
    }

    fn has_unsent(&self) -> bool {
        self.shelf().has_some()
    }
}

impl<B: Body<Data = Bytes> + Unpin> ServiceClient<B> {
    fn take_frame(&mut self, frame: Frame<Bytes>) -> Result<(), Broken> {
        match frame.into_data() {
            Ok(data) => {
                self.allowed = self.allowed.checked_sub(data.len() as u64).ok_or(Broken::TooLarge)?;
                self.data = data;
            }
            Err(frame) => {
                let mut lines = Lines::default();
                for (name, value) in frame.trailers_ref().into_iter().flatten() {
                    // RFC 9110 section 6.5.1: nothing that frames, routes or identifies.
                    if Name::of(name.as_str().as_bytes()) == Name::Other {
                        lines
                            .push(&mut self.trailers, name.as_str().as_bytes(), value.as_bytes())
                            .map_err(Broken::Rule)?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn fields_of(section: &[u8]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    let mut lines = Lines::default();
    if parse_trailers(section, &http1::Limits::default(), &mut lines).is_ok() {
        for field in lines.fields(section).iter() {
            append(&mut fields, field.name, field.value);
        }
    }
    fields
}

impl<B: Body<Data = Bytes> + Unpin> Client for ServiceClient<B> {
    fn begin(&mut self, outgoing: &Outgoing<'_>) {
        let mut fields = HeaderMap::new();
        let passed_on = outgoing.fields.iter().filter(|field| !outgoing.skip.contains(field.id));
        for field in passed_on {
            append(&mut fields, field.name, field.value);
        }
        for line in outgoing.extra.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if let Some(colon) = line.iter().position(|byte| *byte == b':') {
                let (name, value) = line.split_at(colon);
                append(&mut fields, name, value.get(1..).unwrap_or_default().trim_ascii());
            }
        }
        let status = http::StatusCode::from_u16(outgoing.status).unwrap_or(http::StatusCode::BAD_GATEWAY);
        self.shelf().head = Some(Head { status, fields });
    }

    fn interim(&mut self, _: &Outgoing<'_>) {}

    fn takes_interim(&self) -> bool {
        false
    }

    /// A caller that goes away drops the exchange.
    fn poll_gone(&mut self, _: &mut Poller<'_>) -> Poll<()> {
        Poll::Pending
    }

    fn is_leaving(&self) -> bool {
        false
    }

    fn expect(&mut self, _: BodyLength, allowed: u64) {
        self.allowed = allowed;
    }

    fn left_to_come(&self) -> Option<u64> {
        if self.is_ended { Some(0) } else { self.body.size_hint().exact() }
    }

    fn switch(&mut self, _: &Outgoing<'_>) {}

    fn close_after(&mut self) {}

    fn can_switch(&self) -> bool {
        false
    }
}
