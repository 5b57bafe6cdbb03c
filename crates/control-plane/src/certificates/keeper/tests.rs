use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use proxy_core::events::{Event, Interest};
use tls_sni::{CertificateError, Certificates};
use zeroize::Zeroizing;

use super::*;
use crate::certificates::load::load;
use crate::certificates::made::{DAY, Made, lasting, made, now};
use crate::certificates::source::{Origin, Source};

fn keeper(state_dir: Option<&Path>) -> Keeper {
    Keeper::with_clock(Certificates::new(), state_dir, now)
}

fn put(keeper: &Keeper, domain: &str, made: &Made) -> Result<Summary, PutError> {
    keeper.put(domain, made.chain.as_bytes(), made.key.as_bytes())
}

/// What is served: ids and fingerprints.
fn served(keeper: &Keeper) -> Vec<(String, String)> {
    let all = keeper.certificates().list().into_iter();
    all.map(|(id, served)| (id, served.certificate.fingerprint().to_owned())).collect()
}

fn source(id: &str, made: &Made) -> Source {
    Source::new(id, Origin::Pem(Zeroizing::new(made.both().into_bytes())), None)
}

#[test]
fn what_is_put_is_served_at_once_and_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let first = keeper(Some(folder.path()));
    let (one, wild, next) = (made("a.test"), made("*.a.test"), made("a.test"));
    let summary = put(&first, "A.test.", &one).unwrap();
    assert_eq!((summary.names, summary.fingerprint), (vec!["a.test".to_owned()], one.fingerprint()));
    put(&first, "*.a.test", &wild).unwrap();
    put(&first, "a.test", &next).unwrap();
    let expected =
        [("store:*.a.test".to_owned(), wild.fingerprint()), ("store:a.test".to_owned(), next.fingerprint())];
    assert_eq!(served(&first), expected);
    assert_eq!(served(&keeper(Some(folder.path()))), expected);
    let file = folder.path().join("certificates/_wildcard.a.test.pem");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(file).unwrap(), wild.both());
}

#[test]
fn what_is_removed_is_gone_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let first = keeper(Some(folder.path()));
    put(&first, "a.test", &made("a.test")).unwrap();
    assert!(first.remove("a.test").unwrap());
    assert!(!first.remove("a.test").unwrap());
    assert_eq!((served(&first), first.list()), (vec![], vec![]));
    assert_eq!(served(&keeper(Some(folder.path()))), []);
    assert!(matches!(first.remove("../a"), Err(RemoveError::Domain(_))));
}

#[test]
fn without_a_directory_it_ends_with_the_process() {
    let first = keeper(None);
    let one = made("a.test");
    put(&first, "a.test", &one).unwrap();
    assert_eq!(served(&first), [("store:a.test".to_owned(), one.fingerprint())]);
    assert!(first.remove("a.test").unwrap());
    assert!(!first.remove("a.test").unwrap());
    assert_eq!(served(&first), []);
}

#[test]
fn what_cannot_be_served_is_not_put() {
    let folder = tempfile::tempdir().unwrap();
    let keeper = keeper(Some(folder.path()));
    let (one, other) = (made("a.test"), made("b.test"));
    put(&keeper, "a.test", &one).unwrap();
    let check = |domain: &str, chain: &str, key: &str, message: &str| {
        let error = keeper.put(domain, chain.as_bytes(), key.as_bytes()).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert_eq!(served(&keeper), [("store:a.test".to_owned(), one.fingerprint())]);
        assert_eq!(fs::read_dir(folder.path().join("certificates")).unwrap().count(), 1);
    };
    check("a.test", &other.chain, &other.key, "the certificate is for b.test, not for a.test");
    check("c.a.test", &one.chain, &one.key, "not for c.a.test");
    check("*.test", &one.chain, &one.key, "not for *.test");
    check("../a.test", &one.chain, &one.key, "is no name of a host");
    check("a.test", &one.chain, &other.key, "does not belong");
    check("a.test", &one.chain, "", "no private key");
    check("a.test", "", &one.key, "no certificate");
    let old = lasting("a.test", now() - 2 * DAY, now() - DAY);
    check("a.test", &old.chain, &old.key, "has expired");
    check("a.test", &format!("{}{}", one.chain, "#\n".repeat(140_000)), &one.key, "larger than 256 kB");
    check("a.test", &one.chain.replace('\n', "\r"), &one.key, "not in the form that PEM has");
}

#[test]
fn what_cannot_be_kept_is_not_served() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let keeper = keeper(Some(&file));
    let error = put(&keeper, "a.test", &made("a.test")).unwrap_err();
    assert!(
        matches!(&error, PutError::Store { path, .. } if *path == file.join("certificates/a.test.pem")),
        "{error}"
    );
    assert_eq!(served(&keeper), []);
}

#[test]
fn a_key_that_stands_in_both_texts_is_kept_once() {
    let folder = tempfile::tempdir().unwrap();
    let one = made("a.test");
    let both = one.both();
    keeper(Some(folder.path())).put("a.test", both.as_bytes(), both.as_bytes()).unwrap();
    assert_eq!(served(&keeper(Some(folder.path()))), [("store:a.test".to_owned(), one.fingerprint())]);
}

