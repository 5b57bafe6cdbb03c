use super::*;

#[test]
fn every_name_is_found_in_any_case() {
    for (id, text) in ALL {
        assert_eq!(Name::of(text.as_bytes()), *id);
        assert_eq!(Name::of(text.to_ascii_uppercase().as_bytes()), *id);
        assert_eq!(id.as_str(), *text);
    }
}

#[test]
fn other_names_have_no_id() {
    for text in ["", "x", "hosts", "hose", "x-forwarded-fox", "x_forwarded_for", "content-lengths"] {
        assert_eq!(Name::of(text.as_bytes()), Name::Other, "{text}");
    }
}

#[test]
fn underscored_spellings_are_known_for_what_they_turn_into() {
    assert_eq!(Name::of_underscored(b"X_Real_IP"), Name::XRealIp);
    assert_eq!(Name::of_underscored(b"transfer_encoding"), Name::TransferEncoding);
    assert_eq!(Name::of_underscored(b"X-Forwarded_For"), Name::XForwardedFor);
    assert_eq!(Name::of_underscored(b"X-Real-IP"), Name::Other);
    assert_eq!(Name::of_underscored(b"x_tenant"), Name::Other);
}

#[test]
fn sets_hold_what_is_put_in() {
    let set = NameSet::of(&[Name::Host, Name::Server]);
    assert!(set.contains(Name::Host) && set.contains(Name::Server) && !set.contains(Name::Via));
    assert!(set.without(Name::Host).with(Name::Via).intersects(NameSet::of(&[Name::Via])));
    assert!(!set.contains(Name::Other));
}
