//! Which certificate a client gets by the name that it asks for.

use harness::Document;
use harness::tls::{AlertDescription, Leaf, Refused, Wish};

use super::hello::{Heard, Hello, alert};
use super::place::Place;

const UNKNOWN: Refused = Refused::Alert(AlertDescription::UnrecognisedName);
const UNKNOWN_HEARD: Heard = Heard::Alert(2, alert::UNRECOGNIZED_NAME);

/// A place with these certificates, each for its names.
fn place(settings: &str, all: &[&[&str]]) -> (Place, Vec<Leaf>) {
    let mut leaves = Vec::new();
    let place = Place::with(|ground| {
        all.iter().enumerate().fold(ground.tls(settings), |document, (number, names)| {
            let leaf = ground.authority.leaf(names);
            let written = ground.files.put(&format!("{number}"), &leaf);
            leaves.push(leaf);
            document.certificate(&written)
        })
    });
    (place, leaves)
}

#[test]
fn a_name_gets_its_certificate_and_another_one_an_alert() {
    let place = Place::new();
    let answer = place.client().get(&place.address(), "a.test");
    assert_eq!((answer.status(), answer.text().as_str()), (200, "ok"));
    assert_eq!(place.client().refused(&place.address(), "b.test"), UNKNOWN);
    assert_eq!(place.proxyd.stop().connections("handshake_failed:unknown_name"), 1);
}

#[test]
fn names_are_found_in_any_spelling_and_wildcards_stand_for_one_label() {
    let (place, leaves) = place("", &[&["a.test"], &["*.w.test"], &["xn--bcher-kva.test"], &["x.w.test"]]);
    for (name, number) in [
        ("a.test", 0),
        ("A.Test", 0),
        ("a.test.", 0),
        ("A.TEST.", 0),
        ("b.w.test", 1),
        ("B.W.TEST.", 1),
        ("xn--bcher-kva.test", 2),
        ("XN--BCHER-KVA.test", 2),
        ("x.w.test", 3),
    ] {
        let heard = Hello::of(name).ask(&place.address());
        assert!(heard.shows(leaves[number].der()), "{name}: {heard:?}");
    }
    for name in ["w.test", "b.a.w.test", "test", "aa.test", "b.test", "a.test.test", "bcher-kva.test"] {
        assert_eq!(Hello::of(name).ask(&place.address()), UNKNOWN_HEARD, "{name}");
    }
}

/// RFC 6066 section 3: a name is ASCII, and no address. What is neither is not read as something else.
#[test]
fn what_is_no_name_gets_no_certificate() {
    let (place, _) = place("", &[&["a.test"], &["*.w.test"], &["xn--bcher-kva.test"]]);
    for name in [
        &b""[..],
        b".",
        b"a.test..",
        b".a.test",
        b".w.test",
        b"*.w.test",
        b"a.test\0",
        b"a.test\0.evil.test",
        b"b\xc3\xbccher.test",
        b" a.test",
        b"a.test:443",
        b"127.0.0.1",
        b"[::1]",
        &[b'a'; 300],
    ] {
        let heard = Hello::of(name).ask(&place.address());
        assert!(matches!(heard, Heard::Alert(2, _)), "{:?}: {heard:?}", harness::latin1(name));
    }
    assert_eq!(place.client().get(&place.address(), "a.test").status(), 200);
}

#[test]
fn two_names_at_once_get_no_certificate() {
    let place = Place::new();
    let name = [&[0, 0, 6][..], b"a.test"].concat();
    let list = [&[0, 18][..], &name, &name].concat();
    let heard = Hello::new().with(0, &list).ask(&place.address());
    assert!(matches!(heard, Heard::Alert(2, _)), "{heard:?}");
}

#[test]
fn who_names_nobody_gets_the_default_certificate_or_an_alert() {
    let without = Place::new();
    let nameless = without.client().any_name().nameless();
    assert_eq!(nameless.refused(&without.address(), "a.test"), UNKNOWN);
    // The name of an address is not asked for: RFC 6066 section 3.
    assert_eq!(without.client().any_name().refused(&without.address(), "127.0.0.1"), UNKNOWN);

    let with = Place::with(|ground| {
        let marked = format!("{}, default: true", ground.leaf(&["d.test", "127.0.0.1"]));
        ground.tls("").certificate(&ground.leaf(&["a.test"])).certificate(&marked)
    });
    // An address is a name of that certificate, and is verified as such.
    let answer = with.client().get(&with.address(), "127.0.0.1");
    assert_eq!(answer.status(), 200, "{answer:?}");
    let nameless = with.client().any_name().nameless().get(&with.address(), "a.test");
    assert_eq!(nameless.status(), 200, "who asked for nobody may ask for any host: {nameless:?}");
    // That it is the default changes nothing for who asks for an unknown name.
    assert_eq!(with.client().any_name().refused(&with.address(), "b.test"), UNKNOWN);
}

#[test]
fn unknown_names_get_the_default_certificate_where_that_is_said() {
    let (first, leaves) = place("unknownName: default", &[&["a.test"], &["b.test"]]);
    let client = first.client().any_name();
    for name in ["unknown.test", "127.0.0.1"] {
        assert_eq!(client.to(&first.address(), name).tls().leaf, leaves[0].der(), "{name}");
    }
    assert_eq!(client.to(&first.address(), "b.test").tls().leaf, leaves[1].der());

    let mut marked = None;
    let second = Place::with(|ground| {
        let leaf = ground.authority.leaf(&["d.test"]);
        let written = format!("{}, default: true", ground.files.put("d", &leaf));
        marked = Some(leaf);
        ground.tls("unknownName: default").certificate(&ground.leaf(&["a.test"])).certificate(&written)
    });
    let shown = second.client().any_name().to(&second.address(), "unknown.test").tls().leaf;
    assert_eq!(Some(shown.as_slice()), marked.as_ref().map(Leaf::der));
}

