//! Whether a limit falls in vain. Pure.

/// A limit has fallen that is at this share of where it began.
const FALLEN: f64 = 0.7;
/// Latencies that are still this share of what they were have not followed. Where requests in flight are the cause,
/// they fall as the limit does.
const FOLLOWED: f64 = 0.8;

/// Where a limit began to fall, and the latency in nanoseconds under it.
#[derive(Clone, Copy, Debug)]
struct Top {
    limit: f64,
    latency: f64,
}

/// The present fall of a limit, if it falls.
#[derive(Debug, Default)]
pub(super) struct Fall {
    top: Option<Top>,
}

impl Fall {
    /// The limit goes from `before` to `after`, as the latency under the former was that.
    pub(super) fn follow(&mut self, before: f64, after: f64, latency: f64) {
        if after < before {
            self.top.get_or_insert(Top { limit: before, latency });
        } else {
            self.top = None;
        }
    }

    /// True where the limit has fallen far, and the latency, measured under it, has not. From there on another
    /// fall is judged.
    pub(super) fn is_in_vain(&mut self, limit: f64, latency: f64) -> bool {
        let Some(top) = self.top else { return false };
        let has_fallen = limit <= top.limit * FALLEN;
        // While latencies still rise, nothing has had time to follow.
        if has_fallen || latency > top.latency {
            self.top = Some(Top { limit, latency });
        }
        has_fallen && latency >= top.latency * FOLLOWED
    }
}

#[cfg(test)]
mod tests;
