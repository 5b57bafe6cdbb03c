//! Serves an axum application with a proxy inside, until Ctrl-C.
#![expect(clippy::print_stdout, reason = "an example tells what to try")]

use proxyd_examples::{embed_in_axum, trial};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let old_program = trial::backend("old-1", trial::telling("the old program")).await?;
    let proxy = embed_in_axum::proxy(old_program)?;
    let listener = trial::listener().await?;
    let address = listener.local_addr()?;
    println!("curl http://{address}/greet/ada    # answered by axum");
    println!("curl http://{address}/anything     # forwarded");
    let ctrl_c = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
    embed_in_axum::serve(listener, &proxy, ctrl_c).await?;
    Ok(())
}
