//! What an agent beside a backend says of it: HAProxy's agent check.

mod line;
mod state;

#[cfg(test)]
mod tests;

pub use line::parse;
pub use state::AgentState;

/// What one line of an agent says. What it does not speak of stays as it was.
///
/// HAProxy's `agent-check` (its `configuration.txt`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The weight as a percentage of the configured one (`75%`, `weight:75%`), 0 to 25,600. Zero drains.
    /// Never set together with `weight`.
    pub weight_percent: Option<u32>,
    /// The weight itself (`weight:5`), 0 to 65,535. Zero drains.
    pub weight: Option<u32>,
    /// The most connections or requests at once (`maxconn:30`).
    pub max_connections: Option<u32>,
    /// What an operator wants, through the agent.
    pub admin: Option<Admin>,
    /// How the service is.
    pub operational: Option<Operational>,
    /// Why, for people: the printable ASCII after `#`; what is not printable is `?`.
    pub reason: Option<String>,
}

/// What an operator wants of a backend, as its agent says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Admin {
    /// It gets requests (`ready`).
    Ready,
    /// It gets no new requests but those of clients that are bound to it (`drain`).
    Drain,
    /// It gets none at all, and is not checked (`maint`).
    Maint,
}

/// How a service is, as its agent says. All but `Up` mean that it is down; they differ for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operational {
    /// It works (`up`), as far as the agent can tell.
    Up,
    /// It does not work (`down`).
    Down,
    /// It runs but fails its tests (`fail`).
    Fail,
    /// It was stopped on purpose (`stopped`).
    Stopped,
}
