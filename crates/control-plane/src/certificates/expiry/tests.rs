use std::time::{Duration, SystemTime};

use tls_sni::Served;

use super::{Validity, Warning, Watchman, warning_due};
use crate::certificates::made::{DAY, lasting, now};
use crate::certificates::notice::Notice;

/// What is told, and how many days before the end, when a certificate is looked at every hour.
fn told(lifetime: Duration) -> Vec<(Warning, u64)> {
    let from = SystemTime::UNIX_EPOCH;
    let validity = Validity { from, until: from + lifetime };
    let (mut last, mut all) = (None, Vec::new());
    let hours = u32::try_from(lifetime.as_secs() / 3600).unwrap() + 48;
    for hour in 0..hours {
        let now = from + hour * DAY / 24;
        if let Some(warning) = warning_due(validity, now, last) {
            all.push((
                warning,
                validity.until.duration_since(now).unwrap_or_default().as_secs() / DAY.as_secs(),
            ));
            last = Some(warning);
        }
    }
    all
}

#[test]
fn each_warning_is_told_once_in_its_time() {
    use Warning::{Day, Expired, Fortnight, Month, ThreeDays, Week};
    let usual = [(Month, 30), (Fortnight, 14), (Week, 7), (ThreeDays, 3), (Day, 1), (Expired, 0)];
    assert_eq!(told(90 * DAY), usual);
    assert_eq!(told(398 * DAY), usual);
    // Nobody is told of the end of what is half new.
    assert_eq!(told(47 * DAY), usual[1..]);
    assert_eq!(told(6 * DAY), usual[4..]);
    assert_eq!(told(DAY), usual[5..]);
}

#[test]
fn what_is_found_late_is_told_once() {
    let validity = Validity { from: now() - 85 * DAY, until: now() + 5 * DAY };
    assert_eq!(warning_due(validity, now(), None), Some(Warning::Week));
    assert_eq!(warning_due(validity, now(), Some(Warning::Week)), None);
    assert_eq!(warning_due(validity, now() + 2 * DAY, Some(Warning::Week)), Some(Warning::ThreeDays));
    assert_eq!(warning_due(validity, now() + 9 * DAY, Some(Warning::Week)), Some(Warning::Expired));
    assert_eq!(warning_due(validity, now() + 9 * DAY, Some(Warning::Expired)), None);
    // A clock that was set back tells nothing again.
    assert_eq!(warning_due(validity, now(), Some(Warning::Expired)), None);
}

#[test]
fn a_certificate_is_told_of_once_wherever_it_is_served() {
    let one = Served::new(lasting("a.test", now() - 85 * DAY, now() + 5 * DAY).certificate());
    let other = Served::new(lasting("a.test", now() - DAY, now() + 89 * DAY).certificate());
    let (a, b) = (("file:a".to_owned(), one.clone()), ("acme:a".to_owned(), one));
    let mut watchman = Watchman::default();
    let told = watchman.look(&[a.clone(), b.clone()], now());
    let [Notice::Ending { id, warning, .. }] = &*told else { panic!("{told:?}") };
    assert_eq!((id.as_str(), *warning), ("file:a", Warning::Week));
    assert_eq!(watchman.look(&[b.clone(), a.clone()], now() + DAY), []);
    // Its renewal is another one, and has its own time.
    assert_eq!(watchman.look(&[("file:a".into(), other.clone())], now() + DAY), []);
    assert_eq!(watchman.look(&[("file:a".into(), other)], now() + 60 * DAY).len(), 1);
    // What is gone is forgotten.
    assert_eq!(watchman.look(&[a], now() + DAY).len(), 1);
}
