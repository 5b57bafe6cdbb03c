use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tls_sni::CertificateError;
use zeroize::Zeroizing;

use super::*;
use crate::certificates::made::{DAY, lasting, made, now};

fn pem(text: &str) -> Origin {
    Origin::Pem(Zeroizing::new(text.as_bytes().to_vec()))
}

fn file(dir: &Path, name: &str, text: &str) -> PathBuf {
    let path = dir.join(name);
    fs::write(&path, text).unwrap();
    path
}

fn one(source: Source) -> Result<Served, Failure> {
    load(vec![source], now()).items[0].result.clone()
}

#[test]
fn all_are_loaded_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let all: Vec<_> = (0..100).map(|number| made(&format!("{number}.test"))).collect();
    let source = |(number, made): (usize, &crate::certificates::made::Made)| {
        let path = file(folder.path(), &format!("{number}.pem"), &made.both());
        Source::new(format!("file:{number}"), Origin::File(path), None)
    };
    let loaded = load(all.iter().enumerate().map(source).collect(), now());
    assert_eq!(loaded.failures().count(), 0);
    let names = |(number, made): (usize, &crate::certificates::made::Made)| {
        (format!("file:{number}"), made.fingerprint())
    };
    let expected: Vec<_> = all.iter().enumerate().map(names).collect();
    let found =
        loaded.served().map(|(id, served)| (id.to_owned(), served.certificate.fingerprint().to_owned()));
    assert_eq!(found.collect::<Vec<_>>(), expected);
}

#[test]
fn a_key_stands_in_a_file_of_its_own_or_with_the_chain() {
    let folder = tempfile::tempdir().unwrap();
    let made = made("a.test");
    let chain = Origin::File(file(folder.path(), "chain.pem", &made.chain));
    let key = Origin::File(file(folder.path(), "key.pem", &made.key));
    let both = Origin::File(file(folder.path(), "both.pem", &made.both()));
    for (chain, key) in [
        (chain.clone(), Some(key)),
        (chain, Some(pem(&made.key))),
        (both.clone(), None),
        (both.clone(), Some(both)),
        (pem(&made.both()), None),
        (pem(&made.chain), Some(pem(&made.key))),
    ] {
        let served = one(Source::new("a", chain, key)).unwrap();
        assert_eq!(served, Served::new(made.certificate()));
    }
}

#[test]
fn names_and_the_default_are_those_of_the_source() {
    let mut source = Source::new("a", pem(&made("a.test").both()), None);
    source.names = Some(vec!["b.test".into()]);
    source.is_default = true;
    let served = one(source).unwrap();
    assert_eq!(served.names(), ["b.test"]);
    assert!(served.is_default);
}

#[test]
fn failures_name_the_file_that_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let (made, other) = (made("a.test"), made("b.test"));
    let texts = [
        ("chain", &*made.chain),
        ("key", &*made.key),
        ("other", &*other.key),
        ("empty", ""),
        ("cut", &made.key[..40]),
    ];
    for (name, text) in texts {
        file(folder.path(), name, text);
    }
    let check = |chain: &str, key: Option<&str>, at: &str, message: &str| {
        let origin = |name: &str| Origin::File(folder.path().join(name));
        let failure = one(Source::new("file:a", origin(chain), key.map(origin))).unwrap_err();
        assert_eq!(
            (failure.id.as_str(), failure.path.as_deref()),
            ("file:a", Some(&*folder.path().join(at)))
        );
        assert!(failure.error.to_string().contains(message), "{failure}");
        assert!(failure.to_string().starts_with(&folder.path().join(at).display().to_string()));
    };
    check("none", Some("key"), "none", "No such file");
    check("chain", Some("none"), "none", "No such file");
    check("empty", Some("key"), "empty", "it is empty");
    check("key", Some("key"), "key", "no certificate");
    check("chain", Some("empty"), "empty", "it is empty");
    check("chain", None, "chain", "no private key");
    check("chain", Some("other"), "other", "does not belong");
    check("chain", Some("cut"), "cut", "breaks off");
    check("cut", Some("key"), "cut", "breaks off");
}

#[test]
fn only_what_is_valid_now_is_loaded() {
    let old = lasting("a.test", now() - 2 * DAY, now() - DAY);
    let early = lasting("a.test", now() + DAY, now() + 2 * DAY);
    let failure = one(Source::new("a", pem(&old.both()), None)).unwrap_err();
    assert_eq!(failure.error, CertificateError::Expired { ended: now() - DAY }.into());
    assert_eq!((failure.path.as_ref(), failure.heals_at()), (None, None));
    let failure = one(Source::new("a", pem(&early.both()), None)).unwrap_err();
    assert_eq!(failure.heals_at(), Some(now() + DAY));
}

#[test]
fn what_has_not_changed_is_not_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "a.pem", &made("a.test").both());
    let sources = || {
        vec![
            Source::new("a", Origin::File(path.clone()), None),
            Source::new("b", pem(&made("b.test").both()), None),
        ]
    };
    let sources = sources();
    // The same certificate in memory: it was not parsed again.
    let place = |loaded: &Loaded, id| {
        loaded.served().find(|(found, _)| *found == id).map(|(_, served)| served.certificate.leaf().as_ptr())
    };
    let first = load(sources.clone(), now());
    let second = load_again(sources.clone(), now(), &first);
    assert_eq!(["a", "b"].map(|id| place(&second, id)), ["a", "b"].map(|id| place(&first, id)));
    // A file that has changed is read.
    made("a.test").replace(&path);
    let third = load_again(sources.clone(), now(), &second);
    assert_ne!(place(&third, "a"), place(&first, "a"));
    assert_eq!(place(&third, "b"), place(&first, "b"));
    // So is what the document says otherwise, and what has expired meanwhile.
    let mut renamed = sources.clone();
    renamed[1].names = Some(vec!["c.test".into()]);
    assert_ne!(place(&load_again(renamed, now(), &third), "b"), place(&first, "b"));
    let later = load_again(sources, now() + 91 * DAY + Duration::from_secs(1), &third);
    assert_eq!(later.failures().count(), 2);
}

#[test]
fn keys_are_never_shown() {
    let made = made("a.test");
    let source = Source::new("a", pem(&made.chain), Some(pem(&made.key)));
    let shown = format!("{:?} {:?}", source, load(vec![source.clone()], now()));
    assert!(shown.contains("Pem(***)") && !shown.contains("PRIVATE"), "{shown}");
    assert!(!shown.contains(made.key.lines().nth(1).unwrap()));
}
