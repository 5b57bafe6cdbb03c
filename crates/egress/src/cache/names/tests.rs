use super::{Answer, Asked, MOST_NAMES, Names, Started};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::time::Instant;

const PATIENCE: Duration = Duration::from_secs(30);

/// Names with a clock that is set by hand.
struct Bench {
    names: Names,
    start: Instant,
}

impl Bench {
    fn new() -> Self {
        Self { names: Names::new(PATIENCE), start: Instant::now() }
    }

    fn ask(&mut self, name: &str, seconds: f64) -> (String, Option<Started>) {
        let (asked, started) = self.names.ask(name, self.start + Duration::from_secs_f64(seconds));
        (show(&asked), started)
    }

    /// Asks when no look-up should be wanted.
    #[track_caller]
    fn check(&mut self, name: &str, seconds: f64, expected: &str) {
        let (asked, started) = self.ask(name, seconds);
        assert_eq!((asked.as_str(), started.is_some()), (expected, false), "at {seconds} s");
    }

    /// Asks when a look-up should be wanted.
    #[track_caller]
    fn check_started(&mut self, name: &str, seconds: f64, expected: &str) -> Started {
        let (asked, started) = self.ask(name, seconds);
        assert_eq!(asked, expected, "at {seconds} s");
        started.expect("a look-up is wanted")
    }

    fn settle(&mut self, started: &Started, answer: Result<u8, io::ErrorKind>, seconds: f64) {
        let answer = answer.map(|last| vec![address(last)]).map_err(io::Error::from);
        self.names.settle(started, answer, self.start + Duration::from_secs_f64(seconds));
    }
}

fn address(last: u8) -> SocketAddr {
    ([192, 0, 2, last], 0).into()
}

fn show_answer(answer: &Answer) -> String {
    match answer {
        Ok(addresses) => format!("{addresses:?}"),
        Err(error) => error.kind().to_string(),
    }
}

fn show(asked: &Asked) -> String {
    match asked {
        Asked::Known(addresses) => show_answer(&Ok(Arc::clone(addresses))),
        Asked::Failed(error) => show_answer(&Err(Arc::clone(error))),
        Asked::Pending(_) => "pending".to_owned(),
    }
}

#[test]
fn a_name_is_looked_up_once_and_then_known_for_half_a_minute() {
    let mut bench = Bench::new();
    let started = bench.check_started("a", 0.0, "pending");
    assert_eq!(&**started.name(), "a");
    bench.check("a", 0.1, "pending");
    bench.settle(&started, Ok(1), 1.0);
    bench.check("a", 1.0, "[192.0.2.1:0]");
    bench.check("a", 30.9, "[192.0.2.1:0]");
}

#[test]
fn those_who_wait_get_the_answer() {
    let mut bench = Bench::new();
    let (Asked::Pending(first), Some(started)) = bench.names.ask("a", bench.start) else {
        panic!("not started")
    };
    let (Asked::Pending(second), None) = bench.names.ask("a", bench.start) else { panic!("not shared") };
    bench.settle(&started, Ok(1), 1.0);
    for waiting in [first, second] {
        assert_eq!(waiting.borrow().as_ref().map(show_answer).as_deref(), Some("[192.0.2.1:0]"));
    }
}

#[test]
fn an_old_answer_is_used_while_one_refresh_runs() {
    let mut bench = Bench::new();
    let first = bench.check_started("a", 0.0, "pending");
    bench.settle(&first, Ok(1), 0.0);
    let second = bench.check_started("a", 30.0, "[192.0.2.1:0]");
    bench.check("a", 30.1, "[192.0.2.1:0]");
    bench.settle(&second, Ok(2), 31.0);
    bench.check("a", 31.0, "[192.0.2.2:0]");
    bench.check("a", 60.9, "[192.0.2.2:0]");
}

#[test]
fn the_last_good_answer_outlives_any_number_of_failures() {
    let mut bench = Bench::new();
    let first = bench.check_started("a", 0.0, "pending");
    bench.settle(&first, Ok(1), 0.0);
    for minute in 1..100 {
        let time = f64::from(minute) * 60.0;
        let refresh = bench.check_started("a", time, "[192.0.2.1:0]");
        bench.settle(&refresh, Err(io::ErrorKind::NotFound), time + 0.1);
        bench.check("a", time + 1.0, "[192.0.2.1:0]");
    }
}

#[test]
fn a_failure_is_remembered_for_a_second() {
    let mut bench = Bench::new();
    let first = bench.check_started("a", 0.0, "pending");
    bench.settle(&first, Err(io::ErrorKind::NotFound), 0.5);
    bench.check("a", 1.4, "entity not found");
    let second = bench.check_started("a", 1.5, "pending");
    bench.settle(&second, Ok(1), 1.6);
    bench.check("a", 1.6, "[192.0.2.1:0]");
}

