use super::*;
use crate::bench::rounds::Round;
use crate::procfs::Memory;

fn series(rss: u64, costs: [f64; 2]) -> Series {
    let round = |cpu_us| Round {
        cpu_us,
        requests: 1,
        requests_per_second: 1.0,
        p50_us: 1.0,
        p99_us: 1.0,
        max_us: 1.0,
    };
    let rounds = costs.into_iter().map(round).collect();
    Series { subject: Subject::Proxyd, rounds, memory: Memory { rss, pss: 0 } }
}

#[test]
fn more_certificates_are_compared_with_the_fewest() {
    // The second round was slow for all.
    let all = [series(1_000, [10.0, 20.0]), series(100_000, [11.0, 22.0]), series(1_999_000, [15.0, 30.0])];
    let lines = lines(&[0.1, 0.2, 0.3], &all);
    let [few, some, many] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((few.certificates, few.start_seconds, few.times_fewest), (10, 0.1, 1.0));
    assert_eq!((few.cpu_us, few.bytes_per_certificate), (15.0, None));
    assert_eq!((some.times_fewest, some.bytes_per_certificate), (1.1, Some(100.0)));
    assert_eq!((many.certificates, many.times_fewest, many.start_seconds), (10_000, 1.5, 0.3));
    assert_eq!(many.bytes_per_certificate, Some(200.0));
}
