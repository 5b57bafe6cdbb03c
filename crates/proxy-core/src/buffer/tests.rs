use std::task::Waker;

use super::*;

/// Gives what it has, so much at a time; then pends.
struct Reader<'a>(&'a [u8], usize);

impl AsyncRead for Reader<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.0.is_empty() {
            return Poll::Pending;
        }
        let count = self.1.min(self.0.len()).min(buf.remaining());
        let (now, later) = self.0.split_at(count);
        buf.put_slice(now);
        self.0 = later;
        Poll::Ready(Ok(()))
    }
}

fn read(buffer: &mut Buffer, reader: &mut Reader<'_>) -> Poll<usize> {
    buffer.poll_read(reader, &mut Context::from_waker(Waker::noop())).map(Result::unwrap)
}

#[test]
fn any_order_of_uses_is_that_of_a_plain_list() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let source: Vec<u8> = (0..100_000).map(|_| random.u8(..)).collect();
    let (mut buffer, mut model) = (Buffer::default(), Vec::new());
    for _ in 0..20_000 {
        let len = random.usize(..5_000);
        match random.u8(..6) {
            0 => {
                buffer.appender().extend_from_slice(&source[..len]);
                model.extend_from_slice(&source[..len]);
            }
            1 | 2 => {
                buffer.consume(len);
                model.drain(..len.min(model.len()));
            }
            3 => {
                let len = random.usize(..60_000);
                let mut reader = Reader(&source[..len], 1 + random.usize(..70_000));
                match read(&mut buffer, &mut reader) {
                    Poll::Ready(count) => model.extend_from_slice(&source[..count]),
                    Poll::Pending => assert_eq!(len, 0),
                }
            }
            4 => buffer.release(),
            _ => {
                let rest = buffer.split_off(len);
                assert_eq!(rest.unread(), &model.split_off(len.min(model.len())));
                if random.bool() {
                    model.extend_from_slice(rest.unread());
                    buffer.appender().extend_from_slice(rest.unread());
                }
            }
        }
        assert_eq!(buffer.unread(), model);
        assert_eq!((buffer.len(), buffer.is_empty()), (model.len(), model.is_empty()));
    }
}

#[test]
fn waiting_costs_no_memory() {
    let mut buffer = Buffer::default();
    assert!(read(&mut buffer, &mut Reader(b"", 1)).is_pending());
    assert_eq!(buffer.bytes.capacity(), 0);
    assert_eq!(read(&mut buffer, &mut Reader(b"abc", 9)), Poll::Ready(3));
    assert!(read(&mut buffer, &mut Reader(b"", 1)).is_pending());
    assert_eq!(buffer.unread(), b"abc");
    buffer.consume(3);
    assert!(read(&mut buffer, &mut Reader(b"", 1)).is_pending());
    assert_eq!(buffer.bytes.capacity(), 0);
}

#[test]
fn a_buffer_grows_while_it_is_filled_and_only_so_far() {
    let source = vec![7; 4 * LARGE];
    let mut reader = Reader(&source, usize::MAX);
    let mut buffer = Buffer::default();
    let mut sizes = Vec::new();
    while let Poll::Ready(count) = read(&mut buffer, &mut reader) {
        sizes.push(count);
        buffer.consume(usize::MAX);
    }
    assert_eq!(sizes[..4], [SMALL, MEDIUM, LARGE, LARGE]);
}

#[test]
fn what_was_given_back_is_leased_again_empty() {
    let mut buffer = Buffer::default();
    buffer.appender().extend_from_slice(b"secret");
    let place = buffer.unread().as_ptr();
    drop(buffer);
    let mut again = Buffer::default();
    again.appender().push(b'x');
    assert_eq!((again.unread().as_ptr(), again.unread()), (place, &b"x"[..]));
}

#[test]
fn a_thread_keeps_so_many_and_none_that_grew_out_of_bounds() {
    let mut all: Vec<Buffer> = (0..KEPT[0] + 50).map(|_| Buffer::default()).collect();
    for buffer in &mut all {
        buffer.appender().push(1);
    }
    drop(all);
    POOL.with_borrow(|pool| assert_eq!(pool[0].buffers.len(), KEPT[0]));
    let mut huge = Buffer::default();
    huge.appender().resize(4 * LARGE, 0);
    drop(huge);
    POOL.with_borrow(|pool| {
        assert!(pool.iter().flat_map(|kept| &kept.buffers).all(|bytes| bytes.capacity() <= 2 * LARGE));
    });
}

#[test]
fn trimming_gives_back_what_was_not_needed_since_the_last_time() {
    let lengths = || POOL.with_borrow(|pool| [0, 1, 2].map(|class: usize| pool[class].buffers.len()));
    let mut leased: Vec<Buffer> = (0..100).map(|_| Buffer::default()).collect();
    leased.iter_mut().for_each(|buffer| buffer.appender().push(0));
    drop(leased);
    assert_eq!(lengths()[0], 100);
    // All of them were in use since the thread began.
    trim();
    assert_eq!(lengths()[0], 100);
    let mut leased: Vec<Buffer> = (0..30).map(|_| Buffer::default()).collect();
    leased.iter_mut().for_each(|buffer| buffer.appender().push(0));
    drop(leased);
    trim();
    assert_eq!(lengths()[0], 30 + SPARE[0]);
    trim();
    assert_eq!(lengths()[0], SPARE[0]);
    trim();
    assert_eq!(lengths()[0], SPARE[0]);
}
