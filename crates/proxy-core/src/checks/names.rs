//! Names that stand for several addresses: each is a backend of its own, and they are looked up again and again.

use std::net::IpAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use egress::Destination;
use health::{CheckSettings, Probe, ProbeError, ProbeFuture};

use super::{Keeper, Watched};
use crate::connect::{Address, Connect};
use crate::events::{Kind, UpstreamResolved};
use crate::registry::UpstreamState;
use crate::spec::BackendSpec;
use crate::upstream::Upstream;

/// A name that could not be looked up is tried again so soon.
const SOON: Duration = Duration::from_secs(1);
/// More addresses of one name are not asked.
const MOST: usize = 64;
/// The first look-up comes within that time.
const FIRST: Duration = Duration::from_millis(10);

/// Looks a name up, and has its upstream follow.
pub(super) struct Resolving {
    connect: Arc<dyn Connect>,
    keeper: Weak<Keeper>,
    upstream: Weak<Upstream>,
    state: Arc<UpstreamState>,
    host: String,
    address: Address,
}

impl Resolving {
    pub(super) fn of(
        backend: &BackendSpec,
        upstream: &Arc<Upstream>,
        (connect, keeper): (&Arc<dyn Connect>, &Arc<Keeper>),
    ) -> Option<(Watched, CheckSettings, Self)> {
        let Destination::Host { host, .. } = &backend.destination else { return None };
        if host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
            return None;
        }
        let spec = &upstream.spec;
        let settings = CheckSettings {
            interval: spec.dns_refresh,
            timeout: spec.dns_timeout.max(SOON),
            rise: 1,
            fall: 1,
            fast_interval: Some(FIRST),
            down_interval: Some(SOON),
            ..CheckSettings::default()
        };
        let resolving = Self {
            connect: Arc::clone(connect),
            keeper: Arc::downgrade(keeper),
            upstream: Arc::downgrade(upstream),
            state: Arc::clone(&upstream.state),
            host: host.clone(),
            address: Address {
                secure: None,
                announces: None,
                destination: backend.destination.clone(),
                named: spec.named,
                resolved: None,
                dns_timeout: spec.dns_timeout,
                connect_timeout: spec.connect_timeout,
            },
        };
        let watched = Watched::Name { upstream: spec.name.clone(), host: host.clone() };
        Some((watched, settings, resolving))
    }

    /// Takes in the addresses that were found.
    fn found(&self, mut addresses: Vec<IpAddr>) {
        addresses.sort_unstable();
        addresses.dedup();
        addresses.truncate(MOST);
        // What has stood for several goes on as it is: what was learnt of the one that is left is kept.
        let is_known = self.state.addresses(&self.host).is_some();
        let is_changed =
            (is_known || stands_for_several(&addresses)) && self.state.resolve(&self.host, &addresses);
        if !is_changed {
            return;
        }
        tracing::info!(
            upstream = &*self.state.name,
            host = &*self.host,
            addresses = addresses.len(),
            "the name has other addresses"
        );
        if let (Some(keeper), Some(upstream)) = (self.keeper.upgrade(), self.upstream.upgrade()) {
            let told = || UpstreamResolved::new(&self.state.name, &self.host, addresses.len());
            upstream.registry().events.emit_with(Kind::UpstreamResolved, told);
            keeper.follow_one(&upstream, &self.connect);
        }
    }
}

/// One address of each family is one machine that can be reached over both.
fn stands_for_several(addresses: &[IpAddr]) -> bool {
    let of_v4 = addresses.iter().filter(|address| address.is_ipv4()).count();
    of_v4 > 1 || addresses.len() - of_v4 > 1
}

impl Probe<Watched> for Resolving {
    fn probe<'a>(&'a self, _: &'a Watched) -> ProbeFuture<'a> {
        Box::pin(async move {
            let found = self.connect.resolve(&self.address).await;
            let addresses = found.filter(|addresses| !addresses.is_empty());
            // What was found before goes on to hold.
            let addresses = addresses.ok_or_else(|| ProbeError::failed("the name could not be looked up"))?;
            self.found(addresses);
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_one_address_of_each_family_stands_for_one_backend() {
        let parse =
            |text: &str| text.split(' ').map(|address| address.parse().unwrap()).collect::<Vec<IpAddr>>();
        for (addresses, expected) in [
            ("127.0.0.1", false),
            ("127.0.0.1 ::1", false),
            ("10.0.0.1 10.0.0.2", true),
            ("fd00::1 fd00::2", true),
            ("10.0.0.1 fd00::1 fd00::2", true),
        ] {
            assert_eq!(stands_for_several(&parse(addresses)), expected, "{addresses}");
        }
    }
}
