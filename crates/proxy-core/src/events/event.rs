//! An event.

use std::sync::Arc;
use std::time::SystemTime;

use super::value::Facts;
use super::{
    BackendMarked, BackendSet, CertificateExpiring, CertificateFailed, CertificateReplaced, CircuitState,
    CircuitTurned, Kind, ListenerExhausted, ReloadFailed, RequestCompleted, RevisionTurn, RevisionTurned,
    UpstreamResolved, Value, WorkerReplaced,
};

/// Something that has happened. Cheap to clone. There is nothing secret in it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A request has ended, whichever way.
    RequestCompleted(Arc<RequestCompleted>),
    /// A backend gets requests, or gets none, for a cause that was found.
    BackendMarked(Arc<BackendMarked>),
    /// Somebody has set what they want of a backend.
    BackendSet(Arc<BackendSet>),
    /// A name in an upstream has other addresses.
    UpstreamResolved(Arc<UpstreamResolved>),
    /// A circuit has opened, lets a request through to see, or has closed.
    CircuitTurned(Arc<CircuitTurned>),
    /// A worker has died, and another one takes its place.
    WorkerReplaced(Arc<WorkerReplaced>),
    /// The system has no means for another connection.
    ListenerExhausted(Arc<ListenerExhausted>),
    /// Something became of a revision of the document.
    RevisionTurned(Arc<RevisionTurned>),
    /// The file could not be taken in: what was served before is served on.
    ReloadFailed(Arc<ReloadFailed>),
    /// A certificate is served from now on, in place of a former one of the same id where there was one.
    CertificateReplaced(Arc<CertificateReplaced>),
    /// A certificate ends soon, or has ended.
    CertificateExpiring(Arc<CertificateExpiring>),
    /// A certificate could not be read or had.
    CertificateFailed(Arc<CertificateFailed>),
}

impl Event {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::RequestCompleted(_) => Kind::RequestCompleted,
            Self::BackendMarked(_) => Kind::BackendMarked,
            Self::BackendSet(_) => Kind::BackendSet,
            Self::UpstreamResolved(_) => Kind::UpstreamResolved,
            Self::CircuitTurned(turned) => match turned.state {
                CircuitState::Open => Kind::CircuitOpened,
                CircuitState::HalfOpen => Kind::CircuitHalfOpen,
                CircuitState::Closed => Kind::CircuitClosed,
            },
            Self::WorkerReplaced(_) => Kind::WorkerReplaced,
            Self::ListenerExhausted(_) => Kind::ListenerExhausted,
            Self::RevisionTurned(turned) => match turned.turn {
                RevisionTurn::Applied => Kind::RevisionApplied,
                RevisionTurn::Confirmed => Kind::RevisionConfirmed,
                RevisionTurn::Reverted => Kind::RevisionReverted,
                RevisionTurn::Refused => Kind::RevisionRefused,
            },
            Self::ReloadFailed(_) => Kind::ConfigReloadFailed,
            Self::CertificateReplaced(_) => Kind::CertificateReplaced,
            Self::CertificateExpiring(_) => Kind::CertificateExpiring,
            Self::CertificateFailed(_) => Kind::CertificateFailed,
        }
    }

    /// When it happened.
    #[must_use]
    pub fn at(&self) -> SystemTime {
        self.facts().at()
    }

    /// Shows each field that has something to say, but for the time: its stable name in camelCase, and its value.
    pub fn fields(&self, visit: &mut dyn FnMut(&'static str, Value<'_>)) {
        self.facts().each(visit);
    }

    fn facts(&self) -> &dyn Facts {
        match self {
            Self::RequestCompleted(facts) => &**facts,
            Self::BackendMarked(facts) => &**facts,
            Self::BackendSet(facts) => &**facts,
            Self::UpstreamResolved(facts) => &**facts,
            Self::CircuitTurned(facts) => &**facts,
            Self::WorkerReplaced(facts) => &**facts,
            Self::ListenerExhausted(facts) => &**facts,
            Self::RevisionTurned(facts) => &**facts,
            Self::ReloadFailed(facts) => &**facts,
            Self::CertificateReplaced(facts) => &**facts,
            Self::CertificateExpiring(facts) => &**facts,
            Self::CertificateFailed(facts) => &**facts,
        }
    }
}
