//! What happened, in order, and what must not happen at any moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::Instant;

/// The number of a request.
pub(super) type Id = u64;

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Event {
    at: Duration,
    what: &'static str,
    one: u64,
    two: u64,
}

/// What may be in flight at most, as backends see it.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    /// Requests of the route.
    pub(super) route: Option<u32>,
    /// Requests of an upstream, whose sites these are.
    pub(super) upstreams: Vec<(Vec<usize>, u32)>,
    /// Requests at one site.
    pub(super) requests: BTreeMap<usize, u32>,
    /// The sites of the upstream that takes over.
    pub(super) spares: Vec<usize>,
    /// Connections to one site, those of probes apart.
    pub(super) connections: BTreeMap<usize, u32>,
}

#[derive(Debug)]
struct Line {
    site: usize,
    is_probe: bool,
    /// The request that the backend has in hand.
    carries: Option<Id>,
    /// The request of whose answer a part was written.
    has_begun: Option<Id>,
    /// The request that was last in hand.
    last: Option<Id>,
}

#[derive(Debug, Default)]
struct Book {
    events: Vec<Event>,
    faults: Vec<String>,
    last_line: u64,
    lines: BTreeMap<u64, Line>,
    /// How often the head of each request was written to some backend.
    sent: BTreeMap<Id, u32>,
    /// Requests whose answer a backend broke off inside its body.
    broken: BTreeSet<Id>,
}

/// The book of one run.
#[derive(Debug)]
pub(super) struct Ledger {
    began: Instant,
    rules: Rules,
    book: Mutex<Book>,
}

impl Ledger {
    pub(super) fn new(rules: Rules) -> Self {
        Self { began: Instant::now(), rules, book: Mutex::default() }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap()
    }

    /// The time since the run began.
    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Something happened.
    pub(super) fn note(&self, what: &'static str, one: u64, two: u64) {
        let at = self.now();
        self.book().events.push(Event { at, what, one, two });
    }

    /// Something happened that must not.
    pub(super) fn fault(&self, fault: impl Into<String>) {
        let fault = format!("{:?}: {}", self.now(), fault.into());
        self.book().faults.push(fault);
    }

    /// A connection came about.
    pub(super) fn opened(&self, site: usize, is_probe: bool) -> u64 {
        let mut book = self.book();
        book.last_line += 1;
        let number = book.last_line;
        book.lines.insert(number, Line { site, is_probe, carries: None, has_begun: None, last: None });
        let is_counted = |line: &&Line| line.site == site && !line.is_probe;
        let open = book.lines.values().filter(is_counted).count();
        drop(book);
        self.note("opened", number, site as u64);
        if let Some(most) = self.rules.connections.get(&site)
            && open > *most as usize
        {
            self.fault(format!("{open} connections to site {site}, which takes {most}"));
        }
        number
    }

    /// The proxy's end of a connection is gone.
    pub(super) fn closed(&self, number: u64) {
        self.book().lines.remove(&number);
        self.note("closed", number, 0);
    }

    /// The proxy has written the head of a request.
    pub(super) fn sent(&self, number: u64, id: Id) {
        let mut book = self.book();
        let before = book.sent.entry(id).or_default();
        *before += 1;
        let is_again = *before > 1;
        let is_beside = book.lines.iter().any(|(other, line)| *other != number && line.carries == Some(id));
        let is_spare = book.lines.get(&number).is_some_and(|line| self.rules.spares.contains(&line.site));
        drop(book);
        self.note("sent", number, id);
        for (what, is_so) in
            [("sent again", is_again), ("sent twice at once", is_beside), ("spared", is_spare)]
        {
            if is_so {
                self.note(what, number, id);
            }
        }
    }

    /// A backend has a request in hand.
    pub(super) fn received(&self, number: u64, id: Id) {
        let mut book = self.book();
        let Some(line) = book.lines.get_mut(&number) else { return };
        (line.carries, line.last) = (Some(id), Some(id));
        drop(book);
        self.note("received", number, id);
        self.check_limits();
    }

    /// A backend has answered, or done with a request whatever it wanted to.
    pub(super) fn answered(&self, number: u64) {
        if let Some(line) = self.book().lines.get_mut(&number) {
            (line.carries, line.has_begun) = (None, None);
        }
        self.note("answered", number, 0);
    }

    /// The connection ends on the backend's side: what it has begun to answer stays incomplete. With a reset, what it
    /// answered last may be lost, too.
    pub(super) fn cut(&self, number: u64, is_reset: bool) {
        let mut book = self.book();
        if let Some(line) = book.lines.get_mut(&number) {
            let begun = line.has_begun.take();
            let last = line.last.filter(|_| is_reset);
            line.carries = None;
            book.broken.extend(begun.into_iter().chain(last));
        }
    }

    /// A backend begins to answer a request piece by piece.
    pub(super) fn begins(&self, number: u64, id: Id) {
        if let Some(line) = self.book().lines.get_mut(&number) {
            line.has_begun = Some(id);
        }
    }

    /// A backend breaks off, or stops, inside the body of an answer.
    pub(super) fn breaks(&self, id: Id) {
        self.book().broken.insert(id);
    }

    pub(super) fn has_broken(&self, id: Id) -> bool {
        self.book().broken.contains(&id)
    }

    /// How often the head of a request was written to some backend.
    pub(super) fn times_sent(&self, id: Id) -> u32 {
        self.book().sent.get(&id).copied().unwrap_or_default()
    }

    /// Connections that stand.
    pub(super) fn open(&self) -> usize {
        self.book().lines.len()
    }

    fn check_limits(&self) {
        let book = self.book();
        let in_hand = |is_meant: &dyn Fn(usize) -> bool| {
            let meant = book.lines.values().filter(|line| is_meant(line.site));
            meant.filter_map(|line| line.carries).collect::<BTreeSet<_>>().len()
        };
        let mut faults = Vec::new();
        let mut check = |what: String, count: usize, most: u32| {
            if count > most as usize {
                faults.push(format!("{count} requests in flight {what}, where {most} may be"));
            }
        };
        if let Some(most) = self.rules.route {
            check("on the route".to_owned(), in_hand(&|_| true), most);
        }
        for (sites, most) in &self.rules.upstreams {
            check(format!("at {sites:?}"), in_hand(&|site| sites.contains(&site)), *most);
        }
        for (site, most) in &self.rules.requests {
            check(format!("at site {site}"), in_hand(&|other| other == *site), *most);
        }
        drop(book);
        faults.into_iter().for_each(|fault| self.fault(fault));
    }

    /// All that happened, and all that must not have.
    pub(super) fn close(&self) -> (Vec<Event>, Vec<String>) {
        let mut book = self.book();
        (std::mem::take(&mut book.events), std::mem::take(&mut book.faults))
    }

    /// What must not have happened.
    pub(super) fn faults(&self) -> Vec<String> {
        self.book().faults.clone()
    }

    /// How many requests a site has received.
    pub(super) fn received_at(&self, site: u64) -> usize {
        let (opened, received) = (self.when("opened"), self.when("received"));
        let lines: BTreeSet<_> =
            opened.iter().filter(|(_, _, at)| *at == site).map(|(_, line, _)| *line).collect();
        received.iter().filter(|(_, line, _)| lines.contains(line)).count()
    }

    /// What happened of that kind: when, and to whom.
    pub(super) fn when(&self, what: &str) -> Vec<(Duration, u64, u64)> {
        let book = self.book();
        let meant = book.events.iter().filter(|event| event.what == what);
        meant.map(|event| (event.at, event.one, event.two)).collect()
    }
}
