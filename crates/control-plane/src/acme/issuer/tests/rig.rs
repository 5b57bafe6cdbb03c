//! What an issuer is tested with.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use egress::{Egress, Policy};
use proxy_core::events::Events;
use tempfile::TempDir;
use tls_sni::{Certificates, Client, ClientSettings};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::super::super::challenge::{Http01, Presenter};
use super::super::super::clock::{Clock, Waiting};
use super::super::super::dial::EgressDial;
use super::super::super::on_demand::OnDemand;
use super::super::super::settings::{AcmeSettings, ChallengeKind};
use super::super::super::status::{DomainState, DomainStatus, Status};
use super::super::{Domains, Issuer, Seams};
use super::authority::Authority;

/// Whatever is waited for comes within that time.
const PATIENCE: Duration = Duration::from_secs(60);

/// A clock that stands still until a test moves it. It begins with the year 2030.
pub(super) struct WallClock(watch::Sender<SystemTime>);

impl WallClock {
    pub(super) fn begin() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_893_456_000)
    }

    pub(super) fn set(&self, time: SystemTime) {
        self.0.send_replace(time);
    }

    pub(super) fn advance(&self, by: Duration) {
        self.set(self.now() + by);
    }
}

impl Clock for WallClock {
    fn now(&self) -> SystemTime {
        *self.0.borrow()
    }

    fn wait_until(&self, time: SystemTime) -> Waiting<'_> {
        let mut changes = self.0.subscribe();
        Box::pin(async move {
            let _ = changes.wait_for(|&now| now >= time).await;
        })
    }
}

/// Answers to HTTP-01.
#[derive(Default)]
pub(super) struct Tokens {
    pending: Mutex<HashMap<String, String>>,
    /// Told with whatever happens.
    events: watch::Sender<()>,
    /// Keeps nothing.
    pub(super) is_broken: Mutex<bool>,
}

impl Tokens {
    pub(super) fn has(&self, token: &str) -> bool {
        self.pending.lock().unwrap().contains_key(token)
    }

    /// Something has happened.
    pub(super) fn tell(&self) {
        self.events.send_replace(());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pending.lock().unwrap().is_empty()
    }
}

impl Http01 for Tokens {
    fn put(&self, token: &str, key_authorization: &str) {
        if !*self.is_broken.lock().unwrap() {
            self.pending.lock().unwrap().insert(token.to_owned(), key_authorization.to_owned());
        }
        self.tell();
    }

    fn remove(&self, token: &str) {
        self.pending.lock().unwrap().remove(token);
        self.tell();
    }
}

/// An authority, and everything around issuers.
pub(super) struct Rig {
    pub(super) authority: Authority,
    pub(super) clock: Arc<WallClock>,
    pub(super) tokens: Arc<Tokens>,
    pub(super) certificates: Certificates,
    pub(super) state: TempDir,
    pub(super) settings: AcmeSettings,
    pub(super) events: Events,
}

/// A running issuer.
pub(super) struct Running {
    pub(super) status: Status,
    pub(super) on_demand: Option<OnDemand>,
    pub(super) domains: Domains,
    stop: oneshot::Sender<()>,
    pub(super) run: JoinHandle<()>,
    events: watch::Receiver<()>,
}

impl Rig {
    /// With certificates for these names wanted, by HTTP-01.
    pub(super) async fn new(names: &[&str]) -> Self {
        let clock = Arc::new(WallClock(watch::Sender::new(WallClock::begin())));
        let tokens = Arc::<Tokens>::default();
        let authority = Authority::start(clock.clone(), tokens.clone()).await;
        let state = TempDir::new().unwrap();
        let mut settings = AcmeSettings::new(authority.url("/dir"), state.path());
        settings.domains = names.iter().map(|&name| name.to_owned()).collect();
        settings.challenges = vec![ChallengeKind::Http01];
        let (certificates, events) = (Certificates::new(), Events::new());
        Self { authority, clock, tokens, certificates, state, settings, events }
    }

    pub(super) fn start(&self) -> Running {
        self.start_with(self.certificates.clone())
    }

    /// Starts one that serves from this table.
    pub(super) fn start_with(&self, certificates: Certificates) -> Running {
        let tls = Client::new(ClientSettings::new()).unwrap();
        let dial = Arc::new(EgressDial::new(Egress::new(Policy::default()), tls));
        let presenter = Presenter { http01: self.tokens.clone(), certificates };
        let seams = Seams { authority: dial.clone(), ask: dial, clock: self.clock.clone(), presenter };
        let issuer = Issuer::with_seams(self.settings.clone(), seams).unwrap().telling(self.events.clone());
        let (status, on_demand, domains) = (issuer.status(), issuer.on_demand(), issuer.domains());
        let (stop, stopped) = oneshot::channel();
        let run = tokio::spawn(issuer.run(stopped));
        Running { status, on_demand, domains, stop, run, events: self.tokens.events.subscribe() }
    }

    /// The fingerprint of what is served for a name.
    pub(super) fn served(&self, name: &str) -> Option<String> {
        let all = self.certificates.list().into_iter();
        let mut of_name = all.filter(|(id, _)| id.strip_prefix("acme:") == Some(name));
        of_name.next().map(|(_, served)| served.certificate.fingerprint().to_owned())
    }

    /// Moves the clock to a name's next order.
    #[track_caller]
    pub(super) fn move_to_next(&self, running: &Running, name: &str) -> Duration {
        let next = running.of(name).and_then(|status| status.next_attempt).expect("one is due");
        let wait = next.duration_since(self.clock.now()).unwrap_or_default();
        self.clock.set(next);
        wait
    }
}

impl Running {
    pub(super) fn of(&self, name: &str) -> Option<DomainStatus> {
        self.status.list().into_iter().find(|status| status.domain == name)
    }

    /// Waits until something is so.
    pub(super) async fn until(&mut self, mut is_so: impl FnMut(&Status) -> bool) {
        let waiting = async {
            while !is_so(&self.status) {
                tokio::select! {
                    () = self.status.changed() => {}
                    changed = self.events.changed() => changed.unwrap(),
                }
            }
        };
        if timeout(PATIENCE, waiting).await.is_err() {
            panic!("it is not as it should be: {:#?}", self.status.list());
        }
    }

    /// Waits until a name is in a state.
    pub(super) async fn until_is(&mut self, name: &str, state: DomainState) {
        let is_so = |status: &Status| status.list().iter().any(|of| of.domain == name && of.state == state);
        self.until(is_so).await;
    }

    pub(super) async fn stop(self) {
        self.stop.send(()).unwrap();
        timeout(PATIENCE, self.run).await.unwrap().unwrap();
    }
}

/// Waits for something that comes.
pub(super) async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("it comes")
}
