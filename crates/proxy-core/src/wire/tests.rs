use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::task::Waker;

use tokio::io::{AsyncRead, ReadBuf};

use super::*;
use crate::transport::Transport;

/// What was written, and whether the direction was shut.
type Written = Arc<Mutex<(Vec<u8>, bool)>>;

/// The other end: it sends these pieces, pending before each, and takes so many bytes at a time.
struct Scripted {
    pieces: VecDeque<Vec<u8>>,
    waits: bool,
    is_ended: bool,
    takes: usize,
    turn: usize,
    written: Written,
}

impl Transport for Scripted {}

impl AsyncRead for Scripted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.waits = !self.waits;
        if self.waits {
            return Poll::Pending;
        }
        match self.pieces.pop_front() {
            Some(piece) => {
                buf.put_slice(&piece);
                Poll::Ready(Ok(()))
            }
            None if self.is_ended => Poll::Ready(Ok(())),
            None => Poll::Pending,
        }
    }
}

impl AsyncWrite for Scripted {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.turn += 1;
        if self.turn.is_multiple_of(3) {
            return Poll::Pending;
        }
        let count = self.takes.min(data.len());
        let mut written = self.written.lock().unwrap();
        assert!(!written.1, "nothing is written behind the end");
        written.0.extend_from_slice(&data[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let all: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).take(self.takes).collect();
        self.as_mut().poll_write(cx, &all)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.written.lock().unwrap().1 = true;
        Poll::Ready(Ok(()))
    }
}

fn wire(pieces: &[&[u8]], is_ended: bool, takes: usize) -> (Wire, Written) {
    let written = Written::default();
    let pieces = pieces.iter().filter(|piece| !piece.is_empty()).map(|piece| piece.to_vec()).collect();
    let scripted = Scripted { pieces, waits: false, is_ended, takes, turn: 0, written: Arc::clone(&written) };
    (Wire::new(Stream::new(scripted)), written)
}

/// Polls until it is ready.
fn ready<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
    let cx = &mut Context::from_waker(Waker::noop());
    for _ in 0..200_000 {
        if let Poll::Ready(ready) = poll(cx) {
            return ready;
        }
    }
    panic!("it never becomes ready")
}

/// The body that comes from a wire, `step` bytes consumed at a time.
fn body(wire: &mut Wire, step: usize) -> Result<Vec<u8>, Broken> {
    let mut body = Vec::new();
    loop {
        match ready(|cx| wire.poll_fill(cx))? {
            Fill::End => return Ok(body),
            Fill::Data => {
                let count = wire.data().len().min(step);
                assert!(count > 0, "data is never empty");
                body.extend_from_slice(&wire.data()[..count]);
                wire.consume(count);
            }
        }
    }
}

const CHUNKED: &[u8] = b"3;a=b\r\nabc\r\n1\r\nd\r\nA\r\n0123456789\r\n0\r\nX-Sum: 1\r\nHost: evil\r\n\r\n";

#[test]
fn bodies_are_read_whole_wherever_the_bytes_are_cut() {
    for (length, bytes, expected, trailers) in [
        (BodyLength::None, &b""[..], &b""[..], &b""[..]),
        (BodyLength::Bytes(0), b"", b"", b""),
        (BodyLength::Bytes(10), b"0123456789", b"0123456789", b""),
        (BodyLength::Chunked, CHUNKED, b"abcd0123456789", b"X-Sum: 1\r\n"),
        (BodyLength::Chunked, b"0\r\n\r\n", b"", b""),
    ] {
        let all = [bytes, b"next"].concat();
        for first in 0..all.len() {
            for second in first..all.len() {
                for step in [1, usize::MAX] {
                    let pieces = [&all[..first], &all[first..second], &all[second..]];
                    let (mut wire, _) = wire(&pieces, true, 1);
                    wire.expect(length, u64::MAX);
                    let what = (length, first, second);
                    assert_eq!(body(&mut wire, step).unwrap(), expected, "{what:?}");
                    assert_eq!(wire.trailers(), trailers, "{what:?}");
                    assert!(wire.is_body_done() && wire.left_to_come() == Some(0));
                    // Whatever stands behind the body is still there.
                    while ready(|cx| wire.poll_read(cx)).unwrap() > 0 {}
                    assert_eq!(wire.input.unread(), b"next", "{what:?}");
                }
            }
        }
    }
}

#[test]
fn a_body_that_is_cut_short_is_no_body() {
    // RFC 9112 section 8.
    for (length, bytes) in [(BodyLength::Bytes(10), &b"012345678"[..]), (BodyLength::Chunked, CHUNKED)] {
        for cut in 0..bytes.len() {
            let (mut wire, _) = wire(&[&bytes[..cut]], true, 1);
            wire.expect(length, u64::MAX);
            assert_eq!(body(&mut wire, 4), Err(Broken::Rule(Rule::Incomplete)), "{length:?} {cut}");
        }
    }
    let (mut wire, _) = wire(&[b"all", b" of it"], true, 1);
    wire.expect(BodyLength::UntilClose, u64::MAX);
    assert_eq!(body(&mut wire, 4).unwrap(), b"all of it");
}

