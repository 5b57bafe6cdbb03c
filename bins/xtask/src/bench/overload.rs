//! What is left of a backend's work when three times as much is asked of it.
//!
//! The backend works on a few requests at a time and lets the others wait. Clients give up after a second. A
//! proxy that passes everything on has the backend work for clients that are gone; one that limits what it
//! passes on keeps the answers in time, and tells the others at once.

mod report;

use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;

use super::built::Built;
use super::load::{Order, Surge, Tally, Wave};
use super::options::BenchOptions;
use super::scenario::Scenario;
use super::stage::{Backend, Load, Pace, Proxy, Work};
use super::subject::Subject;

/// What the backend is like.
const BACKEND: Pace = Pace { delay: Duration::from_millis(5), at_a_time: Some(8) };

/// Seconds of a closed loop before its throughput counts.
const WARM_UP: f64 = 0.25;

/// Requests that find out when the backend has done everything that was asked before.
const LAST_IN_LINE: u64 = 8;

/// Seconds of a surge before requests count: the queues are full by then, wherever they are.
const LEAD_IN: f64 = 2.0;

/// Seconds of a surge in which requests count, for each second of the closed loop.
const WINDOW: f64 = 6.0;

/// Seconds after which clients give up.
const PATIENCE: f64 = 1.0;

/// How much more than the peak is asked for in the second surge.
const OVERLOAD: f64 = 3.0;

/// One proxy's figures.
#[derive(Clone, Debug, Serialize)]
struct Series {
    subject: Subject,
    rounds: Vec<Round>,
}

/// One round of one proxy.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Round {
    /// Answers per second to as many clients as the backend works for, each of which waits for its answer.
    peak: f64,
    /// With as many requests as that.
    once: Phase,
    /// With three times as many.
    thrice: Phase,
}

/// One surge.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Phase {
    /// Answers with 200 in time, per second.
    goodput: f64,
    /// How long they took.
    p50_us: f64,
    p99_us: f64,
    /// What became of the other requests.
    others: Surge,
}

struct Runner {
    load: Load,
    series: Series,
    _proxy: Proxy,
    _backend: [Backend; 1],
}

/// Measures `subjects`, prints the table and writes the file. A round is long, so there is a third of the
/// rounds of other scenarios.
///
/// # Errors
/// When something does not start, or a request fails while nothing is overloaded.
pub(crate) fn measure(built: &Built, subjects: &[Subject], options: &BenchOptions) -> Result<()> {
    let mut runners =
        subjects.iter().map(|subject| Runner::start(built, *subject)).collect::<Result<Vec<_>>>()?;
    for round in 0..options.rounds.div_ceil(3) {
        let mut order: Vec<_> = runners.iter_mut().collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for runner in order {
            runner
                .round(options.seconds)
                .with_context(|| format!("{}, round {round}", runner.series.subject))?;
        }
    }
    let series: Vec<_> = runners.into_iter().map(|runner| runner.series).collect();
    report::print(&series, options.seconds);
    super::report::write(built, Scenario::Overload.name(), &series)
}

impl Runner {
    /// Each proxy has a backend of its own: what one leaves undone is not the next one's to wait for.
    fn start(built: &Built, subject: Subject) -> Result<Self> {
        let scenario = Scenario::Overload;
        let work = Work::new(scenario, subject);
        let backend = [Backend::start(built, scenario, Some(BACKEND))?];
        let proxy = Proxy::start(built, work, &backend, &<[_]>::to_vec)?;
        let load = Load::start(built, work, proxy.port)?;
        Ok(Self { load, series: Series { subject, rounds: Vec::new() }, _proxy: proxy, _backend: backend })
    }

    fn round(&mut self, seconds: f64) -> Result<()> {
        self.drain()?;
        self.load.order(Order::Burst { seconds: WARM_UP, rate: None }).context("warm-up")?;
        let tally = self.load.order(Order::Burst { seconds, rate: None })?;
        let peak = tally.requests as f64 / tally.seconds;
        let once = self.surge(peak, seconds)?;
        self.drain()?;
        let thrice = self.surge(peak * OVERLOAD, seconds)?;
        self.series.rounds.push(Round { peak, once, thrice });
        Ok(())
    }

    /// Waits until everything that was asked before is done. The backend works in the order of arrival.
    fn drain(&mut self) -> Result<()> {
        self.load.order(Order::Connect)?;
        self.load.order(Order::Count { requests: LAST_IN_LINE }).context("after a surge").map(|_| ())
    }

    fn surge(&mut self, rate: f64, seconds: f64) -> Result<Phase> {
        let (rate, seconds) = (rate.round() as u32, seconds * WINDOW);
        let wave = Wave { rate, lead_in: LEAD_IN, seconds, patience: PATIENCE };
        self.load.order(Order::Surge(wave)).map(Phase::from)
    }
}

impl From<Tally> for Phase {
    fn from(tally: Tally) -> Self {
        let Tally { requests, seconds, p50_us, p99_us, surge, .. } = tally;
        Self { goodput: requests as f64 / seconds, p50_us, p99_us, others: surge.unwrap_or_default() }
    }
}
