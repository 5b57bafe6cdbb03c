use super::*;

#[track_caller]
fn check(text: &str, expected: Option<&str>) {
    let found = text.parse::<Listen>().ok().map(|listen| match listen {
        Listen::Port(port) => port.to_string(),
        Listen::At(address) => address.to_string(),
    });
    assert_eq!(found.as_deref(), expected, "{text}");
}

#[test]
fn a_port_or_an_address_with_a_port_says_where_to_listen() {
    check("8080", Some("8080"));
    check("0", Some("0"));
    check("127.0.0.1:8080", Some("127.0.0.1:8080"));
    check("[::1]:8080", Some("[::1]:8080"));
    check("localhost:8080", Some("127.0.0.1:8080"));
    check("unix:/run/proxy.sock", Some("unix:/run/proxy.sock"));
    for wrong in ["", "65536", "-1", "127.0.0.1", "localhost", "localhost:", "a.test:80", ":80", "::1:80"] {
        check(wrong, None);
    }
}
