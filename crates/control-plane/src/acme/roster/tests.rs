mod walk;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use instant_acme::CertificateIdentifier;

use super::super::failure::{Concern, Failure};
use super::super::renewal_info::Suggestion;
use super::super::schedule::{Lifetime, Window};
use super::super::status::DomainState;
use super::{Attempt, FORGOTTEN_AFTER, Held, MOST_ON_DEMAND, Outcome, Roster, Rules, Standing, Work};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000 * DAY + seconds)
}

fn name(text: &str) -> Arc<str> {
    Arc::from(text)
}

/// A certificate of 90 days from that time on, with that serial number.
fn held(from: u64, serial: u64) -> Held {
    Held::lasting(Lifetime { from: at(from), until: at(from + 90 * DAY) }, serial)
}

fn failed(concerns: Concern, not_before: Option<u64>) -> Outcome {
    let not_before = not_before.map(at);
    Outcome::Failed(Failure { not_before, ..Failure::new(concerns, "it is so") })
}

/// One that orders certificates for these names, whose files hold nothing.
fn issuing(names: &[&str]) -> Roster {
    let mut roster = Roster::new(Rules { renew_before: None, orders_an_attempt: 2 });
    let names: Vec<Arc<str>> = names.iter().map(|text| name(text)).collect();
    roster.configure(&names, at(0));
    for name in roster.take_unread() {
        roster.read(&name, None, at(0));
    }
    roster.begin_issuing(at(0));
    roster
}

/// The names of the orders that are due.
fn orders(roster: &mut Roster, now: u64) -> Vec<String> {
    let mut names = Vec::new();
    while let Some(work) = roster.next(at(now)) {
        if let Work::Order { name, .. } = work {
            names.push(name.to_string());
        }
    }
    names
}

fn end(roster: &mut Roster, text: &str, now: u64, outcome: Outcome) {
    roster.ordered(&name(text), Attempt { orders: 1, outcome }, at(now), 0);
}

/// When the next order for a name is due, in seconds.
fn next(roster: &Roster, text: &str) -> Option<u64> {
    Some(roster.next_attempt(text)?.duration_since(at(0)).unwrap().as_secs())
}

#[test]
fn what_is_missing_is_ordered_by_one_until_the_authority_has_answered() {
    let all = ["a", "b", "c", "d", "e", "f", "g"];
    let mut roster = issuing(&all);
    let first = orders(&mut roster, 0);
    assert_eq!(first.len(), 1);
    end(&mut roster, &first[0], 1, Outcome::Issued(held(0, 1)));
    assert_eq!(orders(&mut roster, 1).len(), 5);
    assert_eq!(roster.status().iter().filter(|status| status.state == DomainState::Ordered).count(), 5);
}

#[test]
fn nothing_is_ordered_before_the_files_are_read_or_by_who_follows() {
    let mut roster = Roster::new(Rules { renew_before: None, orders_an_attempt: 1 });
    roster.configure(&[name("a"), name("b")], at(0));
    assert_eq!(roster.take_unread().len(), 2);
    roster.read(&name("a"), None, at(0));
    assert_eq!((orders(&mut roster, 0), roster.wake()), (vec![], None));
    roster.begin_issuing(at(0));
    assert_eq!(orders(&mut roster, 0), ["a"]);
    assert_eq!(roster.standing("b", at(0)), Standing::Coming);
}

#[test]
fn what_is_on_the_disk_is_renewed_in_its_time() {
    let mut roster = Roster::new(Rules { renew_before: None, orders_an_attempt: 1 });
    roster.configure(&[name("a")], at(0));
    roster.take_unread();
    assert!(roster.read(&name("a"), Some(held(0, 7)), at(0)));
    roster.begin_issuing(at(0));
    let Some(Work::Question { id, .. }) = roster.next(at(0)) else { panic!("it is asked when to renew") };
    assert_eq!(id.to_string(), "authority.7");
    roster.suggested(&name("a"), &id, &Suggestion::Unsupported, at(0));
    assert_eq!(next(&roster, "a"), Some(60 * DAY));
    assert_eq!(roster.wake(), Some(at(DAY)), "whether there are windows by then");
    assert_eq!(orders(&mut roster, 60 * DAY - 1), [] as [&str; 0]);
    let due = loop {
        match roster.next(at(60 * DAY)) {
            Some(Work::Order { replaces, asks_first, .. }) => break (replaces, asks_first),
            Some(_) => {}
            None => panic!("it is renewed"),
        }
    };
    assert_eq!(due, (Some(id), false));
    assert!(roster.standing("a", at(60 * DAY)) == Standing::Held, "the former one is served meanwhile");
}

