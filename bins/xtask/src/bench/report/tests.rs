use super::*;
use crate::procfs::Memory;

fn series(subject: Subject, costs: &[f64]) -> Series {
    let round = |cpu_us: &f64| Round {
        cpu_us: *cpu_us,
        requests: 1,
        requests_per_second: 1.0,
        p50_us: 1.0,
        p99_us: 1.0,
        max_us: 1.0,
    };
    Series { subject, rounds: costs.iter().map(round).collect(), memory: Memory::default() }
}

#[test]
fn the_median_of_an_even_number_is_between_the_middle_two() {
    assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
    assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), 2.5);
    assert_eq!(median(std::iter::empty()), 0.0);
}

#[test]
fn ratios_are_taken_round_by_round() {
    // The second round was slow for both: the ratio of the medians would be 1.5.
    let all = [series(Subject::Proxyd, &[10.0, 30.0, 10.0]), series(Subject::Haproxy, &[20.0, 60.0, 15.0])];
    let own = line(&all[0], &all);
    assert_eq!(own.times_haproxy, Some(2.0));
    assert_eq!(own.times_nginx, None);
}

#[test]
fn a_goal_is_compared_with_the_peer_that_is_cheaper() {
    let all = [
        series(Subject::Proxyd, &[10.0]),
        series(Subject::Haproxy, &[25.0]),
        series(Subject::Nginx, &[20.0]),
    ];
    let met = verdict(Goal::CheaperPeer(0.75), &all).unwrap();
    assert_eq!((met.peer, met.measured, met.is_met), (Subject::Nginx, 0.5, true));
    let missed = verdict(Goal::Peer(Subject::Haproxy, 0.3), &all).unwrap();
    assert_eq!((missed.peer, missed.measured, missed.is_met), (Subject::Haproxy, 0.4, false));
    assert!(verdict(Goal::CheaperPeer(0.75), &all[1..]).is_none());
}

#[test]
fn a_table_aligns_numbers_to_the_right() {
    let mut table = Table::new(&["proxy", "us"]);
    table.push(["nginx".to_owned(), cell(Some(21.56), 1)]);
    table.push(["haproxy".to_owned(), cell(None, 1)]);
    assert_eq!(table.to_string(), "proxy      us\nnginx    21.6\nhaproxy     -\n");
}
