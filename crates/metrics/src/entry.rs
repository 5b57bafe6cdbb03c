//! One thing that is counted: how far its counters had come, and what happened since.

use std::time::Duration;

use proxy_core::{Latencies, Statistics};

use crate::series::{Gain, Series};
use crate::timeline::{Ended, Number, Timeline};

/// Something that is idle takes three words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry {
    /// How many had ended at the last look.
    requests: u64,
    /// The counters at the last look at which they had moved; none where they were at nought.
    before: Option<Box<Before>>,
    series: Option<Box<Series>>,
}

/// How far counters had come.
#[derive(Clone, Debug)]
struct Before {
    errors: u64,
    time: Duration,
    latencies: Latencies,
}

impl Before {
    fn of(counted: Statistics) -> Self {
        Self { errors: counted.errors(), time: counted.time, latencies: counted.latencies }
    }
}

impl Entry {
    /// Its counters say that already, or are at nought. What happened to it before is not forgotten.
    pub(crate) fn begin_at(&mut self, counted: Option<Statistics>) {
        self.requests = counted.as_ref().map_or(0, Statistics::requests);
        self.before = counted.map(|counted| Box::new(Before::of(counted)));
    }

    /// Takes up what came since the last look, where something did. `requests` is cheap, `counted` is not.
    pub(crate) fn look(
        &mut self,
        number: Number,
        requests: u64,
        counted: impl FnOnce() -> Statistics,
    ) -> Option<Gain> {
        if requests == self.requests {
            return None;
        }
        let counted = counted();
        if counted.requests() < self.requests {
            // They began again at nought.
            (self.requests, self.before) = (0, None);
        }
        let gain = self.gain(&counted);
        // What ended between the cheap reading and the other is taken up here, too.
        self.requests = counted.requests();
        self.before = Some(Box::new(Before::of(counted)));
        self.add(number, &gain);
        Some(gain)
    }

    /// Adds what came to it from elsewhere.
    pub(crate) fn add(&mut self, number: Number, gain: &Gain) {
        self.series.get_or_insert_default().add(number, gain);
    }

    fn gain(&self, counted: &Statistics) -> Gain {
        let requests = counted.requests().saturating_sub(self.requests);
        let (errors, time) = (counted.errors(), counted.time);
        let in_micros = |time: Duration| time.as_micros().try_into().unwrap_or(u64::MAX);
        match &self.before {
            None => Gain {
                requests,
                errors,
                micros: in_micros(time),
                latencies: counted.latencies.iter().collect(),
            },
            Some(before) => Gain {
                requests,
                errors: errors.saturating_sub(before.errors),
                micros: in_micros(time.saturating_sub(before.time)),
                latencies: counted.latencies.minus(&before.latencies).iter().collect(),
            },
        }
    }

    /// A slot has ended.
    pub(crate) fn close(&mut self, ended: &Ended, timeline: &Timeline) {
        let Some(series) = &mut self.series else { return };
        series.close(ended, timeline);
        if series.is_over() {
            self.series = None;
        }
    }

    /// What happened, where something did.
    pub(crate) fn series(&self) -> Option<&Series> {
        self.series.as_deref()
    }

    /// True where it has neither windows nor history.
    #[cfg(test)]
    pub(crate) fn is_idle(&self) -> bool {
        self.series.is_none()
    }

    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        let before = self.before.as_ref().map_or(0, |before| {
            let buckets: Vec<usize> = before.latencies.iter().map(|(bucket, _)| bucket.number()).collect();
            let range = buckets.last().zip(buckets.first()).map_or(0, |(last, first)| last + 1 - first);
            size_of::<Before>() + range * size_of::<u64>()
        });
        let series = self.series.as_ref().map_or(0, |series| size_of::<Series>() + series.bytes());
        size_of::<Self>() + before + series
    }
}

#[cfg(test)]
mod tests;