#[test]
fn a_window_that_the_authority_moves_moves_the_renewal() {
    let mut roster = issuing(&["a"]);
    orders(&mut roster, 0);
    end(&mut roster, "a", 0, Outcome::Issued(held(0, 1)));
    let Some(Work::Question { id, .. }) = roster.next(at(0)) else { panic!("it is asked when to renew") };
    let window = |start, end| Window { start: at(start), end: at(end) };
    let six_hours = Duration::from_secs(6 * HOUR);
    roster.suggested(&name("a"), &id, &Suggestion::Window(window(50 * DAY, 52 * DAY), six_hours), at(0));
    assert_eq!(next(&roster, "a"), Some(50 * DAY));
    assert_eq!(roster.wake(), Some(at(6 * HOUR)));
    // The certificate will be revoked.
    assert!(matches!(roster.next(at(6 * HOUR)), Some(Work::Question { .. })));
    roster.suggested(&name("a"), &id, &Suggestion::Window(window(0, HOUR), six_hours), at(6 * HOUR));
    assert_eq!(orders(&mut roster, 6 * HOUR), ["a"]);
}

#[test]
fn what_is_said_of_a_former_certificate_is_nothing_to_the_new_one() {
    let mut roster = issuing(&["a"]);
    orders(&mut roster, 0);
    end(&mut roster, "a", 0, Outcome::Issued(held(0, 2)));
    let former = CertificateIdentifier { authority_key_identifier: "authority".into(), serial: "1".into() };
    let window = Window { start: at(0), end: at(HOUR) };
    roster.suggested(&name("a"), &former, &Suggestion::Window(window, Duration::ZERO), at(0));
    assert_eq!(next(&roster, "a"), Some(60 * DAY));
}

#[test]
fn a_name_that_fails_is_tried_again_at_growing_distances_and_not_too_often_in_an_hour() {
    let mut roster = issuing(&["a"]);
    let mut now = 0;
    let mut began = Vec::new();
    for _ in 0..10 {
        assert_eq!(orders(&mut roster, now), ["a"], "{now}");
        began.push(now / MINUTE);
        roster.ordered(
            &name("a"),
            Attempt { orders: 2, outcome: failed(Concern::Challenge, None) },
            at(now),
            0,
        );
        assert_eq!(roster.status()[0].state, DomainState::Failed);
        now = next(&roster, "a").unwrap();
    }
    // After 1 and after 2 minutes; then an hour has had all that it may have.
    assert_eq!(began, [0, 1, 60, 64, 120, 136, 180, 244, 372, 628]);
}

#[test]
fn others_do_not_wait_for_a_name_that_fails() {
    let mut roster = issuing(&["a", "b"]);
    let first = orders(&mut roster, 0);
    end(&mut roster, &first[0], 0, failed(Concern::Name, None));
    assert_eq!(orders(&mut roster, 0).len(), 1);
}

#[test]
fn the_authority_may_say_when_a_name_may_come_again() {
    for (said, expected) in [(0, MINUTE), (3 * HOUR, 3 * HOUR), (3_000 * DAY, 7 * DAY)] {
        let mut roster = issuing(&["a"]);
        orders(&mut roster, 0);
        end(&mut roster, "a", 0, failed(Concern::Rate, Some(said)));
        assert_eq!(next(&roster, "a"), Some(expected));
    }
}

#[test]
fn where_we_ask_too_often_all_rest_and_then_one_goes_ahead() {
    let mut roster = issuing(&["a", "b", "c"]);
    let first = orders(&mut roster, 0);
    end(&mut roster, &first[0], 0, failed(Concern::Rate, Some(3 * HOUR)));
    assert_eq!(orders(&mut roster, MINUTE - 1).len(), 0);
    assert_eq!(roster.wake(), Some(at(MINUTE)));
    let second = orders(&mut roster, MINUTE);
    assert_eq!(second.len(), 1);
    assert_ne!(second, first);
    end(&mut roster, &second[0], MINUTE, Outcome::Issued(held(0, 1)));
    assert_eq!(orders(&mut roster, MINUTE).len(), 1, "the third");
}

#[test]
fn an_authority_that_is_away_is_asked_for_one_name_at_growing_distances() {
    let mut roster = issuing(&["a", "b", "c"]);
    let mut now = 0;
    let mut began = Vec::new();
    for _ in 0..9 {
        let due = orders(&mut roster, now);
        assert_eq!(due.len(), 1, "{now}");
        assert_eq!(roster.wake(), None);
        began.push(now / MINUTE);
        roster.ordered(
            &name(&due[0]),
            Attempt { orders: 0, outcome: failed(Concern::Authority, None) },
            at(now),
            0,
        );
        assert_eq!(roster.standing(&due[0], at(now)), Standing::Failed, "no client waits for that");
        now = roster.wake().unwrap().duration_since(at(0)).unwrap().as_secs();
    }
    assert_eq!(began, [0, 1, 3, 7, 15, 31, 63, 123, 183]);
    let due = orders(&mut roster, now);
    end(&mut roster, &due[0], now, Outcome::Issued(held(0, 1)));
    assert_eq!(orders(&mut roster, now).len(), 2, "no name is worse off for it");
}

#[test]
fn an_authority_may_say_for_how_long_it_is_away() {
    for (said, expected) in [(2 * HOUR, 2 * HOUR), (3_000 * DAY, DAY)] {
        let mut roster = issuing(&["a"]);
        orders(&mut roster, 0);
        end(&mut roster, "a", 0, failed(Concern::Authority, Some(said)));
        assert_eq!(next(&roster, "a"), Some(expected));
    }
}

