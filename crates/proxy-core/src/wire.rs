//! One HTTP/1.1 connection, to a client or to a backend: its socket, what was read from it and what is to be
//! written to it. It frames bodies; what the messages mean is for others.

use std::io::IoSlice;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http1::chunked::{self, Decoder};
use http1::framing::BodyLength;
use http1::{Limits, Lines, Rule, parse_trailers};
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;

use crate::buffer::Buffer;
use crate::channel::{Broken, Channel, ENDLESS, Fill};
use crate::transport::Stream;

/// Data up to this size is copied behind what is to be sent anyway, so that one send carries both.
const COPIED: usize = 2048;
/// So much is taken over before the socket is asked.
const MOST_UNSENT: usize = 8 * 1024;

/// What is still to come of the body from this side.
#[derive(Debug, Default)]
enum Reader {
    /// Nothing.
    #[default]
    Done,
    /// That many bytes.
    Bytes(u64),
    /// Chunks; boxed, since most bodies have a length.
    Chunks(Box<Chunks>),
    /// All until the connection ends.
    UntilClose,
}

#[derive(Debug, Default)]
struct Chunks {
    decoder: Decoder,
    /// Decoded data at the start of the input.
    ready: usize,
    /// Framing that follows it.
    behind: usize,
    is_done: bool,
}

/// How the body to this side is framed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Writer {
    /// As it is: a length was announced, or the connection's end will end it.
    #[default]
    Raw,
    /// In chunks.
    Chunked,
    /// As it is, and its end ends what is sent on this connection: a tunnel.
    Tunnel,
}

/// One HTTP/1.1 connection.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) stream: Stream,
    /// What was read and not yet used.
    pub(crate) input: Buffer,
    /// What is to be sent.
    pub(crate) output: Buffer,
    reader: Reader,
    writer: Writer,
    /// Bytes of the chunk being written that were announced and not yet sent.
    announced: usize,
    /// Bytes of the body from this side that are still allowed.
    allowed: u64,
    /// Boxed, since hardly any body has them.
    trailers: Option<Box<[u8]>>,
    /// The tunnel to this side has ended: once all is sent, the connection is shut in this direction.
    is_ending: bool,
}

impl Wire {
    pub(crate) fn new(stream: Stream) -> Self {
        Self {
            stream,
            input: Buffer::default(),
            output: Buffer::default(),
            reader: Reader::Done,
            writer: Writer::Raw,
            announced: 0,
            allowed: u64::MAX,
            trailers: None,
            is_ending: false,
        }
    }

    /// Says what body is to come from this side, and how large it may be.
    #[inline]
    pub(crate) fn expect(&mut self, length: BodyLength, allowed: u64) {
        self.allowed = allowed;
        self.trailers = None;
        self.reader = match length {
            BodyLength::None | BodyLength::Bytes(0) => Reader::Done,
            BodyLength::Bytes(count) => Reader::Bytes(count),
            BodyLength::Chunked => Reader::Chunks(Box::default()),
            BodyLength::UntilClose => Reader::UntilClose,
        };
    }

    /// Says how the body to this side is framed.
    #[inline]
    pub(crate) fn frame(&mut self, writer: Writer) {
        self.writer = writer;
        self.announced = 0;
    }

    /// True where the whole body from this side was taken in.
    #[inline]
    pub(crate) fn is_body_done(&self) -> bool {
        matches!(self.reader, Reader::Done)
    }

    /// How much of the body from this side is still to come, where that is known.
    pub(crate) fn left_to_come(&self) -> Option<u64> {
        match self.reader {
            Reader::Done => Some(0),
            Reader::Bytes(left) => Some(left),
            Reader::Chunks(_) | Reader::UntilClose => None,
        }
    }

    /// Reads more into the input. `Ok(0)` is the end of what the other end sends.
    #[inline]
    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize, Broken>> {
        self.input.poll_read(&mut self.stream, cx).map_err(Broken::from)
    }

    /// Gives memory back that holds nothing.
    pub(crate) fn rest(&mut self) {
        self.input.release();
        self.output.release();
        self.trailers = None;
    }

