//! The names that are to have certificates, and what is due for which of them. Pure: time and random bits are arguments,
//! and somebody else does what is due.

mod entry;
mod rest;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use instant_acme::CertificateIdentifier;

pub(super) use entry::Held;
use entry::{Entry, Origin};
use rest::Rest;

use super::agenda::Agenda;
use super::failure::{Concern, Failure};
use super::renewal_info::Suggestion;
use super::schedule::{WITHOUT_WINDOWS, after};
use super::status::DomainStatus;

/// So many questions about renewal are under way at once.
const QUESTIONS_AT_ONCE: usize = 5;
/// Names that only clients came up with are no more than that.
const MOST_ON_DEMAND: usize = 10_000;
/// A name that came to nothing is forgotten when nobody has asked for it for so long since it might have been tried again.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// What holds for all names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) renew_before: Option<Duration>,
    /// How many orders one attempt may take: one for each challenge.
    pub(super) orders_an_attempt: usize,
}

/// All names.
#[derive(Debug)]
pub(super) struct Roster {
    rules: Rules,
    /// Otherwise somebody else orders.
    is_issuing: bool,
    entries: HashMap<Arc<str>, Entry>,
    /// Names whose files were not read yet.
    unread: Vec<Arc<str>>,
    orders: Agenda,
    questions: Agenda,
    ends: Agenda,
    ordering: usize,
    asking: usize,
    rest: Rest,
    /// The authority has no windows, as it said.
    no_questions_before: Option<SystemTime>,
}

/// What is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Work {
    /// A certificate is to be ordered.
    Order {
        name: Arc<str>,
        replaces: Option<CertificateIdentifier<'static>>,
        /// Only if the operator still permits it.
        asks_first: bool,
    },
    /// The authority is to be asked when to renew.
    Question { name: Arc<str>, id: CertificateIdentifier<'static> },
    /// The name is forgotten, and nothing is to be served for it.
    End { name: Arc<str> },
}

/// What an attempt came to.
#[derive(Debug)]
pub(super) struct Attempt {
    /// How many orders it took.
    pub(super) orders: usize,
    pub(super) outcome: Outcome,
}

/// What is known after an attempt.
#[derive(Debug)]
pub(super) enum Outcome {
    /// There is a certificate.
    Issued(Held),
    /// The operator does not want one for that name any more.
    Denied,
    /// There is none.
    Failed(Failure),
}

/// How it stands with a name that a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// A certificate is served.
    Held,
    /// One is about to be ordered, or is being ordered.
    Coming,
    /// It came to nothing a moment ago.
    Failed,
    /// Nothing is known, or nothing recent.
    Unknown,
}

impl Roster {
    /// No names yet, and nothing is ordered.
    pub(super) fn new(rules: Rules) -> Self {
        Self {
            rules,
            is_issuing: false,
            entries: HashMap::new(),
            unread: Vec::new(),
            orders: Agenda::default(),
            questions: Agenda::default(),
            ends: Agenda::default(),
            ordering: 0,
            asking: 0,
            rest: Rest::default(),
            no_questions_before: None,
        }
    }

    /// The operator's names from now on. Gives those that are none any more.
    pub(super) fn configure(&mut self, names: &[Arc<str>], now: SystemTime) -> Vec<Arc<str>> {
        let wanted: HashSet<&Arc<str>> = names.iter().collect();
        let is_over = |(name, entry): &(&Arc<str>, &Entry)| entry.is_configured() && !wanted.contains(name);
        let gone: Vec<Arc<str>> =
            self.entries.iter().filter(is_over).map(|(name, _)| Arc::clone(name)).collect();
        for name in &gone {
            self.remove(name);
        }
        for name in names {
            self.add(name, Origin::Configured, now);
        }
        gone
    }

    /// A name whose file is there, though the operator does not name it.
    pub(super) fn remember(&mut self, name: &Arc<str>, now: SystemTime) {
        if !self.has(name) && self.has_room() {
            self.add(name, Origin::Remembered, now);
        }
    }

