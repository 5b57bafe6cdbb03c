//! Many frames of little use: they end the connection that they come on, and touch no other.

use harness::frames::{Fields, Frame, bytes_of, code, flag, kind, setting};

use super::limits::{CLIENT_RESETS, CONTROL_FRAMES, LOCAL_RESETS, STREAMS};
use super::siege::Siege;

fn get(stream: u32) -> Frame {
    Frame::headers(stream, &Fields::request("GET", "/")).end()
}

fn post(stream: u32) -> Frame {
    Frame::headers(stream, &Fields::request("POST", "/"))
}

/// What is done on each of many streams.
type Way = fn(u32) -> Vec<Frame>;

/// The streams of a client, each with its frames.
fn on_streams(count: usize, frames: impl Fn(u32) -> Vec<Frame>) -> Vec<u8> {
    let streams = (0..count).map(|number| 2 * u32::try_from(number).unwrap() + 1);
    streams.flat_map(|stream| bytes_of(&frames(stream))).collect()
}

/// A frame as often as it takes, behind some others.
fn again(first: &[Frame], frame: &Frame) -> Vec<u8> {
    [bytes_of(first), frame.bytes().repeat(CONTROL_FRAMES)].concat()
}

/// CVE-2023-44487, rapid reset.
#[test]
fn streams_that_are_reset_as_soon_as_they_are_opened_end_the_connection() {
    let siege = Siege::new();
    let rapid = on_streams(CLIENT_RESETS, |stream| vec![get(stream), Frame::reset(stream, code::CANCEL)]);
    let ended = siege.flood(&rapid);
    assert!(ended.is_calm(), "{ended:?}");
    siege.backend.wait_for_ends(siege.backend.connections());
    siege.end();
}

/// A client may change its mind now and then.
#[test]
fn some_streams_may_be_reset() {
    let siege = Siege::new();
    let mut client = siege.client();
    for _ in 0..STREAMS {
        let stream = client.ask(&Fields::request("GET", "/"));
        client.send(&Frame::reset(stream, code::CANCEL));
        client.settle();
    }
    let stream = client.ask(&Fields::request("GET", "/canary"));
    assert_eq!(client.response(stream).text(), "ok");
    drop(client);
    siege.end();
}

/// CVE-2025-8671, "MadeYouReset": the client has the proxy do the resetting.
#[test]
fn streams_that_the_proxy_is_made_to_reset_end_the_connection() {
    let siege = Siege::new();
    let ways: [(&str, Way); 6] = [
        ("an increment of 0", |stream| vec![post(stream), Frame::window_update(stream, 0)]),
        ("a window beyond its bound", |stream| {
            vec![post(stream), Frame::window_update(stream, (1 << 31) - 1)]
        }),
        ("DATA behind the end", |stream| vec![get(stream), Frame::data(stream, "x")]),
        ("HEADERS behind the end", |stream| vec![get(stream), get(stream)]),
        ("PRIORITY of four bytes", |stream| {
            vec![post(stream), Frame::new(kind::PRIORITY, 0, stream, [0; 4])]
        }),
        ("a dependency upon itself", |stream| vec![post(stream), Frame::priority(stream, stream, 0)]),
    ];
    for (way, frames) in ways {
        let ended = siege.flood(&on_streams(LOCAL_RESETS + 1, frames));
        assert!(ended.code != Some(code::NO_ERROR), "{way}: {ended:?}");
    }
    siege.backend.wait_for_ends(siege.backend.connections());
    siege.end();
}

/// CVE-2019-9512 to CVE-2019-9517.
#[test]
fn frames_that_ask_for_nothing_end_the_connection() {
    let siege = Siege::new();
    let floods = [
        ("PING", again(&[], &Frame::ping([0; 8]))),
        ("answers to PING", again(&[], &Frame::pong([0; 8]))),
        ("SETTINGS without any", again(&[], &Frame::settings(&[]))),
        ("SETTINGS", again(&[], &Frame::settings(&[(setting::INITIAL_WINDOW_SIZE, 65_535); 6]))),
        ("PRIORITY", again(&[], &Frame::priority(1, 0, 7))),
        ("WINDOW_UPDATE of the connection", again(&[], &Frame::window_update(0, 1))),
        ("WINDOW_UPDATE of a stream", again(&[post(1)], &Frame::window_update(1, 1))),
        ("RST_STREAM", again(&[get(1)], &Frame::reset(1, code::CANCEL))),
        ("unknown types", again(&[], &Frame::new(kind::UNKNOWN, 0, 0, [0; 8]))),
    ];
    for (flood, bytes) in floods {
        let ended = siege.flood(&bytes);
        assert!(ended.is_calm(), "{flood}: {ended:?}");
    }
    siege.end();
}

/// CVE-2019-9512, CVE-2019-9515: who asks for many answers and reads none.
#[test]
fn answers_that_nobody_reads_are_not_piled_up() {
    let siege = Siege::new();
    for frame in [Frame::ping([0; 8]), Frame::settings(&[])] {
        let ended = siege.flood_unread(&again(&[], &frame));
        assert!(ended.is_calm(), "{frame:?}: {ended:?}");
    }
    siege.end();
}

/// RUSTSEC-2026-0258, CVE-2019-9518.
#[test]
fn data_without_bytes_ends_the_connection() {
    let siege = Siege::new();
    for frame in [Frame::data(1, ""), Frame::data(1, "").padded(0)] {
        let ended = siege.flood(&again(&[post(1)], &frame));
        assert!(ended.is_calm(), "{frame:?}: {ended:?}");
    }
    siege.end();
}

/// VU#421664, RUSTSEC-2024-0332.
#[test]
fn a_field_block_without_an_end_ends_the_connection() {
    let siege = Siege::new();
    let first = [get(1).unfinished()];
    let field = Fields::new().and("x-more", "more").block();
    let long = Fields::new().and("x-more", &"x".repeat(16_000)).block();
    let floods = [
        ("empty", again(&first, &Frame::continuation(1, []).unfinished())),
        ("a field each", again(&first, &Frame::continuation(1, field).unfinished())),
        (
            "long",
            [bytes_of(&first), Frame::continuation(1, long).unfinished().bytes().repeat(1_000)].concat(),
        ),
        ("empty behind no block", {
            let none = Frame::block(1, []).unfinished().with(flag::END_STREAM);
            again(&[none], &Frame::continuation(1, []).unfinished())
        }),
    ];
    for (flood, bytes) in floods {
        let ended = siege.flood(&bytes);
        assert!(ended.code != Some(code::NO_ERROR), "{flood}: {ended:?}");
    }
    assert_eq!(siege.backend.connections(), 0);
    siege.end();
}
