use std::time::Duration;

use fastrand::Rng;
use proxy_core::Bucket;

use super::*;
use crate::Settings;
use crate::figures::{Figures, Totals};

/// Counts one that ended.
fn count(counted: &mut Statistics, status: u16, micros: u64) {
    let took = Duration::from_micros(micros);
    counted.by_class[usize::from(status / 100)] += 1;
    counted.time += took;
    counted.latencies.add(Bucket::of(took), 1);
}

fn counted(statuses: &[u16]) -> Statistics {
    let mut counted = Statistics::default();
    statuses.iter().for_each(|status| count(&mut counted, *status, 1000));
    counted
}

fn look(entry: &mut Entry, counted: &Statistics) -> (u64, u64) {
    let gain = entry.look(0, counted.requests(), || counted.clone()).unwrap_or_default();
    (gain.requests, gain.errors)
}

fn figures(entry: &Entry, timeline: &Timeline) -> Figures {
    let mut totals = Totals::default();
    entry.series().into_iter().for_each(|series| series.add_to(&mut totals, timeline.window()));
    totals.figures(timeline.window().length, 0)
}

#[test]
fn what_came_since_the_last_look_is_taken_up_once() {
    let mut entry = Entry::default();
    for (statuses, expected) in [
        (&[200, 200, 503][..], (3, 1)),
        (&[200, 200, 503], (0, 0)),
        (&[200, 200, 503, 404], (1, 0)),
        // Counters that are less than they were began again.
        (&[500], (1, 1)),
        (&[], (0, 0)),
        (&[200, 200], (2, 0)),
    ] {
        assert_eq!(look(&mut entry, &counted(statuses)), expected, "{statuses:?}");
    }
    // Whoever knows that they are others says so, however much they count.
    entry.begin_at(None);
    assert_eq!(look(&mut entry, &counted(&[200; 3])), (3, 0));
    entry.begin_at(Some(counted(&[500; 7])));
    assert_eq!(look(&mut entry, &counted(&[500; 8])), (1, 1));
}

#[test]
fn what_is_idle_is_not_read_and_holds_nothing() {
    let (mut entry, mut timeline) = (Entry::default(), Timeline::new(Settings::default()));
    assert!(entry.look(0, 0, || unreachable!()).is_none());
    look(&mut entry, &counted(&[200]));
    assert!(!entry.is_idle());
    for second in 1..=400 {
        assert!(entry.look(timeline.open(), 1, || unreachable!()).is_none());
        if let Some(ended) = timeline.look(Duration::from_secs(second)) {
            entry.close(&ended, &timeline);
        }
        // A window of a minute, and 60 points of five seconds.
        assert_eq!(figures(&entry, &timeline).requests, u64::from(second <= 60), "{second}");
        assert_eq!(entry.is_idle(), second >= 305, "{second}");
    }
}

/// One that ended: when it was taken up, how long it took, and whether it failed.
type Exact = (Duration, u64, bool);

/// Compares figures with all that ended behind `start`, up to `end`.
#[track_caller]
fn check(got: &Figures, all: &[Exact], (start, end): (Duration, Duration)) {
    let is_in = |one: &&Exact| one.0 > start && one.0 <= end;
    let mut micros: Vec<u64> = all.iter().filter(is_in).map(|one| one.1).collect();
    let errors = all.iter().filter(is_in).filter(|one| one.2).count();
    micros.sort_unstable();
    assert_eq!((got.requests, got.errors), (micros.len() as u64, errors as u64));
    assert_eq!(got.window, end - start);
    let rate = if end > start { micros.len() as f64 / (end - start).as_secs_f64() } else { 0.0 };
    assert!((got.requests_per_second - rate).abs() < 1e-6);
    let mean = micros.iter().sum::<u64>().checked_div(micros.len() as u64);
    assert_eq!(got.mean, mean.map(Duration::from_micros));
    for (percent, told) in [(50, got.p50), (95, got.p95), (99, got.p99)] {
        let exact = (micros.len() * percent).div_ceil(100).checked_sub(1).and_then(|rank| micros.get(rank));
        let off = exact.zip(told).map(|(exact, told)| (told.as_secs_f64() * 1e6 - *exact as f64).abs());
        let most = exact.map_or(0.0, |exact| (*exact as f64 / 16.0).max(0.6));
        assert!(
            exact.is_some() == told.is_some() && off.is_none_or(|off| off <= most),
            "{percent}: {told:?} for {exact:?}"
        );
    }
}

