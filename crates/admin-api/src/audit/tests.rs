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

fn refuse(refusals: &Refusals, by: u32, actor: Option<&str>) {
    let asked = Asked {
        actor,
        address: "192.0.2.1:1",
        method: "GET",
        path: "/",
        request_id: "-",
        since: Instant::now(),
    };
    refusals.write(PeerKey::Uid(by), &asked, (StatusCode::UNAUTHORIZED, "auth_invalid"));
}

fn left_out(refusals: &Refusals) -> u64 {
    refusals.0.lock().unwrap().left_out
}

#[tokio::test(start_paused = true)]
async fn refusals_that_are_left_out_are_counted() {
    let refusals = Refusals::new();
    (0..OF_ONE.max + 5).for_each(|_| refuse(&refusals, 1, None));
    assert_eq!(left_out(&refusals), 5);
    refuse(&refusals, 2, None);
    assert_eq!(left_out(&refusals), 0, "the next line that is written tells of them, whoever it is about");
    refuse(&refusals, 1, None);
    assert_eq!(left_out(&refusals), 1);
    refuse(&refusals, 1, Some("ops"));
    assert_eq!(left_out(&refusals), 0, "a caller has room of its own");
    refuse(&refusals, 1, None);
    tokio::time::advance(OF_ONE.window).await;
    refuse(&refusals, 1, None);
    assert_eq!(left_out(&refusals), 0);
}

#[tokio::test(start_paused = true)]
async fn strangers_from_many_addresses_fill_no_log_either() {
    let refusals = Refusals::new();
    (0..5000).for_each(|by| refuse(&refusals, by, None));
    assert_eq!(left_out(&refusals), 5000 - u64::from(OF_STRANGERS.max));
    refuse(&refusals, 1, Some("ops"));
    assert_eq!(left_out(&refusals), 0);
}