#[test]
fn an_abandoned_look_up_is_started_again_by_the_next_who_asks() {
    let mut bench = Bench::new();
    let first = bench.check_started("a", 0.0, "pending");
    bench.names.abandon(&first);
    bench.check_started("a", 0.1, "pending");
}

#[test]
fn a_look_up_that_stands_still_is_given_up_on() {
    let mut bench = Bench::new();
    let first = bench.check_started("a", 0.0, "pending");
    bench.check("a", 29.9, "pending");
    let second = bench.check_started("a", 30.0, "pending");
    // The first one comes to life again: it neither ends the second one nor answers for it.
    bench.names.abandon(&first);
    bench.settle(&first, Ok(1), 30.5);
    bench.check("a", 31.0, "pending");
    bench.settle(&second, Ok(2), 31.5);
    bench.check("a", 31.5, "[192.0.2.2:0]");
}

#[test]
fn names_are_told_apart() {
    let mut bench = Bench::new();
    let a = bench.check_started("a", 0.0, "pending");
    let b = bench.check_started("b", 0.0, "pending");
    bench.settle(&b, Ok(2), 0.1);
    bench.check("a", 0.2, "pending");
    bench.settle(&a, Ok(1), 0.3);
    bench.check("a", 0.4, "[192.0.2.1:0]");
    bench.check("b", 0.4, "[192.0.2.2:0]");
}

#[test]
fn the_name_that_nobody_asked_for_longest_makes_room() {
    let mut bench = Bench::new();
    for number in 0..MOST_NAMES {
        let started = bench.check_started(&number.to_string(), 0.0, "pending");
        bench.settle(&started, Ok(1), 0.0);
    }
    bench.check("0", 1.0, "[192.0.2.1:0]");
    bench.check_started("new", 1.0, "pending");
    assert_eq!(bench.names.entries.len(), MOST_NAMES);
    bench.check("0", 1.0, "[192.0.2.1:0]");
    bench.check_started("1", 1.0, "pending");
}

#[test]
fn no_more_names_are_looked_up_at_once_than_are_remembered() {
    let mut bench = Bench::new();
    let running: Vec<_> = (0..MOST_NAMES).map(|number| bench.ask(&number.to_string(), 0.0)).collect();
    bench.check("new", 1.0, "quota exceeded");
    drop(running);
}

#[test]
fn addresses_are_kept_once_each_and_without_port() {
    let mut bench = Bench::new();
    let started = bench.check_started("a", 0.0, "pending");
    let answer =
        [(1, 80), (2, 0), (1, 443), (3, 0)].map(|(last, port)| SocketAddr::from(([192, 0, 2, last], port)));
    bench.names.settle(&started, Ok(answer.to_vec()), bench.start);
    bench.check("a", 0.0, "[192.0.2.1:0, 192.0.2.2:0, 192.0.2.3:0]");
}

#[test]
fn an_endless_answer_is_cut() {
    let mut bench = Bench::new();
    let started = bench.check_started("a", 0.0, "pending");
    let answer = (0..100_000_u32).map(|n| SocketAddr::from((n.to_be_bytes(), 0))).collect();
    bench.names.settle(&started, Ok(answer), bench.start);
    let (Asked::Known(addresses), None) = bench.names.ask("a", bench.start) else { panic!("not known") };
    assert_eq!(addresses.len(), 64);
}

#[test]
fn a_look_up_that_is_asked_for_anew_starts_whatever_is_known_and_is_shared() {
    let mut bench = Bench::new();
    let started = bench.check_started("a", 0.0, "pending");
    bench.settle(&started, Ok(1), 0.0);
    let (asked, anew) = bench.names.ask_anew("a", bench.start);
    assert_eq!(show(&asked), "pending");
    let (again, none) = bench.names.ask_anew("a", bench.start);
    assert_eq!((show(&again).as_str(), none.is_none()), ("pending", true));
    // Whoever only wants to connect is not held up.
    bench.check("a", 0.0, "[192.0.2.1:0]");
    bench.settle(&anew.unwrap(), Err(io::ErrorKind::NotFound), 0.1);
    bench.check("a", 0.1, "[192.0.2.1:0]");
    let (_, anew) = bench.names.ask_anew("a", bench.start + Duration::from_millis(200));
    bench.settle(&anew.unwrap(), Ok(2), 0.2);
    bench.check("a", 0.2, "[192.0.2.2:0]");
}
