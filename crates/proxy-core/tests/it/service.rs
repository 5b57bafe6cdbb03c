//! The pipeline as a service.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::rig::*;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty, Full};
use proxy_core::spec::{Action, RouteSpec};
use proxy_core::{Guard, Handle, Proxy, ProxyBody, ProxyService, Verdict};
use tokio::sync::mpsc;
use tower_service::Service;

async fn service() -> (ProxyService, Handle, Backend) {
    let backend = Backend::new().await;
    let proxy = to(&[&backend]).workers(1).build().unwrap();
    (proxy.service(), proxy.handle(), backend)
}

async fn call<B>(service: &ProxyService, request: Request<B>) -> http::Response<ProxyBody>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
{
    let mut service = service.clone();
    soon(service.call(request)).await.unwrap_or_else(|never| match never {})
}

fn get(uri: &str) -> Request<Empty<Bytes>> {
    Request::get(uri).body(Empty::new()).unwrap()
}

type Piece = Result<Frame<Bytes>, &'static str>;
type Polling = dyn FnMut(&mut Context<'_>) -> Poll<Option<Piece>> + Send;

/// A body that the test writes.
struct Frames(Box<Polling>);

impl Frames {
    fn new() -> (mpsc::UnboundedSender<Frame<Bytes>>, Self) {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        (sender, Self(Box::new(move |cx| receiver.poll_recv(cx).map(|frame| frame.map(Ok)))))
    }
}

impl Body for Frames {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        (self.0)(cx)
    }
}

#[tokio::test]
async fn a_request_goes_in_and_an_answer_comes_out() {
    let (service, handle, backend) = service().await;
    let mut request =
        Request::post("http://example.com/a%2Fb?c=d").body(Full::new(Bytes::from("hi"))).unwrap();
    request.headers_mut().insert("x-any", "1".parse().unwrap());
    request.headers_mut().insert("x-forwarded-for", "192.0.2.66".parse().unwrap());
    request.headers_mut().insert("connection", "close".parse().unwrap());
    request.extensions_mut().insert(SocketAddr::from(([192, 0, 2, 7], 999)));
    let answering = async {
        let (mut peer, head) = backend.request().await;
        assert!(head.starts_with("POST /a%2Fb?c=d HTTP/1.1\r\n"), "{head}");
        assert_eq!(values(&head, "host").collect::<Vec<_>>(), ["example.com"]);
        assert_eq!((value(&head, "x-any"), value(&head, "content-length")), (Some("1"), Some("2")));
        assert_eq!(
            (value(&head, "x-real-ip"), value(&head, "x-forwarded-for")),
            (Some("192.0.2.7"), Some("192.0.2.7"))
        );
        assert_eq!(peer.text(2).await, "hi");
        peer.send("HTTP/1.1 201 Made\r\nContent-Length: 4\r\nX-Any: 2\r\nKeep-Alive: 1\r\n\r\nmade").await;
        peer
    };
    let (response, _peer) = tokio::join!(call(&service, request), answering);
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(response.headers()["x-any"], "2");
    assert_eq!(response.headers()["content-length"], "4");
    assert!(
        response.headers().contains_key("x-request-id") && !response.headers().contains_key("keep-alive")
    );
    assert_eq!(soon(response.into_body().collect()).await.unwrap().to_bytes(), "made");
    assert_eq!(handle.statistics().by_class, [0, 0, 1, 0, 0, 0]);
}

#[tokio::test]
async fn a_caller_that_reads_only_what_was_announced_ends_the_exchange_all_the_same() {
    // Servers that know the length of a body do not ask for what is behind it.
    let (service, handle, backend) = service().await;
    let mut peer = None;
    for turn in 1..=3 {
        let answering = async {
            let mut peer = match peer.take() {
                Some(peer) => peer,
                None => backend.accept().await,
            };
            peer.head().await;
            peer.answer_ok().await;
            peer
        };
        let (response, back) = tokio::join!(call(&service, get("http://a/")), answering);
        peer = Some(back);
        let mut body = response.into_body();
        let frame = soon(body.frame()).await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), "ok");
        drop(body);
        assert_eq!(handle.statistics().requests(), turn);
    }
    assert!(backend.is_left_alone().await, "the connection was kept");
}

#[tokio::test]
async fn bodies_stream_both_ways_with_trailers() {
    let (service, _, backend) = service().await;
    let (sender, body) = Frames::new();
    let request = Request::put("http://a/").header("te", "trailers").body(body).unwrap();
    sender.send(Frame::data(Bytes::from("one"))).unwrap();
    let answering = async {
        let (mut peer, head) = backend.request().await;
        assert_eq!(value(&head, "transfer-encoding"), Some("chunked"));
        assert_eq!(peer.text(8).await, "3\r\none\r\n");
        sender.send(Frame::data(Bytes::from("two"))).unwrap();
        assert_eq!(peer.text(8).await, "3\r\ntwo\r\n");
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", "6".parse().unwrap());
        trailers.insert("content-length", "6".parse().unwrap());
        sender.send(Frame::trailers(trailers)).unwrap();
        drop(sender);
        assert_eq!(peer.chunked().await, (Vec::new(), "x-sum: 6\r\n".to_owned()));
        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n").await;
        peer
    };
    let (response, mut peer) = tokio::join!(call(&service, request), answering);
    let mut body = response.into_body();
    assert_eq!(soon(body.frame()).await.unwrap().unwrap().into_data().unwrap(), "ab");
    peer.send("2\r\ncd\r\n0\r\nX-End: 1\r\n\r\n").await;
    let rest = soon(body.collect()).await.unwrap();
    assert_eq!(rest.trailers().unwrap()["x-end"], "1");
    assert_eq!(rest.to_bytes(), "cd");
}

