use super::*;

/// A text read from its start.
#[derive(Clone, Copy)]
struct Forwards<'a>(&'a [u8]);

impl Text for Forwards<'_> {
    fn byte(self, at: usize) -> Option<u8> {
        self.0.get(at).copied()
    }

    fn has(self, at: usize, label: &[u8]) -> bool {
        self.0.get(at..).is_some_and(|rest| rest.starts_with(label))
    }
}

fn build(keys: &[&str]) -> (Trie, u32, Vec<(u32, u32)>) {
    let keys: Vec<_> = keys.iter().zip(0..).map(|(key, value)| (key.as_bytes(), value)).collect();
    let (mut builder, mut nested) = (TrieBuilder::default(), Vec::new());
    let root = builder.add(&keys, |value, outer| nested.push((value, outer)));
    nested.sort_unstable();
    (builder.build(), root, nested)
}

#[test]
fn the_longest_key_wins_and_knows_the_next_shorter_one() {
    let (trie, root, nested) = build(&["/", "/api", "/api/", "/api/users", "/apx", "/b"]);
    assert_eq!(nested, [(0, NONE), (1, 0), (2, 1), (3, 2), (4, 0), (5, 0)]);
    for (text, expected) in [
        ("", NONE),
        ("x", NONE),
        ("/", 0),
        ("/ap", 0),
        ("/api", 1),
        ("/apis", 1),
        ("/api/", 2),
        ("/api/user", 2),
        ("/api/users/1", 3),
        ("/apx", 4),
        ("/bb", 5),
        ("/c", 0),
    ] {
        assert_eq!(trie.longest(root, Forwards(text.as_bytes())), expected, "{text}");
    }
}

#[test]
fn the_empty_key_is_a_prefix_of_everything() {
    let (trie, root, nested) = build(&["", "a"]);
    assert_eq!(nested, [(0, NONE), (1, 0)]);
    assert_eq!(trie.longest(root, Forwards(b"")), 0);
    assert_eq!(trie.longest(root, Forwards(b"b")), 0);
    assert_eq!(trie.longest(root, Forwards(b"ab")), 1);
}

#[test]
fn tries_in_common_storage_do_not_mix() {
    let mut builder = TrieBuilder::default();
    let first = builder.add(&[(b"a", 1), (b"ab", 2)], |_, _| {});
    let second = builder.add(&[(b"a", 3), (b"ac", 4)], |_, _| {});
    let none = builder.add(&[], |_, _| {});
    let trie = builder.build();
    let longest = |root, text: &str| trie.longest(root, Forwards(text.as_bytes()));
    assert_eq!([longest(first, "ab"), longest(first, "ac")], [2, 1]);
    assert_eq!([longest(second, "ab"), longest(second, "ac")], [3, 4]);
    assert_eq!([longest(none, "ab"), longest(none, "")], [NONE, NONE]);
}

#[test]
fn random_tries_agree_with_a_list() {
    let seed = 9;
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..2_000 {
        let mut draw = || -> String {
            let length = random.usize(0..8);
            (0..length).map(|_| char::from(random.u8(b'a'..=b'c'))).collect()
        };
        let mut keys: Vec<String> = (0..12).map(|_| draw()).collect();
        keys.sort_unstable();
        keys.dedup();
        let (trie, root, nested) = build(&keys.iter().map(String::as_str).collect::<Vec<_>>());
        let longest = |text: &str, below: usize| {
            let fits = |key: &&String| text.starts_with(key.as_str()) && key.len() < below;
            let best = keys.iter().filter(fits).max_by_key(|key| key.len());
            best.and_then(|best| keys.iter().position(|key| key == best)).map_or(NONE, |at| at as u32)
        };
        for _ in 0..20 {
            let text = draw();
            assert_eq!(
                trie.longest(root, Forwards(text.as_bytes())),
                longest(&text, usize::MAX),
                "{text} {keys:?}"
            );
        }
        for (value, outer) in nested {
            let key = &keys[value as usize];
            assert_eq!(outer, longest(key, key.len()), "{key} {keys:?}");
        }
    }
}
