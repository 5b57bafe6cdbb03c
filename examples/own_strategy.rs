//! Spreads requests over two backends of different weight with a strategy of one's own.
#![expect(clippy::print_stdout, reason = "an example tells what it does")]

use lb_strategies::Weight;
use proxyd_examples::own_strategy;
use proxyd_examples::trial::{self, Client, Running};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let small = trial::backend("small", trial::telling("small")).await?;
    let large = trial::backend("large", trial::telling("large")).await?;
    let large = large.weight(Weight::new(3).unwrap_or_default());
    let running = Running::start(own_strategy::proxy([small, large])?).await?;
    let mut client = Client::connect(running.address).await?;

    let mut by_large = 0;
    for _ in 0..1_000 {
        by_large += u32::from(client.get("/", &[]).await?.body.starts_with("large"));
    }
    println!("of 1000 requests, the backend of weight 3 answered {by_large}, the one of weight 1 the rest");

    drop(client);
    running.stop().await?;
    Ok(())
}
