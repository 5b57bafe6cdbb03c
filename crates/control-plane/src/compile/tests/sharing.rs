use std::time::Duration;

use proxy_core::spec::{Action, HedgeSpec, MirrorSpec, RouteSpec, Sticky};

use super::{plan, route};

/// Compiles one route with these keys.
#[track_caller]
fn compiled(keys: &str) -> RouteSpec {
    let text = format!(
        "upstreams: [{{ name: app, url: a }}, {{ name: next, url: b }}, {{ name: spare, url: c }}]\n\
         routes: [{{ id: it, {keys} }}]"
    );
    route(&plan(&text), "it").clone()
}

#[track_caller]
fn check_split(keys: &str, shares: &[(&str, u32)], cookie: Option<&Sticky>, spare: Option<&str>) {
    let Action::Split { upstreams, sticky, fallback } = compiled(keys).action else {
        panic!("it shares its requests out");
    };
    let upstreams: Vec<_> = upstreams.iter().map(|(name, weight)| (name.as_str(), *weight)).collect();
    assert_eq!((upstreams.as_slice(), sticky.as_ref(), fallback.as_deref()), (shares, cookie, spare));
}

#[test]
fn several_upstreams_share_requests_by_weight() {
    check_split(
        "upstreams: [{ name: app }, { name: next, weight: 9 }]",
        &[("app", 1), ("next", 9)],
        None,
        None,
    );
    check_split(
        "upstreams: [{ name: app, weight: 0 }, { name: next }], fallback: spare",
        &[("app", 0), ("next", 1)],
        None,
        Some("spare"),
    );
}

#[test]
fn a_cookie_keeps_clients_at_their_upstream() {
    let cookie = Sticky::new("proxyd_upstream");
    let two = "upstreams: [{ name: app }, { name: next }], upstreamsSticky: {}";
    check_split(two, &[("app", 1), ("next", 1)], Some(&cookie), None);
    check_split("upstreams: [{ name: app }], upstreamsSticky: {}", &[("app", 1)], Some(&cookie), None);
}

#[test]
fn one_upstream_with_a_weight_has_all_requests() {
    let action = compiled("upstreams: [{ name: next, weight: 3 }], fallback: spare").action;
    let expected = r#"Forward { upstream: "next", fallback: Some("spare") }"#;
    assert_eq!(format!("{action:?}"), expected);
}

#[test]
fn every_key_of_a_mirror_has_its_effect() {
    assert_eq!(compiled("upstream: app").mirror, None);
    assert_eq!(compiled("upstream: app, mirror: { upstream: next }").mirror, Some(MirrorSpec::to("next")));
    let mut expected = MirrorSpec::to("next");
    expected.share = 0.005;
    expected.max_body = 1024;
    expected.most_in_flight = 7;
    let keys = "upstream: app, mirror: { upstream: next, percent: 0.5, maxBody: 1kb, maxInFlight: 7 }";
    assert_eq!(compiled(keys).mirror, Some(expected));
}

#[test]
fn every_key_of_a_hedge_has_its_effect() {
    assert_eq!(compiled("upstream: app").hedge, None);
    assert_eq!(compiled("upstream: app, hedge: {}").hedge, Some(HedgeSpec::default()));
    let mut expected = HedgeSpec::default();
    expected.percentile = 90;
    expected.least_delay = Duration::from_secs(1);
    expected.most_percent = 7;
    let keys = "upstream: app, hedge: { percentile: 90, minDelay: 1s, maxPercent: 7 }";
    assert_eq!(compiled(keys).hedge, Some(expected));
}
