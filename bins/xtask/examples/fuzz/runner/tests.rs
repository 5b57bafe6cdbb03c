use super::*;

fn mutator(corpus: &[&str]) -> Mutator {
    Mutator::new(corpus.iter().map(|input| input.as_bytes().to_vec()).collect(), &["x"], 1)
}

fn refuses_bad(data: &[u8]) {
    assert!(data != b"bad", "bad");
}

fn refuses_long(data: &[u8]) {
    assert!(data.len() < 3, "long");
}

#[test]
fn the_corpus_is_tried_as_it_is_before_any_time_passes() {
    assert_eq!(run(refuses_bad, mutator(&["good", "fine"]), Duration::ZERO), Ok(2));
    let failure = run(refuses_bad, mutator(&["good", "bad"]), Duration::ZERO).unwrap_err();
    assert_eq!(failure, Failure { what: "panics", run: 1, input: b"bad".to_vec() });
}

#[test]
fn mutations_find_what_the_corpus_does_not_hold() {
    // It ends at the first input of three bytes, long before the minute has passed.
    let failure = run(refuses_long, mutator(&["a"]), Duration::from_secs(60)).unwrap_err();
    assert_eq!(failure.what, "panics");
    assert!(failure.input.len() >= 3);
}
