//! The document that is served, with secrets of its own for each run.

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// With `{{name}}` where something is filled in.
const DOCUMENT: &str = include_str!("document.yaml");

/// A certificate and its key, in PEM.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) cert: String,
    pub(super) key: String,
}

impl Pair {
    /// One that signs itself.
    ///
    /// # Errors
    /// When there is no randomness.
    pub(super) fn make(host: &str) -> Result<Self> {
        let made = rcgen::generate_simple_self_signed([host.to_owned()]);
        let made = made.with_context(|| format!("cannot make a certificate for {host}"))?;
        Ok(Self { cert: made.cert.pem(), key: made.signing_key.serialize_pem() })
    }
}

/// The document with these texts in their places.
///
/// # Errors
/// When a place is left.
pub(super) fn document(texts: &[(&str, &str)]) -> Result<String> {
    let mut document = DOCUMENT.to_owned();
    for (name, text) in texts {
        // JSON is YAML.
        document = document.replace(&format!("{{{{{name}}}}}"), &Value::from(*text).to_string());
    }
    if let Some((_, place)) = document.split_once("{{") {
        bail!("nothing is filled in for {:?}", place.split('}').next().unwrap_or_default());
    }
    Ok(document)
}

/// The texts by which a secret is recognised: each long line of a key's base64, or the secret itself.
pub(super) fn needles(secret: &str) -> Vec<String> {
    let lines = secret.lines().filter(|line| !line.contains("-----") && line.len() >= 16);
    lines.map(str::to_owned).collect()
}
