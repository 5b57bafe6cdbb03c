use super::*;

/// The exact quantile of the samples.
fn exact(samples: &[u64], q: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    let place = ((sorted.len() as f64 * q).ceil() as usize).clamp(1, sorted.len());
    sorted[place - 1] as f64
}

fn recorded(samples: &[u64]) -> LiveQuantile {
    let live = LiveQuantile::default();
    samples.iter().for_each(|nanos| live.record(*nanos));
    live
}

/// A latency in nanoseconds, by two random numbers from 0 to 1.
type Shape = fn(f64, f64) -> f64;

const SHAPES: [(&str, Shape); 4] = [
    ("even", |a, _| 1e6 + a * 9e6),
    ("exponential", |a, _| -20e6 * (1.0 - a).ln()),
    ("log-normal", |a, b| 5e6 * ((-2.0 * (1.0 - a).ln()).sqrt() * (b * std::f64::consts::TAU).cos()).exp()),
    ("heavy-tailed", |a, _| 1e6 / (1.0 - a).powf(0.7)),
];

#[test]
fn quantiles_are_those_of_the_samples() {
    let seed = fastrand::u64(..);
    for (name, shape) in SHAPES {
        let mut random = fastrand::Rng::with_seed(seed);
        let samples: Vec<_> =
            (0..1000).map(|_| shape(random.f64(), random.f64()).clamp(5e4, 6e10) as u64).collect();
        for q in [0.05, 0.5, 0.9, 0.95, 0.99] {
            let live = recorded(&samples).quantile(q).expect("enough samples").as_nanos() as f64;
            let exact = exact(&samples, q);
            assert!(
                (live / exact - 1.0).abs() < 0.13,
                "seed {seed}, {name}: {q} is {live} instead of {exact}"
            );
        }
    }
}

#[test]
fn halving_moves_no_quantile() {
    let seed = fastrand::u64(..);
    for (name, shape) in SHAPES {
        let mut random = fastrand::Rng::with_seed(seed);
        let samples: Vec<_> =
            (0..100_000).map(|_| shape(random.f64(), random.f64()).clamp(5e4, 6e10) as u64).collect();
        let live = LiveQuantile::default();
        // The mean over many halvings: one answer alone rests on some 1,500 samples.
        for q in [0.5, 0.95, 0.99] {
            let (mut sum, mut answers) = (0.0, 0.0);
            for nanos in &samples {
                live.record(*nanos);
                if let Some(latency) = live.quantile(q) {
                    sum += latency.as_secs_f64() * 1e9;
                    answers += 1.0;
                }
            }
            let (mean, exact) = (sum / answers, exact(&samples, q));
            assert!(
                (mean / exact - 1.0).abs() < 0.1,
                "seed {seed}, {name}: {q} is {mean} instead of {exact}"
            );
        }
    }
}

#[test]
fn there_is_no_answer_before_there_are_enough_samples() {
    let live = LiveQuantile::default();
    for _ in 0..63 {
        live.record(1_000_000);
        assert_eq!(live.quantile(0.5), None);
    }
    live.record(1_000_000);
    assert!(live.quantile(0.5).is_some());
}

#[test]
fn a_change_is_followed_within_a_few_thousand_samples() {
    let live = recorded(&[1_000_000; 10_000]);
    assert!(live.quantile(0.9).is_some_and(|latency| latency < Duration::from_micros(1_200)));
    (0..3_000).for_each(|_| live.record(50_000_000));
    for q in [0.5, 0.9] {
        assert!(live.quantile(q).is_some_and(|latency| latency > Duration::from_millis(45)), "{q}");
    }
}

#[test]
fn an_answer_holds_for_some_samples_and_for_its_quantile_only() {
    let live = recorded(&[1_000_000; 64]);
    let before = live.quantile(0.9);
    (0..63).for_each(|_| live.record(50_000_000));
    assert_eq!(live.quantile(0.9), before);
    assert!(live.quantile(0.91) > before);
    live.record(50_000_000);
    assert!(live.quantile(0.9) > before);
}

#[test]
fn odd_quantiles_and_latencies_have_answers() {
    let live = LiveQuantile::default();
    for nanos in [0, u64::MAX].into_iter().cycle().take(2_000) {
        live.record(nanos);
    }
    for q in [-1.0, 0.0, 1.0, 2.0, f64::NAN, f64::INFINITY] {
        let latency = live.quantile(q).expect("enough samples");
        assert!((Duration::from_micros(32)..Duration::from_secs(70)).contains(&latency), "{q}: {latency:?}");
    }
}
