use super::*;

fn sha256(text: &str) -> [u8; 32] {
    digest(&SHA256, text.as_bytes()).as_ref().try_into().unwrap()
}

fn credentials() -> Credentials {
    Credentials {
        tokens: vec![
            TokenSettings::new("ops", sha256("secret-1"), Role::Write),
            TokenSettings::new("eyes", sha256("secret-2"), Role::Read),
        ],
        clients: vec![],
        any_client: None,
        own_uid: 1000,
    }
}

fn open() -> Credentials {
    Credentials { tokens: vec![], ..credentials() }
}

const TCP: &str = "127.0.0.1:5";

fn from(peer: Peer) -> Arrival {
    Arrival { peer, local: None, identity: None }
}

fn tcp() -> Arrival {
    from(Peer::Address(TCP.parse().unwrap()))
}

fn shown(values: &[&str]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for value in values {
        fields.append(AUTHORIZATION, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    fields
}

#[test]
fn a_token_says_who_asks() {
    for (value, expected) in [
        ("Bearer secret-1", Ok(Caller::new("ops", Role::Write))),
        ("bearer   secret-2 ", Ok(Caller::new("eyes", Role::Read))),
        ("Bearer secret-3", Err(Denial::Wrong)),
        ("Bearer secret-1x", Err(Denial::Wrong)),
        ("Bearer ", Err(Denial::Wrong)),
        ("Bearer", Err(Denial::Wrong)),
        ("secret-1", Err(Denial::Wrong)),
        ("Basic c2VjcmV0LTE=", Err(Denial::Wrong)),
        ("", Err(Denial::Wrong)),
    ] {
        assert_eq!(credentials().caller(&tcp(), &shown(&[value])), expected, "{value}");
    }
    assert_eq!(credentials().caller(&tcp(), &shown(&[])), Err(Denial::Missing));
    let two = shown(&["Bearer secret-1", "Bearer secret-1"]);
    assert_eq!(credentials().caller(&tcp(), &two), Err(Denial::Wrong));
    let long = format!("Bearer {}", "a".repeat(LONGEST_TOKEN + 1));
    assert_eq!(credentials().caller(&tcp(), &shown(&[&long])), Err(Denial::Wrong));
}

#[test]
fn a_hash_that_is_shown_is_no_token() {
    let hash: String = sha256("secret-1").iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(credentials().caller(&tcp(), &shown(&[&format!("Bearer {hash}")])), Err(Denial::Wrong));
}

#[test]
fn where_there_is_nothing_to_show_loopback_may_do_anything() {
    assert_eq!(open().caller(&tcp(), &shown(&[])), Ok(Caller::new("local", Role::Write)));
    assert_eq!(open().caller(&tcp(), &shown(&["Bearer x"])), Err(Denial::Wrong));
}

#[test]
fn root_and_our_own_user_need_no_token() {
    for (uid, expected) in [
        (0, Ok(Caller::new("uid:0", Role::Write))),
        (1000, Ok(Caller::new("uid:1000", Role::Write))),
        (1001, Err(Denial::ForeignUser)),
    ] {
        for credentials in [credentials(), open()] {
            assert_eq!(credentials.caller(&from(Peer::Uid(uid)), &shown(&[])), expected);
        }
    }
    let eyes = Ok(Caller::new("eyes", Role::Read));
    assert_eq!(credentials().caller(&from(Peer::Uid(1001)), &shown(&["Bearer secret-2"])), eyes);
    assert_eq!(credentials().caller(&from(Peer::Uid(0)), &shown(&["Bearer secret-2"])), eyes);
    assert_eq!(credentials().caller(&from(Peer::Uid(0)), &shown(&["Bearer x"])), Err(Denial::Wrong));
}
