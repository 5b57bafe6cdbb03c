//! Looks at the counters of a proxy from time to time.

mod state;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use proxy_core::{BackendName, Handle};
use tokio::time::MissedTickBehavior;

use crate::figures::{Figures, Point, Scope};
use crate::settings::Settings;
use state::State;

/// What a proxy did lately: of all requests, and of each route, upstream and backend.
///
/// Figures are those of the last look: [`Tracker::tick`] takes one, [`Tracker::run`] does so again and again. Nothing of
/// it is on the way of a request.
pub struct Tracker {
    handle: Handle,
    settings: Settings,
    state: Mutex<State>,
}

impl Tracker {
    /// A tracker of what happens from now on.
    pub fn new(handle: Handle, settings: Settings) -> Self {
        let now = tokio::time::Instant::now().into_std();
        let state = Mutex::new(State::new(&handle, settings, now));
        Self { handle, settings, state }
    }

    /// How far it looks back, and how often it looks.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Takes up what came since the last look. It may come at any time, and more often than once a step.
    pub fn tick(&self, now: Instant) {
        self.state().look(&self.handle, now);
    }

    /// Looks once a step, for ever.
    ///
    /// # Cancel safety
    /// It may be dropped at any time, and run again: what came meanwhile is taken up then.
    pub async fn run(&self) {
        let mut ticks = tokio::time::interval(self.settings.step.max(std::time::Duration::from_millis(1)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            let now = ticks.tick().await;
            self.tick(now.into_std());
        }
    }

    /// The figures of all requests.
    pub fn overall(&self) -> Figures {
        self.state().figures(&self.handle, Scope::All).unwrap_or_default()
    }

    /// The figures of a route's requests; `None` where the last look saw no such route.
    pub fn route(&self, id: &str) -> Option<Figures> {
        self.figures(Scope::Route(id))
    }

    /// The figures of the attempts of an upstream's backends; `None` where the last look saw no such upstream, or none of
    /// its backends.
    pub fn upstream(&self, name: &str) -> Option<Figures> {
        self.figures(Scope::Upstream(name))
    }

    /// The figures of a backend's attempts; `None` where the last look saw no such backend. One whose name stands for
    /// several addresses is meant with all of them, unless the id tells which.
    pub fn backend(&self, upstream: &str, id: &str) -> Option<Figures> {
        self.figures(Scope::Backend { upstream, id })
    }

    /// The figures of any of these; `None` where the last look did not see it.
    pub fn figures(&self, scope: Scope<'_>) -> Option<Figures> {
        self.state().figures(&self.handle, scope)
    }

    /// The figures of each route, in the order as written.
    pub fn routes(&self) -> Vec<(Arc<str>, Figures)> {
        self.state().routes()
    }

    /// The figures of each backend.
    pub fn backends(&self) -> Vec<(BackendName, Figures)> {
        self.state().backends()
    }

    /// What happened before, from the oldest point to the latest: each is about the time that the window slides by. `None`
    /// where the last look did not see it.
    pub fn history(&self, scope: Scope<'_>) -> Option<Vec<Point>> {
        self.state().history(scope)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Tracker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tracker").field("settings", &self.settings).finish_non_exhaustive()
    }
}