#[test]
fn a_long_walk_gives_the_figures_of_what_really_happened() {
    let seed = 11;
    println!("seed {seed}");
    let mut random = Rng::with_seed(seed);
    let settings =
        Settings { window: Duration::from_secs(12), step: Duration::from_millis(500), history: 20 };
    let mut timeline = Timeline::new(settings);
    let mut tracked: Vec<(Entry, Statistics, Vec<Exact>)> = vec![Default::default(); 4];
    let mut fresh: Vec<Vec<(u64, bool)>> = vec![Vec::new(); 4];
    for _ in 0..100_000 {
        let place = random.usize(..4);
        let (entry, counters, _) = &mut tracked[place];
        match random.u32(..100) {
            0..50 => {
                let micros = (10_u64 << random.u32(..20)) + random.u64(..1000);
                let status = [200, 204, 301, 404, 500, 503][random.usize(..6)];
                // Each is busy at times, and idle at others.
                if timeline.looked().as_secs() / 40 % 4 != place as u64 {
                    count(counters, status, micros);
                    fresh[place].push((micros, status >= 500));
                }
            }
            50 => {
                // The entry has gone and come back: what was not taken up is lost with it.
                fresh[place].clear();
                *counters = Statistics::default();
                entry.begin_at(None);
            }
            51..90 => {}
            _ => {
                let now = timeline.looked() + Duration::from_millis(random.u64(1..900));
                let number = timeline.open();
                for ((entry, counters, exact), fresh) in tracked.iter_mut().zip(&mut fresh) {
                    entry.look(number, counters.requests(), || counters.clone());
                    exact.extend(fresh.drain(..).map(|(micros, is_error)| (now, micros, is_error)));
                    exact.retain(|one| now - one.0 < Duration::from_secs(40));
                }
                if let Some(ended) = timeline.look(now) {
                    tracked.iter_mut().for_each(|(entry, _, _)| entry.close(&ended, &timeline));
                }
                let (entry, _, exact) = &tracked[place];
                let start = now - timeline.window().length;
                check(&figures(entry, &timeline), exact, (start, now));
                for ended in timeline.history() {
                    let past = entry.series().map(|series| series.past(ended));
                    if let Some(past) = past.filter(|_| now - ended.start < Duration::from_secs(40)) {
                        check(&past, exact, (ended.start, ended.end));
                    }
                }
            }
        }
    }
}

/// Latencies as they are: most within two octaves, some far out.
fn micros(random: &mut Rng) -> u64 {
    let octaves =
        (0..4).map(|_| random.f64()).sum::<f64>() - 2.0 + f64::from(u8::from(random.u8(..20) == 0)) * 3.0;
    (5000.0 * octaves.exp2()) as u64
}

#[test]
fn ten_thousand_busy_routes_fit_into_forty_megabytes() {
    let mut random = Rng::with_seed(5);
    let mut timeline = Timeline::new(Settings::default());
    // A hundred stand for all of them.
    let mut tracked: Vec<(Entry, Statistics)> = vec![Default::default(); 100];
    for second in 1..=400 {
        for (entry, counters) in &mut tracked {
            (0..20).for_each(|_| count(counters, 200, micros(&mut random)));
            entry.look(timeline.open(), counters.requests(), || counters.clone());
        }
        if let Some(ended) = timeline.look(Duration::from_secs(second)) {
            tracked.iter_mut().for_each(|(entry, _)| entry.close(&ended, &timeline));
        }
    }
    let bytes: usize = tracked.iter().map(|(entry, _)| entry.bytes()).sum();
    println!("{} bytes for each", bytes / 100);
    assert!(bytes / 100 * 10_000 < 40_000_000, "{} bytes for each", bytes / 100);
}
