use std::collections::HashSet;

use super::*;

fn fields(message: &[u8]) -> usize {
    let text = std::str::from_utf8(message).unwrap();
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    head.split("\r\n").skip(1).filter(|line| line.contains(": ")).count()
}

#[test]
fn messages_carry_as_many_fields_as_the_recipe_says() {
    assert_eq!(fields(&requests(Style::Tiny, None, false)[0]), 3);
    assert_eq!(fields(&requests(Style::Browser, None, false)[0]), 15);
    assert_eq!(fields(&response(Style::Tiny, 13)), 6);
    assert_eq!(fields(&response(Style::Browser, 1_000)), 12);
}

#[test]
fn requests_are_spread_over_all_routes() {
    let few = requests(Style::Tiny, Some(10), false);
    assert_eq!(few.len(), 10);
    let many = requests(Style::Tiny, Some(100_000), false);
    assert_eq!(many.len(), 1_000);
    let last = String::from_utf8(many.last().unwrap().clone()).unwrap();
    assert!(last.starts_with("GET /service-9/item HTTP/1.1\r\nHost: host-9999.example.test\r\n"), "{last}");
}

#[test]
fn each_certificate_gets_one_request_for_its_host() {
    for certificates in [1, 10, 10_000] {
        let made = certified_requests(Style::Tiny, certificates, false);
        let hosts: HashSet<_> = made.iter().map(|(host, _)| host).collect();
        assert_eq!(hosts.len(), certificates as usize);
        assert!((0..certificates).all(|index| hosts.contains(&certified(index))));
        let (host, request) = made.last().unwrap();
        let request = std::str::from_utf8(request).unwrap();
        assert!(request.contains(&format!("\r\nHost: {host}\r\n")), "{request}");
    }
}

#[test]
fn a_request_that_ends_its_connection_says_so() {
    let closing = String::from_utf8(requests(Style::Tiny, None, true).remove(0)).unwrap();
    assert!(closing.contains("\r\nConnection: close\r\n"));
}
