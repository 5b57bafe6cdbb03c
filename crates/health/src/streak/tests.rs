use super::Streak;
use std::time::Duration;

const STEPS: usize = 100_000;

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// After which of the failures at these seconds `needed` in a row are reached.
#[track_caller]
fn check(needed: u32, times: &[u64], expected: &[usize]) {
    let mut streak = Streak::default();
    let reached: Vec<usize> = (0..times.len()).filter(|&n| streak.failed(needed, at(times[n]))).collect();
    assert_eq!(reached, expected, "{needed} of {times:?}");
}

#[test]
fn as_many_failures_as_needed_reach_it() {
    check(1, &[5, 5, 90], &[0, 1, 2]);
    check(0, &[5], &[0]);
    check(2, &[5, 6, 7, 8], &[1, 3]);
    check(3, &[5, 6, 7, 8], &[2]);
}

#[test]
fn failures_older_than_a_minute_do_not_count() {
    check(2, &[0, 59], &[1]);
    check(2, &[0, 60], &[]);
    check(3, &[0, 50, 70, 80], &[3]);
}

#[test]
fn a_success_ends_the_streak() {
    let mut streak = Streak::default();
    assert!(!streak.failed(2, at(1)));
    streak.clear();
    assert_eq!(streak, Streak::default());
    assert!(!streak.failed(2, at(2)));
    assert!(streak.failed(2, at(3)));
}

#[test]
fn a_streak_runs_until_its_last_failure_is_a_minute_old() {
    let mut streak = Streak::default();
    assert!(!streak.is_running(at(0)));
    assert!(!streak.failed(9, at(1)) && !streak.failed(9, at(10)));
    assert_eq!(streak.over_at(), Some(at(70)));
    assert!(streak.is_running(at(69)) && !streak.is_running(at(70)));
}

#[test]
fn however_many_are_needed_a_thousand_suffice() {
    let mut streak = Streak::default();
    let reached = (0..1_000).filter(|_| streak.failed(u32::MAX, at(1))).count();
    assert_eq!(reached, 1);
}

#[test]
fn a_random_walk_agrees_with_a_list_of_all_that_happened() {
    let seed = 4_711;
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut streak, mut history, mut now) = (Streak::default(), Vec::new(), Duration::ZERO);
    let mut reached = 0;
    for step in 0..STEPS {
        now += Duration::from_millis(random.u64(0..40_000));
        if random.u8(0..10) == 0 {
            streak.clear();
            history.clear();
        } else {
            let needed = random.u32(1..5);
            history.push(now);
            let counting = history.iter().filter(|time| now - **time < at(60)).count();
            let expected = counting >= needed as usize;
            assert_eq!(streak.failed(needed, now), expected, "seed {seed}, step {step}");
            if expected {
                history.clear();
                reached += 1;
            }
        }
        assert_eq!(streak.is_running(now), !history.is_empty() && now - history[history.len() - 1] < at(60));
    }
    assert!(reached > STEPS / 20, "the walk went nowhere: {reached}");
}
