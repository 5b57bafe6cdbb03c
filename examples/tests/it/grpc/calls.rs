use futures_util::stream;
use http::uri::PathAndQuery;
use proxyd_examples::grpc::client::Client;
use proxyd_examples::grpc::service::router;
use proxyd_examples::grpc::{Line, Sum};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tonic::Request;
use tonic::metadata::MetadataValue;
use tonic_prost::ProstCodec;

use super::odd::{LIMIT, MIRROR, Odd};
use super::{call, connect, through_each};

#[tokio::test]
async fn every_kind_of_call_is_answered() {
    through_each(router(), async |proxy| {
        let mut client = Client::connect(proxy).await.unwrap();
        assert_eq!(client.reverse(Line::of("añb")).await.unwrap().into_inner(), Line::of("bña"));

        let mut words = client.split(Line::of("one two  three")).await.unwrap().into_inner();
        for word in ["one", "two", "three"] {
            assert_eq!(words.message().await.unwrap(), Some(Line::of(word)));
        }
        assert_eq!(words.message().await.unwrap(), None);

        let lines = (0..1_000).map(|number| Line::of("x".repeat(number)));
        let sum = client.count(stream::iter(lines)).await.unwrap().into_inner();
        assert_eq!(sum, Sum { lines: 1_000, bytes: 499_500 });
        let nothing = client.count(stream::empty()).await.unwrap().into_inner();
        assert_eq!(nothing, Sum::default());
    })
    .await;
}

/// Nothing on the way waits for more: what is larger than a window as little as a single byte.
#[tokio::test]
async fn each_message_is_answered_before_the_next_is_sent() {
    through_each(router(), async |proxy| {
        let mut client = Client::connect(proxy).await.unwrap();
        let (lines, mut sent) = mpsc::channel(1);
        let sent = stream::poll_fn(move |context| sent.poll_recv(context));
        let mut answers = client.converse(sent).await.unwrap().into_inner();
        for turn in 0..50 {
            let text = "x".repeat(if turn % 10 == 9 { 200_000 } else { turn });
            lines.send(Line::of(&text)).await.unwrap();
            let answer = answers.message().await.unwrap();
            assert_eq!(answer, Some(Line::of(format!("{text}, you say"))), "turn {turn}");
        }
        drop(lines);
        assert_eq!(answers.message().await.unwrap(), None);
    })
    .await;
}

/// More calls at once than the proxy lets a connection have streams.
#[tokio::test]
async fn many_calls_share_a_connection() {
    through_each(router(), async |proxy| {
        let client = Client::connect(proxy).await.unwrap();
        let mut calls = JoinSet::new();
        for number in 0..300 {
            let mut client = client.clone();
            calls.spawn(async move { (number, client.reverse(Line::of(number.to_string())).await) });
        }
        while let Some(answer) = calls.join_next().await {
            let (number, answer) = answer.unwrap();
            let expected: String = number.to_string().chars().rev().collect();
            assert_eq!(answer.unwrap().into_inner(), Line::of(expected));
        }
    })
    .await;
}

#[tokio::test]
async fn metadata_passes_both_ways() {
    let all_bytes: Vec<u8> = (0..=255).collect();
    through_each(Odd::new().router, async |proxy| {
        let mut request = Request::new(Line::of("with metadata"));
        let metadata = request.metadata_mut();
        for word in ["first", "second, with a comma"] {
            metadata.append("x-word", MetadataValue::from_static(word));
        }
        for bytes in [&all_bytes[..], &[0], &[]] {
            metadata.append_bin("x-bytes-bin", MetadataValue::from_bytes(bytes));
        }
        let answer = call(&mut connect(proxy).await, MIRROR, request).await.unwrap();

        let words = answer.metadata().get_all("x-word").iter();
        assert_eq!(words.collect::<Vec<_>>(), ["first", "second, with a comma"]);
        let bytes = answer.metadata().get_all_bin("x-bytes-bin").iter();
        let bytes: Vec<_> = bytes.map(|value| value.to_bytes().unwrap()).collect();
        assert_eq!(bytes, [&all_bytes[..], &[0], &[]]);
        assert!(answer.metadata().get("x-request-id").is_some(), "{:?}", answer.metadata());
    })
    .await;
}

#[tokio::test]
async fn a_large_message_passes_both_ways() {
    let text: String = ('a'..='w').cycle().take(5 * 1024 * 1024).collect();
    through_each(Odd::new().router, async |proxy| {
        let mut client = connect(proxy).await.max_decoding_message_size(LIMIT);
        client.ready().await.unwrap();
        let (line, path) = (Request::new(Line::of(&text)), PathAndQuery::from_static(MIRROR));
        let answer = client.unary(line, path, ProstCodec::<_, Line>::default()).await.unwrap();
        assert!(answer.into_inner().text == text);
    })
    .await;
}
