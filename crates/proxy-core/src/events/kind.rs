//! What kinds of events there are.

use std::fmt;

/// A kind of event. Its name is stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// `request.completed`
    RequestCompleted,
    /// `backend.marked`
    BackendMarked,
    /// `backend.set`
    BackendSet,
    /// `upstream.resolved`
    UpstreamResolved,
    /// `circuit.opened`
    CircuitOpened,
    /// `circuit.half_open`
    CircuitHalfOpen,
    /// `circuit.closed`
    CircuitClosed,
    /// `worker.replaced`
    WorkerReplaced,
    /// `listener.exhausted`
    ListenerExhausted,
    /// `revision.applied`
    RevisionApplied,
    /// `revision.confirmed`
    RevisionConfirmed,
    /// `revision.reverted`
    RevisionReverted,
    /// `revision.refused`
    RevisionRefused,
    /// `config.reload_failed`
    ConfigReloadFailed,
    /// `certificate.replaced`
    CertificateReplaced,
    /// `certificate.expiring`
    CertificateExpiring,
    /// `certificate.failed`
    CertificateFailed,
}

impl Kind {
    /// All kinds, in no particular order.
    pub const ALL: &'static [Self] = &[
        Self::RequestCompleted,
        Self::BackendMarked,
        Self::BackendSet,
        Self::UpstreamResolved,
        Self::CircuitOpened,
        Self::CircuitHalfOpen,
        Self::CircuitClosed,
        Self::WorkerReplaced,
        Self::ListenerExhausted,
        Self::RevisionApplied,
        Self::RevisionConfirmed,
        Self::RevisionReverted,
        Self::RevisionRefused,
        Self::ConfigReloadFailed,
        Self::CertificateReplaced,
        Self::CertificateExpiring,
        Self::CertificateFailed,
    ];

    /// Its stable name: what it is about, a dot, and what has happened.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RequestCompleted => "request.completed",
            Self::BackendMarked => "backend.marked",
            Self::BackendSet => "backend.set",
            Self::UpstreamResolved => "upstream.resolved",
            Self::CircuitOpened => "circuit.opened",
            Self::CircuitHalfOpen => "circuit.half_open",
            Self::CircuitClosed => "circuit.closed",
            Self::WorkerReplaced => "worker.replaced",
            Self::ListenerExhausted => "listener.exhausted",
            Self::RevisionApplied => "revision.applied",
            Self::RevisionConfirmed => "revision.confirmed",
            Self::RevisionReverted => "revision.reverted",
            Self::RevisionRefused => "revision.refused",
            Self::ConfigReloadFailed => "config.reload_failed",
            Self::CertificateReplaced => "certificate.replaced",
            Self::CertificateExpiring => "certificate.expiring",
            Self::CertificateFailed => "certificate.failed",
        }
    }

    #[inline]
    pub(super) const fn bit(self) -> u64 {
        1 << self as u64
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
