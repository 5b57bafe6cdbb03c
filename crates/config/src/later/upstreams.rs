//! What upstreams ask for and do not get yet.

use super::Found;
use crate::{Upstream, Url, report::At};

pub(super) fn check(upstream: &Upstream, at: At<'_>, found: &mut Found<'_>) {
    if let (Some(Url::Https { .. }), Some(url)) = (&upstream.url, at.get("url")) {
        let message = "TLS to backends (`https://`) is not built into this version of proxyd";
        found.say(url, message.into(), "use http://, over a network that you trust");
    }
    found.note(upstream.tls.is_some(), at, "tls", "remove it");
}
