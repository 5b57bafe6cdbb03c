//! The system's roots. Where these are is said in the environment of a process, so that each test has a process for it.

use std::path::Path;
use std::process::Command;

use tls_sni::{Client, ClientError, ClientSettings};

use super::rig::{Authority, Backend, Issued, NAME, shake};

/// Set in the process of its own: where the certificate and the key of a backend are.
const BACKEND: &str = "TLS_SNI_TEST_BACKEND";

/// Runs that test of this file again, with the system's roots in that file.
#[track_caller]
fn run_with(roots: &Path, test: &str) {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("it::client::system::{test}"), "--nocapture"])
        .env("SSL_CERT_FILE", roots)
        .env_remove("SSL_CERT_DIR")
        .env(BACKEND, roots.with_extension("backend"))
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn the_roots_of_the_system_are_trusted() {
    let Some(backend) = std::env::var_os(BACKEND) else {
        let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
        let roots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tls-sni-system-roots.pem");
        std::fs::write(&roots, format!("{}{}", theirs.pem(), ours.pem())).unwrap();
        let shown = ours.issue(NAME);
        let both = format!("{}{}", shown.pem, shown.key.serialize_pem());
        std::fs::write(roots.with_extension("backend"), both).unwrap();
        return run_with(&roots, "the_roots_of_the_system_are_trusted");
    };
    let both = std::fs::read_to_string(backend).unwrap();
    let (pem, key) = both.split_at(both.find("-----BEGIN PRIVATE KEY").unwrap());
    let shown = Issued { pem: pem.into(), key: rcgen::KeyPair::from_pem(key).unwrap() };
    for _ in 0..2 {
        let client = Client::new(ClientSettings::new()).unwrap();
        shake(&client, &Backend::with(&shown).config(), NAME).await.both();
    }
}

#[test]
fn a_system_without_roots_is_refused() {
    if std::env::var_os(BACKEND).is_none() {
        return run_with(Path::new("/nonexistent/roots.pem"), "a_system_without_roots_is_refused");
    }
    let error = Client::new(ClientSettings::new()).unwrap_err();
    let ClientError::NoSystemRoots { detail } = error else { panic!("{error}") };
    assert!(detail.contains("/nonexistent/roots.pem"), "{detail}");

    // Nobody has to be trusted where nothing is verified.
    let mut settings = ClientSettings::new();
    settings.skips_verification = true;
    Client::new(settings).unwrap();
}
