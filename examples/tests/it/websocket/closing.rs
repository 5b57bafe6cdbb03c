use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::backend::{CLOSE_ME, DROP_ME, Event, farewell};
use super::{ask, on_every_way};

/// RFC 6455 section 7.1.2: who is told of the end says the same.
#[tokio::test]
async fn a_client_closes_with_its_code() {
    on_every_way(async |socket, backend| {
        let end = Message::Close(Some(CloseFrame { code: 4000.into(), reason: "going home".into() }));
        assert_eq!(ask(socket, end.clone()).await, end);
        assert_eq!(backend.event().await, Event::Came(end));
        assert!(socket.next().await.is_none());
    })
    .await;
}

#[tokio::test]
async fn a_backend_closes_with_its_code() {
    on_every_way(async |socket, backend| {
        let end = Message::Close(Some(farewell()));
        assert_eq!(ask(socket, CLOSE_ME).await, end);
        // The answer, which is tungstenite's to give, goes out when one asks for what comes next.
        assert!(socket.next().await.is_none());
        assert_eq!(backend.event().await, Event::Came(end));
    })
    .await;
}

/// A connection that breaks without a word is no orderly end to the other side.
#[tokio::test]
async fn a_backend_that_drops_the_connection_ends_the_clients() {
    on_every_way(async |socket, _| {
        socket.send(DROP_ME.into()).await.unwrap();
        assert!(socket.next().await.unwrap().is_err());
    })
    .await;
}
