//! Why a backend gets no requests: several causes may hold at the same time, each taken back by its own hand.

use std::fmt;

/// A set of causes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outage(u32);

/// A name for each cause, in the order in which they are told.
const NAMES: [(Outage, &str); 9] = [
    (Outage::MANUAL, "set_dead"),
    (Outage::DRAIN, "draining"),
    (Outage::DRAIN_STICKY, "draining_keeps_sticky"),
    (Outage::CONNECT, "connect_failed"),
    (Outage::CHECK, "check_failed"),
    (Outage::AGENT, "agent_down"),
    (Outage::AGENT_DRAIN, "agent_drain"),
    (Outage::EJECTED, "ejected"),
    (Outage::CIRCUIT, "circuit_open"),
];

impl Outage {
    /// Connects fail.
    pub const CONNECT: Self = Self(1);
    /// Active checks fail.
    pub const CHECK: Self = Self(1 << 1);
    /// Its agent says that it is down, or in maintenance.
    pub const AGENT: Self = Self(1 << 2);
    /// Its agent asks for no new requests.
    pub const AGENT_DRAIN: Self = Self(1 << 3);
    /// Its answers were bad too often.
    pub const EJECTED: Self = Self(1 << 4);
    /// Its circuit is open.
    pub const CIRCUIT: Self = Self(1 << 5);
    /// Somebody has set it dead.
    pub const MANUAL: Self = Self(1 << 6);
    /// Somebody drains it.
    pub const DRAIN: Self = Self(1 << 7);
    /// Somebody drains it, but clients that stick to it keep it.
    pub const DRAIN_STICKY: Self = Self(1 << 8);

    /// Those of people and agents: they say nothing of the health of a set.
    pub(crate) const BY_WISH: Self =
        Self(Self::AGENT_DRAIN.0 | Self::MANUAL.0 | Self::DRAIN.0 | Self::DRAIN_STICKY.0);

    pub(crate) const fn of(bits: u32) -> Self {
        Self(bits)
    }

    pub(crate) const fn bits(self) -> u32 {
        self.0
    }

    /// True where nothing keeps it from getting requests.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// True where one of these is among the causes.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// True where nothing else than these is among the causes.
    pub(crate) const fn is_within(self, others: Self) -> bool {
        self.0 & !others.0 == 0
    }

    /// True where there is another cause than draining.
    pub const fn is_death(self) -> bool {
        !self.is_within(Self(Self::AGENT_DRAIN.0 | Self::DRAIN.0 | Self::DRAIN_STICKY.0))
    }

    /// These and those.
    pub(crate) const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// The causes' names, in snake_case.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().filter(move |(outage, _)| self.has(*outage)).map(|(_, name)| name)
    }
}

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.names().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_come_and_go_each_by_itself() {
        let both = Outage::of(Outage::EJECTED.bits() | Outage::MANUAL.bits());
        assert_eq!(both.to_string(), "set_dead ejected");
        assert!(both.has(Outage::MANUAL) && both.has(Outage::EJECTED) && !both.has(Outage::DRAIN));
        assert!(!both.is_within(Outage::BY_WISH) && Outage::DRAIN.is_within(Outage::BY_WISH));
        assert!(both.is_death() && !Outage::DRAIN.is_death() && !Outage::default().is_death());
        assert!(Outage::default().is_none() && Outage::default().to_string().is_empty());
    }

    #[test]
    fn every_cause_has_a_bit_and_a_name_of_its_own() {
        let all = NAMES.iter().fold(0, |all, (outage, _)| {
            assert_eq!(all & outage.bits(), 0);
            all | outage.bits()
        });
        assert_eq!(Outage::of(all).names().count(), NAMES.len());
    }
}
