use proxyd_examples::add_a_route::{close, open, proxy};
use proxyd_examples::trial::{Client, Running, backend, telling};

use super::held::Held;

#[tokio::test]
async fn a_connection_sees_a_route_come_and_go() {
    let proxy = proxy().unwrap();
    let handle = proxy.handle();
    let running = Running::start(proxy).await.unwrap();
    let mut client = Client::connect(running.address).await.unwrap();

    let before = client.get("/orders/7", &[]).await.unwrap();
    assert_eq!(before.status, 404);
    assert!(before.body.contains("\"reason\":\"no_route\""), "{}", before.body);

    open(&handle, backend("orders-1", telling("orders")).await.unwrap()).unwrap();
    let with = client.get("/orders/7", &[]).await.unwrap();
    assert_eq!(with.status, 200);
    assert!(with.body.starts_with("orders was asked for /orders/7\n"), "{}", with.body);
    assert_eq!(client.get("/others", &[]).await.unwrap().status, 404);

    close(&handle).unwrap();
    assert_eq!(client.get("/orders/7", &[]).await.unwrap().status, 404);
    assert_eq!(handle.request_reasons().get("no_route"), Some(&3));

    drop(client);
    running.stop().await.unwrap();
}

#[tokio::test]
async fn a_request_in_flight_outlives_its_route() {
    let proxy = proxy().unwrap();
    let handle = proxy.handle();
    let running = Running::start(proxy).await.unwrap();
    let held = Held::new();
    open(&handle, backend("orders-1", held.router("late")).await.unwrap()).unwrap();

    let mut client = Client::connect(running.address).await.unwrap();
    let asking = tokio::spawn(async move { client.get("/orders/7", &[]).await });
    held.came().await;
    close(&handle).unwrap();
    held.release(1);

    let answer = asking.await.unwrap().unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "late"));
    running.stop().await.unwrap();
}

#[tokio::test]
async fn what_was_never_there_cannot_be_closed() {
    let proxy = proxy().unwrap();
    assert!(close(&proxy.handle()).is_err());
}
