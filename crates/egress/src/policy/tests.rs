mod spellings;

use super::Policy;
use crate::{Denial, Named};
use std::{net::IpAddr, path::Path};

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

#[test]
fn the_default_policy_blocks_metadata_and_what_is_no_ones_address() {
    let policy = Policy::default();
    let blocked = [
        "169.254.169.254",
        "169.254.170.2",
        "fd00:ec2::254",
        "0.0.0.0",
        "0.1.2.3",
        "::",
        "224.0.0.1",
        "239.255.255.255",
        "ff02::1",
        "255.255.255.255",
        "100.100.100.200",
        "168.63.129.16",
    ];
    for text in blocked {
        assert!(matches!(policy.check_address(address(text)), Err(Denial::Address { .. })), "{text}");
    }
    for text in [
        "127.0.0.1",
        "::1",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.253",
        "169.254.169.255",
        "fd00:ec2::253",
        "1.0.0.0",
    ] {
        assert_eq!(policy.check_address(address(text)), Ok(()), "{text}");
    }
}

#[test]
fn an_address_is_blocked_for_the_operator_too() {
    for named in [Named::ByOperator, Named::Dynamically] {
        assert!(matches!(
            Policy::default().check_host("169.254.169.254", named),
            Err(Denial::Address { .. })
        ));
    }
}

#[test]
fn an_unrestricted_policy_blocks_nothing() {
    for text in ["169.254.169.254", "0.0.0.0", "255.255.255.255"] {
        assert_eq!(Policy::unrestricted().check_address(address(text)), Ok(()));
    }
}

#[test]
fn a_denial_names_the_address_and_the_network() {
    let policy = Policy::unrestricted().block("10.0.0.0/8".parse().expect("a network"));
    let denial = policy.check_address(address("::ffff:10.1.2.3")).expect_err("it is blocked");
    assert_eq!(denial.to_string(), "::ffff:10.1.2.3 is blocked by 10.0.0.0/8");
}

#[test]
fn without_patterns_every_host_may_be_named_dynamically() {
    for host in ["example.com", "10.0.0.1"] {
        assert_eq!(Policy::default().check_host(host, Named::Dynamically), Ok(()));
    }
}

#[test]
fn with_patterns_only_matching_hosts_may_be_named_dynamically() {
    let pattern = |text: &str| text.parse().expect("a pattern");
    let policy = Policy::default().allow_host(pattern("*.example.com")).allow_host(pattern("10.0.0.0/8"));
    for host in ["a.example.com", "10.1.2.3"] {
        assert_eq!(policy.check_host(host, Named::Dynamically), Ok(()), "{host}");
    }
    for host in ["example.com", "localhost", "11.1.2.3"] {
        assert_eq!(policy.check_host(host, Named::Dynamically), Err(Denial::Host), "{host}");
        assert_eq!(policy.check_host(host, Named::ByOperator), Ok(()), "{host}");
    }
}

#[test]
fn an_allowed_host_with_a_blocked_address_is_blocked() {
    let policy = Policy::default().allow_host("169.254.0.0/16".parse().expect("a pattern"));
    assert!(matches!(policy.check_host("169.254.169.254", Named::Dynamically), Err(Denial::Address { .. })));
}

#[test]
fn unix_sockets_are_named_dynamically_only_when_listed() {
    let policy = Policy::default().allow_socket("/run/app.sock");
    let check = |path: &str, named| policy.check_socket(Path::new(path), named);
    assert_eq!(check("/run/app.sock", Named::Dynamically), Ok(()));
    assert_eq!(check("/run/docker.sock", Named::ByOperator), Ok(()));
    for path in
        ["/run/docker.sock", "/run/app.sock/", "/run/./app.sock", "/run/../run/app.sock", "run/app.sock", ""]
    {
        assert!(matches!(check(path, Named::Dynamically), Err(Denial::Unix { .. })), "{path}");
    }
}

#[test]
fn a_network_that_is_blocked_twice_is_blocked_once() {
    let network = "10.0.0.0/8".parse().expect("a network");
    let once = Policy::unrestricted().block(network);
    assert_eq!(once.clone().block_all([network, network]), once);
}
