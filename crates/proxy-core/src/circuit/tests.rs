use health::BreakerSettings;

use super::*;

const NOW: Duration = Duration::from_secs(100);
const OPEN: Duration = Duration::from_secs(30);

fn spec(change: impl Fn(&mut BreakerSettings)) -> BreakerSpec {
    let mut settings = BreakerSettings { minimum: 4, open: OPEN, ..BreakerSettings::default() };
    change(&mut settings);
    BreakerSpec::new(settings, Duration::from_secs(10))
}

fn circuit() -> Circuit {
    Circuit::new(&spec(|_| ()), 2)
}

/// Two successes and as many failures as open it.
fn open(circuit: &Circuit) -> Turn {
    let mut last = Turn::None;
    for (is_ok, shard) in [(true, 0), (true, 1), (false, 0), (false, 1)] {
        assert_eq!(last, Turn::None);
        let admitted = circuit.admit(NOW).unwrap();
        last = if is_ok {
            circuit.succeeded(admitted, shard, NOW)
        } else {
            circuit.failed(admitted, shard, NOW)
        };
    }
    last
}

#[test]
fn it_opens_at_a_share_of_failures_over_all_workers_and_closes_with_one_probe() {
    let circuit = circuit();
    assert_eq!(open(&circuit), Turn::Opened(NOW + OPEN));
    assert!(circuit.is_open(NOW));
    assert_eq!(circuit.admit(NOW + OPEN / 3), Err(OPEN - OPEN / 3));
    let later = NOW + OPEN;
    assert!(!circuit.is_open(later));
    let probe = circuit.admit(later).unwrap();
    // One at a time.
    assert!(circuit.admit(later).is_err());
    assert_eq!(circuit.succeeded(probe, 0, later), Turn::Closed);
    assert_eq!(circuit.admit(later).map(|admitted| matches!(admitted, Admitted::Freely(_))), Ok(true));
    // What failed before is forgotten: a single failure opens nothing.
    let admitted = circuit.admit(later).unwrap();
    assert_eq!(circuit.failed(admitted, 0, later), Turn::None);
}

#[test]
fn a_probe_that_fails_opens_it_again_and_one_that_is_given_up_leaves_its_place() {
    let circuit = circuit();
    assert!(matches!(open(&circuit), Turn::Opened(_)));
    let later = NOW + OPEN;
    let probe = circuit.admit(later).unwrap();
    circuit.abandoned(probe);
    let probe = circuit.admit(later).unwrap();
    assert_eq!(circuit.failed(probe, 0, later), Turn::Opened(later + OPEN));
}

#[test]
fn requests_from_before_it_opened_neither_close_nor_open_it() {
    let circuit = circuit();
    let early = circuit.admit(NOW).unwrap();
    let late = circuit.admit(NOW).unwrap();
    assert!(matches!(open(&circuit), Turn::Opened(_)));
    let later = NOW + OPEN;
    let probe = circuit.admit(later).unwrap();
    assert_eq!(circuit.succeeded(early, 0, later), Turn::None);
    assert!(circuit.admit(later).is_err());
    assert_eq!(circuit.succeeded(probe, 0, later), Turn::Closed);
    for _ in 0..20 {
        assert_eq!(circuit.failed(late, 0, later), Turn::None);
    }
}

#[test]
fn failures_in_a_row_open_it_where_that_is_asked_for() {
    let circuit =
        Circuit::new(&spec(|settings| (settings.failure_percent, settings.consecutive) = (None, Some(3))), 1);
    let mut turns = Vec::new();
    for is_ok in [false, false, true, false, false, false] {
        let admitted = circuit.admit(NOW).unwrap();
        turns.push(if is_ok {
            circuit.succeeded(admitted, 0, NOW)
        } else {
            circuit.failed(admitted, 0, NOW)
        });
    }
    assert_eq!(turns.pop(), Some(Turn::Opened(NOW + OPEN)));
    assert!(turns.iter().all(|turn| *turn == Turn::None));
}

#[test]
fn what_it_knows_outlives_a_change_of_its_settings_but_not_of_what_is_counted() {
    let place = Mutex::default();
    let first = Circuit::keep(&place, &spec(|_| ()), 1);
    assert!(matches!(open(&first), Turn::Opened(_)));
    let same = Circuit::keep(&place, &spec(|settings| settings.minimum = 100), 1);
    assert!(Arc::ptr_eq(&first, &same) && same.is_open(NOW));
    let mut other = spec(|_| ());
    other.window = Duration::from_secs(1);
    // Another one takes its place once it is served, and not when it is compiled.
    let second = Circuit::keep(&place, &other, 1);
    assert!(!second.is_open(NOW));
    assert!(Arc::ptr_eq(&first, &Circuit::keep(&place, &spec(|_| ()), 1)));
    second.settle_in(&place, &other);
    assert!(Arc::ptr_eq(&second, &Circuit::keep(&place, &other, 1)));
}
