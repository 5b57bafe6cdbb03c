//! Random bits as numbers and times.

use std::time::Duration;

/// A number from 0 up to, but not including, 1. The upper 53 bits are what an f64 holds exactly.
pub(crate) fn unit(entropy: u64) -> f64 {
    (entropy >> 11) as f64 / (1_u64 << 53) as f64
}

/// A share as it may be: 0 to 1. What is no number is 0.
pub(crate) const fn share(share: f64) -> f64 {
    if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
}

/// A time multiplied by a number that is not negative; the longest time if it is longer than any.
pub(crate) fn scale(time: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(time.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

/// A time shortened at random by up to a share of itself.
pub(crate) fn shorten(time: Duration, jitter: f64, entropy: u64) -> Duration {
    scale(time, 1.0 - share(jitter) * unit(entropy)).min(time)
}
