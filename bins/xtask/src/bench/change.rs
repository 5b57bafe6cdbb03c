//! Changing a proxy's routes again and again, and looking for each change in its answers.

mod api;
mod exchange;
mod spread;
mod stand;
mod watch;

use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use serde::Serialize;

use self::api::Api;
pub(crate) use self::spread::Spread;
pub(crate) use self::stand::Stand;
use self::watch::Change;
use super::OTHER_CORE;
use super::subject::changing::{Changing, Door, id};
use crate::process;

/// Which changes are made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Changes {
    pub(crate) count: u32,
    /// From one to the next.
    pub(crate) interval: Duration,
    pub(crate) call: Call,
    /// The route that the change of a number alters.
    pub(crate) route: fn(u32) -> u32,
}

/// How an API is told of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Call {
    /// By what is new.
    Patch,
    /// By the whole route.
    Put,
}

/// What came of all changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Made {
    /// How long it took until a call of the API was answered; `None` where there is no API.
    pub(crate) answered: Option<Spread>,
    /// How long it took from the call or the signal until an answer showed the change, or a later one of the
    /// same route.
    pub(crate) visible: Spread,
    /// Looks for changes, each on a connection of its own, that failed.
    pub(crate) failed_looks: u64,
    /// What happened to the first of them.
    pub(crate) first_failure: Option<String>,
}

impl Changes {
    /// Makes all changes of the proxy at `stand` in time, and waits until all of them are visible.
    ///
    /// # Errors
    /// When a change is refused, or is never visible.
    pub(crate) fn make(self, stand: &mut Stand) -> Result<Made> {
        process::pin_to(OTHER_CORE)?;
        let look = stand.look();
        let (tell, told) = mpsc::channel();
        thread::scope(|scope| {
            let watch = scope.spawn(move || watch::until_all_are_seen(&look, &told));
            let answered = self.carry_out(stand, &tell);
            // Who watches ends when nobody can tell any more.
            drop(tell);
            let watched = watch.join().map_err(|_| anyhow!("who looks for changes crashed"))??;
            Ok(Made {
                answered: answered?.map(Spread::of),
                visible: Spread::of(watched.visible),
                failed_looks: watched.failed,
                first_failure: watched.first_failure,
            })
        })
    }

    /// Makes all changes, and says how long each call took.
    fn carry_out(self, stand: &mut Stand, tell: &Sender<Change>) -> Result<Option<Vec<Duration>>> {
        let door = stand.door();
        let mut api = match &door {
            Door::Api(socket) => Some(Api::open(socket)?),
            Door::Signal(_) => None,
        };
        let (start, mut taken) = (Instant::now(), Vec::new());
        for turn in 0..self.count {
            thread::sleep((start + self.interval * turn).saturating_duration_since(Instant::now()));
            let (route, number) = ((self.route)(turn), turn + 1);
            stand.note(route, number);
            if let Door::Signal(_) = door {
                stand.rewrite()?;
            }
            let begun = Instant::now();
            // If nobody listens, what went wrong is known there.
            let _ = tell.send(Change { route, number, begun });
            match (&door, &mut api) {
                (Door::Signal(signal), _) => process::send(stand.pid(), *signal),
                (Door::Api(_), Some(api)) => {
                    self.call(api, stand, route, number)?;
                    taken.push(begun.elapsed());
                }
                (Door::Api(_), None) => {}
            }
        }
        Ok(api.map(|_| taken))
    }

    fn call(self, api: &mut Api, stand: &Stand, route: u32, number: u32) -> Result<()> {
        let path = format!("/api/v1/routes/{}", id(route));
        match self.call {
            Call::Patch => api.call("PATCH", &path, "application/merge-patch+json", &Changing::patch(number)),
            Call::Put => {
                let route = Changing::route(stand.layout(), route, number);
                api.call("PUT", &path, "application/json", &route)
            }
        }
    }
}
