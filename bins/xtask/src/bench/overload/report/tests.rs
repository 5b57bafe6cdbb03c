use super::*;
use crate::bench::load::Surge;

fn phase(goodput: f64, refused: u64) -> Phase {
    let others = Surge { refused, refused_p99_us: 2_000.0, ..Surge::default() };
    Phase { goodput, p50_us: 1_000.0, p99_us: 4_000.0, others }
}

fn round(peak: f64, goodput: f64) -> Round {
    Round { peak, once: phase(peak, 0), thrice: phase(goodput, 300) }
}

#[test]
fn shares_of_the_peak_are_taken_round_by_round() {
    // The machine was slow in the second round: the ratio of the medians would be 0.9.
    let rounds = [round(1_000.0, 900.0), round(100.0, 100.0), round(1_000.0, 1_000.0)];
    let thrice = line(&rounds, 0.5, |round| &round.thrice);
    assert_eq!((thrice.goodput, thrice.share_of_peak), (900.0, 1.0));
    assert_eq!(line(&rounds, 0.5, |round| &round.once).share_of_peak, 1.0);
}

#[test]
fn counts_are_per_second_of_the_window() {
    let thrice = line(&[round(1_000.0, 900.0)], 0.5, |round| &round.thrice);
    assert_eq!((thrice.refused, thrice.refused_p99_ms), (100.0, 2.0));
}

#[test]
fn latencies_of_nothing_are_not_shown() {
    let once = line(&[round(1_000.0, 900.0)], 0.5, |round| &round.once);
    let table = as_table(&[(Subject::Nginx, once)]).to_string();
    let row: Vec<_> = table.lines().nth(1).unwrap_or_default().split_whitespace().collect();
    assert_eq!(row, ["nginx", "1000", "1.00", "1.0", "4.0", "0", "-", "0", "-", "0", "0"]);
}
