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
fn a_name_that_differs_in_any_byte_is_another() {
    for (id, text) in ALL {
        for at in 0..text.len() {
            for byte in 0..=u8::MAX {
                let mut name = text.as_bytes().to_vec();
                if name[at].eq_ignore_ascii_case(&byte) {
                    continue;
                }
                name[at] = byte;
                assert_ne!(Name::of(&name), *id, "{}", name.escape_ascii());
            }
        }
        for name in [
            [text.as_bytes(), b"s"].concat(),
            text.as_bytes()[1..].to_vec(),
            [b"x", text.as_bytes()].concat(),
        ] {
            assert_ne!(Name::of(&name), *id, "{}", name.escape_ascii());
        }
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
    assert_eq!(Name::of_underscored(b"X.Real~IP"), Name::XRealIp);
    for (id, text) in ALL {
        let is_marked = text.contains('-');
        let expected = if is_marked { *id } else { Name::Other };
        assert_eq!(Name::of_underscored(text.replace('-', "_").as_bytes()), expected, "{text}");
        let is_taken_for_another = is_marked && NameSet::BELIEVED.contains(*id);
        let name = text.replace('-', "_").to_ascii_uppercase();
        let judged = if is_marked { (Name::Other, is_taken_for_another) } else { (*id, false) };
        assert_eq!(Name::judge(name.as_bytes()), judged, "{text}");
    }
}

#[test]
fn sets_hold_what_is_put_in() {
    let set = NameSet::of(&[Name::Host, Name::Server]);
    assert!(set.contains(Name::Host) && set.contains(Name::Server) && !set.contains(Name::Via));
    assert!(set.without(Name::Host).with(Name::Via).intersects(NameSet::of(&[Name::Via])));
    assert!(!set.contains(Name::Other));
}
