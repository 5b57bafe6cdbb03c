use super::*;

fn frame(kind: u8, flags: u8, payload: usize) -> Vec<u8> {
    let len = (payload as u32).to_be_bytes();
    let mut bytes = vec![len[1], len[2], len[3], kind, flags, 0, 0, 0, 1];
    bytes.resize(HEAD + payload, 0xaa);
    bytes
}

fn found(frames: &mut Frames, bytes: &[u8], step: usize) -> Vec<(u8, u8, u32)> {
    let mut found = Vec::new();
    for part in bytes.chunks(step) {
        frames.pass(part, |_, frame| found.push((frame.kind, frame.flags, frame.len)));
    }
    found
}

#[test]
fn finds_every_head_however_the_bytes_are_cut() {
    let bytes = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        frame(SETTINGS, 0, 12),
        frame(HEADERS, END_HEADERS, 300),
        frame(DATA, END_STREAM, 0),
        frame(PING, ACK, 8),
    ]
    .concat();
    let expected = [(SETTINGS, 0, 12), (HEADERS, END_HEADERS, 300), (DATA, END_STREAM, 0), (PING, ACK, 8)];
    for step in [1, 2, 3, 8, 9, 10, 24, 33, 100, bytes.len()] {
        let mut frames = Frames::behind(24, Interest::Nothing);
        assert_eq!(found(&mut frames, &bytes, step), expected, "{step} bytes at a time");
        assert_eq!(frames.amid(), None, "{step} bytes at a time");
    }
}

#[test]
fn tells_what_has_begun_and_is_not_whole() {
    #[track_caller]
    fn check(bytes: &[u8], amid: Option<u32>) {
        let mut frames = Frames::default();
        frames.pass(bytes, |_, _| {});
        assert_eq!(frames.amid(), amid, "{bytes:?}");
    }
    let ping = frame(PING, 0, 8);
    check(b"", None);
    check(&ping[..4], Some(1));
    check(&ping[..12], Some(1));
    check(&ping, None);
    check(&[&ping[..], &ping[..3]].concat(), Some(2));
    check(&[&ping[..], &ping[..9]].concat(), Some(2));
    check(&frame(HEADERS, 0, 3), Some(1));
    check(&[frame(HEADERS, 0, 3), frame(CONTINUATION, 0, 3)].concat(), Some(1));
    check(&[&frame(HEADERS, 0, 3)[..], &frame(CONTINUATION, 0, 3)[..5]].concat(), Some(1));
    check(&[frame(HEADERS, 0, 3), frame(CONTINUATION, END_HEADERS, 3)].concat(), None);
}

#[test]
fn a_body_that_takes_its_time_is_not_amid_anything() {
    let mut frames = Frames::default();
    frames.pass(&frame(DATA, 0, 100)[..50], |_, _| {});
    assert_eq!((frames.amid(), frames.counts()), (None, (1, 0)));
    frames.pass(&[0; 59], |_, _| {});
    assert_eq!((frames.amid(), frames.counts()), (None, (1, 1)));
    // The head of the next frame is another thing each time.
    frames.pass(&frame(DATA, 0, 100)[..5], |_, _| {});
    assert_eq!(frames.amid(), Some(2));
    frames.pass(&frame(DATA, 0, 100)[5..], |_, _| {});
    frames.pass(&frame(DATA, 0, 100)[..5], |_, _| {});
    assert_eq!(frames.amid(), Some(3));
}

#[test]
fn a_preface_that_is_not_whole_counts_as_begun() {
    assert_eq!(Frames::behind(24, Interest::Nothing).amid(), Some(0));
}

/// A field of which a pseudo-header is made, in the frames that these functions make of it.
fn trailers(flags: u8, stream: u32, before: &[u8], block: &[u8], behind: usize) -> Vec<u8> {
    let payload = [before, block, &vec![0; behind]].concat();
    let mut bytes = frame(HEADERS, flags, 0);
    bytes[2] = payload.len() as u8;
    bytes[5..9].copy_from_slice(&stream.to_be_bytes());
    [bytes, payload].concat()
}

#[test]
fn pseudo_headers_are_malformed_in_trailers_alone() {
    #[track_caller]
    fn check(second: &[u8], is_malformed: bool) {
        let bytes = [trailers(END_HEADERS, 1, b"", &[0x82], 0), second.to_vec()].concat();
        for step in 1..=bytes.len() {
            let mut frames = Frames::behind(0, Interest::Requests);
            for part in bytes.chunks(step) {
                frames.pass(part, |_, _| {});
            }
            assert_eq!(frames.has_malformed(1), is_malformed, "{second:x?}, {step} bytes at a time");
            frames.forget(1);
            assert!(!frames.has_malformed(1));
        }
    }
    check(b"", false);
    check(&trailers(END_HEADERS, 3, b"", &[0x82], 0), false);
    check(&trailers(END_HEADERS, 1, b"", &[0x90], 0), false);
    check(&trailers(END_HEADERS, 1, b"", &[0x82], 0), true);
    check(&trailers(END_HEADERS | PADDED, 1, &[0x82], &[0x90], 0x82), false);
    check(&trailers(END_HEADERS | PADDED, 1, &[3], &[0x82], 3), true);
    check(&trailers(END_HEADERS | PRIORITY, 1, &[0x82; 5], &[0x90], 0), false);
    check(&trailers(END_HEADERS | PRIORITY, 1, &[0; 5], &[0x82], 0), true);
    check(&trailers(END_HEADERS | PRIORITY | PADDED, 1, &[2, 0, 0, 0, 0, 0], &[0x82], 2), true);
    let mut continued = trailers(0, 1, b"", &[0x90], 0);
    continued.extend([0, 0, 1, CONTINUATION, END_HEADERS, 0, 0, 0, 1, 0x82]);
    check(&continued, true);
}

#[test]
fn heads_that_may_be_interim_are_counted() {
    #[track_caller]
    fn check(bytes: &[u8], expected: u32) {
        for step in 1..=bytes.len() {
            let mut frames = Frames::behind(0, Interest::Answers);
            for part in bytes.chunks(step) {
                frames.pass(part, |_, _| {});
            }
            assert_eq!(frames.doubtful(), expected, "{bytes:x?}, {step} bytes at a time");
        }
    }
    check(&trailers(END_HEADERS, 1, b"", &[0x88], 0), 0);
    check(&trailers(END_HEADERS, 1, b"", &[0x8e], 0), 0);
    // `:status: 103`, spelt out, and as an entry of the dynamic table.
    check(&trailers(END_HEADERS, 1, b"", b"\x08\x03103", 0), 1);
    check(&trailers(END_HEADERS, 1, b"", &[0xbe], 0), 1);
    check(&trailers(END_HEADERS | PADDED | PRIORITY, 1, &[2, 0, 0, 0, 0, 0], &[0x88], 2), 0);
    check(&trailers(END_HEADERS | PADDED | PRIORITY, 1, &[2, 0, 0, 0, 0, 0], &[0xbe], 2), 1);
    // What ends its stream is a final answer, or trailers.
    check(&trailers(END_HEADERS | END_STREAM, 1, b"", &[0xbe], 0), 0);
}
