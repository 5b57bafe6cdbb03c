//! The table of `docs/architecture.md`, row by row.

use super::*;
use crate::path::normalise;

#[track_caller]
fn check(reason: Reason, status: u16, code: &str, proxy_status: &str) {
    assert_eq!(reason.status(), status, "{reason}");
    assert_eq!(reason.to_string(), code);
    assert_eq!(reason.proxy_status(), proxy_status, "{reason}");
    assert!(reason.detail().ends_with('.'), "{reason}");
}

#[test]
fn each_reason_has_its_status_its_code_and_its_proxy_status() {
    use Reason::*;
    check(NoRoute, 404, "no_route", "destination_not_found");
    check(BadRequest(Rule::HostMissing), 400, "bad_request:host_missing", "http_request_error");
    check(BadRequest(Rule::HeadTooLarge), 431, "head_too_large", "http_request_error");
    check(BadRequest(Rule::TooManyFields), 431, "head_too_large", "http_request_error");
    check(BadRequest(Rule::TargetTooLong), 414, "uri_too_long", "http_request_error");
    check(BadRequest(Rule::Version), 505, "bad_request:version", "http_request_error");
    check(BadRequest(Rule::Connect), 405, "bad_request:connect", "http_request_error");
    check(BadRequest(Rule::TransferCoding), 501, "bad_request:transfer_coding", "http_request_error");
    check(BadRequest(Rule::Expect), 417, "bad_request:expect", "http_request_error");
    check(BodyTooLarge, 413, "body_too_large", "http_request_error");
    check(Guarded, 403, "guarded", "http_request_denied");
    check(NoBackend, 503, "no_backend", "destination_unavailable");
    check(CircuitOpen, 503, "circuit_open", "destination_unavailable");
    check(QueueFull, 503, "queue_full", "connection_limit_reached");
    check(QueueTimeout, 503, "queue_timeout", "connection_limit_reached");
    check(Shed, 503, "shed", "connection_limit_reached");
    check(EgressDenied, 502, "egress_denied", "destination_ip_prohibited");
    check(DnsError, 502, "dns_error", "dns_error");
    check(DnsTimeout, 504, "dns_timeout", "dns_timeout");
    check(ConnectRefused, 502, "connect_refused", "connection_refused");
    check(UpstreamReset, 502, "upstream_reset", "connection_terminated");
    check(UpstreamTls(TlsFault::NotTls), 502, "upstream_tls:not_tls", "tls_protocol_error");
    check(UpstreamTls(TlsFault::Expired), 502, "upstream_tls:expired", "tls_certificate_error");
    check(UpstreamTls(TlsFault::Alert), 502, "upstream_tls:alert", "tls_alert_received");
    check(UpstreamTls(TlsFault::Timeout), 504, "upstream_tls:timeout", "tls_protocol_error");
    check(Misdirected, 421, "misdirected", "http_request_denied");
    check(ConnectTimeout, 504, "connect_timeout", "connection_timeout");
    check(ResponseTimeout, 504, "response_timeout", "http_response_timeout");
    check(RequestTimeout, 504, "request_timeout", "http_response_timeout");
    check(BadResponse(Rule::Status), 502, "bad_response:status", "http_protocol_error");
    check(BadResponse(Rule::HeadTooLarge), 502, "bad_response:head_too_large", "http_protocol_error");
    check(ClientGone, 499, "client_gone", "http_request_error");
    check(HeaderTimeout, 408, "header_timeout", "http_request_error");
    check(BodyTimeout, 408, "body_timeout", "http_request_error");
    check(ConnectionLimit, 503, "connection_limit", "connection_limit_reached");
    check(ClientLimit, 503, "client_limit", "connection_limit_reached");
    check(Draining, 503, "draining", "proxy_internal_error");
    check(Internal, 500, "internal", "proxy_internal_error");
}

#[test]
fn a_bad_path_says_which_rule_it_breaks() {
    let error = normalise(b"/%00", &mut Vec::new()).unwrap_err();
    check(Reason::BadPath(error), 400, &format!("bad_request:{}", error.rule()), "http_request_error");
}

#[test]
fn only_what_a_backend_has_not_seen_may_always_be_tried_again() {
    use Reason::*;
    for (reasons, retry) in [
        (
            &[
                DnsError,
                DnsTimeout,
                ConnectRefused,
                ConnectTimeout,
                UpstreamTls(TlsFault::Alert),
                EgressDenied,
            ][..],
            Retry::Unsent,
        ),
        (&[UpstreamReset, ResponseTimeout], Retry::Repeatable),
        (
            &[
                RequestTimeout,
                BadResponse(Rule::Status),
                ClientGone,
                BodyTimeout,
                BodyTooLarge,
                BadRequest(Rule::ChunkSize),
                Internal,
                NoBackend,
            ],
            Retry::Never,
        ),
    ] {
        for reason in reasons {
            assert_eq!(reason.retry(), retry, "{reason}");
        }
    }
}

#[test]
fn each_side_has_its_own_faults() {
    use Reason::*;
    for (reasons, side) in [
        (
            &[NoRoute, BadRequest(Rule::Host), BodyTooLarge, Guarded, ClientGone, HeaderTimeout][..],
            Side::Client,
        ),
        (&[NoBackend, EgressDenied, RequestTimeout, Draining, Internal], Side::Proxy),
        (
            &[DnsError, ConnectRefused, UpstreamReset, ResponseTimeout, BadResponse(Rule::Status)],
            Side::Backend,
        ),
    ] {
        for reason in reasons {
            assert_eq!(reason.side(), side, "{reason}");
        }
    }
}
