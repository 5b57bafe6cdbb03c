use std::net::Ipv4Addr;
use std::time::Duration;

use super::*;
use crate::incoming::parsed;

const FACTS: Facts = Facts {
    peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
    local_port: 80,
    is_secure: false,
    is_http2: false,
    secured: None,
    peer_port: 0,
    local: None,
};

#[track_caller]
fn key(affinity: &Affinity, lines: &str) -> Option<u64> {
    AffinityOf::compile(affinity).key(&parsed(&format!("GET / HTTP/1.1\r\n{lines}")), &FACTS)
}

#[test]
fn the_key_is_found_where_it_is_said_to_be() {
    let header = Affinity::Header("X-User".to_owned());
    assert_eq!(key(&header, "x-user: ann\r\nX-User: bob\r\n"), Some(hash_of(b"ann")));
    assert_eq!(key(&header, "X-Other: ann\r\n"), None);
    let cookie = Affinity::Cookie("id".to_owned());
    for lines in
        ["Cookie: id=ann\r\n", "Cookie: a=b; id=ann; c=d\r\n", "Cookie: a=b\r\nCookie: id=\"ann\"\r\n"]
    {
        assert_eq!(key(&cookie, lines), Some(hash_of(b"ann")), "{lines}");
    }
    for lines in ["Cookie: xid=ann\r\n", "Cookie: idx=ann\r\n", "Cookie: id\r\n", "Cookie: a=id=ann\r\n"] {
        assert_eq!(key(&cookie, lines), None, "{lines}");
    }
    assert_eq!(key(&Affinity::ClientIp, ""), Some(hash_of(&[127, 0, 0, 1])));
}

#[test]
fn a_parameter_is_one_of_the_query() {
    assert_eq!(parameter(b"a=1&user=ann&user=bob", b"user"), Some(&b"ann"[..]));
    assert_eq!(parameter(b"xuser=ann&user", b"user"), None);
}

#[test]
fn a_cookie_comes_back_as_it_was_set() {
    let cookie = Cookie::compile(&Sticky::new("keep"));
    let token = cookie.token_of("app", "a");
    assert_ne!(token, cookie.token_of("app", "b"));
    assert_ne!(token, cookie.token_of("other", "a"));
    let mut field = Vec::new();
    cookie.push(token, false, &mut field);
    let field = String::from_utf8(field).unwrap();
    assert_eq!(field, format!("Set-Cookie: keep={token:016x}; Path=/; HttpOnly; SameSite=Lax\r\n"));
    let request = parsed(&format!("GET / HTTP/1.1\r\nCookie: a=b; keep={token:016x}\r\n"));
    assert_eq!(cookie.token(&request), Some(token));
    for other in
        ["keep=", "keep=zz", "keep=00000000000000001", "keep=+000000000000001", "kee=0000000000000001"]
    {
        let request = parsed(&format!("GET / HTTP/1.1\r\nCookie: {other}\r\n"));
        assert_eq!(cookie.token(&request), None, "{other}");
    }
}

#[test]
fn a_cookie_has_the_attributes_that_were_asked_for() {
    let mut sticky = Sticky::new("keep");
    sticky.ttl = Some(Duration::from_secs(60));
    sticky.domain = Some("a.test".to_owned());
    sticky.http_only = false;
    sticky.same_site = String::new();
    for (secure, is_secure, expected) in [
        (None, false, "; Path=/; Domain=a.test; Max-Age=60\r\n"),
        (None, true, "; Path=/; Domain=a.test; Max-Age=60; Secure\r\n"),
        (Some(true), false, "; Path=/; Domain=a.test; Max-Age=60; Secure\r\n"),
        (Some(false), true, "; Path=/; Domain=a.test; Max-Age=60\r\n"),
    ] {
        sticky.secure = secure;
        let mut field = Vec::new();
        Cookie::compile(&sticky).push(1, is_secure, &mut field);
        assert_eq!(String::from_utf8(field).unwrap(), format!("Set-Cookie: keep=0000000000000001{expected}"));
    }
}

#[test]
fn a_secret_changes_every_token() {
    let mut sticky = Sticky::new("keep");
    let open = Cookie::compile(&sticky).token_of("app", "a");
    sticky.secret = b"secret".to_vec();
    assert_ne!(open, Cookie::compile(&sticky).token_of("app", "a"));
}
