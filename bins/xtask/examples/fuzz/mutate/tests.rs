use std::collections::HashSet;

use super::*;

fn made(seed: u64, count: usize) -> Vec<Vec<u8>> {
    let corpus = vec![b"GET / HTTP/1.1\r\n\r\n".to_vec(), b"PUT".to_vec()];
    let mut mutator = Mutator::new(corpus, &["\r\n", ":"], seed);
    let mut input = Vec::new();
    let mut next = || {
        mutator.next_into(&mut input);
        input.clone()
    };
    (0..count).map(|_| next()).collect()
}

#[test]
fn a_seed_repeats_its_inputs() {
    assert_eq!(made(7, 200), made(7, 200));
    assert_ne!(made(7, 200), made(8, 200));
}

#[test]
fn inputs_differ_and_stay_short() {
    let inputs = made(1, 5_000);
    assert!(inputs.iter().all(|input| input.len() <= LONGEST));
    let different: HashSet<_> = inputs.iter().collect();
    assert!(different.len() > 4_000, "only {} different", different.len());
}

#[test]
fn an_empty_corpus_and_no_words_still_make_inputs() {
    let mut mutator = Mutator::new(Vec::new(), &[], 3);
    let mut input = Vec::new();
    let mut longest = 0;
    for _ in 0..1_000 {
        mutator.next_into(&mut input);
        longest = longest.max(input.len());
    }
    assert!(longest > 0);
}
