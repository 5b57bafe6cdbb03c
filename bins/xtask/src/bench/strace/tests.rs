use super::*;

const SUMMARY: &str = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.004000           1      2000           sendto
 40.00    0.002000           1      2000        12 recvfrom
------ ----------- ----------- --------- --------- ----------------
100.00    0.006000           1      4000        12 total
";

#[test]
fn rows_with_and_without_errors_are_counted_and_the_total_is_not() {
    let calls = calls_in(SUMMARY);
    let expected = [("recvfrom".to_owned(), 2000), ("sendto".to_owned(), 2000)];
    assert_eq!(calls, expected.into_iter().collect());
}

#[test]
fn what_both_runs_do_once_cancels_out() {
    let calls = |open, send| Calls::from([("open".to_owned(), open), ("send".to_owned(), send)]);
    let [few, many] = counted::RUNS;
    let line = line(Subject::Nginx, &calls(30, 2 * few), &calls(30, 2 * many));
    assert_eq!(line.calls_per_request, 2.0);
    assert_eq!(line.each, BTreeMap::from([("send".to_owned(), 2.0)]));
}
