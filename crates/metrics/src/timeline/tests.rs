use super::*;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn timeline(step: u64, history: usize) -> Timeline {
    Timeline::new(Settings { window: seconds(60), step: seconds(step), history })
}

#[track_caller]
fn check(timeline: &Timeline, from: Number, length: u64) {
    assert_eq!(timeline.window(), Window { from, length: seconds(length) });
}

#[test]
fn a_window_grows_to_its_length_and_slides_by_a_twelfth_then() {
    let mut timeline = timeline(1, 60);
    check(&timeline, 0, 0);
    for (now, from, length) in (1..=60).map(|now| (now, 0, now)).chain([
        (61, 1, 56),
        (62, 1, 57),
        (65, 1, 60),
        (66, 2, 56),
        (70, 2, 60),
    ]) {
        timeline.look(seconds(now));
        check(&timeline, from, length);
    }
}

#[test]
fn a_step_that_is_longer_is_what_a_window_slides_by() {
    let mut timeline = timeline(20, 60);
    let ended: Vec<_> = [10, 20, 30, 40, 60, 80].map(|now| timeline.look(seconds(now))).into();
    let numbers = ended.iter().map(|ended| ended.map(|ended| ended.number));
    assert_eq!(numbers.collect::<Vec<_>>(), [None, Some(0), None, Some(1), Some(2), Some(3)]);
    check(&timeline, 1, 60);
}

#[test]
fn a_look_that_comes_late_is_told_as_what_it_is() {
    let mut timeline = timeline(1, 60);
    timeline.look(seconds(5));
    assert_eq!(timeline.look(seconds(305)), Some(Ended { number: 1, start: seconds(5), end: seconds(305) }));
    check(&timeline, 1, 300);
    timeline.look(seconds(306));
    check(&timeline, 1, 301);
    timeline.look(seconds(310));
    check(&timeline, 2, 5);
}

#[test]
fn a_clock_that_goes_back_stands_still() {
    let mut timeline = timeline(1, 60);
    timeline.look(seconds(7));
    assert_eq!(timeline.look(seconds(3)), None);
    check(&timeline, 0, 7);
}

#[test]
fn no_more_is_kept_than_somebody_asks_for() {
    for (history, kept) in [(0, 12), (3, 12), (100, 100)] {
        let mut timeline = timeline(1, history);
        for now in 1..5000 {
            timeline.look(seconds(now));
            assert!(timeline.history().count() <= history);
        }
        assert!(timeline.ended.len() <= kept + 1, "{}", timeline.ended.len());
        assert_eq!(timeline.history().count(), history);
        assert!(timeline.history().all(|slot| slot.number >= timeline.oldest_in_history()));
    }
}
