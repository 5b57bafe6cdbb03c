//! The two clocks of a thread: the time of day as text, made once a second, and random words.

use std::cell::Cell;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::trace::RequestId;

thread_local! {
    static BASE: Cell<Option<(Instant, u64)>> = const { Cell::new(None) };
    static DATE: Cell<(u64, [u8; 29])> = const { Cell::new((0, [0; 29])) };
}

/// This moment. The runtime's clock: the system's own, unless a test has stopped it.
#[inline]
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// How long ago that was.
#[inline]
pub(crate) fn since(moment: Instant) -> Duration {
    now().saturating_duration_since(moment)
}

/// Milliseconds since 1970.
#[inline]
pub(crate) fn unix_millis() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64
}

/// The time of day at `moment`, in milliseconds since 1970. The system is asked once a second only: a request has
/// read one clock already.
#[inline]
fn unix_millis_at(moment: Instant) -> u64 {
    if let Some((base, millis)) = BASE.get()
        && let Some(since) = moment.checked_duration_since(base)
        && since < Duration::from_secs(1)
    {
        return millis + since.as_millis() as u64;
    }
    let millis = unix_millis();
    BASE.set(Some((moment, millis)));
    millis
}

/// A fresh request id for a request that began at `began`.
#[inline]
pub(crate) fn request_id(began: Instant) -> RequestId {
    let mut entropy = [0; 10];
    let (high, low) = (fastrand::u64(..).to_le_bytes(), fastrand::u16(..).to_le_bytes());
    for (place, byte) in entropy.iter_mut().zip(high.into_iter().chain(low)) {
        *place = byte;
    }
    RequestId::made(unix_millis_at(began), &entropy)
}

/// The value of Date now. RFC 9110 section 5.6.7.
pub(crate) fn date() -> [u8; 29] {
    let second = unix_millis() / 1000;
    let (of, text) = DATE.get();
    if of == second {
        return text;
    }
    let written = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(second));
    let mut text = [b' '; 29];
    for (place, byte) in text.iter_mut().zip(written.bytes()) {
        *place = byte;
    }
    DATE.set((second, text));
    text
}
