use std::collections::{HashMap, HashSet};

use super::*;

#[test]
fn keys_are_found_in_their_scope_alone() {
    let entries = [(0, &b"a"[..], 1), (1, b"a", 2), (0, b"", 3), (7, b"a longer key than one word", 4)];
    let map = ByteMap::new(&entries);
    for (scope, key, value) in entries {
        assert_eq!(map.get(scope, key), value);
        assert_eq!(map.get(scope + 20, key), NONE);
    }
    assert_eq!(map.get(1, b""), NONE);
    assert_eq!(map.get(7, b"a longer key than one word."), NONE);
    assert_eq!(map.get(7, b"a longer key than one worD"), NONE);
    assert_eq!(map.get(7, b"A longer key than one word"), NONE);
}

#[test]
fn an_empty_map_has_nothing() {
    let map = ByteMap::new(&[]);
    assert_eq!((map.get(0, b""), map.get(0, b"a")), (NONE, NONE));
}

#[test]
fn short_keys_of_one_length_make_different_words() {
    for length in 0..8_usize {
        let mut words = HashSet::new();
        for bits in 0..1_u32 << length {
            let key: Vec<u8> = (0..length).map(|at| b'a' + (bits >> at & 1) as u8).collect();
            words.insert(short_word(&key));
        }
        assert_eq!(words.len(), 1 << length);
    }
}

#[test]
fn keys_of_every_length_differ_at_every_byte() {
    for length in 1..40 {
        let key = vec![b'x'; length];
        for at in 0..length {
            let mut other = key.clone();
            other[at] = b'y';
            assert!(!is_same(&key, &other) && is_same(&key, &key.clone()));
            assert_ne!(hash(1, 0, &key), hash(1, 0, &other), "byte {at} of {length}");
        }
    }
}

#[test]
fn random_maps_agree_with_the_standard_library() {
    let seed = 2;
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..300 {
        let mut draw = || -> (u32, Vec<u8>) {
            let length = random.usize(0..20);
            (random.u32(0..3), (0..length).map(|_| random.u8(b'a'..=b'b')).collect())
        };
        let model: HashMap<(u32, Vec<u8>), u32> = (0..100).map(|value| (draw(), value)).collect();
        let entries: Vec<_> = model.iter().map(|((scope, key), value)| (*scope, &**key, *value)).collect();
        let map = ByteMap::new(&entries);
        for _ in 0..100 {
            let (scope, key) = draw();
            let expected = model.get(&(scope, key.clone())).copied().unwrap_or(NONE);
            assert_eq!(map.get(scope, &key), expected);
        }
        for ((scope, key), value) in &model {
            assert_eq!(map.get(*scope, key), *value);
        }
    }
}

/// Whoever knows the first seed can write names that all have one home under it.
#[test]
fn keys_made_to_collide_get_another_seed() {
    let (wanted, homes) = (200, 512_u64);
    let honest = ByteMap::new(&[(0, b"a", 1)]);
    let first = honest.slots.seed();
    let home = |key: &str| hash(first, 0, key.as_bytes()) >> (64 - homes.trailing_zeros());
    let keys: Vec<String> =
        (0..).map(|n| format!("tenant-{n}.test")).filter(|key| home(key) == 5).take(wanted).collect();
    let entries: Vec<_> = keys.iter().map(|key| (0, key.as_bytes(), 1)).collect();
    let map = ByteMap::new(&entries);
    assert_ne!(map.slots.seed(), first);
    let runs = map.slots.slots.split(Slot::is_vacant).map(<[_]>::len).max();
    assert!(runs < Some(LONG_RUN), "{runs:?}");
    assert!(keys.iter().all(|key| map.get(0, key.as_bytes()) == 1));
}
