use http1::Rule;

use super::*;

#[test]
fn knows_calls_by_their_media_type() {
    for (content_type, expected) in [
        ("application/grpc", true),
        ("Application/gRPC", true),
        ("application/grpc+proto", true),
        ("application/grpc;charset=utf-8", true),
        ("application/grpc-web", false),
        ("application/grpc-web+proto", false),
        ("application/grpcx", false),
        ("application/json", false),
        ("", false),
    ] {
        assert_eq!(is_call(content_type.as_bytes()), expected, "{content_type}");
    }
}

#[test]
fn reads_each_unit_and_refuses_what_is_no_timeout() {
    for (value, expected) in [
        ("1H", Some(Duration::from_secs(3600))),
        ("2M", Some(Duration::from_secs(120))),
        ("3S", Some(Duration::from_secs(3))),
        ("200m", Some(Duration::from_millis(200))),
        ("5u", Some(Duration::from_micros(5))),
        ("99999999n", Some(Duration::from_nanos(99_999_999))),
        ("99999999H", Some(Duration::from_secs(99_999_999 * 3600))),
        ("100000000S", None),
        ("S", None),
        ("", None),
        ("5", None),
        ("5s", None),
        ("-5S", None),
        ("+5S", None),
        ("5 S", None),
    ] {
        assert_eq!(timeout(value.as_bytes()), expected, "{value}");
    }
}

#[test]
fn tells_what_kind_of_failure_it_was() {
    for (reason, expected) in [
        (Reason::NoRoute, 12),
        (Reason::ConnectRefused, 14),
        (Reason::NoBackend, 14),
        (Reason::UpstreamReset, 14),
        (Reason::ResponseTimeout, 4),
        (Reason::RequestTimeout, 4),
        (Reason::BodyTooLarge, 8),
        (Reason::BadRequest(Rule::HeadTooLarge), 8),
        (Reason::BadRequest(Rule::Host), 13),
        (Reason::Internal, 13),
    ] {
        assert_eq!(status_of(reason), expected, "{reason}");
    }
}

#[test]
fn a_message_is_printable_ascii() {
    let mut out = Vec::new();
    push_message(&mut out, "50% näher\r\n");
    assert_eq!(out, b"50%25 n%C3%A4her%0D%0A");
}