    /// Looks at what was read: data, an end, or nothing yet.
    #[inline]
    fn look(&mut self) -> Result<Option<Fill>, Broken> {
        match &mut self.reader {
            Reader::Done => Ok(Some(Fill::End)),
            Reader::Bytes(_) | Reader::UntilClose => Ok((!self.input.is_empty()).then_some(Fill::Data)),
            Reader::Chunks(_) => self.look_at_chunks(),
        }
    }

    fn look_at_chunks(&mut self) -> Result<Option<Fill>, Broken> {
        let Reader::Chunks(chunks) = &mut self.reader else { return Ok(None) };
        if chunks.ready > 0 {
            return Ok(Some(Fill::Data));
        }
        if !chunks.is_done && !self.input.is_empty() {
            let decoded = chunks.decoder.decode(self.input.unread_mut()).map_err(Broken::Rule)?;
            chunks.is_done = decoded.is_done;
            chunks.ready = decoded.data.len();
            let len = chunks.ready as u64;
            self.allowed = self.allowed.checked_sub(len).ok_or(Broken::TooLarge)?;
            if chunks.ready > 0 {
                chunks.behind = decoded.consumed - decoded.data.end;
                self.input.consume(decoded.data.start);
                return Ok(Some(Fill::Data));
            }
            self.input.consume(decoded.consumed);
        }
        if chunks.is_done {
            self.trailers = kept_trailers(chunks.decoder.trailers())?;
            self.reader = Reader::Done;
            return Ok(Some(Fill::End));
        }
        Ok(None)
    }

    fn poll_write_output(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        while !self.output.is_empty() {
            let sent = ready!(Pin::new(&mut self.stream).poll_write(cx, self.output.unread()))?;
            if sent == 0 {
                return Poll::Ready(Err(Broken::Gone));
            }
            self.output.consume(sent);
        }
        Poll::Ready(Ok(()))
    }

    /// Sends the output and then `data`, in one call where the socket takes it. Returns how much of `data`.
    fn poll_write_behind(
        &mut self,
        cx: &mut Context<'_>,
        data: &[u8],
        tail: &[u8],
    ) -> Poll<Result<usize, Broken>> {
        loop {
            let ahead = self.output.len();
            let slices = [IoSlice::new(self.output.unread()), IoSlice::new(data), IoSlice::new(tail)];
            let slices = if ahead == 0 { slices.get(1..) } else { Some(&slices[..]) };
            let stream = Pin::new(&mut self.stream);
            let sent = ready!(stream.poll_write_vectored(cx, slices.unwrap_or_default()))?;
            if sent == 0 {
                return Poll::Ready(Err(Broken::Gone));
            }
            self.output.consume(sent.min(ahead));
            let sent = sent.saturating_sub(ahead);
            if sent > 0 {
                let unsent = sent.checked_sub(data.len()).and_then(|of_tail| tail.get(of_tail..));
                match unsent.unwrap_or_default() {
                    // There may be nothing more to be flushed: the connection idles without memory.
                    [] => self.output.release(),
                    unsent => self.output.appender().extend_from_slice(unsent),
                }
                return Poll::Ready(Ok(sent.min(data.len())));
            }
        }
    }

    fn poll_send_chunk(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<Result<usize, Broken>> {
        if self.announced == 0 {
            chunked::push_size(self.output.appender(), data.len());
            if data.len() <= COPIED {
                let output = self.output.appender();
                output.extend_from_slice(data);
                output.extend_from_slice(chunked::END_OF_DATA);
                return Poll::Ready(Ok(data.len()));
            }
            self.announced = data.len();
        }
        let data = data.get(..self.announced).unwrap_or(data);
        let is_whole = data.len() == self.announced;
        let tail = if is_whole { chunked::END_OF_DATA } else { &[] };
        let sent = ready!(self.poll_write_behind(cx, data, tail))?;
        self.announced -= sent;
        Poll::Ready(Ok(sent))
    }
}

/// Trailers that may be passed on, as they are written. RFC 9110 section 6.5.1.
fn kept_trailers(section: &[u8]) -> Result<Option<Box<[u8]>>, Broken> {
    if section.is_empty() {
        return Ok(None);
    }
    let mut lines = Lines::default();
    parse_trailers(section, &Limits::default(), &mut lines).map_err(Broken::Rule)?;
    let mut kept = Vec::new();
    lines.fields(section).write_to(&mut kept);
    Ok(Some(kept.into()))
}

impl Channel for Wire {
    #[inline]
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<Fill, Broken>> {
        loop {
            if let Some(fill) = self.look()? {
                return Poll::Ready(Ok(fill));
            }
            if ready!(self.poll_read(cx))? == 0 {
                return Poll::Ready(if matches!(self.reader, Reader::UntilClose) {
                    self.reader = Reader::Done;
                    Ok(Fill::End)
                } else {
                    Err(Broken::Rule(Rule::Incomplete))
                });
            }
        }
    }