#[test]
fn a_chunked_body_has_a_bound_and_rules() {
    for (bytes, allowed, broken) in [
        (CHUNKED, 14, None),
        (CHUNKED, 13, Some(Broken::TooLarge)),
        (CHUNKED, 0, Some(Broken::TooLarge)),
        (b"x\r\n", 99, Some(Broken::Rule(Rule::ChunkSize))),
        (b"1\r\nab", 99, Some(Broken::Rule(Rule::ChunkEnd))),
        (b"0\r\nno colon\r\n\r\n", 99, Some(Broken::Rule(Rule::Trailer))),
    ] {
        let (mut wire, _) = wire(&[bytes], true, 1);
        wire.expect(BodyLength::Chunked, allowed);
        assert_eq!(body(&mut wire, 3).err(), broken, "{:?} {allowed}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn trailers_of_one_message_are_not_those_of_the_next() {
    let (mut wire, _) = wire(&[b"0\r\nX-Sum: 1\r\n\r\n"], true, 1);
    wire.expect(BodyLength::Chunked, 9);
    body(&mut wire, 9).unwrap();
    assert_eq!(wire.trailers(), b"X-Sum: 1\r\n");
    wire.expect(BodyLength::None, 9);
    assert_eq!(wire.trailers(), b"");
}

/// Sends `parts` behind a head and ends. Returns what arrived, without the head.
fn send(writer: Writer, parts: &[&[u8]], takes: usize, trailers: &[u8]) -> (Vec<u8>, bool) {
    let (mut wire, written) = wire(&[], false, takes);
    wire.output.appender().extend_from_slice(b"HEAD\r\n\r\n");
    wire.frame(writer);
    for part in parts {
        let mut left = *part;
        while !left.is_empty() {
            let sent = ready(|cx| wire.poll_send(cx, left)).unwrap();
            assert!(sent > 0 && sent <= left.len());
            left = &left[sent..];
            assert!(wire.output.len() <= MOST_UNSENT + COPIED + 64, "what is taken over has a bound");
        }
    }
    wire.finish(trailers);
    ready(|cx| wire.poll_flush(cx)).unwrap();
    assert!(!wire.has_unsent());
    let written = written.lock().unwrap();
    let body = written.0.strip_prefix(b"HEAD\r\n\r\n").unwrap();
    (body.to_vec(), written.1)
}

#[test]
fn bodies_are_written_whole_however_little_is_taken_at_a_time() {
    let bytes: Vec<u8> = (0..20_000_u32).map(|number| (number ^ number >> 8) as u8).collect();
    let part = |len: usize| &bytes[..len];
    for parts in [
        &[][..],
        &[part(1)],
        &[part(COPIED)],
        &[part(COPIED + 1)],
        &[part(20_000)],
        &[part(3), part(COPIED), part(5000), part(1), part(COPIED + 1), part(9000), part(7)],
    ] {
        let all = parts.concat();
        for takes in [1, 7, 2049, 5000, 1 << 20] {
            assert_eq!(send(Writer::Raw, parts, takes, b""), (all.clone(), false));
            assert_eq!(send(Writer::Tunnel, parts, takes, b""), (all.clone(), true));
            let (coded, is_shut) = send(Writer::Chunked, parts, takes, b"X-Sum: 1\r\n");
            assert!(!is_shut);
            let (mut back, _) = wire(&coded.chunks(1000).collect::<Vec<_>>(), true, 1);
            back.expect(BodyLength::Chunked, u64::MAX);
            assert!(body(&mut back, usize::MAX).unwrap() == all, "{takes}");
            assert_eq!(back.trailers(), b"X-Sum: 1\r\n");
            assert!(back.input.is_empty(), "nothing stands behind the last chunk");
        }
    }
}

#[test]
fn a_connection_that_takes_nothing_is_gone() {
    let (mut wire, _) = wire(&[], false, 0);
    assert_eq!(ready(|cx| wire.poll_send(cx, &[0; COPIED + 1])), Err(Broken::Gone));
    wire.output.appender().push(b'x');
    assert_eq!(ready(|cx| wire.poll_flush(cx)), Err(Broken::Gone));
}

#[test]
fn an_idle_connection_keeps_no_memory() {
    let (mut wire, _) = wire(&[b"0\r\nX-Sum: 1\r\n\r\n"], true, 1 << 20);
    wire.expect(BodyLength::Chunked, 9);
    body(&mut wire, 9).unwrap();
    wire.output.appender().extend_from_slice(b"answer");
    ready(|cx| wire.poll_flush(cx)).unwrap();
    wire.rest();
    assert_eq!(wire.trailers, None);
    assert!(!wire.input.has_memory() && !wire.output.has_memory());
}

#[test]
fn a_tunnel_keeps_no_memory_whatever_has_gone_through_it() {
    for messages in [&[3000][..], &[10], &[10, 3000], &[3000, 10], &[10, 10, 3000, 3000]] {
        let (mut wire, written) = wire(&[&[1; 5000]], false, 1 << 20);
        wire.expect(BodyLength::UntilClose, u64::MAX);
        wire.frame(Writer::Tunnel);
        for length in messages {
            let sent = ready(|cx| wire.poll_send(cx, &vec![7; *length])).unwrap();
            assert_eq!(sent, *length);
        }
        if wire.has_unsent() {
            ready(|cx| wire.poll_flush(cx)).unwrap();
        }
        assert_eq!(written.lock().unwrap().0.len(), messages.iter().sum::<usize>());
        assert_eq!(ready(|cx| wire.poll_fill(cx)), Ok(Fill::Data));
        wire.consume(5000);
        let polled = wire.poll_fill(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending() && !wire.input.has_memory() && !wire.output.has_memory(), "{messages:?}");
    }
}
