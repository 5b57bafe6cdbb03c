//! Certificates that change while they serve.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use harness::PATIENCE;
use harness::tls::{Leaf, Wish};

use super::place::Place;

const SERVED: &str = "certificate is served from now on";
const REFUSED: &str = "changed certificate cannot be served";

/// What is shown for `a.test` now.
#[track_caller]
fn shown(place: &Place) -> Vec<u8> {
    place.client().to(&place.address(), "a.test").tls().leaf
}

/// Handshakes until that certificate is shown; how many there were.
#[track_caller]
fn wait_for(place: &Place, leaf: &Leaf) -> usize {
    let ends = Instant::now() + PATIENCE;
    let mut count = 1;
    while shown(place) != leaf.der() {
        assert!(Instant::now() < ends, "the new certificate is not shown");
        count += 1;
    }
    count
}

/// Puts another certificate and its key in place, each by rename.
fn replace(place: &Place, leaf: &Leaf) {
    place.files.replace("a.test.pem", leaf.pem());
    place.files.replace("a.test.key", leaf.key_pem());
}

#[test]
fn no_handshake_fails_while_certificates_are_replaced() {
    let place =
        Place::with(|ground| ground.tls("").proxy("workers: 2").certificate(&ground.leaf(&["a.test"])));
    let is_over = AtomicBool::new(false);
    let counts: Vec<usize> = std::thread::scope(|scope| {
        let handshakes = || {
            let mut count = 0;
            while !is_over.load(Relaxed) {
                let answer = place.client().get(&place.address(), "a.test");
                assert_eq!(answer.status(), 200);
                count += 1;
            }
            count
        };
        let clients = [scope.spawn(handshakes), scope.spawn(handshakes)];
        for number in 0..10 {
            let leaf = place.authority.leaf(&["a.test"]);
            match number % 3 {
                0 => replace(&place, &leaf),
                // As tools do that know nothing of rename: the file is half there for a moment.
                1 => drop(place.files.put("a.test", &leaf)),
                _ => {
                    place.files.replace("a.test.key", leaf.key_pem());
                    place.files.replace("a.test.pem", leaf.pem());
                }
            }
            wait_for(&place, &leaf);
        }
        is_over.store(true, Relaxed);
        clients.map(|client| client.join().unwrap_or_else(|_| panic!("a handshake failed"))).to_vec()
    });
    assert!(counts.iter().all(|count| *count > 10), "{counts:?}");
    let ended = place.proxyd.stop();
    assert!(!ended.log.iter().any(|line| line.contains(REFUSED)), "{:#?}", ended.log);
}

#[test]
fn a_link_that_is_led_elsewhere_counts_as_a_change() {
    let mut leaves = Vec::new();
    let place = Place::with(|ground| {
        let all = [ground.authority.leaf(&["a.test"]), ground.authority.leaf(&["a.test"])];
        for (number, leaf) in all.iter().enumerate() {
            std::fs::create_dir(ground.files.path(&format!("{number}"))).unwrap();
            ground.files.put(&format!("{number}/tls"), leaf);
        }
        leaves.extend(all);
        // As secrets are mounted into containers.
        std::os::unix::fs::symlink("0", ground.files.path("now")).unwrap();
        let path = ground.files.path("now/tls");
        ground.tls("").certificate(&format!("cert: \"{path}.pem\", key: \"{path}.key\""))
    });
    assert_eq!(shown(&place), leaves[0].der());
    std::os::unix::fs::symlink("1", place.files.path("next")).unwrap();
    std::fs::rename(place.files.path("next"), place.files.path("now")).unwrap();
    wait_for(&place, &leaves[1]);
}

/// What stands in the two files, and what the log says of it.
struct Bad {
    what: &'static str,
    certificate: String,
    key: String,
    file: &'static str,
    reason: &'static str,
}

