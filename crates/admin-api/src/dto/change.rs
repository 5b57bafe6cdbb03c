//! Plans, changes and revisions.

use control_plane::changes::{self, Difference, What};
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::with_millis;

/// What a change would do.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Plan {
    /// The revision that it is planned against.
    revision: u64,
    /// What would change.
    changes: Vec<ChangeOf>,
    /// What is under way over what would change.
    connections: Connections,
    /// What is allowed but can hardly be meant, and what stays though it is not named.
    warnings: Vec<Warning>,
}

/// What a change has done.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Applied {
    /// The revision that it became; the one that was served before where nothing changed.
    revision: u64,
    /// Whether anything changed.
    changed: bool,
    /// What changed.
    changes: Vec<ChangeOf>,
    /// Until when it waits for its confirmation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<Pending>,
    /// What is allowed but can hardly be meant.
    warnings: Vec<Warning>,
}

/// A revision that waits for its confirmation.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Pending {
    /// Its number.
    pub(crate) revision: u64,
    /// When it is taken back.
    pub(crate) until: String,
}

/// What became of one object.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ChangeOf {
    /// `section`, `certificate`, `upstream` or `route`.
    kind: &'static str,
    /// What it is known by.
    id: String,
    /// `added`, `changed` or `removed`.
    change: &'static str,
    /// Whose it is, or was: `file` or `api`.
    source: &'static str,
    /// Where it differs (RFC 6901); backends are named by their ids.
    fields: Vec<String>,
}

/// What is under way over what changes. It goes on.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Connections {
    /// Requests in flight on routes that change.
    requests_of_changed: u64,
    /// Requests in flight on routes that go.
    requests_of_removed: u64,
    /// Requests in flight on backends that go.
    requests_of_backends: u64,
    /// Clients' connections in all.
    connections: u64,
}

/// What is allowed but can hardly be meant.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Warning {
    /// Where: `routes[2].upstream`; empty where it is the whole document.
    path: String,
    /// What.
    detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

/// One accepted change.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Revision {
    /// Its number.
    revision: u64,
    /// When it was accepted.
    at: String,
    /// On whose behalf.
    by: String,
    /// How it came about: `start`, `write`, `file`, `rollback` or `revert`.
    what: &'static str,
    /// The revision that it went back to, or took back.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<u64>,
    /// Why it took another one back.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// What changed.
    changes: Vec<ChangeOf>,
    /// Until when it waits for its confirmation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<Pending>,
}

/// The number of a revision.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the schema alone is made from it")]
pub(crate) struct RevisionNumber {
    /// The number.
    revision: u64,
}

impl Plan {
    pub(crate) fn of(planned: &changes::Planned) -> Self {
        let changes::Live {
            requests_of_changed, requests_of_removed, requests_of_backends, connections, ..
        } = planned.live;
        Self {
            revision: planned.revision,
            changes: all(&planned.changes),
            connections: Connections {
                requests_of_changed,
                requests_of_removed,
                requests_of_backends,
                connections,
            },
            warnings: warnings(&planned.warnings),
        }
    }

    /// One that changes nothing.
    pub(crate) const fn of_nothing(revision: u64, connections: u64) -> Self {
        let connections = Connections {
            requests_of_changed: 0,
            requests_of_removed: 0,
            requests_of_backends: 0,
            connections,
        };
        Self { revision, changes: Vec::new(), connections, warnings: Vec::new() }
    }
}

impl Applied {
    pub(crate) fn of(applied: &changes::Applied) -> Self {
        let revision = applied.revision;
        Self {
            revision,
            changed: applied.is_changed,
            changes: all(&applied.changes),
            pending: applied.pending_until.map(|until| Pending { revision, until: with_millis(until) }),
            warnings: warnings(&applied.warnings),
        }
    }
}

impl Revision {
    pub(crate) fn of(revision: &changes::Revision) -> Self {
        let number = revision.number;
        let (of, why) = match &revision.what {
            What::RolledBack { to } => (Some(*to), None),
            What::Reverted { revision, why } => (Some(*revision), Some(why.clone())),
            _ => (None, None),
        };
        Self {
            revision: number,
            at: with_millis(revision.at),
            by: revision.by.clone(),
            what: revision.what.as_str(),
            of,
            why,
            changes: all(&revision.changes),
            pending: Pending::of(revision),
        }
    }
}

impl Pending {
    /// Of a revision that waits.
    pub(crate) fn of(revision: &changes::Revision) -> Option<Self> {
        let until = with_millis(revision.pending_until?);
        Some(Self { revision: revision.number, until })
    }
}

fn all(differences: &[Difference]) -> Vec<ChangeOf> {
    let change = |difference: &Difference| ChangeOf {
        kind: difference.key.kind.as_str(),
        id: difference.key.id.clone(),
        change: difference.kind.as_str(),
        source: difference.owner.as_str(),
        fields: difference.fields.clone(),
    };
    differences.iter().map(change).collect()
}

fn warnings(problems: &[config::Problem]) -> Vec<Warning> {
    let warning = |problem: &config::Problem| Warning {
        path: problem.path.clone(),
        detail: problem.message.clone(),
        hint: problem.hint.clone(),
    };
    problems.iter().map(warning).collect()
}
