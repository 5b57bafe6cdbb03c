use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tls_sni::{CertificateError, Served};
use tokio::time::Instant;

use super::{Book, Consequences};
use crate::certificates::file::FileError;
use crate::certificates::load::{Failure, Item, LoadError, Loaded};
use crate::certificates::made::{made, now};
use crate::certificates::notice::Notice;
use crate::certificates::source::{Origin, Source};
use crate::certificates::status::Summary;

const SECOND: Duration = Duration::from_secs(1);

fn source(id: &str) -> Arc<Source> {
    Source::new(id, Origin::File(PathBuf::from(format!("/{id}.pem"))), None).into()
}

fn good(source: &Arc<Source>, served: &Served) -> Item {
    Item { source: Arc::clone(source), stamps: [None; 2], result: Ok(served.clone()) }
}

fn failure(source: &Source, error: impl Into<LoadError>) -> Failure {
    Failure { id: source.id.clone(), path: None, error: error.into() }
}

fn bad(source: &Arc<Source>, error: impl Into<LoadError>) -> Item {
    Item { source: Arc::clone(source), stamps: [None; 2], result: Err(failure(source, error)) }
}

fn loaded(items: Vec<Item>) -> Loaded {
    Loaded { items: items.into() }
}

fn served(name: &str) -> Served {
    Served::new(made(name).certificate())
}

fn told(id: &str, served: &Served) -> Notice {
    Notice::Served { id: id.into(), summary: Summary::of(served) }
}

/// A book that follows one source, which gave a certificate.
fn book() -> (Book, Arc<Source>, Served, Instant) {
    let (mut book, source, served, at) =
        (Book::default(), source("file:a"), served("a.test"), Instant::now());
    book.follow(&loaded(vec![good(&source, &served)]), at);
    (book, source, served, at)
}

#[test]
fn what_changes_is_served_and_told() {
    let (mut book, source, first, at) = book();
    let second = served("a.test");
    let expected = Consequences {
        put: vec![("file:a".into(), second.clone())],
        gone: vec![],
        notices: vec![told("file:a", &second)],
    };
    assert_eq!(book.take(vec![good(&source, &second)], at), expected);
    assert_eq!(
        book.take(vec![good(&source, &second)], at),
        Consequences::default(),
        "the same is nothing new"
    );
    assert_eq!(book.take(vec![good(&source, &first)], at).put.len(), 1);
}

#[test]
fn what_is_wrong_is_told_once_it_has_lasted() {
    let (mut book, source, first, at) = book();
    let mismatch = || bad(&source, CertificateError::KeyMismatch);
    let unsettled = Notice::Unsettled(failure(&source, CertificateError::KeyMismatch));
    let failed = Notice::Failed { failure: failure(&source, CertificateError::KeyMismatch), is_served: true };
    assert_eq!(book.take(vec![mismatch()], at).notices, std::slice::from_ref(&unsettled));
    assert_eq!(book.deadline(), Some(at + SECOND));
    assert_eq!(book.due(at + SECOND / 2), []);
    assert_eq!(book.take(vec![mismatch()], at + SECOND / 2).notices, [unsettled], "it began earlier");
    assert_eq!(book.due(at + SECOND), [Arc::clone(&source)]);
    assert_eq!(book.take(vec![mismatch()], at + SECOND).notices, [failed]);
    assert_eq!(book.deadline(), None);
    assert_eq!(book.take(vec![mismatch()], at + 9 * SECOND), Consequences::default(), "it is told once");
    let (id, error) = book.failures().next().unwrap();
    assert_eq!((id, &error.error), ("file:a", &CertificateError::KeyMismatch.into()));
    // Something else that is wrong is told, too.
    let other = book.take(vec![bad(&source, FileError::TooLarge)], at + 10 * SECOND).notices;
    assert_eq!(other, [Notice::Failed { failure: failure(&source, FileError::TooLarge), is_served: true }]);
    // What was told is taken back.
    let mended =
        Consequences { notices: vec![Notice::Mended { id: "file:a".into() }], ..Consequences::default() };
    assert_eq!(book.take(vec![good(&source, &first)], at + 11 * SECOND), mended);
    assert_eq!(book.failures().count(), 0);
}

