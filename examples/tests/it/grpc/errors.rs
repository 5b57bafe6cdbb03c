use axum::Router;
use futures_util::stream;
use harness::Refusing;
use http::{Request, StatusCode};
use http_body::Body as _;
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::rt::TokioExecutor;
use proxyd_examples::grpc::Line;
use proxyd_examples::grpc::client::Client;
use proxyd_examples::grpc::service::router;
use tonic::body::Body;
use tonic::{Code, Status};

use super::odd::{FAIL, FAIL_LATE, Odd, failure};
use super::{call, call_for_many, connect, through_each, to_each};

/// The status is the one that the service gave, with all that it has.
#[track_caller]
fn check_failure(status: &Status) {
    let expected = failure();
    assert_eq!((status.code(), status.message()), (expected.code(), expected.message()));
    assert_eq!(status.details(), expected.details());
    assert_eq!(status.metadata().get("x-word"), expected.metadata().get("x-word"));
    let bytes = status.metadata().get_bin("x-bytes-bin").unwrap();
    assert_eq!(bytes.to_bytes().unwrap(), [0, 255][..]);
}

#[tokio::test]
async fn a_status_passes_with_all_that_it_has() {
    through_each(Odd::new().router, async |proxy| {
        let mut client = connect(proxy).await;
        check_failure(&call(&mut client, FAIL, Line::default()).await.unwrap_err());
    })
    .await;
}

#[tokio::test]
async fn a_status_passes_behind_messages() {
    through_each(Odd::new().router, async |proxy| {
        let mut messages = call_for_many(&mut connect(proxy).await, FAIL_LATE).await.unwrap();
        for text in ["one", "two"] {
            assert_eq!(messages.message().await.unwrap(), Some(Line::of(text)));
        }
        check_failure(&messages.message().await.unwrap_err());
    })
    .await;
}

/// A status without messages is a single head, which ends the stream, and stays one.
#[tokio::test]
async fn a_status_alone_stays_one_head() {
    through_each(Odd::new().router, async |proxy| {
        let client = HttpClient::builder(TokioExecutor::new()).http2_only(true).build_http::<Body>();
        for path in [FAIL, "/examples.Text/Nothing", "/examples.Other/Nothing"] {
            let request = Request::post(format!("http://{proxy}{path}"))
                .header("content-type", "application/grpc")
                .header("te", "trailers")
                .body(Body::empty());
            let answer = client.request(request.unwrap()).await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
            assert!(answer.headers().contains_key("grpc-status"), "{path}: {:?}", answer.headers());
            assert!(answer.body().is_end_stream(), "{path}");
        }
    })
    .await;
}

/// The status of a failure of the proxy's own names its reason.
#[track_caller]
fn check_own(status: &Status, code: Code, reason: &str) {
    assert_eq!(status.code(), code, "{status:?}");
    assert!(status.message().ends_with(&format!(" ({reason})")), "{status:?}");
    let field = status.metadata().get("proxy-status").unwrap().to_str().unwrap();
    assert!(field.contains(&format!("details=\"{reason}\"")), "{field}");
}

#[tokio::test]
async fn a_backend_that_is_down_is_unavailable_and_the_message_says_why() {
    let refusing = Refusing::new();
    let harness::Socket::Tcp(address) = refusing.address() else { unreachable!("it is no file") };
    to_each(address, async |proxy| {
        let mut client = Client::connect(proxy).await.unwrap();
        let first = client.reverse(Line::of("a")).await.unwrap_err();
        check_own(&first, Code::Unavailable, "connect_refused");
        // By now it is known to be dead.
        let second = client.split(Line::of("a")).await.unwrap_err();
        check_own(&second, Code::Unavailable, "no_backend");
    })
    .await;
}

#[tokio::test]
async fn a_service_without_a_route_is_unimplemented() {
    through_each(Router::new(), async |proxy| {
        let mut client = connect(proxy).await;
        let status = call(&mut client, "/examples.Other/Nothing", Line::default()).await.unwrap_err();
        check_own(&status, Code::Unimplemented, "no_route");
    })
    .await;
}

/// All messages of a call are the body of one request.
#[tokio::test]
async fn messages_that_are_too_much_together_are_refused() {
    through_each(router(), async |proxy| {
        let mut client = Client::connect(proxy).await.unwrap();
        let lines = || (0..11).map(|_| Line::of("x".repeat(1024 * 1024)));
        let status = client.count(stream::iter(lines())).await.unwrap_err();
        check_own(&status, Code::ResourceExhausted, "body_too_large");
        // One call's fault is no other's.
        let sum = client.count(stream::iter(lines().take(9))).await.unwrap().into_inner();
        assert_eq!(sum.lines, 9);
    })
    .await;
}
