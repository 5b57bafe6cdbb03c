use super::*;

fn found() -> Found {
    let visible = Spread { p50_ms: 3.0, p99_ms: 5.0, max_ms: 6.0 };
    let answered = Some(Spread { p50_ms: 2.0, p99_ms: 4.0, max_ms: 5.0 });
    let tally = |p99_us| Tally { p50_us: 100.0, p99_us, max_us: 900.0, ..Tally::default() };
    let memory = |pss| Memory { rss: pss + 1_000_000, pss };
    Found {
        routes: ROUTES,
        requests_per_second: RATE,
        changes: Made { answered, visible, failed_looks: 0, first_failure: None },
        rest: tally(200.0),
        busy: tally(300.0),
        memory: [memory(30_000_000), memory(31_000_000)],
    }
}

#[test]
fn changes_and_requests_have_a_row_each() {
    let text = times(&found()).to_string();
    let rows: Vec<_> = text.lines().skip(1).map(|row| row.split_whitespace().last()).collect();
    assert_eq!(rows, [Some("5.00"), Some("6.00"), Some("0.90"), Some("0.90")]);
    assert!(text.contains("requests meanwhile      0.10    0.30"), "{text}");
}

#[test]
fn memory_has_a_row_before_and_one_after() {
    let text = costs(&found()).to_string();
    let rows: Vec<_> = text.lines().skip(1).map(|row| row.split_whitespace().last()).collect();
    assert_eq!(rows, [Some("31.0"), Some("32.0")]);
}

#[test]
fn the_changes_last_as_long_as_clients_are_busy() {
    assert_eq!((CHANGES.interval * CHANGES.count).as_secs_f64(), BUSY);
}
