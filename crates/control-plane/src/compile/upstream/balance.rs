//! How a backend is chosen, and who stays with whom.

use std::sync::Arc;

use config::{HashKey, HashOn, SameSite, Secure, Upstream};
use lb_strategies::{ConsistentHash, Strategy};
use proxy_core::spec::{Affinity, Sticky};

use crate::compile::Compiler;

impl Compiler<'_> {
    /// The strategy that an upstream names.
    pub(super) fn strategy(&mut self, path: &str, upstream: &Upstream) -> Option<Arc<dyn Strategy>> {
        if let Some(percent) = upstream.bounded_load.get() {
            return Some(Arc::new(ConsistentHash::bounded(percent)));
        }
        let name = &upstream.strategy;
        let found = self.factories.strategies.find(name);
        if found.is_none() {
            let names: Vec<String> = self.factories.strategies.names().map(str::to_ascii_uppercase).collect();
            let hint = format!("known are {}", names.join(", "));
            self.refuse(path, format!("there is no strategy `{name}`"), Some(&hint));
        }
        found
    }
}

/// What the upstream's strategy is given of a request.
pub(super) fn affinity(upstream: &Upstream) -> Option<Affinity> {
    match &upstream.hash {
        Some(key) => hashed(key),
        None if &*upstream.strategy == "IP_HASH" => Some(Affinity::ClientIp),
        None => None,
    }
}

fn hashed(key: &HashKey) -> Option<Affinity> {
    let name = key.name.as_deref().unwrap_or_default();
    Some(match key.on {
        HashOn::ClientIp => Affinity::ClientIp,
        HashOn::Header => Affinity::Header(name.to_ascii_lowercase()),
        HashOn::Cookie => Affinity::Cookie(name.into()),
        HashOn::Query => Affinity::Query(name.into()),
        HashOn::Path => Affinity::Path,
        HashOn::Uri => Affinity::Uri,
        _ => return None,
    })
}

/// A cookie; what `secretFile` names was read with the document.
pub(in crate::compile) fn sticky(written: &config::Sticky) -> Sticky {
    let mut sticky = Sticky::new(written.cookie.clone());
    sticky.ttl = written.ttl.get().map(config::Duration::get);
    sticky.path.clone_from(&written.path);
    sticky.domain.clone_from(&written.domain);
    sticky.secure = match written.secure {
        Secure::Always => Some(true),
        Secure::Never => Some(false),
        _ => None,
    };
    sticky.http_only = written.http_only;
    sticky.same_site = same_site(written.same_site).into();
    sticky.secret =
        written.secret.as_ref().map(|secret| secret.expose().as_bytes().to_vec()).unwrap_or_default();
    sticky
}

const fn same_site(same_site: SameSite) -> &'static str {
    match same_site {
        SameSite::Strict => "Strict",
        SameSite::None => "None",
        SameSite::Off => "",
        _ => "Lax",
    }
}
