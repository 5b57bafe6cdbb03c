//! Upstreams of the clustered proxy that share the requests of a rule: together they are one upstream.

use super::shortened;
use crate::{Backend, HostHeader, Upstream, UpstreamTls, Url, check::Names};
use std::{collections::HashMap, sync::Arc};

/// The pools that rules need beside the upstreams themselves.
pub(super) struct Pools {
    /// The upstreams of the file, by their ids.
    members: HashMap<String, Arc<Upstream>>,
    names: Names,
    pools: Vec<Pool>,
}

/// Several upstreams as one.
pub(super) struct Pool {
    /// The ids as a rule lists them.
    ids: Vec<String>,
    /// The first rule that lists them.
    pub(super) rule: usize,
    upstream: Upstream,
}

impl Pools {
    pub(super) fn of(upstreams: &[Arc<Upstream>]) -> Self {
        let mut names = Names::default();
        let named = |upstream: &Arc<Upstream>| (names.fresh(&upstream.name), Arc::clone(upstream));
        Self { members: upstreams.iter().map(named).collect(), names, pools: Vec::new() }
    }

    /// The name of the upstream that a rule forwards to: the only one that it lists, or all that it lists as one. Who is
    /// listed twice gets twice the requests.
    pub(super) fn name(&mut self, rule: usize, ids: Vec<String>) -> String {
        if let [first, rest @ ..] = ids.as_slice()
            && rest.iter().all(|id| id == first)
        {
            return first.clone();
        }
        if let Some(pool) = self.pools.iter().find(|pool| pool.ids == ids) {
            return pool.upstream.name.clone();
        }
        let name = self.names.fresh(shortened(&ids.join("+")));
        let upstream = self.joined(name.clone(), &ids);
        self.pools.push(Pool { ids, rule, upstream });
        name
    }

    fn joined(&self, name: String, ids: &[String]) -> Upstream {
        let mut upstream = Upstream { name, host_header: Some(HostHeader::Upstream), ..Upstream::default() };
        for (id, member) in ids.iter().filter_map(|id| self.members.get_key_value(id)) {
            if let Some(backend) = upstream.backends.iter_mut().find(|backend| backend.id == *id) {
                backend.weight += 1;
                continue;
            }
            // All of a rule's upstreams have it, or none has.
            if matches!(member.url, Some(Url::Https { .. })) {
                upstream.tls = Some(UpstreamTls::default());
            }
            let backends = member.all_backends().into_iter();
            upstream.backends.extend(backends.map(|backend| Backend { id: id.clone(), ..backend }));
        }
        upstream
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Pool> {
        self.pools.iter()
    }

    pub(super) fn into_upstreams(self) -> impl Iterator<Item = Upstream> {
        self.pools.into_iter().map(|pool| pool.upstream)
    }
}

impl Pool {
    /// For each backend, where the rule lists it first.
    pub(super) fn items(&self) -> Vec<usize> {
        let backends = self.upstream.backends.iter();
        backends.filter_map(|backend| self.ids.iter().position(|id| *id == backend.id)).collect()
    }
}
