//! Large lists and hostile requests.

use super::super::*;
use super::get;

fn compile(patterns: impl Iterator<Item = (HostPattern, PathPattern)>) -> Matcher<usize> {
    let rules = patterns.enumerate().map(|(value, (host, path))| Rule {
        host,
        path,
        conditions: Conditions::default(),
        value,
    });
    Matcher::compile(rules.collect()).unwrap()
}

fn everything() -> PathPattern {
    PathPattern::Prefix("/".to_owned())
}

const MANY: usize = 20_000;

#[test]
fn each_of_many_hosts_is_found() {
    let matcher =
        compile((0..MANY).map(|n| (HostPattern::Exact(format!("tenant-{n}.example.test")), everything())));
    for n in 0..MANY {
        assert_eq!(matcher.find(&get(&format!("tenant-{n}.example.test"), "/x")), Some(&n));
    }
    assert_eq!(matcher.find(&get(&format!("tenant-{MANY}.example.test"), "/x")), None);
}

#[test]
fn each_of_many_wildcards_is_found() {
    let matcher = compile((0..MANY).map(|n| (HostPattern::Suffix(format!("t{n}.test")), everything())));
    for n in 0..MANY {
        assert_eq!(matcher.find(&get(&format!("x.y.t{n}.test"), "/x")), Some(&n));
        assert_eq!(matcher.find(&get(&format!("t{n}.test"), "/x")), None);
    }
}

#[test]
fn each_of_many_paths_and_prefixes_is_found() {
    let exact = compile((0..MANY).map(|n| (HostPattern::Any, PathPattern::Exact(format!("/service/{n}")))));
    let prefix =
        compile((0..MANY).map(|n| (HostPattern::Any, PathPattern::Prefix(format!("/service/{n}/")))));
    for n in 0..MANY {
        assert_eq!(exact.find(&get("h", &format!("/service/{n}"))), Some(&n));
        assert_eq!(exact.find(&get("h", &format!("/service/{n}/"))), None);
        for end in ["", "/", "/a/b"] {
            assert_eq!(prefix.find(&get("h", &format!("/service/{n}{end}"))), Some(&n));
        }
        assert_eq!(prefix.find(&get("h", &format!("/service/{n}x"))), None);
    }
}

/// Each prefix lies within the next, thousands deep: neither compiling nor looking up may recurse.
#[test]
fn deeply_nested_prefixes_are_compiled_and_found() {
    let depth = 8_000;
    let prefix = |n: usize| format!("/{}", "a".repeat(n));
    let matcher = compile((0..depth).map(|n| (HostPattern::Any, PathPattern::Prefix(prefix(n)))));
    assert_eq!(matcher.find(&get("h", &prefix(depth - 1))), Some(&(depth - 1)));
    assert_eq!(matcher.find(&get("h", &(prefix(100) + "b"))), Some(&100));
    assert_eq!(matcher.find(&get("h", &prefix(16_000))), Some(&(depth - 1)));
}

/// Hosts of the greatest length, of labels and dots alone, and paths of 16 KiB: all with an answer.
#[test]
fn hostile_hosts_and_paths_are_answered() {
    let suffixes = (1..127).map(|n| (HostPattern::Suffix(vec!["a"; n].join(".")), everything()));
    let matcher = compile(suffixes);
    assert_eq!(matcher.find(&get(&vec!["a"; 128].join("."), "/")), Some(&125));
    assert_eq!(matcher.find(&get(&".".repeat(255), "/")), None);
    assert_eq!(matcher.find(&get(&"a".repeat(255), "/")), None);
    let path = "/a".repeat(8_192);
    assert_eq!(matcher.find(&get("b.a", &path)), Some(&0));
}
