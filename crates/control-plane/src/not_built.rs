//! What a document asks for and this version does not have.

use std::collections::HashSet;

use config::{Loaded, Problem};

use crate::Factories;

/// Each key of the file whose feature is not built into this version, with a sentence that says so. A strategy that
/// the factories know counts as built, whoever built it.
pub fn not_built(loaded: &Loaded, factories: &Factories) -> Vec<Problem> {
    let known = known_strategies(loaded, factories);
    loaded.not_built().into_iter().filter(|problem| !known.contains(&problem.path)).collect()
}

/// The paths of the strategies that the factories know.
fn known_strategies(loaded: &Loaded, factories: &Factories) -> HashSet<String> {
    let upstreams = loaded.document.upstreams.iter().enumerate();
    let upstreams = upstreams.map(|(index, upstream)| (format!("upstreams[{index}]"), &upstream.strategy));
    let routes = loaded.document.routes.iter().enumerate();
    let routes =
        routes.filter_map(|(index, route)| Some((format!("routes[{index}]"), route.strategy.as_ref()?)));
    upstreams
        .chain(routes)
        .filter(|(_, strategy)| factories.strategies.find(strategy).is_some())
        .map(|(owner, _)| format!("{owner}.strategy"))
        .collect()
}
