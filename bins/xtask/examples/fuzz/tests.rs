use std::collections::HashSet;

use super::*;

#[test]
fn every_target_has_a_name_of_its_own_and_passes_its_own_inputs() {
    let mut names = HashSet::new();
    for target in TARGETS {
        assert!(names.insert(target.name), "{} appears twice", target.name);
        let seeds = target.seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect();
        let mutator = Mutator::new(seeds, target.words, 1);
        assert_eq!(runner::run(target.run, mutator, Duration::ZERO), Ok(target.seeds.len() as u64));
    }
}

#[test]
fn an_unknown_name_is_answered_with_the_known_ones() {
    let error = chosen(&["http9".to_owned()]).unwrap_err().to_string();
    assert!(error.starts_with("there is no `http9`; there are http1-request, "), "{error}");
}
