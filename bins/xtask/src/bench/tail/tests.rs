use super::*;
use crate::procfs::Memory;

fn with_p99(subject: Subject, p99_us: f64) -> Line {
    Line { subject, p50_us: 1.0, p99_us, max_us: 100.0 }
}

#[test]
fn the_goal_is_about_the_peer_with_the_shortest_tail() {
    let lines = [
        with_p99(Subject::Proxyd, 10.0),
        with_p99(Subject::Haproxy, 40.0),
        with_p99(Subject::HaproxyRandom, 50.0),
        with_p99(Subject::Nginx, 20.0),
    ];
    assert_eq!(share_of_best_peer(&lines), Some(0.5));
    assert_eq!(share_of_best_peer(&lines[1..]), None);
    assert_eq!(share_of_best_peer(&lines[..1]), None);
}

#[test]
fn a_line_has_the_medians_of_the_rounds() {
    let round = |p99_us, max_us| Round {
        cpu_us: 1.0,
        requests: 1,
        requests_per_second: 1.0,
        p50_us: 2.0,
        p99_us,
        max_us,
    };
    let rounds = vec![round(50.0, 60.0), round(3.0, 90.0), round(4.0, 70.0)];
    let series = Series { subject: Subject::Nginx, rounds, memory: Memory::default() };
    let expected = Line { subject: Subject::Nginx, p50_us: 2.0, p99_us: 4.0, max_us: 70.0 };
    assert_eq!(line(&series), expected);
}
