use super::*;

#[test]
fn what_is_written_stays_on_its_line() {
    for (text, expected) in [
        ("/api/v1/routes/a%20b", "/api/v1/routes/a%20b"),
        ("a\r\nfake=1", "a\\r\\nfake=1"),
        ("\u{1b}[31m", "\\u{1b}[31m"),
        ("a\\n", "a\\\\n"),
        ("\u{202e}\u{e9}", "\\u{202e}\\u{e9}"),
    ] {
        assert_eq!(shown(text), expected);
    }
}

#[test]
fn what_is_written_is_bounded() {
    let long = shown(&"\u{10ffff}".repeat(100_000));
    assert!(long.len() <= LONGEST + 16, "{}", long.len());
    assert!(long.ends_with("..."));
}

#[tokio::test(start_paused = true)]
async fn refusals_that_are_left_out_are_counted() {
    let refusals = Refusals::new();
    let asked = Asked {
        actor: None,
        address: "192.0.2.1:1",
        method: "GET",
        path: "/",
        request_id: "-",
        since: Instant::now(),
    };
    let refuse =
        |peer: u32| refusals.write(PeerKey::Uid(peer), &asked, (StatusCode::UNAUTHORIZED, "auth_invalid"));
    let left_out = || refusals.written.lock().unwrap().1;
    (0..REFUSALS.max + 5).for_each(|_| refuse(1));
    assert_eq!(left_out(), 5);
    refuse(2);
    assert_eq!(left_out(), 0, "the next line that is written tells of them, whoever it is about");
    refuse(1);
    assert_eq!(left_out(), 1);
    tokio::time::advance(REFUSALS.window).await;
    refuse(1);
    assert_eq!(left_out(), 0);
}
