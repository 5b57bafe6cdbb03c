use super::*;

#[track_caller]
fn check(text: &str, expected: Option<&str>) {
    let address: Option<Address> = text.parse().ok();
    assert_eq!(address.map(|address| address.to_string()).as_deref(), expected, "{text}");
}

#[test]
fn addresses_are_sockets_or_hosts_with_ports() {
    check("unix:/run/proxyd/admin.sock", Some("unix:/run/proxyd/admin.sock"));
    check("127.0.0.1:9901", Some("127.0.0.1:9901"));
    check("[::1]:9901", Some("[::1]:9901"));
    check("http://proxy:9901", Some("proxy:9901"));
    check("https://proxy:9901/", Some("https://proxy:9901"));
    check("https://proxy", Some("https://proxy:443"));
    check("https://[::1]", Some("https://[::1]:443"));
}

#[test]
fn anything_else_is_no_address() {
    for text in
        ["", "unix:", "unix:/", "unix:relative", "proxy", "proxy:", "proxy:0", "proxy:65536", ":80", "::1:80"]
    {
        check(text, None);
    }
    for text in [
        "https://",
        "https://me@proxy",
        "https://proxy/api",
        "ftp://proxy:1",
        "[::1]",
        "[::1",
        "a b:1",
        "a\r\n:1",
    ] {
        check(text, None);
    }
}

#[test]
fn a_listener_of_every_address_is_asked_on_this_machine() {
    for (listener, expected) in [
        ("0.0.0.0:9901", "127.0.0.1:9901"),
        ("[::]:9901", "[::1]:9901"),
        ("10.0.0.1:9901", "10.0.0.1:9901"),
        ("unix:/a.sock", "unix:/a.sock"),
    ] {
        let address = Address::of_listener(&listener.parse().unwrap(), false);
        assert_eq!(address.to_string(), expected);
    }
}

#[test]
fn only_what_leaves_the_machine_without_tls_is_open() {
    for (text, is_open) in [
        ("unix:/a.sock", false),
        ("127.0.0.1:1", false),
        ("[::1]:1", false),
        ("localhost:1", false),
        ("https://10.0.0.1:1", false),
        ("10.0.0.1:1", true),
        ("proxy:1", true),
    ] {
        assert_eq!(text.parse::<Address>().unwrap().is_open(), is_open, "{text}");
    }
}

#[test]
fn a_request_names_the_host_with_its_port() {
    for (text, expected) in [("unix:/a", "localhost"), ("[::1]:1", "[::1]:1"), ("https://proxy", "proxy:443")]
    {
        assert_eq!(text.parse::<Address>().unwrap().authority(), expected);
    }
}
