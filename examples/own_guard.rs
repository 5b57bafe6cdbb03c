//! Asks a guarded route without a token, with a wrong one, and with a right one.
#![expect(clippy::print_stdout, reason = "an example tells what it does")]

use proxyd_examples::own_guard::{self, Tokens};
use proxyd_examples::trial::{self, Client, Running};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let backend = trial::backend("orders-1", trial::telling("the backend")).await?;
    let proxy =
        own_guard::proxy(backend, Tokens::new([("ada", "correct-horse"), ("grace", "battery-staple")]))?;
    let running = Running::start(proxy).await?;
    let mut client = Client::connect(running.address).await?;

    for fields in [&[][..], &["Authorization: Bearer guess"], &["Authorization: Bearer correct-horse"]] {
        let answer = client.get("/orders", fields).await?;
        println!("with {fields:?}: {}\n{}", answer.status, answer.body);
    }

    drop(client);
    running.stop().await?;
    Ok(())
}
