//! What an agent has said up to now.

use super::{Admin, Operational, Report};

/// What an agent has said of its backend up to now.
///
/// Holds the agent's own word alone, so that only the agent can take it back: `up` undoes an earlier `down`
/// of the agent and never a verdict of checks, `ready` undoes an earlier `drain` or `maint` of the agent
/// and never one of an operator. Whoever uses it puts the three together: a backend gets requests if all
/// allow it. An agent that cannot be reached says nothing, which changes nothing. (HAProxy's rules.)
///
/// ```
/// use health::agent::{AgentState, parse};
///
/// let mut agent = AgentState::default();
/// assert!(agent.apply(&parse(b"down 50% # disk full")));
/// assert!(agent.is_down() && agent.reason() == Some("disk full"));
/// assert!(agent.apply(&parse(b"up")));
/// assert_eq!((agent.is_down(), agent.weight(10)), (false, 5));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AgentState {
    weight: Weight,
    max_connections: Option<u32>,
    admin: Option<Admin>,
    operational: Option<Operational>,
    reason: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Weight {
    #[default]
    AsConfigured,
    Percent(u32),
    Absolute(u32),
}

impl AgentState {
    /// Takes in a report. Whether something changed by it.
    pub fn apply(&mut self, report: &Report) -> bool {
        let before = self.clone();
        if let Some(percent) = report.weight_percent {
            self.weight = Weight::Percent(percent);
        } else if let Some(weight) = report.weight {
            self.weight = Weight::Absolute(weight);
        }
        self.max_connections = report.max_connections.or(self.max_connections);
        self.admin = report.admin.or(self.admin);
        // The reason belongs to how the service is, and goes with it.
        if report.operational.is_some() {
            self.operational = report.operational;
            self.reason.clone_from(&report.reason);
        }
        *self != before
    }

    /// Whether the agent says that the service is down.
    #[must_use]
    pub const fn is_down(&self) -> bool {
        matches!(self.operational, Some(Operational::Down | Operational::Fail | Operational::Stopped))
    }

    /// How the service is, if the agent ever said.
    #[must_use]
    pub const fn operational(&self) -> Option<Operational> {
        self.operational
    }

    /// What an operator wants through the agent; ready if nothing was said.
    #[must_use]
    pub fn admin(&self) -> Admin {
        self.admin.unwrap_or(Admin::Ready)
    }

    /// The weight of a backend that was configured with this one, 0 to 65,535; zero drains.
    ///
    /// A percentage is rounded up, so that only 0 % drains. (HAProxy rounds down, and drains at half of a
    /// weight of 1.)
    #[must_use]
    pub fn weight(&self, configured: u32) -> u32 {
        match self.weight {
            Weight::AsConfigured => configured,
            Weight::Absolute(weight) => weight,
            Weight::Percent(percent) => {
                let share = (u64::from(configured) * u64::from(percent)).div_ceil(100);
                u32::try_from(share).unwrap_or(u32::MAX).min(u16::MAX.into())
            }
        }
    }

    /// What is left of the weight of a backend that was configured with this one, in percent, rounded up: finer than
    /// [`weight`](Self::weight), where that is small. More than 100 where the agent asks for more.
    #[must_use]
    pub fn percent(&self, configured: u32) -> u32 {
        match self.weight {
            Weight::AsConfigured => 100,
            Weight::Percent(percent) => percent,
            Weight::Absolute(weight) => {
                let percent = (u64::from(weight) * 100).div_ceil(u64::from(configured.max(1)));
                u32::try_from(percent).unwrap_or(u32::MAX)
            }
        }
    }

    /// The most connections or requests at once, if the agent ever said.
    #[must_use]
    pub const fn max_connections(&self) -> Option<u32> {
        self.max_connections
    }

    /// Why, for people, if the agent said so when it last said how the service is.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}