    /// Has a certificate ordered for a name that a client came up with and that the operator permits. False where there
    /// are too many.
    pub(super) fn admit(&mut self, name: &Arc<str>, now: SystemTime) -> bool {
        if !self.has(name) && !self.has_room() {
            return false;
        }
        self.add(name, Origin::Admitted, now);
        true
    }

    /// Orders certificates from now on.
    pub(super) fn begin_issuing(&mut self, now: SystemTime) {
        self.is_issuing = true;
        for name in self.names() {
            self.question(&name, Some(now));
            self.file(&name, now);
        }
    }

    /// Whether certificates are ordered here.
    pub(super) const fn is_issuing(&self) -> bool {
        self.is_issuing
    }

    /// Whether there is such a name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// The names whose files are to be read.
    pub(super) fn take_unread(&mut self) -> Vec<Arc<str>> {
        std::mem::take(&mut self.unread)
    }

    /// All names.
    pub(super) fn names(&self) -> Vec<Arc<str>> {
        self.entries.keys().cloned().collect()
    }

    /// What the file of a name holds. False where the name is unknown.
    pub(super) fn read(&mut self, name: &Arc<str>, held: Option<Held>, now: SystemTime) -> bool {
        let Some(entry) = self.entries.get_mut(name) else { return false };
        entry.is_read = true;
        let is_new = held.is_some();
        if is_new {
            entry.hold(held);
        } else if entry.is_of_no_use() {
            self.remove(name);
            return false;
        }
        if is_new && self.is_issuing {
            self.question(name, Some(now));
        }
        self.file(name, now);
        true
    }

    /// How it stands with a name.
    pub(super) fn standing(&self, name: &str, now: SystemTime) -> Standing {
        let entry = self.entries.get(name);
        if entry.is_some_and(|entry| entry.is_served(now)) {
            return Standing::Held;
        }
        if entry.is_some_and(|entry| entry.is_ordering) {
            return Standing::Coming;
        }
        // Nobody waits for an authority that is away.
        if !self.rest.is_over(now) {
            return Standing::Failed;
        }
        match entry {
            Some(entry) if !entry.is_read || self.orders.time(name).is_some_and(|at| at <= now) => {
                Standing::Coming
            }
            Some(entry) if entry.earliest.is_some_and(|earliest| now < earliest) => Standing::Failed,
            _ => Standing::Unknown,
        }
    }

    /// What is due by now; one thing at a time. Whoever takes it tells what came of it.
    pub(super) fn next(&mut self, now: SystemTime) -> Option<Work> {
        if let Some(name) = self.ends.take(now) {
            self.remove(&name);
            return Some(Work::End { name });
        }
        if self.rest.is_over(now) {
            if self.ordering < self.rest.orders_at_once()
                && let Some(name) = self.orders.take(now)
            {
                return self.order(name);
            }
            let may_ask = self.no_questions_before.is_none_or(|before| before <= now);
            if may_ask
                && self.asking < QUESTIONS_AT_ONCE
                && let Some(name) = self.questions.take(now)
            {
                let id = self.entries.get(&name)?.id()?;
                self.asking += 1;
                return Some(Work::Question { name, id });
            }
        }
        None
    }

    /// When the next thing is due; `None` where nothing is before what is under way has ended.
    pub(super) fn wake(&self) -> Option<SystemTime> {
        let can_order = self.ordering < self.rest.orders_at_once();
        let can_ask = self.asking < QUESTIONS_AT_ONCE;
        let orders = self.orders.first().filter(|_| can_order).map(|at| self.rest.at(at));
        let questions = self.questions.first().filter(|_| can_ask).map(|at| self.rest.at(at));
        let questions = questions.map(|at| self.no_questions_before.map_or(at, |before| before.max(at)));
        [orders, questions, self.ends.first()].into_iter().flatten().min()
    }

