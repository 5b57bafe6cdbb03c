//! Methods that no sensible service has, beside those of the example's.

use std::future::pending;

use axum::Router;
use axum::extract::{Request as Incoming, State};
use axum::routing::post;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use proxyd_examples::grpc::Line;
use proxyd_examples::grpc::service::{grpc, router};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tonic::body::Body;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Request, Response, Status, Streaming};
use tower::service_fn;

/// Gives the message back, and the metadata that tests send.
pub(super) const MIRROR: &str = "/examples.Text/Mirror";
/// Answers with a status alone.
pub(super) const FAIL: &str = "/examples.Text/Fail";
/// Answers with two messages, and then with a status.
pub(super) const FAIL_LATE: &str = "/examples.Text/FailLate";
/// Never answers.
pub(super) const SILENT: &str = "/examples.Text/Silent";
/// Answers with one message, and never ends.
pub(super) const ENDLESS: &str = "/examples.Text/Endless";
/// Reads messages, and answers when there are no more.
pub(super) const LISTEN: &str = "/examples.Text/Listen";

/// Larger than any message of a test.
pub(super) const LIMIT: usize = 32 * 1024 * 1024;

/// What happens in the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A message came.
    Came(Line),
    /// A call is over: answered, or given up.
    Gone,
}

/// The service, and what happens in it.
pub(super) struct Odd {
    pub(super) router: Router,
    events: Mutex<UnboundedReceiver<Event>>,
}

type Events = UnboundedSender<Event>;

impl Odd {
    pub(super) fn new() -> Self {
        let (sender, events) = unbounded_channel();
        let odd = Router::new()
            .route(MIRROR, post(mirror))
            .route(FAIL, post(fail))
            .route(FAIL_LATE, post(fail_late))
            .route(SILENT, post(silent))
            .route(ENDLESS, post(endless))
            .route(LISTEN, post(listen))
            .with_state(sender);
        Self { router: router().merge(odd), events: Mutex::new(events) }
    }

    /// Waits for what happens next.
    pub(super) async fn event(&self) -> Event {
        self.events.lock().await.recv().await.unwrap()
    }

    /// Makes sure that nothing has happened since.
    pub(super) async fn is_quiet(&self) {
        assert_eq!(self.events.lock().await.try_recv().ok(), None);
    }
}

/// Tells when a call is over, by being dropped with it.
struct Watch(Events);

impl Drop for Watch {
    fn drop(&mut self) {
        // A test that is over listens no more.
        let _ = self.0.send(Event::Gone);
    }
}

async fn mirror(call: Incoming) -> http::Response<Body> {
    let mirror = service_fn(async |call: Request<Line>| {
        let (metadata, _, line) = call.into_parts();
        let mut answer = Response::new(line);
        copy(&metadata, answer.metadata_mut());
        Ok(answer)
    });
    grpc().max_decoding_message_size(LIMIT).unary(mirror, call).await
}

/// Copies what tests send.
fn copy(from: &MetadataMap, to: &mut MetadataMap) {
    for value in from.get_all("x-word") {
        to.append("x-word", value.clone());
    }
    for value in from.get_all_bin("x-bytes-bin") {
        to.append_bin("x-bytes-bin", value.clone());
    }
}

/// A status with everything that one can have.
pub(super) fn failure() -> Status {
    let mut metadata = MetadataMap::new();
    metadata.insert("x-word", MetadataValue::from_static("late"));
    metadata.insert_bin("x-bytes-bin", MetadataValue::from_bytes(&[0, 255]));
    let details = Bytes::from_static(b"\0details\xff");
    Status::with_details_and_metadata(Code::DataLoss, "100% gone: \u{1f4a5}\n", details, metadata)
}

async fn fail(call: Incoming) -> http::Response<Body> {
    let fail = async |_: Request<Line>| Err::<Response<Line>, _>(failure());
    grpc().unary(service_fn(fail), call).await
}

async fn fail_late(call: Incoming) -> http::Response<Body> {
    let messages = async |_: Request<Line>| {
        let two = ["one", "two"].map(|text| Ok(Line::of(text)));
        Ok(Response::new(stream::iter(two).chain(stream::once(async { Err(failure()) }))))
    };
    grpc().server_streaming(service_fn(messages), call).await
}

async fn silent(State(events): State<Events>, call: Incoming) -> http::Response<Body> {
    let silent = service_fn(async |call: Request<Line>| {
        let _watch = Watch(events.clone());
        events.send(Event::Came(call.into_inner())).unwrap();
        pending::<Result<Response<Line>, Status>>().await
    });
    grpc().unary(silent, call).await
}

async fn endless(State(events): State<Events>, call: Incoming) -> http::Response<Body> {
    let endless = service_fn(async |_: Request<Line>| {
        let watch = Watch(events.clone());
        let messages = stream::once(async { Ok(Line::of("one")) }).chain(stream::once(async move {
            let _watch = watch;
            pending::<Result<Line, Status>>().await
        }));
        Ok(Response::new(messages))
    });
    grpc().server_streaming(endless, call).await
}

async fn listen(State(events): State<Events>, call: Incoming) -> http::Response<Body> {
    let listen = service_fn(async |call: Request<Streaming<Line>>| {
        let _watch = Watch(events.clone());
        let mut lines = call.into_inner();
        while let Some(line) = lines.message().await? {
            events.send(Event::Came(line)).unwrap();
        }
        Ok(Response::new(Line::of("that was all")))
    });
    grpc().client_streaming(listen, call).await
}