#[test]
fn what_is_no_certificate_is_told_and_the_former_one_is_served_on() {
    let place = Place::new();
    let former = shown(&place);
    let leaf = place.authority.leaf(&["a.test"]);
    let expired = place.authority.issue(Wish::of(&["a.test"]).expired());
    let early = place.authority.issue(Wish::of(&["a.test"]).not_yet_valid());
    let chain = place.authority.below("second").leaf(&["a.test"]);
    let bad =
        |what, certificate: String, key: String, file, reason| Bad { what, certificate, key, file, reason };
    let half = |text: &str| text[..text.len() / 2].to_owned();
    let (pem, key) = (leaf.pem(), leaf.key_pem());
    let all = [
        bad("an empty file", String::new(), key.clone(), "a.test.pem", "empty"),
        bad("no PEM", "hello\n".to_owned(), key.clone(), "a.test.pem", "no certificate"),
        bad("half of it", half(&pem), key.clone(), "a.test.pem", "PEM is broken"),
        bad("half of the key", pem.clone(), half(&key), "a.test.key", "PEM is broken"),
        bad("an empty key", pem.clone(), String::new(), "a.test.key", "empty"),
        bad("the key of another", pem.clone(), chain.key_pem(), "a.test.key", "does not belong"),
        bad("an encrypted key", pem.clone(), leaf.encrypted_key_pem(), "a.test.key", "encrypted"),
        bad("an expired one", expired.pem(), expired.key_pem(), "a.test.pem", "has expired"),
        bad("one of tomorrow", early.pem(), early.key_pem(), "a.test.pem", "not valid yet"),
        bad("the wrong order", chain.reversed_pem(), chain.key_pem(), "a.test.pem", "certificate 1"),
    ];
    for (told, Bad { what, certificate, key, file, reason }) in (1..).zip(all) {
        place.files.replace("a.test.pem", certificate);
        place.files.replace("a.test.key", key);
        let line = place.proxyd.log().wait_for(REFUSED, told);
        assert!(line.contains(&place.files.path(file)), "{what}: {line}");
        assert!(line.contains(reason), "{what}: {line}");
        assert_eq!(shown(&place), former, "{what}");
    }
    assert_eq!(place.client().get(&place.address(), "a.test").status(), 200);
    replace(&place, &leaf);
    wait_for(&place, &leaf);
}

#[test]
fn a_file_that_is_gone_is_told_and_its_certificate_is_served_on() {
    let place = Place::new();
    let former = shown(&place);
    std::fs::remove_file(place.files.path("a.test.pem")).unwrap();
    let line = place.proxyd.log().wait_for(REFUSED, 1);
    assert!(line.contains(&place.files.path("a.test.pem")), "{line}");
    assert_eq!(shown(&place), former);
    let leaf = place.authority.leaf(&["a.test"]);
    replace(&place, &leaf);
    wait_for(&place, &leaf);
}

#[test]
fn a_certificate_that_had_expired_at_the_start_is_served_once_it_is_renewed() {
    let place = Place::with(|ground| {
        let expired = ground.authority.issue(Wish::of(&["a.test"]).expired());
        ground.tls("").certificate(&ground.files.put("a.test", &expired))
    });
    assert!(place.client().try_to(&place.address(), "a.test").is_err());
    let leaf = place.authority.leaf(&["a.test"]);
    replace(&place, &leaf);
    place.proxyd.log().wait_for(SERVED, 1);
    assert_eq!(shown(&place), leaf.der());
}

#[test]
fn a_connection_outlives_the_certificate_that_it_began_with() {
    let place = Place::new();
    let request = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
    let mut old = place.client().to(&place.address(), "a.test");
    old.ask(request);
    assert_eq!(old.response().unwrap().status(), 200);
    let leaf = place.authority.leaf(&["a.test"]);
    replace(&place, &leaf);
    wait_for(&place, &leaf);
    old.ask(request);
    assert_eq!(old.response().unwrap().status(), 200);
}

/// The certificate that was shown is for the host still, though it is served no longer.
#[test]
fn a_connection_is_good_for_the_other_names_of_the_certificate_that_it_began_with() {
    let place = Place::with(|ground| ground.tls("").certificate(&ground.leaf(&["a.test", "b.test"])));
    let mut old = place.client().to(&place.address(), "a.test");
    let leaf = place.authority.leaf(&["a.test"]);
    replace(&place, &leaf);
    wait_for(&place, &leaf);
    old.ask("GET / HTTP/1.1\r\nHost: b.test\r\n\r\n");
    assert_eq!(old.response().unwrap().status(), 200);
}

#[test]
fn names_that_a_new_certificate_has_are_served_and_those_that_it_has_not_are_not() {
    let place = Place::with(|ground| ground.tls("").certificate(&ground.leaf(&["a.test", "b.test"])));
    let leaf = place.authority.leaf(&["a.test", "c.test"]);
    place.files.put("a.test", &leaf);
    wait_for(&place, &leaf);
    assert_eq!(place.client().get(&place.address(), "c.test").status(), 200);
    assert!(place.client().try_to(&place.address(), "b.test").is_err());
}
