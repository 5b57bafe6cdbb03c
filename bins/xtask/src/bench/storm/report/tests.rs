use super::*;
use crate::bench::change::{Made, Spread};
use crate::bench::storm::Phase;
use crate::bench::subject::Subject;
use crate::procfs::Memory;

fn phase(p99_us: f64, http2: Lane) -> Phase {
    let lane = Lane { p50_us: 100.0, p99_us, max_us: 9_000.0, ..Lane::default() };
    Phase { clients: Mixed { http1: lane.clone(), http2, sockets: lane }, cores: 0.25 }
}

fn line() -> Line {
    let http2 = Lane { failed: 2, ended: 8, told: 7, cut: 2, repeatable: 1, ..Lane::default() };
    let http2 = Lane { first_failure: Some("reset".to_owned()), ..http2 };
    let visible = Spread { p50_ms: 20.0, p99_ms: 30.0, max_ms: 40.0 };
    Line {
        subject: Subject::Nginx,
        rest: phase(500.0, Lane::default()),
        storm: phase(2_000.0, http2),
        changes: Made { answered: None, visible, failed_looks: 3, first_failure: None },
        memory: [Memory { rss: 0, pss: 5_000_000 }, Memory { rss: 0, pss: 50_000_000 }],
        processes: [2, 12],
    }
}

#[track_caller]
fn check(table: &Table, row: usize, expected: &[&str]) {
    let text = table.to_string();
    let cells: Vec<_> = text.lines().nth(row).unwrap_or_default().split_whitespace().collect();
    assert_eq!(cells, expected);
}

#[test]
fn each_kind_of_client_has_a_row_with_both_phases() {
    let table = latencies(&[line()]);
    check(&table, 1, &["nginx", "HTTP/1.1", "0.10", "0.50", "9.00", "0.10", "2.00", "9.00"]);
    check(&table, 3, &["nginx", "WebSocket", "0.10", "0.50", "9.00", "0.10", "2.00", "9.00"]);
}

#[test]
fn looks_that_failed_are_failed_requests() {
    let row = ["nginx", "5", "0", "8", "7", "2", "1", "0", "20.0", "30.0", "40.0", "-"];
    check(&connections(&[line()]), 1, &row);
}

#[test]
fn processes_and_memory_are_shown_before_and_after() {
    check(&costs(&[line()]), 1, &["nginx", "25.0", "25.0", "5.0", "50.0", "2", "12"]);
}

#[test]
fn only_kinds_that_failed_have_a_first_failure() {
    assert_eq!(failures(&line()), [("HTTP/2", "reset")]);
}
