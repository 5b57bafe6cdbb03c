use futures_util::{SinkExt, StreamExt};
use proxyd_examples::trial::Running;
use proxyd_examples::websocket::{backend, over_http1, over_http2, proxy};
use tokio_tungstenite::tungstenite::Message;

use super::backend::{Event, PING_ME};
use super::{ask, on_every_way};
use crate::it::front::within;

#[tokio::test]
async fn the_examples_backend_gives_messages_back() {
    let proxy = proxy(backend("echo-1").await.unwrap()).unwrap();
    let running = Running::start(proxy).await.unwrap();
    let client = over_http2::Client::connect(running.address).await.unwrap();
    let exchange = async {
        assert_eq!(ask(&mut over_http1(running.address).await.unwrap(), "one").await, Message::text("one"));
        assert_eq!(ask(&mut client.open().await.unwrap(), "two").await, Message::text("two"));
    };
    within("with the example's backend", exchange).await;
    drop(client);
    running.stop().await.unwrap();
}

#[tokio::test]
async fn text_and_binary_messages_pass_both_ways() {
    let all_bytes: Vec<u8> = (0..=255).collect();
    on_every_way(async |socket, _| {
        for text in ["", "a", "¿qué? \u{1f980}\0\r\n\r\n"] {
            assert_eq!(ask(socket, text).await, Message::text(text));
        }
        for bytes in [&all_bytes[..], &[], b"GET / HTTP/1.1\r\n\r\n"] {
            assert_eq!(ask(socket, bytes.to_vec()).await, Message::binary(bytes.to_vec()));
        }
    })
    .await;
}

#[tokio::test]
async fn a_large_message_passes_both_ways() {
    let large: Vec<u8> = (0..=250).cycle().take(1024 * 1024).collect();
    on_every_way(async |socket, _| {
        let answer = ask(socket, large.clone()).await;
        assert!(answer == Message::binary(large.clone()), "{} bytes", answer.len());
        assert_eq!(ask(socket, "next").await, Message::text("next"));
    })
    .await;
}

/// More than fits into any window on the way, and each message still in its place.
#[tokio::test]
async fn messages_keep_their_order() {
    on_every_way(async |socket, _| {
        let (mut sending, mut receiving) = socket.split();
        let text = |number: usize| format!("{number} {}", "x".repeat(number * 37 % 5_000));
        let send = async {
            for number in 0..300 {
                sending.send(Message::text(text(number))).await.unwrap();
            }
        };
        let receive = async {
            for number in 0..300 {
                assert_eq!(receiving.next().await.unwrap().unwrap(), Message::text(text(number)));
            }
        };
        tokio::join!(send, receive);
    })
    .await;
}

/// RFC 6455 section 5.5.3: a pong has what the ping had.
#[tokio::test]
async fn pings_are_answered_by_the_other_end() {
    on_every_way(async |socket, backend| {
        assert_eq!(ask(socket, Message::Ping("there?".into())).await, Message::Pong("there?".into()));
        assert_eq!(backend.event().await, Event::Came(Message::Ping("there?".into())));

        assert_eq!(ask(socket, PING_ME).await, Message::Ping(PING_ME.into()));
        // The pong goes out with the next message.
        assert_eq!(ask(socket, "done").await, Message::text("done"));
        assert_eq!(backend.event().await, Event::Came(Message::Pong(PING_ME.into())));
    })
    .await;
}
