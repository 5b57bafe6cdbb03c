//! What happened to one thing that is tracked: by slot within the window, and in a few bytes for each point of history.

use std::collections::VecDeque;
use std::time::Duration;

use proxy_core::Bucket;

use crate::figures::{Figures, Totals};
use crate::sketch::Sketch;
use crate::timeline::{Ended, Number, Timeline, Window};

/// What came between two looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gain {
    pub(crate) requests: u64,
    pub(crate) errors: u64,
    pub(crate) micros: u64,
    pub(crate) latencies: Vec<(Bucket, u64)>,
}

/// The slots and the points of history in which something happened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series {
    slots: VecDeque<Slot>,
    history: VecDeque<Past>,
}

#[derive(Clone, Debug)]
struct Slot {
    number: Number,
    requests: u64,
    errors: u64,
    micros: u64,
    sketch: Sketch,
}

/// A point of history.
#[derive(Clone, Copy, Debug)]
struct Past {
    number: Number,
    requests: u32,
    errors: u32,
    mean_micros: u32,
    /// Buckets; there are some where there were requests.
    percentiles: [u8; 3],
}

impl Series {
    /// Adds what came to a slot, which is the open one.
    pub(crate) fn add(&mut self, number: Number, gain: &Gain) {
        if self.slots.back().is_none_or(|slot| slot.number != number) {
            let sketch = Sketch::default();
            self.slots.reserve_exact(1);
            self.slots.push_back(Slot { number, requests: 0, errors: 0, micros: 0, sketch });
        }
        let Some(slot) = self.slots.back_mut() else { return };
        slot.requests = slot.requests.saturating_add(gain.requests);
        slot.errors = slot.errors.saturating_add(gain.errors);
        slot.micros = slot.micros.saturating_add(gain.micros);
        gain.latencies.iter().for_each(|(bucket, count)| slot.sketch.add(*bucket, *count));
    }

    /// A slot has ended: it becomes a point of history, and what is too old goes.
    pub(crate) fn close(&mut self, ended: &Ended, timeline: &Timeline) {
        let (from, oldest) = (timeline.window().from, timeline.oldest_in_history());
        while self.slots.front().is_some_and(|slot| slot.number < from) {
            self.slots.pop_front();
        }
        while self.history.front().is_some_and(|past| past.number < oldest) {
            self.history.pop_front();
        }
        if let Some(slot) = self.slots.back_mut().filter(|slot| slot.number == ended.number)
            && ended.number >= oldest
        {
            slot.sketch.close();
            // There are as many as the settings say, and ten thousand such lists: none is longer than it has to be.
            self.history.reserve_exact(1);
            self.history.push_back(Past::of(slot));
        }
    }

    /// True where nothing happened for so long that there is nothing to tell.
    pub(crate) fn is_over(&self) -> bool {
        self.slots.is_empty() && self.history.is_empty()
    }

    /// Adds what happened in a window.
    pub(crate) fn add_to(&self, totals: &mut Totals, window: Window) {
        self.slots.iter().filter(|slot| slot.number >= window.from).for_each(|slot| slot.add_to(totals));
    }

    /// The figures of a slot that has ended.
    pub(crate) fn past(&self, ended: &Ended) -> Figures {
        let window = ended.end - ended.start;
        let found = self.history.binary_search_by_key(&ended.number, |past| past.number);
        let past = found.ok().and_then(|found| self.history.get(found));
        past.map_or_else(|| Totals::default().figures(window, 0), |past| past.figures(window))
    }

    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        let sketches: usize = self.slots.iter().map(|slot| slot.sketch.bytes()).sum();
        self.slots.capacity() * size_of::<Slot>() + self.history.capacity() * size_of::<Past>() + sketches
    }
}

impl Slot {
    fn add_to(&self, totals: &mut Totals) {
        totals.requests = totals.requests.saturating_add(self.requests);
        totals.errors = totals.errors.saturating_add(self.errors);
        totals.micros = totals.micros.saturating_add(self.micros);
        self.sketch.iter().for_each(|(bucket, count)| totals.add(bucket, count));
    }
}

impl Past {
    fn of(slot: &Slot) -> Self {
        let mut totals = Totals::default();
        slot.add_to(&mut totals);
        let fitting = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        let percentiles = totals.percentiles([50, 95, 99]);
        Self {
            number: slot.number,
            requests: fitting(slot.requests),
            errors: fitting(slot.errors),
            mean_micros: fitting(totals.mean_micros().unwrap_or(0)),
            percentiles: percentiles.map(|bucket| bucket.map_or(0, |bucket| bucket.number() as u8)),
        }
    }

    fn figures(&self, window: Duration) -> Figures {
        let mut totals = Totals::default();
        (totals.requests, totals.errors) = (self.requests.into(), self.errors.into());
        let told =
            |bucket: u8| Bucket::at(usize::from(bucket)).filter(|_| self.requests > 0).map(Bucket::middle);
        let [p50, p95, p99] = self.percentiles.map(told);
        let mean = Some(Duration::from_micros(self.mean_micros.into())).filter(|_| self.requests > 0);
        Figures { mean, p50, p95, p99, ..totals.figures(window, 0) }
    }
}