    /// What an order came to.
    pub(super) fn ordered(&mut self, name: &Arc<str>, attempt: Attempt, now: SystemTime, random: u64) {
        self.ordering = self.ordering.saturating_sub(1);
        match &attempt.outcome {
            Outcome::Failed(Failure {
                concerns: Concern::Authority | Concern::Account, not_before, ..
            }) => {
                self.rest.fail(now, *not_before, random);
            }
            Outcome::Failed(Failure { concerns: Concern::Rate, .. }) => self.rest.fail(now, None, random),
            _ => self.rest.succeed(),
        }
        let Some(entry) = self.entries.get_mut(name) else { return };
        let is_issued = matches!(attempt.outcome, Outcome::Issued(_));
        entry.end(attempt, now, random);
        if is_issued {
            self.question(name, Some(now));
        }
        self.file(name, now);
    }

    /// What the authority says of renewing the certificate that has this id.
    pub(super) fn suggested(
        &mut self,
        name: &Arc<str>,
        id: &CertificateIdentifier<'static>,
        suggestion: &Suggestion,
        now: SystemTime,
    ) {
        self.asking = self.asking.saturating_sub(1);
        let again = suggestion.again();
        if again.is_none() {
            self.no_questions_before = Some(after(now, WITHOUT_WINDOWS));
        }
        let Some(entry) = self.entries.get_mut(name).filter(|entry| entry.id().as_ref() == Some(id)) else {
            return;
        };
        if let Suggestion::Window(window, _) = suggestion {
            entry.suggest(*window);
        }
        self.question(name, Some(after(now, again.unwrap_or(WITHOUT_WINDOWS))));
        self.file(name, now);
    }

    /// How the certificates are, by name.
    pub(super) fn status(&self) -> Vec<DomainStatus> {
        let status = |(name, entry): (&Arc<str>, &Entry)| {
            entry.status(name, self.orders.time(name).map(|at| self.rest.at(at)))
        };
        let mut all: Vec<DomainStatus> = self.entries.iter().map(status).collect();
        all.sort_unstable_by(|one, other| one.domain.cmp(&other.domain));
        all
    }

    /// When the next order for a name is due.
    pub(super) fn next_attempt(&self, name: &str) -> Option<SystemTime> {
        self.orders.time(name).map(|at| self.rest.at(at))
    }

    fn has_room(&self) -> bool {
        // Those of the operator do not count, but there are never more than all.
        self.entries.len() < MOST_ON_DEMAND
            || self.entries.values().filter(|entry| !entry.is_configured()).count() < MOST_ON_DEMAND
    }

    fn add(&mut self, name: &Arc<str>, origin: Origin, now: SystemTime) {
        match self.entries.get_mut(name) {
            Some(entry) => entry.want(origin),
            None => {
                self.entries.insert(Arc::clone(name), Entry::new(origin));
                self.unread.push(Arc::clone(name));
            }
        }
        self.file(name, now);
    }

    fn order(&mut self, name: Arc<str>) -> Option<Work> {
        let entry = self.entries.get_mut(&name)?;
        entry.is_ordering = true;
        self.ordering += 1;
        let (replaces, asks_first) = (entry.id(), entry.is_permission_old());
        self.ends.put(&name, None);
        Some(Work::Order { name, replaces, asks_first })
    }

    fn question(&mut self, name: &Arc<str>, at: Option<SystemTime>) {
        let has_id = self.entries.get(name).is_some_and(|entry| entry.id().is_some());
        self.questions.put(name, at.filter(|_| has_id));
    }

    /// Has the name come up when something is due.
    fn file(&mut self, name: &Arc<str>, now: SystemTime) {
        let Some(entry) = self.entries.get(name) else { return };
        let order = if self.is_issuing { entry.order_at(self.rules, now) } else { None };
        self.orders.put(name, order);
        let end = entry.ends_at(FORGOTTEN_AFTER);
        self.ends.put(name, end);
    }

    fn remove(&mut self, name: &Arc<str>) {
        self.entries.remove(name);
        self.orders.put(name, None);
        self.questions.put(name, None);
        self.ends.put(name, None);
        self.unread.retain(|unread| unread != name);
    }
}

#[cfg(test)]
mod tests;
