//! Where connections to backends may lead.

use config::HostPattern;
use egress::{Network, Policy};

use super::Compiler;

impl Compiler<'_> {
    /// The default policy with what `security` adds.
    pub(super) fn egress(&mut self) -> Policy {
        let security = &self.document.security;
        let blocked = security.blocked_ips.iter();
        let blocked = blocked.filter_map(|blocked| Network::new(blocked.addr(), blocked.prefix_len()));
        let mut policy = Policy::default().block_all(blocked);
        for (index, host) in security.allowed_hosts.iter().enumerate() {
            match text(host).parse() {
                Ok(pattern) => policy = policy.allow_host(pattern),
                Err(error) => {
                    let error: egress::HostPatternError = error;
                    self.refuse(&format!("security.allowedHosts[{index}]"), error.to_string(), None);
                }
            }
        }
        policy
    }

    /// A backend whose address is blocked is written down in vain.
    pub(super) fn warn_of_blocked(&mut self, policy: &Policy) {
        let upstreams = self.document.upstreams.iter().enumerate();
        let pools = upstreams.map(|(index, upstream)| {
            let list = if upstream.url.is_some() { "url" } else { "backends" };
            (("upstreams", index, list), upstream.all_backends())
        });
        let routes = self.document.routes.iter().enumerate();
        let own = routes.filter(|(_, route)| !route.backends.is_empty());
        let own = own.map(|(index, route)| (("routes", index, "backends"), route.backends.clone()));
        for ((kind, of, list), backends) in pools.chain(own) {
            for (index, backend) in backends.iter().enumerate() {
                let Ok(config::BackendAddress::Ip(address)) = backend.address() else { continue };
                let Err(denial) = policy.check_address(address.ip()) else { continue };
                let path = format!("{kind}[{of}].{list}");
                let path = if list == "url" { path } else { format!("{path}[{index}].hostname") };
                let message = format!("no request will ever reach this backend: {denial}");
                self.warnings.push(self.loaded.problem(&path, message, None));
            }
        }
    }
}

/// The pattern as egress spells it: addresses stand without brackets there.
fn text(host: &HostPattern) -> String {
    let text = host.to_string();
    match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        Some(address) => address.to_owned(),
        None => text,
    }
}
