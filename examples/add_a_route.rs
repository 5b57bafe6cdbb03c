//! Adds a route to a running proxy and takes it away again; one client watches over one connection.
#![expect(clippy::print_stdout, reason = "an example tells what it does")]

use proxyd_examples::add_a_route;
use proxyd_examples::trial::{self, Client, Running};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let proxy = add_a_route::proxy()?;
    let handle = proxy.handle();
    let running = Running::start(proxy).await?;
    let mut client = Client::connect(running.address).await?;

    println!("without a route: {}", client.get("/orders/7", &[]).await?.body);
    let backend = trial::backend("orders-1", trial::telling("the backend")).await?;
    add_a_route::open(&handle, backend)?;
    println!("with a route: {}", client.get("/orders/7", &[]).await?.body);
    add_a_route::close(&handle)?;
    println!("without it again: {}", client.get("/orders/7", &[]).await?.body);
    println!("what was refused, and why: {:?}", handle.request_reasons());

    drop(client);
    running.stop().await?;
    Ok(())
}
