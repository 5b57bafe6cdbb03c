use super::Network;
use std::net::IpAddr;

fn network(text: &str) -> Network {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

#[track_caller]
fn check(text: &str, inside: &[&str], outside: &[&str]) {
    let network = network(text);
    for member in inside {
        assert!(network.contains(address(member)), "{member} is in {text}");
    }
    for stranger in outside {
        assert!(!network.contains(address(stranger)), "{stranger} is not in {text}");
    }
}

#[test]
fn a_network_holds_the_addresses_of_its_prefix() {
    check("10.0.0.0/8", &["10.0.0.0", "10.1.2.3", "10.255.255.255"], &["9.255.255.255", "11.0.0.0"]);
    check("169.254.169.254", &["169.254.169.254"], &["169.254.169.253", "169.254.169.255"]);
    check("172.16.0.0/12", &["172.16.0.0", "172.31.255.255"], &["172.15.255.255", "172.32.0.0"]);
    check("192.0.2.1/31", &["192.0.2.0", "192.0.2.1"], &["192.0.2.2"]);
    check("fd00:ec2::254", &["fd00:ec2::254"], &["fd00:ec2::255"]);
    check("fc00::/7", &["fc00::", "fdff:ffff::1"], &["fbff::1", "fe00::"]);
}

#[test]
fn the_empty_prefix_holds_the_whole_family_and_nothing_else() {
    check("0.0.0.0/0", &["0.0.0.0", "255.255.255.255"], &["::", "::ffff:1.2.3.4"]);
    check("::/0", &["::", "ffff::"], &["1.2.3.4"]);
}

#[test]
fn bits_behind_the_prefix_do_not_count() {
    assert_eq!(network("10.1.2.3/8"), network("10.0.0.0/8"));
    assert_eq!(network("fd00::1/8").to_string(), "fd00::/8");
}

#[test]
fn a_network_of_mapped_addresses_is_the_ipv4_network_that_they_stand_for() {
    assert_eq!(network("::ffff:10.0.0.0/104"), network("10.0.0.0/8"));
    assert_eq!(network("::ffff:10.1.2.3"), network("10.1.2.3"));
    assert_eq!(network("::ffff:0:0/96"), network("0.0.0.0/0"));
    assert_eq!(network("::ffff:0:0/90").to_string(), "::ffc0:0:0/90");
}

#[test]
fn what_is_not_a_network_is_refused() {
    for text in
        ["", "/", "10", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/-1", "10.0.0.0/8/8"]
    {
        assert!(text.parse::<Network>().is_err(), "{text}");
    }
    for text in
        ["::ffff:10.0.0.0/129", "host/8", "10.0.0.0/256", "010.0.0.0/8", "10.0.0.0/8 ", "fe80::1%1/64"]
    {
        assert!(text.parse::<Network>().is_err(), "{text}");
    }
    assert_eq!(Network::new(address("10.0.0.0"), 33), None);
    let error = "10.0.0.0/33".parse::<Network>().expect_err("too long");
    assert_eq!(error.to_string(), "\"10.0.0.0/33\" is neither an address nor a network such as 10.0.0.0/8");
}

#[test]
fn a_network_is_shown_as_it_can_be_read() {
    for text in ["10.0.0.0/8", "169.254.169.254/32", "fd00::/8", "::/0"] {
        assert_eq!(network(text).to_string(), text);
    }
}
