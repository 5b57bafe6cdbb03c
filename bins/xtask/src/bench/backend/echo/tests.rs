use super::*;
use crate::bench::messages::Style;

#[test]
fn requests_to_upgrade_are_known_by_their_field() {
    assert!(is_upgrade(&messages::upgrade(Style::Tiny)));
    assert!(is_upgrade(b"GET / HTTP/1.1\r\nHost: a\r\nupgrade: websocket\r\n\r\n"));
    for request in messages::requests(Style::Browser, None, false) {
        assert!(!is_upgrade(&request), "it has Upgrade-Insecure-Requests alone");
    }
}