#[test]
fn what_resolves_itself_in_time_is_not_told_to_be_wrong() {
    let (mut book, source, first, at) = book();
    book.take(vec![bad(&source, CertificateError::KeyMismatch)], at);
    let second = served("a.test");
    let done = book.take(vec![good(&source, &second)], at + SECOND / 2);
    assert_eq!(done.notices, [told("file:a", &second)]);
    assert_eq!(book.deadline(), None);
    // The patience begins anew.
    book.take(vec![bad(&source, CertificateError::KeyMismatch)], at + 5 * SECOND);
    assert_eq!(book.deadline(), Some(at + 6 * SECOND));
    assert_eq!(book.take(vec![good(&source, &second)], at + 5 * SECOND), Consequences::default());
    drop(first);
}

#[test]
fn a_new_document_is_served_in_place_of_the_former_one() {
    let (mut book, a, of_a, at) = book();
    let (b, of_b) = (source("route:b"), served("b.test"));
    let done = book.follow(&loaded(vec![good(&a, &of_a), good(&b, &of_b)]), at);
    assert_eq!((done.put, done.gone), (vec![("route:b".into(), of_b.clone())], vec![]));
    let done = book.follow(&loaded(vec![good(&b, &of_b)]), at);
    assert_eq!((done.put, done.gone), (vec![], vec!["file:a".to_owned()]));
    assert_eq!(book.take(vec![good(&a, &of_a)], at), Consequences::default(), "it is followed no longer");
    assert_eq!(book.served("route:"), [("route:b".to_owned(), of_b)]);
}

#[test]
fn what_was_read_since_is_newer_than_what_was_loaded() {
    let (mut book, source, first, at) = book();
    let second = served("a.test");
    book.take(vec![good(&source, &second)], at);
    assert_eq!(book.follow(&loaded(vec![good(&source, &first)]), at), Consequences::default());
    assert_eq!(book.served("file:"), [("file:a".to_owned(), second)]);
    // Where the document says something else, it is what was loaded.
    let mut renamed = Source::clone(&source);
    renamed.names = Some(vec!["b.test".into()]);
    let done = book.follow(&loaded(vec![good(&renamed.into(), &first)]), at);
    assert_eq!(done.put, [("file:a".to_owned(), first)]);
}

#[test]
fn what_was_being_read_under_another_document_is_dropped() {
    let (mut book, before, first, at) = book();
    let mut after = Source::clone(&before);
    after.is_default = true;
    let after = Arc::new(after);
    book.follow(&loaded(vec![good(&after, &first)]), at);
    assert_eq!(book.take(vec![good(&before, &served("a.test"))], at), Consequences::default());
}

#[test]
fn a_source_that_gives_nothing_is_served_as_before_if_it_was() {
    let (mut book, a, of_a, at) = book();
    let mut renamed = Source::clone(&a);
    renamed.names = Some(vec!["b.test".into()]);
    let (renamed, b) = (Arc::new(renamed), source("file:b"));
    let broken = [bad(&renamed, FileError::NoFile), bad(&b, FileError::NoFile)];
    let done = book.follow(&loaded(broken.to_vec()), at);
    assert_eq!((done.put, done.gone), (vec![], vec![]));
    assert_eq!(book.served("file:"), [("file:a".to_owned(), of_a)]);
    let notices = book.take(broken.to_vec(), at + SECOND).notices;
    let expected = [(&renamed, true), (&b, false)]
        .map(|(source, is_served)| Notice::Failed { failure: failure(source, FileError::NoFile), is_served });
    assert_eq!(notices, expected);
}

