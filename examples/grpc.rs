//! Calls a service of gRPC through the proxy: one message or a stream of them, either way.
#![expect(clippy::print_stdout, reason = "an example tells what it does")]

use futures_util::stream;
use proxyd_examples::grpc::client::Client;
use proxyd_examples::grpc::{self, Line, service};
use proxyd_examples::trial::{self, Running};
use tokio::sync::mpsc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let backend = trial::backend("text-1", service::router()).await?;
    let running = Running::start(grpc::proxy(backend)?).await?;
    let mut client = Client::connect(running.address).await?;

    let reversed = client.reverse(Line::of("a proxy")).await?.into_inner();
    println!("unary: {}", reversed.text);

    let mut words = client.split(Line::of("one two three")).await?.into_inner();
    while let Some(word) = words.message().await? {
        println!("server streaming: {}", word.text);
    }

    let lines = stream::iter(["one", "two", "three"].map(Line::of));
    println!("client streaming: {:?}", client.count(lines).await?.into_inner());

    // Each answer comes before the next line is sent: nothing on the way waits for more.
    let (lines, mut sent) = mpsc::channel(1);
    let sent = stream::poll_fn(move |context| sent.poll_recv(context));
    let mut answers = client.converse(sent).await?.into_inner();
    for line in ["hello", "goodbye"] {
        lines.send(Line::of(line)).await?;
        println!("both ways: {:?}", answers.message().await?.map(|answer| answer.text));
    }
    drop(lines);
    println!("both ways, at the end: {:?}", answers.message().await?);

    if let Err(status) = client.reverse(Line::default()).await {
        println!("what the service refuses: {:?}, {}", status.code(), status.message());
    }

    drop((client, words, answers));
    running.stop().await?;
    Ok(())
}
