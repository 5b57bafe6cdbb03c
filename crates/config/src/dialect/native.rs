//! From the clustered proxy's configuration to the document.

use super::{Cluster, Places, cluster::ClusterRule, listen::Listen, pools::Pools, shortened, starting_with};
use crate::{Document, Fields, Listener, Route, RouteOrder, Upstream, check::Names};
use std::sync::Arc;

/// The document that a configuration without errors stands for, and where its values are in the file.
pub(crate) fn document(cluster: Cluster) -> (Document, Places) {
    let mut document = Document { route_order: RouteOrder::Written, ..Document::default() };
    match cluster.listen {
        Some(Listen::Port(port)) => document.proxy.port = Some(port),
        Some(Listen::At(address)) => document.listeners.push(Listener { address, ..Listener::default() }),
        None => {}
    }
    document.proxy.workers = cluster.workers;
    let upstreams = cluster.upstreams.into_iter();
    document.upstreams = upstreams
        .map(|one| Arc::new(Upstream { name: one.id, url: one.url, ..Upstream::default() }))
        .collect();
    let fields = cluster.headers.into_iter().filter_map(|field| Some((field.key?.0, field.value?.0)));
    let fields = Fields(fields.collect());

    let mut pools = Pools::of(&document.upstreams);
    let mut ids = Names::default();
    for (index, rule) in cluster.rules.into_iter().enumerate() {
        document.routes.push(Arc::new(route(index, rule, &fields, &mut pools, &mut ids)));
    }
    let places = Places::of_cluster(document.upstreams.len(), &fields, &pools);
    document.upstreams.extend(pools.into_upstreams().map(Arc::new));
    (document, places)
}

fn route(index: usize, rule: ClusterRule, fields: &Fields, pools: &mut Pools, ids: &mut Names) -> Route {
    Route {
        id: ids.fresh(shortened(&rule.path)),
        path: starting_with(&rule.path),
        upstream: Some(pools.name(index, rule.upstreams)),
        headers: fields.clone(),
        ..Route::default()
    }
}