#[tokio::test]
async fn a_large_answer_comes_piece_by_piece() {
    let (service, _, backend) = service().await;
    let size = 2_000_000;
    let answering = async {
        let (mut peer, _) = backend.request().await;
        peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n")).await;
        peer.send(vec![b'x'; size]).await;
    };
    let asking = async {
        let body = call(&service, get("http://a/")).await.into_body();
        soon(body.collect()).await.unwrap().to_bytes()
    };
    assert_eq!(tokio::join!(asking, answering).0.len(), size);
}

#[tokio::test]
async fn dropping_any_part_frees_the_backend() {
    let (service, handle, backend) = service().await;
    // Before the answer.
    let mut called = service.clone();
    let mut calling = called.call(get("http://a/"));
    let (mut peer, _) = tokio::select! {
        _ = &mut calling => unreachable!(),
        request = backend.request() => request,
    };
    drop(calling);
    assert_eq!(peer.remains().await, "");
    // Within the answer.
    let answering = async {
        let (mut peer, _) = backend.request().await;
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab").await;
        peer
    };
    let (response, mut peer) = tokio::join!(call(&service, get("http://a/")), answering);
    drop(response);
    assert_eq!(peer.remains().await, "");
    // Whoever went away is counted, as a client that did.
    assert_eq!(handle.statistics().requests(), 2);
    assert_eq!(handle.request_reasons().get("client_gone"), Some(&2));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_an_error_of_its_body() {
    let (service, _, backend) = service().await;
    let answering = async {
        let (mut peer, _) = backend.request().await;
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab").await;
    };
    let (response, ()) = tokio::join!(call(&service, get("http://a/")), answering);
    let mut body = response.into_body();
    assert_eq!(soon(body.frame()).await.unwrap().unwrap().into_data().unwrap(), "ab");
    assert!(soon(body.frame()).await.unwrap().is_err());
}

#[tokio::test]
async fn a_body_that_fails_leaves_an_incomplete_request() {
    let (service, _, backend) = service().await;
    let mut frames: Vec<Piece> = vec![Err("broken"), Ok(Frame::data(Bytes::from("ab")))];
    let body = Frames(Box::new(move |_| Poll::Ready(frames.pop())));
    let request = Request::put("http://a/").body(body).unwrap();
    let answering = async {
        assert!(!backend.accept().await.remains().await.contains("0\r\n\r\n"));
    };
    let (response, ()) = tokio::join!(call(&service, request), answering);
    assert!(response.status().is_client_error());
}

#[tokio::test]
async fn the_proxys_own_answers_come_as_any_other() {
    let proxy = Proxy::builder().workers(1).build().unwrap();
    let response = call(&proxy.service(), get("http://a/")).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let body = soon(response.into_body().collect()).await.unwrap().to_bytes();
    assert!(body.windows(8).any(|part| part == b"no_route"));

    // Without a host, as with HTTP/1.1 it is a malformed request.
    let response = call(&proxy.service(), get("/")).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn answers_without_body_are_over_at_once() {
    let (service, handle, backend) = service().await;
    let answering = async {
        let (mut peer, _) = backend.request().await;
        peer.send("HTTP/1.1 204 No Content\r\n\r\n").await;
        peer
    };
    let (response, _peer) = tokio::join!(call(&service, get("http://a/")), answering);
    assert!(response.body().is_end_stream());
    drop(response);
    assert_eq!(handle.statistics().by_class, [0, 0, 1, 0, 0, 0]);
}

#[tokio::test]
async fn dead_backends_come_back_without_anybody_who_runs_the_proxy() {
    let refusing = Refusing::new();
    let app = proxy_core::spec::UpstreamSpec::new("app").backend(proxy_core::spec::BackendSpec::new(
        "a",
        "127.0.0.1",
        refusing.port(),
    ));
    let proxy = Proxy::builder().upstream(app).route(RouteSpec::to("all", "app")).workers(1).build().unwrap();
    let (service, handle) = (proxy.service(), proxy.handle());
    assert_eq!(call(&service, get("http://a/")).await.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(call(&service, get("http://a/")).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    let backend = refusing.accepts();
    assert_eq!(backend.accept().await.remains().await, "");
    soon(async {
        while !handle.backends("app")[0].outage.is_none() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Tells when it is gone.
struct Held(std::sync::Arc<()>);

impl Guard for Held {
    fn check(&self, _: &proxy_core::Request<'_>) -> Verdict {
        assert_eq!(*self.0, ());
        Verdict::Pass
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_served_no_more_is_freed_soon_and_by_no_worker() {
    let action = Action::Respond { status: 204, content_type: "text/plain".to_owned(), body: String::new() };
    let held = std::sync::Arc::new(());
    let watch = std::sync::Arc::downgrade(&held);
    let guarded = RouteSpec::new("one", action.clone()).guard(Held(held));
    let proxy = Proxy::builder().route(guarded).workers(1).build().unwrap();
    let (service, handle) = (proxy.service(), proxy.handle());
    call(&service, get("http://a/")).await;
    handle.put_route(RouteSpec::new("one", action)).unwrap();
    // The worker goes by the new one, and lets go of the former one without freeing it.
    call(&service, get("http://a/")).await;
    assert_eq!(watch.strong_count(), 1);
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert_eq!(watch.strong_count(), 0);
}
