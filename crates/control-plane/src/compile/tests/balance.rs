use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use config::{Surroundings, parse_with};
use health::Manual;
use lb_strategies::{BackendView, Loads, PickContext, Weight};
use proxy_core::spec::{Affinity, Sticky, UpstreamSpec};

use super::{plan, upstream};
use crate::{Factories, compile};

/// Compiles an upstream with these keys.
#[track_caller]
fn compiled(keys: &str) -> UpstreamSpec {
    let text = format!("upstreams: [{{ name: app, {keys} }}]\nroutes: [{{ path: /*, upstream: app }}]\n");
    upstream(&plan(&text), "app").clone()
}

#[track_caller]
fn check_affinity(keys: &str, expected: Option<&Affinity>) {
    assert_eq!(compiled(&format!("url: a, {keys}")).affinity.as_ref(), expected);
}

#[test]
fn what_is_hashed_is_what_the_document_says() {
    check_affinity("strategy: RANDOM", None);
    check_affinity("strategy: ip_hash", Some(&Affinity::ClientIp));
    let hash = |on: &str| format!("strategy: HASH, hash: {{ {on} }}");
    check_affinity(&hash("on: clientIp"), Some(&Affinity::ClientIp));
    check_affinity(&hash("on: header, name: X-User"), Some(&Affinity::Header("x-user".into())));
    check_affinity(&hash("on: cookie, name: Id"), Some(&Affinity::Cookie("Id".into())));
    check_affinity(&hash("on: query, name: Q"), Some(&Affinity::Query("Q".into())));
    check_affinity(&hash("on: path"), Some(&Affinity::Path));
    check_affinity(&hash("on: uri"), Some(&Affinity::Uri));
}

#[test]
fn a_routes_own_backends_can_be_chosen_by_address() {
    let plan = plan("routes: [{ id: it, backends: [{ hostname: a }], strategy: IP_HASH }]");
    assert_eq!(upstream(&plan, "route:it").affinity, Some(Affinity::ClientIp));
}

/// Loads of which the first backend picked has everything.
struct Laden(AtomicU32);

impl Loads for Laden {
    fn in_flight(&self, index: usize) -> u32 {
        if index == self.0.load(Relaxed) as usize { 1000 } else { 0 }
    }

    fn total_in_flight(&self) -> Option<u32> {
        Some(1000)
    }
}

#[test]
fn a_bounded_load_has_a_key_leave_a_backend_that_is_full() {
    for (bounds, leaves) in [("", false), (", boundedLoad: 125", true)] {
        let spec = compiled(&format!("url: a, strategy: HASH, hash: {{ on: path }}{bounds}"));
        let backends = ["a", "b", "c"].map(|id| BackendView::new(id, Weight::ONE));
        let picker = spec.strategy.picker(&backends);
        let loads = Laden(AtomicU32::new(u32::MAX));
        let context = || PickContext::new(&loads).with_affinity(Some(7)).with_entropy(1);
        let first = picker.pick(&context()).unwrap();
        loads.0.store(first as u32, Relaxed);
        assert_eq!(picker.pick(&context()) != Some(first), leaves, "{bounds:?}");
    }
}

#[test]
fn every_key_of_a_cookie_has_its_effect() {
    assert_eq!(compiled("url: a").sticky, None);
    assert_eq!(compiled("url: a, sticky: {}").sticky, Some(Sticky::new("proxyd_backend")));
    let mut expected = Sticky::new("shop");
    expected.ttl = Some(Duration::from_secs(60));
    expected.path = "/shop".into();
    expected.domain = Some("example.com".into());
    expected.secure = Some(true);
    expected.http_only = false;
    expected.same_site = "None".into();
    expected.secret = b"abc".into();
    let sticky = compiled(
        "url: a, sticky: { cookie: shop, ttl: 1m, path: /shop, domain: example.com, secure: true, httpOnly: false, \
         sameSite: none, secret: abc }",
    );
    assert_eq!(sticky.sticky, Some(expected));
    let same_site = |word: &str| {
        compiled(&format!("url: a, sticky: {{ secure: false, sameSite: {word} }}")).sticky.unwrap()
    };
    for (word, expected) in [("lax", "Lax"), ("strict", "Strict"), ("off", "")] {
        let sticky = same_site(word);
        assert_eq!((sticky.same_site.as_str(), sticky.secure), (expected, Some(false)), "{word}");
    }
}

#[test]
fn the_secret_of_a_cookie_may_stand_in_a_file() {
    let text = "upstreams: [{ name: app, url: a, sticky: { secretFile: /run/secret } }]\nroutes: [{ upstream: app }]";
    let files = |path: &Path| {
        if path == Path::new("/run/secret") {
            Ok("from a file\n".into())
        } else {
            Err(io::ErrorKind::NotFound.into())
        }
    };
    let loaded =
        parse_with(text, "proxyd.yaml", &Surroundings { environment: &|_| None, files: &files }).unwrap();
    let plan = compile(&loaded, &Factories::default()).unwrap();
    assert_eq!(upstream(&plan, "app").sticky.as_ref().unwrap().secret, b"from a file");
}

#[test]
fn backends_have_priorities_and_states() {
    let spec = compiled(
        "backends: [{ hostname: a }, { hostname: b, priority: 3, state: drain }, { hostname: c, backup: true, state: dead }, \
         { hostname: d, state: drainKeepSticky }]",
    );
    let found: Vec<_> = spec.backends.iter().map(|backend| (backend.priority, backend.state)).collect();
    let expected = [
        (0, Manual::Ready),
        (3, Manual::Drain { keeps_sticky: false }),
        (255, Manual::Dead),
        (0, Manual::Drain { keeps_sticky: true }),
    ];
    assert_eq!(found, expected);
}