    #[inline]
    fn data(&self) -> &[u8] {
        let unread = self.input.unread();
        match &self.reader {
            Reader::Done => &[],
            Reader::Bytes(left) => {
                unread.get(..usize::try_from(*left).unwrap_or(usize::MAX)).unwrap_or(unread)
            }
            Reader::Chunks(chunks) => unread.get(..chunks.ready).unwrap_or_default(),
            Reader::UntilClose => unread,
        }
    }

    #[inline]
    fn consume(&mut self, count: usize) {
        self.input.consume(count);
        match &mut self.reader {
            Reader::Bytes(left) => {
                *left = left.saturating_sub(count as u64);
                if *left == 0 {
                    self.reader = Reader::Done;
                }
            }
            Reader::Chunks(chunks) => {
                chunks.ready = chunks.ready.saturating_sub(count);
                if chunks.ready == 0 {
                    self.input.consume(std::mem::take(&mut chunks.behind));
                }
            }
            Reader::Done | Reader::UntilClose => {}
        }
    }

    fn hold_back(&mut self) {
        self.input.hold_back();
    }

    fn trailers(&self) -> &[u8] {
        self.trailers.as_deref().unwrap_or_default()
    }

    #[inline]
    fn poll_send(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<Result<usize, Broken>> {
        if self.output.len() > MOST_UNSENT {
            ready!(self.poll_write_output(cx))?;
        }
        if self.writer == Writer::Chunked {
            return self.poll_send_chunk(cx, data);
        }
        if data.len() <= COPIED {
            self.output.appender().extend_from_slice(data);
            return Poll::Ready(Ok(data.len()));
        }
        self.poll_write_behind(cx, data, &[])
    }

    #[inline]
    fn finish(&mut self, trailers: &[u8]) {
        if self.writer == Writer::Chunked {
            let output = self.output.appender();
            output.extend_from_slice(b"0\r\n");
            output.extend_from_slice(trailers);
            output.extend_from_slice(b"\r\n");
        }
        self.is_ending = self.writer == Writer::Tunnel;
    }

    #[inline]
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        ready!(self.poll_write_output(cx))?;
        self.output.release();
        // Plain sockets keep nothing back; a transport around one may.
        if self.stream.as_tcp().is_none() {
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        }
        if self.is_ending {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.is_ending = false;
        }
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn has_unsent(&self) -> bool {
        !self.output.is_empty() || self.stream.has_unsent()
    }

    fn spliceable(&self) -> Option<(&TcpStream, u64)> {
        let left = match self.reader {
            Reader::Bytes(left) => left,
            Reader::UntilClose => ENDLESS,
            Reader::Done | Reader::Chunks(_) => 0,
        };
        // A body that is to be framed in chunks does not pass by untouched.
        self.stream.as_tcp().filter(|_| self.writer != Writer::Chunked).map(|tcp| (tcp, left))
    }

    fn spliced(&mut self, count: u64) {
        match &mut self.reader {
            Reader::Bytes(left) => {
                *left = left.saturating_sub(count);
                if *left == 0 {
                    self.reader = Reader::Done;
                }
            }
            Reader::UntilClose if count == 0 => self.reader = Reader::Done,
            Reader::Done | Reader::Chunks(_) | Reader::UntilClose => {}
        }
    }
}

#[cfg(test)]
mod tests;