#[test]
fn a_certificate_is_served_for_the_names_that_are_said_in_place_of_its_own() {
    let place = Place::with(|ground| {
        let written = format!("{}, names: [b.test, \"*.c.test\"]", ground.leaf(&["a.test"]));
        ground.tls("").certificate(&written)
    });
    let client = place.client().any_name();
    for name in ["b.test", "x.c.test"] {
        assert_eq!(client.get(&place.address(), name).status(), 200, "{name}");
    }
    assert_eq!(client.refused(&place.address(), "a.test"), UNKNOWN);
}

#[test]
fn a_route_has_its_own_certificate_in_files_or_in_the_document() {
    let mut inline = None;
    let place = Place::with(|ground| {
        let leaf = ground.authority.leaf(&["inline.test"]);
        let pem = |text: String| text.replace('\n', "\\n");
        let ssl = format!("cert: \"{}\", key: \"{}\"", pem(leaf.pem()), pem(leaf.key_pem()));
        inline = Some(leaf);
        Document::new()
            .upstream("app", &[ground.backend], "")
            .listener_with("127.0.0.1:0", "tls: {}")
            .route(&format!("vHost: inline.test, upstream: app, ssl: {{ {ssl} }}"))
            .route(&format!("vHost: file.test, upstream: app, ssl: {{ {} }}", ground.leaf(&["file.test"])))
    });
    let leaf = place.client().to(&place.address(), "inline.test").tls().leaf;
    assert_eq!(Some(leaf.as_slice()), inline.as_ref().map(Leaf::der));
    assert_eq!(place.client().get(&place.address(), "file.test").status(), 200);
}

#[test]
fn a_client_gets_the_kind_of_certificate_that_it_can_verify() {
    let mut leaves = Vec::new();
    let place = Place::with(|ground| {
        let names = ["a.test"];
        let all = [Wish::of(&names).rsa(), Wish::of(&names).ed25519(), Wish::of(&names)];
        let all = all.map(|wish| ground.authority.issue(wish));
        let document = all.iter().enumerate().fold(ground.tls(""), |document, (number, leaf)| {
            document.certificate(&ground.files.put(&format!("{number}"), leaf))
        });
        leaves.extend(all);
        document.certificate(&ground.leaf(&["only-ecdsa.test"]))
    });
    let shown = |client: harness::tls::Client| client.to(&place.address(), "a.test").tls().leaf;
    for version in [harness::tls::Version::V12, harness::tls::Version::V13] {
        let client = || place.client().version(version);
        assert_eq!(shown(client()), leaves[2].der(), "ECDSA goes first, in {version:?}");
        assert_eq!(shown(client().rsa_only()), leaves[0].der(), "{version:?}");
        assert_eq!(shown(client().ed25519_only()), leaves[1].der(), "{version:?}");
    }
    // In TLS 1.2 it may know more signatures than it offers suites for: RFC 8422 section 2.
    for (suite, number) in [(0xc02f, 0), (0xc02b, 2)] {
        let heard = Hello::of("a.test").suites(&[suite]).ask(&place.address());
        assert!(heard.shows(leaves[number].der()), "{suite:x}: {heard:?}");
    }
    let refused = place.client().rsa_only().refused(&place.address(), "only-ecdsa.test");
    assert_eq!(refused, Refused::Alert(AlertDescription::HandshakeFailure));
    assert_eq!(place.proxyd.stop().connections("handshake_failed:no_shared_parameters"), 1);
}

#[test]
fn of_two_certificates_for_one_name_the_one_that_lasts_longer_is_served() {
    let mut leaves = Vec::new();
    let place = Place::with(|ground| {
        let wish = |ends| Wish::of(&["a.test"]).within(2020, ends);
        let all = [2100, 2110, 2105].map(|ends| ground.authority.issue(wish(ends)));
        let document = all.iter().enumerate().fold(ground.tls(""), |document, (number, leaf)| {
            document.certificate(&ground.files.put(&format!("{number}"), leaf))
        });
        leaves.extend(all);
        document
    });
    assert_eq!(place.client().to(&place.address(), "a.test").tls().leaf, leaves[1].der());
}

#[test]
fn a_chain_is_sent_whole() {
    let place = Place::with(|ground| {
        let between = ground.authority.below("second").below("third");
        ground.tls("").certificate(&ground.files.put("a", &between.leaf(&["a.test"])))
    });
    assert_eq!(place.client().get(&place.address(), "a.test").status(), 200);
}

#[test]
fn plain_and_secure_listeners_serve_side_by_side() {
    let place =
        Place::with(|ground| ground.tls("").listener("127.0.0.1:0").certificate(&ground.leaf(&["a.test"])));
    let mut plain = harness::Connection::to(&place.proxyd.nth_address(2));
    plain.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert_eq!(plain.response().unwrap().status(), 200);
    assert_eq!(place.client().get(&place.address(), "a.test").status(), 200);
    let requests = place.backend.requests();
    let said: Vec<_> = requests.iter().map(|seen| seen.all("X-Forwarded-Proto")).collect();
    assert_eq!(said, [["http"], ["https"]]);
}
