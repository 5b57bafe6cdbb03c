use std::time::Duration;

use futures_util::stream;
use http::uri::PathAndQuery;
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::rt::TokioExecutor;
use proxyd_examples::grpc::Line;
use proxyd_examples::grpc::client::Client;
use proxyd_examples::grpc::service::router;
use proxyd_examples::trial::serve;
use tokio::sync::mpsc;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::{Code, Request};
use tonic_prost::ProstCodec;

use super::odd::{ENDLESS, Event, LISTEN, MIRROR, Odd, SILENT};
use super::{call, call_for_many, connect, through_each};
use crate::it::front::{address, binary, within};

/// The client says how long it waits, and does not look at the clock itself.
#[tokio::test]
async fn a_silent_method_exceeds_its_deadline() {
    let odd = Odd::new();
    through_each(odd.router.clone(), async |proxy| {
        let http = HttpClient::builder(TokioExecutor::new()).http2_only(true).build_http::<Body>();
        let mut client = Grpc::with_origin(http, format!("http://{proxy}").parse().unwrap());
        let mut request = Request::new(Line::of("anyone?"));
        request.set_timeout(Duration::from_secs(1));
        let path = PathAndQuery::from_static(SILENT);
        let answer = client.unary(request, path, ProstCodec::<_, Line>::default()).await;
        let status = answer.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
        assert!(status.message().ends_with(" (request_timeout)"), "{status:?}");
        // The service learns that nobody waits for it any more.
        assert_eq!(odd.event().await, Event::Came(Line::of("anyone?")));
        assert_eq!(odd.event().await, Event::Gone);
    })
    .await;
}

/// The deadline is the whole call's, and not only its first message's.
#[tokio::test]
async fn a_method_that_does_not_end_exceeds_its_deadline() {
    let odd = Odd::new();
    through_each(odd.router.clone(), async |proxy| {
        let mut client = connect(proxy).await;
        client.ready().await.unwrap();
        let mut request = Request::new(Line::default());
        request.set_timeout(Duration::from_secs(1));
        let path = PathAndQuery::from_static(ENDLESS);
        let answer = client.server_streaming(request, path, ProstCodec::<_, Line>::default()).await;
        let mut messages = answer.unwrap().into_inner();
        assert_eq!(messages.message().await.unwrap(), Some(Line::of("one")));
        odd.is_quiet().await;
        // What has begun can only be cut off.
        assert!(messages.message().await.is_err());
        assert_eq!(odd.event().await, Event::Gone);
    })
    .await;
}

#[tokio::test]
async fn a_call_that_is_cancelled_ends_in_the_service() {
    let odd = Odd::new();
    through_each(odd.router.clone(), async |proxy| {
        let mut client = connect(proxy).await;

        let mut calling = client.clone();
        let asking = tokio::spawn(async move { call(&mut calling, SILENT, Line::of("a")).await });
        assert_eq!(odd.event().await, Event::Came(Line::of("a")));
        odd.is_quiet().await;
        asking.abort();
        assert_eq!(odd.event().await, Event::Gone);

        // While the service answers.
        let mut messages = call_for_many(&mut client, ENDLESS).await.unwrap();
        assert_eq!(messages.message().await.unwrap(), Some(Line::of("one")));
        odd.is_quiet().await;
        drop(messages);
        assert_eq!(odd.event().await, Event::Gone);

        // While the client sends.
        let (lines, mut sent) = mpsc::channel(1);
        let sent = stream::poll_fn(move |context| sent.poll_recv(context));
        let mut calling = client.clone();
        let asking = tokio::spawn(async move {
            let path = PathAndQuery::from_static(LISTEN);
            calling.ready().await.unwrap();
            calling.client_streaming(Request::new(sent), path, ProstCodec::<Line, Line>::default()).await
        });
        lines.send(Line::of("b")).await.unwrap();
        assert_eq!(odd.event().await, Event::Came(Line::of("b")));
        odd.is_quiet().await;
        asking.abort();
        assert_eq!(odd.event().await, Event::Gone);

        // The connection is as good as before.
        assert!(call(&mut client, MIRROR, Line::of("c")).await.is_ok());
    })
    .await;
}

/// A call that ends as it should is not given up.
#[tokio::test]
async fn a_client_that_sends_no_more_gets_its_answer() {
    let odd = Odd::new();
    through_each(odd.router.clone(), async |proxy| {
        let mut client = connect(proxy).await;
        client.ready().await.unwrap();
        let (lines, mut sent) = mpsc::channel(1);
        let sent = Request::new(stream::poll_fn(move |context| sent.poll_recv(context)));
        let path = PathAndQuery::from_static(LISTEN);
        let asking = tokio::spawn(async move {
            client.client_streaming(sent, path, ProstCodec::<Line, Line>::default()).await
        });
        for text in ["one", "two"] {
            lines.send(Line::of(text)).await.unwrap();
            assert_eq!(odd.event().await, Event::Came(Line::of(text)));
        }
        odd.is_quiet().await;
        drop(lines);
        assert_eq!(asking.await.unwrap().unwrap().into_inner(), Line::of("that was all"));
        assert_eq!(odd.event().await, Event::Gone);
    })
    .await;
}

#[tokio::test]
async fn a_call_under_way_outlives_the_signal_to_end() {
    let backend = serve(router()).await.unwrap();
    let proxyd = binary(backend, "/examples.Text/*", "http2");
    let mut client = Client::connect(address(&proxyd)).await.unwrap();
    let (lines, mut sent) = mpsc::channel(1);
    let sent = stream::poll_fn(move |context| sent.poll_recv(context));
    let mut answers = client.converse(sent).await.unwrap().into_inner();
    proxyd.terminate();
    proxyd.log().wait_for("draining", 1);
    let talk = async {
        for text in ["one", "two"] {
            lines.send(Line::of(text)).await.unwrap();
            let answer = Line::of(format!("{text}, you say"));
            assert_eq!(answers.message().await.unwrap(), Some(answer));
        }
        drop(lines);
        assert_eq!(answers.message().await.unwrap(), None);
    };
    within("a call while the binary ends", talk).await;
    assert_eq!(proxyd.wait().code, Some(0));
}
