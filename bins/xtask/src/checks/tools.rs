//! The tools that the checks need, installed or named where they are missing.

use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::machine::{self, Package};
use crate::workspace;

/// The version of cargo-deny that the project's `deny.toml` is written for.
const CARGO_DENY: &str = "0.20.2";

/// A C compiler and linker: the allocator is written in C, and rustc links through `cc`.
///
/// # Errors
/// Names the package when it is missing and cannot be installed.
pub(crate) fn require_compilers() -> Result<()> {
    machine::require(&[Package { program: "cc", package: "build-essential" }])
}

/// Other people's programs that the tests drive: an ACME server, and clients of TLS.
///
/// # Errors
/// Names the package when one is missing and cannot be installed.
pub(crate) fn require_peers() -> Result<()> {
    machine::require(&[
        Package { program: "pebble", package: "pebble" },
        Package { program: "openssl", package: "openssl" },
        Package { program: "curl", package: "curl" },
    ])
}

/// Whether `cargo <arguments>` runs successfully.
///
/// # Errors
/// When cargo cannot be run at all.
pub(crate) fn answers(arguments: &[&str]) -> Result<bool> {
    let mut cargo = workspace::cargo()?;
    cargo.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(cargo.status().context("cannot run cargo")?.success())
}

/// A subcommand that comes with the toolchain.
///
/// # Errors
/// Says how to install it.
pub(crate) fn require_component(subcommand: &str, component: &str) -> Result<()> {
    if answers(&[subcommand, "--version"])? {
        return Ok(());
    }
    bail!("cargo {subcommand} is missing; install it with `rustup component add {component}`")
}

/// cargo-deny, installed when it is missing.
///
/// # Errors
/// When it is missing and cannot be installed.
pub(crate) fn require_cargo_deny() -> Result<()> {
    if answers(&["deny", "--version"])? {
        return Ok(());
    }
    let install = ["install", "cargo-deny", "--locked", "--version", CARGO_DENY];
    println!("    cargo-deny is missing: cargo {}", install.join(" "));
    let status = workspace::cargo()?.args(install).status().context("cannot run cargo install")?;
    if !status.success() {
        bail!("cargo-deny is missing and could not be installed; try `cargo {}`", install.join(" "));
    }
    Ok(())
}
