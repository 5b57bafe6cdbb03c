use std::net::SocketAddr;

use http::{HeaderMap, Response};
use tokio::task::JoinHandle;

use super::{GrpcProbe, encode, framed, serving_status};
use crate::probes::Dialler;
use crate::probes::rig::{Reply, connect, http1, http2, said};

/// A backend that answers with this message and this grpc-status in trailers.
async fn health_service(
    body: &[u8],
    status: Option<&str>,
) -> (SocketAddr, JoinHandle<http::Request<Vec<u8>>>) {
    let head = Response::builder().header("content-type", "application/grpc").body(()).unwrap();
    let trailers = status.map(|status| {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", status.parse().unwrap());
        trailers
    });
    http2(Reply { head, body: body.into(), trailers }).await
}

async fn ask(service: &str, address: SocketAddr) -> String {
    said(GrpcProbe::new(service, Dialler::default()).ask(connect(address).await, "app.test:81").await)
}

#[tokio::test]
async fn the_health_service_is_asked_about_the_service() {
    for (service, message) in [("", &b"\0\0\0\0\0"[..]), ("shop.Cart", &b"\0\0\0\0\x0b\x0a\x09shop.Cart"[..])]
    {
        let (address, serving) = health_service(b"\0\0\0\0\x02\x08\x01", Some("0")).await;
        assert_eq!(ask(service, address).await, "well");
        let request = serving.await.unwrap();
        assert_eq!(request.method(), "POST");
        assert_eq!(request.uri().to_string(), "http://app.test:81/grpc.health.v1.Health/Check");
        assert_eq!(request.headers()["content-type"], "application/grpc");
        assert_eq!(request.headers()["te"], "trailers");
        assert_eq!(
            request.headers()["user-agent"],
            format!("proxyd-health/{}", env!("CARGO_PKG_VERSION")).as_str()
        );
        assert_eq!(request.body(), message);
    }
}

#[tokio::test]
async fn only_a_service_that_serves_is_well() {
    for (body, expected) in [
        (&b"\0\0\0\0\x02\x08\x01"[..], "well"),
        (b"\0\0\0\0\x00", "expected SERVING, came UNKNOWN"),
        (b"\0\0\0\0\x02\x08\x02", "expected SERVING, came NOT_SERVING"),
        (b"\0\0\0\0\x02\x08\x03", "expected SERVING, came SERVICE_UNKNOWN"),
        (b"\0\0\0\0\x02\x08\x63", "expected SERVING, came a status that there is not"),
        (b"\x01\0\0\0\x02\x08\x01", "expected SERVING, came a malformed message"),
        (b"", "expected SERVING, came a malformed message"),
    ] {
        let (address, serving) = health_service(body, Some("0")).await;
        assert_eq!(ask("", address).await, expected);
        serving.await.unwrap();
    }
}

#[tokio::test]
async fn another_status_than_ok_is_a_failure_that_says_which() {
    for (status, expected) in [
        (Some("5"), "expected the service \"shop\", which the backend does not know"),
        (Some("12"), "expected the gRPC health service, which the backend does not have"),
        (Some("14"), "expected grpc-status OK, came UNAVAILABLE"),
        (Some("99"), "expected grpc-status OK, came none that there is"),
        (Some("ok"), "expected grpc-status OK, came none that there is"),
        (None, "expected a grpc-status, came none"),
    ] {
        let (address, serving) = health_service(b"\0\0\0\0\x02\x08\x01", status).await;
        assert_eq!(ask("shop", address).await, expected, "{status:?}");
        serving.await.unwrap();
    }
}

#[tokio::test]
async fn a_status_may_stand_in_the_head_where_there_is_no_message() {
    let head = Response::builder().header("grpc-status", "12").body(()).unwrap();
    let (address, serving) = http2(Reply { head, body: Vec::new(), trailers: None }).await;
    assert_eq!(ask("", address).await, "expected the gRPC health service, which the backend does not have");
    serving.await.unwrap();
}

#[tokio::test]
async fn who_does_not_speak_grpc_is_not_well() {
    let head = Response::builder().status(404).body(()).unwrap();
    let (address, serving) = http2(Reply { head, body: Vec::new(), trailers: None }).await;
    assert_eq!(ask("", address).await, "expected an answer in gRPC, came status 404");
    serving.await.unwrap();
    let (address, serving) = http1(b"HTTP/1.1 400 Bad Request\r\n\r\n".into()).await;
    let said = ask("", address).await;
    assert!(said.starts_with("expected an answer in HTTP/2: "), "{said}");
    serving.abort();
}

#[test]
fn long_names_have_a_length_of_two_bytes() {
    let name = "x".repeat(256);
    let message = encode(&name);
    assert_eq!(message.get(..3), Some(&[0x0a, 0x80, 0x02][..]));
    assert_eq!(message.len(), 259);
    assert_eq!(framed(&message).get(..5), Some(&[0, 0, 0, 1, 3][..]));
}

#[track_caller]
fn check_message(message: &[u8], expected: Option<u64>) {
    assert_eq!(serving_status(&framed(message)), expected, "{message:?}");
}

#[test]
fn fields_that_are_not_known_are_passed_over() {
    check_message(b"\x10\x96\x01\x08\x01", Some(1));
    check_message(b"\x08\x01\x12\x03abc", Some(1));
    check_message(b"\x11\0\0\0\0\0\0\0\0\x08\x02", Some(2));
    check_message(b"\x15\0\0\0\0\x08\x03", Some(3));
}

#[test]
fn malformed_messages_have_no_status() {
    for message in [
        &b"\x08"[..],
        b"\x08\x80",
        b"\x12\x05abc",
        b"\x11\0",
        b"\x0b",
        b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    ] {
        check_message(message, None);
    }
    for body in [&b""[..], b"\0\0\0", b"\0\0\0\0\x03\x08\x01", b"\0\0\0\0\x01\x08\x01"] {
        assert_eq!(serving_status(body), None, "{body:?}");
    }
}

/// Whatever comes, nothing panics; and what is appended to a whole message of unknown fields is read.
#[test]
fn any_bytes_can_be_read() {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for step in 0..100_000 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let mut message = random.to_le_bytes()[..step % 9].to_vec();
        if serving_status(&framed(&message)).is_some() {
            message.extend_from_slice(&[0x08, (step % 128) as u8]);
            check_message(&message, Some(step as u64 % 128));
        }
    }
}
