//! A long walk at random: whatever happens, nothing is ordered twice at once or too often, and nothing is left undone.

use std::collections::{HashMap, HashSet};

use super::*;

/// What is known of a walk.
#[derive(Default)]
struct Model {
    /// Orders under way, and whether their names have gone meanwhile.
    ordering: HashSet<Arc<str>>,
    asking: Vec<(Arc<str>, CertificateIdentifier<'static>)>,
    /// When orders of a name came to their ends.
    ended: HashMap<Arc<str>, Vec<u64>>,
    serial: u64,
}

#[test]
fn nothing_is_ordered_twice_at_once_or_too_often_and_nothing_is_left_undone() {
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    let configured: Vec<Arc<str>> = (0..6).map(|number| name(&format!("c{number}"))).collect();
    let asked: Vec<Arc<str>> = (0..6).map(|number| name(&format!("d{number}"))).collect();
    let mut roster = issuing(&["c0", "c1", "c2", "c3", "c4", "c5"]);
    let mut model = Model::default();
    let mut now = 0;
    for step in 0..100_000 {
        let place = format!("seed {seed}, step {step}");
        match random.u8(..10) {
            0 => {
                roster.admit(&asked[random.usize(..asked.len())], at(now));
            }
            1..=5 => end_one(&mut roster, &mut model, now, &mut random),
            6 | 7 => answer_one(&mut roster, &mut model, now, &mut random),
            // To when something is due, unless that is only once something has ended.
            _ => {
                if let Some(wake) = roster.wake() {
                    now = now.max(wake.duration_since(at(0)).unwrap().as_secs()) + random.u64(..30);
                }
            }
        }
        for unread in roster.take_unread() {
            roster.read(&unread, None, at(now));
        }
        begin_all(&mut roster, &mut model, now, &place);
        // Whoever waits until then has nothing to do before.
        assert!(roster.wake().is_none_or(|wake| wake > at(now)), "{place}");
        for status in roster.status() {
            let is_configured = configured.iter().any(|name| **name == *status.domain);
            let comes = status.state == DomainState::Ordered || status.next_attempt.is_some();
            assert!(comes || !is_configured, "{place}: {status:?}");
        }
    }
    assert!(model.serial > 1_000, "{}", model.serial);
}

fn begin_all(roster: &mut Roster, model: &mut Model, now: u64, place: &str) {
    while let Some(work) = roster.next(at(now)) {
        match work {
            Work::Order { name, .. } => {
                let recent = model.ended.entry(Arc::clone(&name)).or_default();
                recent.retain(|ended| now - ended < HOUR);
                assert!(recent.len() + 2 <= 5, "{place}: {name} {recent:?}");
                assert!(model.ordering.insert(name), "{place}");
                assert!(model.ordering.len() <= 5, "{place}");
            }
            Work::Question { name, id } => {
                model.asking.push((name, id));
                assert!(model.asking.len() <= 5, "{place}");
            }
            Work::End { name } => assert!(!roster.has(&name), "{place}"),
        }
    }
}

fn end_one(roster: &mut Roster, model: &mut Model, now: u64, random: &mut fastrand::Rng) {
    let Some(name) = model.ordering.iter().next().cloned() else { return };
    model.ordering.remove(&name);
    model.serial += 1;
    let not_before = random.bool().then(|| now + random.u64(..2 * DAY));
    let (orders, outcome) = match random.u8(..10) {
        0 => (1, failed(Concern::Rate, not_before)),
        1 => (0, failed(Concern::Authority, not_before)),
        2 | 3 => (2, failed(Concern::Challenge, None)),
        // Only what the operator permitted once is asked about again.
        4 if name.starts_with('d') => (0, Outcome::Denied),
        _ => (random.usize(1..=2), Outcome::Issued(held(now, model.serial))),
    };
    model.ended.entry(Arc::clone(&name)).or_default().extend(std::iter::repeat_n(now, orders));
    roster.ordered(&name, Attempt { orders, outcome }, at(now), random.u64(..));
}

fn answer_one(roster: &mut Roster, model: &mut Model, now: u64, random: &mut fastrand::Rng) {
    let Some((name, id)) = model.asking.pop() else { return };
    let start = now + random.u64(..100 * DAY);
    let window = Window { start: at(start), end: at(start + random.u64(..3 * DAY)) };
    let suggestion = match random.u8(..20) {
        0 => Suggestion::Unsupported,
        1 => Suggestion::Failed(Failure::new(Concern::Authority, "it is so")),
        _ => Suggestion::Window(window, Duration::from_secs(random.u64(..2 * DAY))),
    };
    roster.suggested(&name, &id, &suggestion, at(now));
}