#[test]
fn a_corrupt_file_is_set_aside_and_the_rest_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (made("a.test"), made("b.test"));
    let first = keeper(Some(folder.path()));
    put(&first, "a.test", &one).unwrap();
    put(&first, "b.test", &two).unwrap();
    let dir = folder.path().join("certificates");
    fs::write(dir.join("b.test.pem"), "-----BEGIN CERT").unwrap();
    fs::write(dir.join("c.test.pem"), format!("{}{}", one.chain, two.key)).unwrap();
    let again = keeper(Some(folder.path()));
    assert_eq!(served(&again), [("store:a.test".to_owned(), one.fingerprint())]);
    assert_eq!(fs::read(dir.join("b.test.pem.corrupt-1")).unwrap(), b"-----BEGIN CERT");
    assert!(dir.join("c.test.pem.corrupt-1").exists() && !dir.join("c.test.pem").exists());
    put(&again, "b.test", &two).unwrap();
    assert_eq!(served(&keeper(Some(folder.path()))).len(), 2);
}

#[test]
fn what_is_not_valid_stays_in_the_store_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    put(&keeper(Some(folder.path())), "a.test", &made("a.test")).unwrap();
    let later = Keeper::with_clock(Certificates::new(), Some(folder.path()), || now() + 91 * DAY);
    assert_eq!(served(&later), []);
    let [Status { id, served: None, last_error: Some(error), .. }] = &*later.list() else { panic!() };
    assert_eq!(id, "store:a.test");
    assert!(error.contains("a.test.pem: the certificate has expired"), "{error}");
    assert_eq!(served(&keeper(Some(folder.path()))).len(), 1, "the file is where it was");
}

#[test]
fn a_document_is_served_in_place_of_the_former_one_and_of_nothing_else() {
    let keeper = keeper(None);
    let [a, b, c, d] = ["a.test", "b.test", "c.test", "d.test"].map(made);
    let ids = || served(&keeper).into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    put(&keeper, "d.test", &d).unwrap();
    keeper.certificates().put("acme:x.test", tls_sni::Served::new(made("x.test").certificate()));
    keeper.follow(&load(vec![source("file:a", &a), source("file:b", &b), source("plain", &c)], now()));
    assert_eq!(ids(), ["acme:x.test", "file:a", "file:b", "plain", "store:d.test"]);
    keeper.follow(&load(vec![source("file:b", &b), source("route:c", &c)], now()));
    assert_eq!(ids(), ["acme:x.test", "file:b", "route:c", "store:d.test"]);
    keeper.follow(&Loaded::default());
    assert_eq!(ids(), ["acme:x.test", "store:d.test"]);
}

#[test]
fn no_document_leaves_a_name_without_its_certificate() {
    let keeper = keeper(None);
    let made = made("a.test");
    let documents = ["file:a", "route:a", "plain"].map(|id| load(vec![source(id, &made)], now()));
    keeper.follow(&documents[0]);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let looks = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                assert!(keeper.certificates().has("a.test"));
            }
        });
        for turn in 0..1_000 {
            keeper.follow(&documents[turn % documents.len()]);
        }
        is_over.store(true, Ordering::Relaxed);
        looks.join().unwrap();
    });
    assert_eq!(served(&keeper).len(), 1);
}

#[test]
fn the_list_tells_of_all_that_is_served_and_of_what_is_not() {
    let keeper = keeper(None);
    let (one, old) = (made("a.test"), lasting("b.test", now() - 2 * DAY, now() - DAY));
    let mut first = source("file:a", &one);
    first.is_default = true;
    first.names = Some(vec!["c.test".into()]);
    keeper.follow(&load(vec![first, source("file:b", &old)], now()));
    let expired = CertificateError::Expired { ended: now() - DAY };
    let summary = Summary {
        names: vec!["c.test".into()],
        not_before: now() - DAY,
        not_after: now() + 90 * DAY,
        fingerprint: one.fingerprint(),
        kind: tls_sni::KeyKind::Ecdsa,
        is_default: true,
    };
    let expected = [
        Status { id: "file:a".into(), served: Some(summary), last_error: None },
        Status { id: "file:b".into(), served: None, last_error: Some(expired.to_string()) },
    ];
    assert_eq!(keeper.list(), expected);
    assert_eq!(keeper.loaded().served().count(), 1, "what gives nothing is to be read again");
}

#[test]
fn what_is_put_is_told_to_those_who_listen() {
    let (keeper, events) = (keeper(None), Events::new());
    let mut told = events.subscribe(Interest::named("certificate").unwrap(), 8).unwrap();
    keeper.tell(events);
    let made = made("a.test");
    put(&keeper, "a.test", &made).unwrap();
    let Some(Event::CertificateReplaced(event)) = told.try_recv() else { panic!("it is told") };
    assert_eq!((&*event.id, &*event.fingerprint), ("store:a.test", &*made.fingerprint()));
    assert_eq!((&*event.names, event.not_after), (&["a.test".to_owned()][..], now() + 90 * DAY));
    assert!(put(&keeper, "b.test", &made).is_err());
    assert_eq!(told.try_recv(), None);
}

#[test]
fn of_many_certificates_each_is_told_to_those_who_listen() {
    let (keeper, events) = (keeper(None), Events::new());
    let mut told = events.subscribe(Interest::ALL, 64).unwrap();
    keeper.tell(events);
    let made = made("a.test");
    let sources = (0..=MOST_TOLD).map(|number| source(&format!("file:{number}"), &made)).collect();
    keeper.follow(&load(sources, now()));
    assert_eq!(std::iter::from_fn(|| told.try_recv()).count(), MOST_TOLD + 1);
}
