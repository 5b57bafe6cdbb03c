//! The TLS of a proxy that runs: what outlives the documents that it goes by.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use proxy_core::Secure;
use proxy_core::spec::Blueprint;
use tls_sni::{Certificates, Client, ClientSettings, Obtain, Server, ServerSettings, TicketKeys};

use super::{
    BackendTls, Former, Item, ListenerTls, Refresher, Termination, UpstreamTls, ticket_error, ticket_text,
};
use crate::acme::AcmeSettings;
use crate::certificates::{Keeper, Loaded};

/// The TLS that a plan asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct TlsPlan {
    /// By the place of the listener; `None` where it is plain.
    pub(crate) listeners: Vec<Option<ListenerTls>>,
    /// The certificates of the document.
    pub(crate) loaded: Loaded,
    /// Who certificates are got from.
    pub(crate) acme: Option<AcmePlan>,
    /// Of upstreams that speak TLS: the name, how, and what does it.
    pub(crate) upstreams: Vec<UpstreamPlan>,
}

/// An upstream that speaks TLS.
#[derive(Clone, Debug)]
pub(crate) struct UpstreamPlan {
    pub(crate) name: String,
    pub(crate) tls: UpstreamTls,
    /// What makes its connections, unless there is one already that does the same.
    pub(crate) client: Client,
    pub(crate) identity: u64,
}

/// Who certificates are got from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AcmePlan {
    pub(crate) settings: AcmeSettings,
    /// TLS to the authority.
    pub(crate) tls: ClientSettings,
    /// TLS to whom permission is asked of.
    pub(crate) ask_tls: ClientSettings,
}

impl AcmePlan {
    /// The same but for the names.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let mut settings = self.settings.clone();
        settings.domains.clone_from(&other.settings.domains);
        settings == other.settings && self.tls == other.tls && self.ask_tls == other.ask_tls
    }
}

/// The TLS of a proxy that runs. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub(crate) struct LiveTls {
    pub(crate) keeper: Keeper,
    refresher: Refresher,
    /// For listeners that name no file: they end with the process.
    random: TicketKeys,
    state: Arc<Mutex<State>>,
}

/// What makes the connections of an upstream.
#[derive(Clone)]
struct Held {
    secure: Arc<dyn Secure>,
    client: Client,
}

/// What a plan amounts to, before it is gone by.
#[derive(Default)]
pub(crate) struct Staged {
    settings: Vec<(usize, ServerSettings)>,
    clients: HashMap<u64, Held>,
}

#[derive(Default)]
struct State {
    servers: Vec<Option<Arc<Termination>>>,
    ticket_keys: HashMap<PathBuf, TicketKeys>,
    /// By their identities, so that sessions with backends outlive a change of something else.
    clients: HashMap<u64, Held>,
    obtain: Option<Arc<dyn Obtain>>,
}

impl LiveTls {
    /// What is kept in this directory is served from now on. Blocks while it reads.
    pub(crate) fn new(state_dir: Option<&Path>) -> Self {
        Self {
            keeper: Keeper::new(Certificates::new(), state_dir),
            refresher: Refresher::default(),
            random: TicketKeys::random(),
            state: Arc::default(),
        }
    }

    /// Has certificates for unknown names obtained by this.
    pub(crate) fn obtain_by(&self, obtain: Arc<dyn Obtain>) {
        let mut state = self.state();
        for server in state.servers.iter().flatten() {
            server.0.obtain_by(Arc::clone(&obtain));
        }
        state.obtain = Some(obtain);
    }

    /// Puts what speaks TLS by a plan into the blueprint. Nothing goes by the plan before [`commit`](Self::commit).
    ///
    /// # Errors
    /// What has become of a file since the plan was compiled.
    pub(crate) fn stage(&self, plan: &TlsPlan, blueprint: &mut Blueprint) -> Result<Staged, String> {
        let mut state = self.state();
        let mut staged = Staged::default();
        let most = plan.listeners.len().max(state.servers.len());
        state.servers.resize_with(most, || None);
        for (number, tls) in plan.listeners.iter().enumerate() {
            let Some(tls) = tls else { continue };
            let keys = state.keys(tls.ticket_keys.as_deref(), &self.random)?;
            let settings = tls.settings(keys)?;
            let server = state.server(number, &settings, self.keeper.certificates())?;
            if let Some(listener) = blueprint.listeners.get_mut(number) {
                Arc::make_mut(listener).secure = Some(server);
            }
            staged.settings.push((number, settings));
        }
        staged.clients = state.keep_clients(plan, blueprint);
        Ok(staged)
    }

