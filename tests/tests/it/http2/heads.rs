//! Limits of a head: its bytes and its fields, whatever they are on the wire.

use harness::frames::{Event, Fields, Frame, Http2, bytes_of, flag, setting};
use harness::{Backend, Document};

use super::limits::{FIELDS, HEAD_BYTES, STREAMS};
use super::siege::Siege;
use crate::it::front::Front;

fn front() -> Front {
    Front::with(Backend::ok(), Document::to)
}

/// A GET whose field block goes on with these bytes, in as many frames as it takes.
fn frames(stream: u32, rest: &[u8]) -> Vec<Frame> {
    let block = [&Fields::request("GET", "/").block(), rest].concat();
    let mut parts = block.chunks(16_384);
    let first = Frame::block(stream, parts.next().unwrap()).unfinished().with(flag::END_STREAM);
    let mut frames: Vec<Frame> = std::iter::once(first)
        .chain(parts.map(|part| Frame::continuation(stream, part).unfinished()))
        .collect();
    let last = frames.pop().unwrap().with(flag::END_HEADERS);
    frames.push(last);
    frames
}

/// What becomes of such a request, alone on a connection.
fn outcome(front: &Front, rest: &[u8]) -> Event {
    let mut client = Http2::to(&front.proxyd.address());
    drop(client.connection.try_send(bytes_of(&frames(1, rest))));
    let is_outcome = |event: &Event| match event {
        Event::Headers { .. } | Event::Reset { .. } | Event::GoAway { .. } => true,
        other => other.is_last(),
    };
    client.until(is_outcome).unwrap()
}

#[track_caller]
fn passes(front: &Front, rest: &[u8]) {
    let before = front.backend.request_count();
    let outcome = outcome(front, rest);
    let Event::Headers { fields, .. } = &outcome else { panic!("{outcome:?}") };
    assert_eq!((fields.status(), front.backend.request_count()), (Some(200), before + 1));
}

#[track_caller]
fn refused(front: &Front, rest: &[u8]) {
    let before = front.backend.bytes();
    match outcome(front, rest) {
        Event::Headers { fields, .. } => assert_eq!(fields.status(), Some(431), "{fields:?}"),
        Event::Reset { .. } | Event::GoAway { .. } | Event::End(_) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(front.backend.bytes(), before, "a backend saw something of it");
}

fn many(count: usize) -> Vec<u8> {
    let field = |fields: Fields, number: usize| fields.and(&format!("x-{number}"), "y");
    (0..count).fold(Fields::new(), field).block()
}

/// RFC 9113 section 6.5.2.
#[test]
fn a_head_is_bounded_in_bytes_and_in_fields() {
    let front = front();
    let long = |length: usize| Fields::new().and("x", &"a".repeat(length)).block();
    passes(&front, &long(HEAD_BYTES - 5_000));
    refused(&front, &long(HEAD_BYTES));
    refused(&front, &long(16 * HEAD_BYTES));
    passes(&front, &many(FIELDS - 10));
    refused(&front, &many(FIELDS + 1));
    refused(&front, &many(10 * FIELDS));
    // Each field counts for 32 bytes more than it has, so that these are too many bytes as well.
    refused(&front, &many(HEAD_BYTES / 32));
}

#[test]
fn the_proxy_says_how_large_a_head_may_be() {
    let front = front();
    let client = Http2::to(&front.proxyd.address());
    let said = client.setting(setting::MAX_HEADER_LIST_SIZE).unwrap();
    assert_eq!(usize::try_from(said).unwrap(), HEAD_BYTES);
    assert_eq!(client.setting(setting::MAX_CONCURRENT_STREAMS), Some(STREAMS));
}

/// RFC 9113 section 8.2.3: crumbs are one field, for the limits as for the backend.
#[test]
fn crumbs_of_cookies_are_joined_before_they_are_counted() {
    let front = front();
    let crumbs: Vec<String> = (0..3 * FIELDS).map(|number| format!("c{number}=v")).collect();
    let fields = crumbs.iter().fold(Fields::new(), |fields, crumb| fields.and("cookie", crumb));
    passes(&front, &fields.block());
    assert_eq!(front.backend.request().all("Cookie"), [crumbs.join("; ")]);
}

/// A field that is added to the table and then named again and again, by a byte each time.
fn bomb(name: &str, value: &str, times: usize) -> Vec<u8> {
    let [_, literal @ ..] = &Fields::new().and(name, value).block()[..] else { panic!("a literal") };
    // RFC 7541 sections 6.2.1 and 6.1: the latest entry of the dynamic table has the index 62.
    [&[0x40], literal, &vec![0xbe; times]].concat()
}

/// CVE-2026-49975, CVE-2026-47774, the "HTTP/2 bomb".
#[test]
fn a_few_bytes_do_not_become_a_large_head() {
    let bombs = [
        ("short fields", bomb("a", "", 60_000)),
        ("long fields", bomb("a", &"x".repeat(4_000), 60_000)),
        ("crumbs", bomb("cookie", "", 60_000)),
        ("long crumbs", bomb("cookie", &"x".repeat(4_000), 60_000)),
    ];
    let front = front();
    for (_, bomb) in &bombs {
        refused(&front, bomb);
    }
    let siege =
        Siege::with("bodyIdleTimeout: 300ms", |session| session.answer_all(b"HTTP/1.1 200 OK\r\n\r\n"));
    for (name, bomb) in &bombs {
        let mut client = Http2::with(&siege.proxyd.address(), &[(setting::INITIAL_WINDOW_SIZE, 0)]);
        client.replenishes = false;
        let streams = (0..STREAMS).map(|number| 2 * number + 1);
        for stream in streams {
            if client.connection.try_send(bytes_of(&frames(stream, bomb))).is_err() {
                break;
            }
        }
        assert_eq!(siege.backend.connections(), 0, "{name} reached a backend");
    }
    siege.end();
}

/// The same below the limits, on every stream, by a client that takes no answer.
#[test]
fn large_heads_on_streams_that_stand_still_are_given_up() {
    let siege = Siege::with("bodyIdleTimeout: 300ms", |session| {
        session.answer_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    });
    let crumbs = bomb("cookie", "a=1", 2_000);
    let mut client = Http2::with(&siege.proxyd.address(), &[(setting::INITIAL_WINDOW_SIZE, 0)]);
    for _ in 0..STREAMS {
        let stream = client.stream();
        client.send_all(&frames(stream, &crumbs));
    }
    let mut open: std::collections::HashSet<u32> = (0..STREAMS).map(|number| 2 * number + 1).collect();
    while !open.is_empty() {
        match client.read() {
            Event::Reset { stream, .. } => drop(open.remove(&stream)),
            Event::Headers { stream, has_ended: true, .. } => drop(open.remove(&stream)),
            Event::End(_) => open.clear(),
            Event::Silence => panic!("{} streams stay open", open.len()),
            _ => {}
        }
    }
    drop(client);
    siege.end();
}