#[test]
fn names_that_are_not_wanted_any_more_are_gone() {
    let mut roster = issuing(&["a", "b"]);
    assert_eq!(roster.configure(&[name("b"), name("c")], at(0)), [name("a")]);
    assert_eq!(roster.take_unread(), [name("c")]);
    assert!(!roster.read(&name("a"), Some(held(0, 1)), at(0)));
    assert_eq!(orders(&mut roster, 0), ["b"]);
    // An order that was under way comes to its end.
    roster.configure(&[], at(0));
    end(&mut roster, "b", 0, Outcome::Issued(held(0, 1)));
    assert!(roster.status().is_empty());
    assert_eq!(roster.wake(), None);
}

#[test]
fn a_name_that_a_client_came_up_with_is_ordered_and_renewed_if_it_is_still_permitted() {
    let mut roster = issuing(&[]);
    assert_eq!(roster.standing("a", at(0)), Standing::Unknown);
    assert!(roster.admit(&name("a"), at(0)));
    assert_eq!(roster.standing("a", at(0)), Standing::Coming);
    for name in roster.take_unread() {
        assert!(roster.read(&name, None, at(0)));
    }
    assert!(matches!(roster.next(at(0)), Some(Work::Order { asks_first: false, .. })));
    end(&mut roster, "a", 0, Outcome::Issued(held(0, 1)));
    assert_eq!(roster.standing("a", at(0)), Standing::Held);
    let Some(Work::Question { id, .. }) = roster.next(at(0)) else { panic!("it is asked when to renew") };
    roster.suggested(&name("a"), &id, &Suggestion::Unsupported, at(0));
    let renewal = loop {
        match roster.next(at(60 * DAY)) {
            Some(Work::Question { name, id }) => {
                roster.suggested(&name, &id, &Suggestion::Unsupported, at(60 * DAY));
            }
            other => break other,
        }
    };
    assert!(matches!(renewal, Some(Work::Order { asks_first: true, .. })), "{renewal:?}");
    roster.ordered(&name("a"), Attempt { orders: 0, outcome: Outcome::Denied }, at(60 * DAY), 0);
    assert_eq!(next(&roster, "a"), None);
    assert_eq!(roster.standing("a", at(89 * DAY)), Standing::Held, "it is served to its end");
    let mut due = Vec::new();
    while let Some(work) = roster.next(at(90 * DAY)) {
        if let Work::Question { name, id } = &work {
            roster.suggested(name, id, &Suggestion::Unsupported, at(90 * DAY));
        }
        due.push(work);
    }
    assert!(due.contains(&Work::End { name: name("a") }), "{due:?}");
    assert!(roster.status().is_empty());
}

#[test]
fn a_client_has_to_ask_again_for_what_came_to_nothing() {
    let mut roster = issuing(&[]);
    roster.admit(&name("a"), at(0));
    roster.read(&name("a"), None, at(0));
    assert_eq!(orders(&mut roster, 0), ["a"]);
    end(&mut roster, "a", 0, failed(Concern::Name, None));
    assert_eq!(roster.standing("a", at(MINUTE - 1)), Standing::Failed);
    assert_eq!(roster.standing("a", at(MINUTE)), Standing::Unknown);
    assert_eq!(orders(&mut roster, HOUR), [] as [&str; 0]);
    roster.admit(&name("a"), at(HOUR));
    assert_eq!(orders(&mut roster, HOUR), ["a"]);
    end(&mut roster, "a", HOUR, failed(Concern::Name, None));
    let forgotten = HOUR + 2 * MINUTE + FORGOTTEN_AFTER.as_secs();
    assert_eq!(roster.wake(), Some(at(forgotten)));
    assert_eq!(roster.next(at(forgotten)), Some(Work::End { name: name("a") }));
}

#[test]
fn names_that_clients_come_up_with_are_bounded() {
    let mut roster = issuing(&["configured"]);
    for number in 0..MOST_ON_DEMAND {
        assert!(roster.admit(&name(&format!("n{number}")), at(0)));
    }
    assert!(!roster.admit(&name("more"), at(0)));
    assert!(roster.admit(&name("n0"), at(0)), "it is there already");
    assert!(roster.admit(&name("configured"), at(0)));
    roster.remember(&name("more"), at(0));
    assert!(!roster.has("more"));
}

#[test]
fn a_file_without_use_is_no_name() {
    let mut roster = issuing(&[]);
    roster.remember(&name("old"), at(0));
    roster.remember(&name("good"), at(0));
    assert!(!roster.read(&name("old"), None, at(0)));
    assert!(roster.read(&name("good"), Some(held(0, 1)), at(0)));
    assert_eq!(roster.names(), [name("good")]);
}

#[test]
fn a_file_that_is_gone_takes_nothing_from_what_is_served() {
    let mut roster = issuing(&["a"]);
    roster.read(&name("a"), Some(held(0, 1)), at(0));
    roster.read(&name("a"), None, at(1));
    assert_eq!(roster.standing("a", at(1)), Standing::Held);
}
