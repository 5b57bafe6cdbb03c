//! What backends were set to by hand.

mod file;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use config::BackendState;
use config::backend_states::BackendStates;
use health::Manual;
use proxy_core::spec::{Blueprint, UpstreamSpec};

use file::StateFile;

/// The states that somebody set, and where they are kept.
///
/// What the document says of a backend is what it is by default; what somebody set holds in its place. Backends that
/// the document does not have are remembered too: they may come again.
#[derive(Clone)]
pub(crate) struct States {
    /// `None` where they end with the process.
    file: Option<StateFile>,
    set: BackendStates,
    /// False where there are states that could not be read: nothing is written over them.
    is_read: bool,
    /// What is served of what the document says.
    settled: HashMap<String, Settled>,
    /// Backends of which nothing is remembered since somebody made them ready, by upstream and id, and what the engine
    /// holds them to be by hand.
    forgotten: HashMap<(String, String), Manual>,
}

/// An upstream.
#[derive(Clone)]
struct Settled {
    /// As the document says.
    written: Arc<UpstreamSpec>,
    /// With what somebody set, and with the channels that outlive documents.
    served: Arc<UpstreamSpec>,
}

impl Settled {
    /// True where another is made of the same, in the same way.
    fn is_same(&self, written: &Arc<UpstreamSpec>, served: &UpstreamSpec) -> bool {
        let channel =
            |spec: &UpstreamSpec| spec.secure.as_ref().map(|secure| Arc::as_ptr(secure).cast::<()>());
        Arc::ptr_eq(&self.written, written)
            && channel(&self.served) == channel(served)
            && self.served.backends == served.backends
    }
}

impl States {
    /// Those that are kept in a directory. A file that cannot be read is told in the log, and keeps nobody from starting.
    pub(crate) fn read(dir: Option<&Path>) -> Self {
        let file = dir.map(StateFile::new);
        let mut states = Self {
            file,
            set: BackendStates::default(),
            is_read: false,
            settled: HashMap::new(),
            forgotten: HashMap::new(),
        };
        if let Err(error) = states.read_again() {
            let (path, error) = (states.path(), &error as &dyn std::error::Error);
            tracing::error!(path = %path.display(), error, "states of backends cannot be read: backends are as the document says");
        }
        states
    }

    /// The blueprint with each backend as somebody set it; what the document says itself, `written`, is remembered. An upstream of
    /// which nothing has changed stays the same that was given last time.
    pub(crate) fn apply(&mut self, written: &Blueprint, mut blueprint: Blueprint) -> Blueprint {
        let mut settled = HashMap::with_capacity(blueprint.upstreams.len());
        for (written, upstream) in written.upstreams.iter().zip(&mut blueprint.upstreams) {
            let name = upstream.name.clone();
            for (id, state) in self.set.of_upstream(&name) {
                let is_there = upstream.backends.iter().position(|backend| backend.id == id);
                let Some(index) = is_there else { continue };
                if let Some(backend) = Arc::make_mut(upstream).backends.get_mut(index) {
                    backend.state = manual(state);
                }
            }
            if let Some(former) = self.settled.get(&name).filter(|former| former.is_same(written, upstream)) {
                upstream.clone_from(&former.served);
            }
            let served = Arc::clone(upstream);
            settled.insert(name, Settled { written: Arc::clone(written), served });
        }
        self.settled = settled;
        blueprint
    }

    /// What the document says of a backend; `None` where it does not have it.
    pub(crate) fn written(&self, upstream: &str, id: &str) -> Option<Manual> {
        let backends = &self.settled.get(upstream)?.written.backends;
        backends.iter().find(|backend| backend.id == id).map(|backend| backend.state)
    }

    /// Remembers what a backend is set to. Where it takes requests again, as the document says too, nothing is left to
    /// be remembered.
    ///
    /// # Errors
    /// It cannot be kept; what was kept before is still there.
    pub(crate) fn set(&mut self, upstream: &str, id: &str, state: Manual) -> io::Result<()> {
        if !self.is_read {
            self.read_again()?;
        }
        let mut set = self.set.clone();
        let is_default = self.written(upstream, id).is_none_or(|written| written == Manual::Ready);
        let is_forgotten = state == Manual::Ready && is_default;
        if is_forgotten {
            set.forget(upstream, id);
        } else {
            set.set(upstream, id, document_state(state));
        }
        if let Some(file) = self.file.as_ref().filter(|_| set != self.set) {
            file.write(&set.to_text())?;
        }
        self.set = set;
        let key = (upstream.to_owned(), id.to_owned());
        if is_forgotten {
            self.forgotten.insert(key, state);
        } else {
            self.forgotten.remove(&key);
        }
        Ok(())
    }

    /// Backends of which nothing is remembered, and of which the document says something else now than the engine was told:
    /// upstreams, ids, and what the document says. The engine is taken to be told.
    pub(crate) fn take_overruled(&mut self) -> Vec<(String, String, Manual)> {
        let mut overruled = Vec::new();
        for ((upstream, id), told) in &mut self.forgotten {
            let backends = self.settled.get(upstream).map(|settled| settled.written.backends.as_slice());
            let backend = backends.unwrap_or_default().iter().find(|backend| backend.id == *id);
            if let Some(state) = backend.map(|backend| backend.state).filter(|state| state != told) {
                *told = state;
                overruled.push((upstream.clone(), id.clone(), state));
            }
        }
        overruled
    }

    /// Where they are kept; empty where they are not.
    pub(crate) fn path(&self) -> PathBuf {
        self.file.as_ref().map(|file| file.path().to_owned()).unwrap_or_default()
    }

    fn read_again(&mut self) -> io::Result<()> {
        if let Some(file) = &self.file {
            self.set = file.read()?;
        }
        self.is_read = true;
        Ok(())
    }
}

/// The engine's word for a state of the document.
pub(crate) const fn manual(state: BackendState) -> Manual {
    match state {
        BackendState::Drain => Manual::Drain { keeps_sticky: false },
        BackendState::DrainKeepSticky => Manual::Drain { keeps_sticky: true },
        BackendState::Dead => Manual::Dead,
        _ => Manual::Ready,
    }
}

const fn document_state(state: Manual) -> BackendState {
    match state {
        Manual::Ready => BackendState::Ready,
        Manual::Drain { keeps_sticky: false } => BackendState::Drain,
        Manual::Drain { keeps_sticky: true } => BackendState::DrainKeepSticky,
        Manual::Dead => BackendState::Dead,
    }
}

#[cfg(test)]
mod tests;
