//! placeholder
use clap::Args;
#[derive(Args, Clone, Debug)]
pub(crate) struct FuzzOptions {}
pub(crate) fn run(_options: &FuzzOptions) -> anyhow::Result<()> {
    anyhow::bail!("x")
}
