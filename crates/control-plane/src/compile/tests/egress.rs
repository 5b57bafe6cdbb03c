use std::net::IpAddr;

use egress::Named;

use super::{APP, load, plan};
use crate::{Factories, check};

#[track_caller]
fn check_address(security: &str, address: &str, is_allowed: bool) {
    let plan = plan(&format!("security: {{ {security} }}\n{APP}"));
    let address: IpAddr = address.parse().unwrap();
    assert_eq!(plan.egress.check_address(address).is_ok(), is_allowed);
}

#[test]
fn blocked_networks_add_to_those_that_are_always_blocked() {
    check_address("", "10.0.0.1", true);
    check_address("", "169.254.169.254", false);
    check_address("blockedIPs: [10.0.0.0/8, \"fd00::/8\"]", "10.0.0.1", false);
    check_address("blockedIPs: [10.0.0.0/8, \"fd00::/8\"]", "fd12::1", false);
    check_address("blockedIPs: [10.0.0.0/8]", "::ffff:10.0.0.1", false);
    check_address("blockedIPs: [10.0.0.0/8]", "169.254.169.254", false);
    check_address("blockedIPs: [10.0.0.1]", "10.0.0.2", true);
}

#[track_caller]
fn check_dynamic(hosts: &str, host: &str, is_allowed: bool) {
    let plan = plan(&format!("security: {{ allowedHosts: {hosts} }}\n{APP}"));
    assert_eq!(plan.egress.check_host(host, Named::Dynamically).is_ok(), is_allowed);
    assert!(plan.egress.check_host(host, Named::ByOperator).is_ok(), "the file may name any host");
}

#[test]
fn allowed_hosts_bound_what_is_named_at_run_time() {
    check_dynamic("[]", "any.example.com", true);
    check_dynamic("[api.example.com, \"*.internal.corp\"]", "api.example.com", true);
    check_dynamic("[api.example.com, \"*.internal.corp\"]", "a.internal.corp", true);
    check_dynamic("[api.example.com, \"*.internal.corp\"]", "other.example.com", false);
    check_dynamic("[\"[::1]\"]", "::1", true);
    check_dynamic("[\"*\"]", "any.example.com", true);
}

#[test]
fn a_backend_that_is_blocked_is_warned_of_at_its_place() {
    let text = "\
security: { blockedIPs: [10.0.0.0/8] }
upstreams:
  - { name: a, url: \"http://10.0.0.1\" }
  - { name: b, backends: [{ hostname: 192.0.2.1 }, { hostname: 10.0.0.2 }] }
routes:
  - { path: /a, upstream: a }
  - { path: /c, backends: [{ hostname: 10.0.0.3 }] }
";
    let warnings = check(&load(text), &Factories::default()).unwrap();
    let places: Vec<_> = warnings
        .iter()
        .map(|warning| (warning.path.as_str(), warning.place.map(|place| place.line)))
        .collect();
    assert_eq!(
        places,
        [
            ("upstreams[0].url", Some(3)),
            ("upstreams[1].backends[1].hostname", Some(4)),
            ("routes[1].backends[0].hostname", Some(7)),
        ]
    );
}