#[test]
fn files_are_known_by_their_sources() {
    let (mut book, a, of_a, at) = book();
    assert_eq!(book.take_files(), Some(vec![std::path::Path::new("/file:a.pem").into()]));
    assert_eq!(book.take_files(), None, "they are the same as before");
    let pair = Arc::new(Source::new("file:b", a.chain.clone(), Some(Origin::File("/b.key".into()))));
    let pem = Arc::new(Source::new("route:c", Origin::Pem(zeroize::Zeroizing::default()), None));
    book.follow(&loaded(vec![good(&a, &of_a), good(&pair, &of_a), good(&pem, &of_a)]), at);
    assert_eq!(book.take_files().unwrap().len(), 2);
    let of = |file: &str| {
        let mut ids: Vec<_> = book
            .of_files([&std::path::Path::new(file).into()])
            .iter()
            .map(|source| source.id.clone())
            .collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(of("/file:a.pem"), ["file:a", "file:b"]);
    assert_eq!(of("/b.key"), ["file:b"]);
    assert_eq!(of("/c.key"), [""; 0]);
    assert_eq!(book.read().len(), 2, "PEM does not change");
}

#[test]
fn the_store_is_no_documents() {
    let (mut book, _, _, at) = book();
    let (stored, of_stored) = (source("store:s.test"), served("s.test"));
    let done = book.store(vec![good(&stored, &of_stored)], at);
    assert_eq!(done.put, [("store:s.test".to_owned(), of_stored.clone())]);
    assert_eq!(book.follow(&Loaded::default(), at).gone, ["file:a"]);
    assert_eq!(book.served("store:").len(), 1);
    assert_eq!((book.read().len(), book.take_files().unwrap().len()), (0, 0), "nobody else writes its files");
    let early = CertificateError::NotYetValid { begins: now() };
    book.store(vec![bad(&stored, early)], at);
    assert_eq!((book.healed(now() - SECOND).len(), book.healed(now()).len()), (0, 1));
    assert!(book.remove("store:s.test") && !book.remove("store:s.test"));
    assert_eq!(book.deadline(), None);
}

/// A long random walk: whatever happens, the table is what the book says, and nothing that gave a certificate is without one
/// while it is followed.
#[test]
fn the_table_agrees_with_the_book() {
    let all: Vec<_> = ["file:a", "file:b", "route:c", "plain"].into_iter().map(source).collect();
    let given: Vec<_> = (0..4).map(|number| served(&format!("{number}.test"))).collect();
    let (mut book, mut table, at) = (Book::default(), BTreeMap::<String, Served>::new(), Instant::now());
    let mut word = 11_u64;
    let mut random = |below: usize| {
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        usize::try_from(word % below as u64).unwrap()
    };
    let mut followed: Vec<Arc<Source>> = Vec::new();
    for second in 0..20_000 {
        let mut item = |source: &Arc<Source>| match random(6) {
            0 => bad(source, CertificateError::KeyMismatch),
            1 => bad(source, FileError::NoFile),
            other => good(source, &given[other % given.len()]),
        };
        let items: Vec<_> = all.iter().map(&mut item).collect();
        let before = table.clone();
        let done = if random(5) == 0 {
            let items: Vec<_> = items.into_iter().filter(|_| random(3) > 0).collect();
            followed = items.iter().map(|item| Arc::clone(&item.source)).collect();
            book.follow(&loaded(items), at + second * SECOND / 3)
        } else {
            book.take(items.into_iter().filter(|_| random(2) == 0).collect(), at + second * SECOND / 3)
        };
        table.extend(done.put);
        table.retain(|id, _| !done.gone.contains(id));
        let known: BTreeMap<_, _> = book.served("").into_iter().collect();
        assert_eq!(table, known, "second {second}");
        for source in &followed {
            assert!(!before.contains_key(&source.id) || table.contains_key(&source.id));
        }
        assert!(table.keys().all(|id| followed.iter().any(|source| source.id == *id)));
        for notice in done.notices {
            if let Notice::Failed { failure, is_served } = notice {
                assert_eq!(table.contains_key(&failure.id), is_served);
            }
        }
        let unsettled = book.due(at + 1_000_000 * SECOND).len();
        assert_eq!(book.deadline().is_some(), unsettled > 0);
        assert!(unsettled <= book.failures().count());
    }
}