    /// Goes by what was staged, once the blueprint is served.
    pub(crate) fn commit(&self, plan: &TlsPlan, staged: Staged) {
        // A look that is under way has its end first: it would put back what holds no more.
        let former = self.refresher.take();
        let mut state = self.state();
        for (number, settings) in staged.settings {
            let Some(Some(server)) = state.servers.get(number) else { continue };
            if let Err(error) = server.0.replace(&settings) {
                tracing::error!(listener = number, %error, "TLS cannot be served: the former settings hold");
            }
        }
        state.clients = staged.clients;
        self.keeper.follow(&plan.loaded);
        self.look_after(plan, &state, former);
    }

    /// Keeps certificates and files fresh until it is dropped.
    pub(crate) async fn run(&self) {
        tokio::select! {
            never = self.keeper.run() => match never {},
            never = self.refresher.run() => match never {},
        }
    }

    /// Has files looked at that settings were made of.
    fn look_after(&self, plan: &TlsPlan, state: &State, mut former: Former) {
        for (path, keys) in &state.ticket_keys {
            let (path, keys) = (path.clone(), keys.clone());
            self.refresher.add(Item::new("ticket keys", 0, vec![path.clone()], move || {
                keys.replace(&ticket_text(&path)?).map_err(|error| ticket_error(&path, &error))
            }));
        }
        for (number, tls) in plan.listeners.iter().enumerate() {
            let (Some(tls), Some(Some(server))) = (tls, state.servers.get(number)) else { continue };
            let keys = tls.ticket_keys.as_ref().and_then(|path| state.ticket_keys.get(path));
            let keys = keys.unwrap_or(&self.random).clone();
            let (tls, server) = (tls.clone(), Arc::clone(server));
            self.refresher.add(Item::new(format!("listener {number}"), 0, tls.files(), move || {
                let settings = tls.settings(keys.clone())?;
                server.0.replace(&settings).map_err(|error| error.to_string())
            }));
        }
        for upstream in &plan.upstreams {
            let what = format!("upstream {}", upstream.name);
            // What is made of the same files by the same rules goes on.
            if let Some(item) = former.of(&what, upstream.identity) {
                self.refresher.add(item);
                continue;
            }
            let held = state.clients.get(&upstream.identity).map(|held| &held.client);
            let (tls, client) = (upstream.tls.clone(), held.unwrap_or(&upstream.client).clone());
            let mut item = Item::new(what, upstream.identity, upstream.tls.files(), move || {
                let settings = tls.settings().map_err(|(_, error)| error)?;
                client.replace(settings).map_err(|error| error.to_string())
            });
            // The files may have changed since they were read.
            item.renew();
            self.refresher.add(item);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The ticket keys of a file, which all listeners that name it share, or the random ones.
    fn keys(&mut self, file: Option<&Path>, random: &TicketKeys) -> Result<TicketKeys, String> {
        let Some(path) = file else { return Ok(random.clone()) };
        if let Some(keys) = self.ticket_keys.get(path) {
            return Ok(keys.clone());
        }
        let keys = TicketKeys::parse(&ticket_text(path)?).map_err(|error| ticket_error(path, &error))?;
        self.ticket_keys.insert(path.to_owned(), keys.clone());
        Ok(keys)
    }

    /// What serves TLS at a listener: the same for as long as the listener is.
    fn server(
        &mut self,
        number: usize,
        settings: &ServerSettings,
        certificates: &Certificates,
    ) -> Result<Arc<Termination>, String> {
        if let Some(Some(served)) = self.servers.get(number) {
            return Ok(Arc::clone(served));
        }
        let made = Server::new(certificates.clone(), settings).map_err(|error| error.to_string())?;
        if let Some(obtain) = &self.obtain {
            made.obtain_by(Arc::clone(obtain));
        }
        let made = Arc::new(Termination(made));
        if let Some(server) = self.servers.get_mut(number) {
            *server = Some(Arc::clone(&made));
        }
        Ok(made)
    }

    /// Has upstreams go on with what they had, where nothing about it has changed.
    fn keep_clients(&self, plan: &TlsPlan, blueprint: &mut Blueprint) -> HashMap<u64, Held> {
        let own: HashMap<u64, &Client> =
            plan.upstreams.iter().map(|planned| (planned.identity, &planned.client)).collect();
        // Several upstreams may share one: what makes connections and what is made anew are the same.
        let own = |identity: u64| {
            let client = Client::clone(own.get(&identity)?);
            let secure = Arc::new(BackendTls { client: client.clone(), identity });
            Some(Held { secure, client })
        };
        let mut kept: HashMap<u64, Held> = HashMap::new();
        for upstream in &mut blueprint.upstreams {
            let Some(identity) = upstream.secure.as_ref().map(|secure| secure.identity()) else { continue };
            let known = self.clients.get(&identity).or(kept.get(&identity)).cloned();
            let Some(held) = known.or_else(|| own(identity)) else { continue };
            Arc::make_mut(upstream).secure = Some(Arc::clone(&held.secure));
            kept.insert(identity, held);
        }
        kept
    }
}
