//! From a document to a plan.

mod egress;
mod fields;
mod former;
mod refused;
mod route;
mod settings;
mod tls;
mod upstream;

use std::collections::HashSet;
use std::path::PathBuf;

use config::{Document, Errors, Loaded, Problem, State};
use proxy_core::spec::Blueprint;
use proxy_core::{ListenAddress, Proxy};

use crate::probes::Dialler;
use crate::tls::TlsPlan;
use crate::{Factories, Plan, not_built, state_dir};
pub(crate) use former::Former;
use former::Reused;

/// What a stage of the compilation reads, and where it reports what is wrong.
struct Compiler<'a> {
    loaded: &'a Loaded,
    /// What was served before, where that can be gone by.
    former: Reused<'a>,
    document: &'a Document,
    factories: &'a Factories,
    /// What probes connect with.
    dialler: Dialler,
    /// The upstreams that could be compiled: a route to another one has nothing to report.
    declared: HashSet<&'a str>,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    tls: TlsPlan,
    /// Hosts that demand certificates of their clients.
    demanding: HashSet<String>,
    /// The names of upstreams whose connections are relayed in TCP mode.
    relayed: HashSet<&'a str>,
}

/// Compiles a document.
///
/// # Errors
/// Everything that is wrong with it, keys whose feature is not built among them, each with its place.
pub fn compile(loaded: &Loaded, factories: &Factories) -> Result<Plan, Errors> {
    compile_next(loaded, factories, None)
}

/// The same where another document was compiled before: what the two share is not compiled again, and its warnings are not
/// repeated. The engine is not asked what it thinks of the whole then: whoever publishes the plan does that.
///
/// # Errors
/// Everything that is wrong with it, keys whose feature is not built among them, each with its place.
pub(crate) fn compile_next(
    loaded: &Loaded,
    factories: &Factories,
    former: Option<&Former<'_>>,
) -> Result<Plan, Errors> {
    let mut problems = not_built(loaded);
    match translate(loaded, factories, former) {
        Ok(plan) if problems.is_empty() => Ok(plan),
        Ok(_) => Err(problems.into()),
        Err(others) => {
            problems.extend(others);
            Err(problems.into())
        }
    }
}

/// What [`compile`] would say of a version in which every feature is built: the document's own mistakes, and what is
/// allowed but cannot be meant.
///
/// # Errors
/// Everything that is wrong with the document but for [`not_built()`], each with its place.
pub fn check(loaded: &Loaded, factories: &Factories) -> Result<Vec<Problem>, Errors> {
    Ok(translate(loaded, factories, None)?.warnings)
}

/// The directory that a document keeps its state in; `None` where it keeps none, or none is known.
pub(crate) fn state_dir(document: &Document) -> Option<PathBuf> {
    let default = config::StateDir::default();
    let written = match &document.state {
        None => &default,
        Some(State::Dir(written)) => written,
        Some(_) => return None,
    };
    state_dir::find(written, &|name| std::env::var_os(name), rustix::process::geteuid().is_root())
}

/// Where in a document the cause lies of what the engine refuses.
pub(crate) fn path_of(document: &Document, error: &proxy_core::BuildError) -> String {
    refused::path(document, error)
}

fn translate(
    loaded: &Loaded,
    factories: &Factories,
    former: Option<&Former<'_>>,
) -> Result<Plan, Vec<Problem>> {
    let document = &loaded.document;
    let mut compiler = Compiler {
        loaded,
        former: Reused::of(former, document),
        document,
        factories,
        dialler: Dialler::default(),
        declared: HashSet::new(),
        problems: Vec::new(),
        warnings: Vec::new(),
        tls: TlsPlan::default(),
        demanding: HashSet::new(),
        relayed: tls::relayed(document),
    };
    let egress = compiler.egress();
    compiler.dialler = Dialler::new(egress.clone());
    let state_dir = compiler.state_dir();
    let mut blueprint = Blueprint::default();
    blueprint.settings = settings::settings(document);
    compiler.certificates(former.map(|former| &former.plan.tls.loaded));
    blueprint.listeners = compiler.listeners();
    blueprint.passages = compiler.passages();
    blueprint.hosts = compiler.hosts();
    compiler.acme(state_dir.as_deref());
    let pools = compiler.upstreams();
    blueprint.upstreams = pools.iter().flatten().cloned().collect();
    let mut routes = Vec::with_capacity(document.routes.len());
    for (index, route) in document.routes.iter().enumerate() {
        let spec = match route.mode {
            config::Mode::Http => compiler.shared_route(index, route, &mut blueprint.upstreams),
            _ => compiler.passed_route(),
        };
        blueprint.routes.extend(spec.clone());
        routes.push(spec);
    }
    compiler.warn_of_blocked(&egress);
    compiler.warn_of_priorities(&blueprint);
    if former.is_none() {
        compiler.warnings.extend(loaded.warnings());
        compiler.build(&blueprint);
    }
    if !compiler.problems.is_empty() {
        return Err(compiler.problems);
    }
    Ok(Plan {
        tls: compiler.take_tls(),
        blueprint,
        addresses: document.addresses().into_iter().map(listen).collect(),
        workers: settings::workers(document.proxy.workers),
        egress,
        state_dir,
        warnings: compiler.warnings,
        dialler: compiler.dialler,
        pools,
        routes,
    })
}

fn listen(address: config::Address) -> ListenAddress {
    match address {
        config::Address::Tcp(address) => ListenAddress::Tcp(address),
        config::Address::Unix(path) => ListenAddress::Unix(path),
    }
}

impl Compiler<'_> {
    /// The directory of the state; `None` where none is kept.
    fn state_dir(&mut self) -> Option<PathBuf> {
        let found = state_dir(self.document);
        if found.is_none() && matches!(self.document.state, Some(State::Dir(_))) {
            self.refuse(
                "state",
                "no directory is known for it",
                Some("write `state: { dir: /var/lib/proxyd }`"),
            );
        }
        found
    }

    /// Notes what is wrong with the value at a path.
    fn refuse(&mut self, path: &str, message: impl Into<String>, hint: Option<&str>) {
        self.problems.push(self.loaded.problem(path, message, hint.map(Into::into)));
    }

    /// Where nobody waits, nobody is served before others.
    fn warn_of_priorities(&mut self, blueprint: &Blueprint) {
        let waits = |name: &str| {
            blueprint.upstreams.iter().any(|upstream| upstream.name == name && upstream.gate.is_some())
        };
        for (index, route) in self.document.routes.iter().enumerate() {
            if route.priority == config::Priority::Normal || self.former.has(index) {
                continue;
            }
            let names = route.upstreams.iter().map(|share| share.name.clone());
            let is_idle = route.req_active_length.is_none()
                && !route.upstream_name().into_iter().chain(names).any(|name| waits(&name));
            if is_idle {
                let message = "nobody waits for a place here, so that a priority changes nothing";
                let hint =
                    Some("limit the route's `reqActiveLength` or the upstream's `maxRequests`".to_owned());
                let path = format!("routes[{index}].priority");
                self.warnings.push(self.loaded.problem(&path, message, hint));
            }
        }
    }

    /// The engine has the last word: what it would refuse to serve is wrong, whatever was thought of before.
    fn build(&mut self, blueprint: &Blueprint) {
        if !self.problems.is_empty() {
            return;
        }
        if let Err(error) = Proxy::builder().workers(1).blueprint(blueprint.clone()).build() {
            let path = refused::path(self.document, &error);
            self.refuse(&path, error.to_string(), None);
        }
    }
}

#[cfg(test)]
mod tests;
