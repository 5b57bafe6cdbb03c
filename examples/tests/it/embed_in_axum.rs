use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;
use proxy_core::spec::BackendSpec;
use proxyd_examples::embed_in_axum::{proxy, serve};
use proxyd_examples::trial::{Client, backend, listener, telling};
use tokio::net::TcpSocket;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The application in front of an old program.
struct Application {
    address: SocketAddr,
    shutdown: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Application {
    async fn start(old_program: BackendSpec) -> Self {
        let proxy = proxy(old_program).unwrap();
        let listener = listener().await.unwrap();
        let address = listener.local_addr().unwrap();
        let (shutdown, asked) = oneshot::channel();
        let task = tokio::spawn(async move { serve(listener, &proxy, async { asked.await.unwrap() }).await });
        Self { address, shutdown, task }
    }

    async fn stop(self) {
        self.shutdown.send(()).unwrap();
        self.task.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn axum_answers_its_routes_and_forwards_the_rest() {
    let application = Application::start(backend("old-1", telling("old")).await.unwrap()).await;
    let mut client = Client::connect(application.address).await.unwrap();

    assert_eq!(client.get("/greet/ada", &[]).await.unwrap().body, "good day, ada\n");
    let forwarded = client.get("/a//b/../c?d=e", &[]).await.unwrap();
    assert_eq!(forwarded.status, 200);
    assert!(forwarded.body.starts_with("old was asked for /a/c\n"), "{}", forwarded.body);
    assert!(forwarded.field("x-request-id").is_some_and(|id| forwarded.body.contains(id)));

    drop(client);
    application.stop().await;
}

#[tokio::test]
async fn the_backend_learns_the_clients_address() {
    let application = Application::start(backend("old-1", telling("old")).await.unwrap()).await;
    let mut client = Client::connect_from([127, 0, 0, 9].into(), application.address).await.unwrap();

    let answer = client.get("/", &["X-Forwarded-For: 192.0.2.1", "X-Real-IP: 192.0.2.1"]).await.unwrap();
    assert!(answer.body.contains("\nx-real-ip: 127.0.0.9\n"), "{}", answer.body);
    assert!(answer.body.contains("\nx-forwarded-for: 127.0.0.9\n"), "{}", answer.body);

    drop(client);
    application.stop().await;
}

#[tokio::test]
async fn bodies_pass_through_whole() {
    let counting = Router::new()
        .route("/count", post(async |body: Bytes| body.len().to_string() + &"x".repeat(body.len())));
    let counting = counting.layer(DefaultBodyLimit::disable());
    let application = Application::start(backend("old-1", counting).await.unwrap()).await;
    let mut client = Client::connect(application.address).await.unwrap();

    let answer = client.post("/count", &vec![b'a'; 3_000_000]).await.unwrap();
    assert_eq!(answer.body.len(), 3_000_007);
    assert!(answer.body.starts_with("3000000x"));

    drop(client);
    application.stop().await;
}

#[tokio::test]
async fn a_backend_that_is_away_costs_a_502_with_its_reason() {
    // Bound, so that nobody else has the port, and not listened at.
    let refusing = TcpSocket::new_v4().unwrap();
    refusing.bind(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0)).unwrap();
    let port = refusing.local_addr().unwrap().port();
    let application = Application::start(BackendSpec::new("away", "127.0.0.1", port)).await;
    let mut client = Client::connect(application.address).await.unwrap();
    let answer = client.get("/", &[]).await.unwrap();
    assert_eq!(answer.status, 502);
    assert!(answer.body.contains("\"reason\":\"connect_refused\""), "{}", answer.body);

    drop(client);
    application.stop().await;
}
