use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{Head, confirmation, layers, record, to_confirmation, to_layers, to_record};
use crate::store::frame::frame;
use crate::store::layers::{Entry, Layer, Layers, ObjectChange};
use crate::store::record::{Confirmation, Record, What};
use config::{Key, Kind};

fn object(value: &Value) -> Vec<ObjectChange> {
    let entry = |sequence| Some(Entry { sequence, value: Arc::new(value.clone()) });
    let key = |kind, id: &str| Key { kind, id: id.to_owned() };
    vec![
        ObjectChange { key: key(Kind::Section, "acme"), layer: Layer::File, after: entry(0) },
        ObjectChange { key: key(Kind::Certificate, "a.test"), layer: Layer::Api, after: None },
        ObjectChange { key: key(Kind::Upstream, "\"\u{0}\\é"), layer: Layer::Api, after: entry(u64::MAX) },
        ObjectChange { key: key(Kind::Route, ""), layer: Layer::File, after: entry(7) },
    ]
}

fn some(what: What, value: &Value) -> Record {
    Record {
        number: 42,
        parent: 41,
        at: UNIX_EPOCH + Duration::from_millis(1_700_000_000_123),
        by: "somebody".into(),
        what,
        summary: "two \"routes\"\n".into(),
        changes: object(value),
        confirm_until: Some(UNIX_EPOCH + Duration::from_millis(1_700_000_060_123)),
        confirmed: None,
        file_digest: Some("abc".into()),
        pinned_from: None,
    }
}

fn head() -> Head {
    Head { number: 41, checksum: frame(b"something").1 }
}

#[track_caller]
fn check(written: &Record) {
    let body = to_record(written, head()).unwrap();
    assert_eq!(record(&body), Some((written.clone(), head())), "{}", String::from_utf8_lossy(&body));
}

#[test]
fn records_of_each_kind_are_read_as_they_were_written() {
    check(&some(What::Start, &json!(null)));
    check(&some(What::Write, &json!({ "a": [true, "x", -1, 1.5e300] })));
    check(&some(What::File, &json!([])));
    check(&some(What::Rollback { to: 7 }, &json!("x")));
    check(&some(What::Reverted { number: 41, why: "nobody confirmed it".into() }, &json!(0)));
    check(&Record {
        changes: Vec::new(),
        confirm_until: None,
        file_digest: None,
        pinned_from: Some("old".into()),
        ..some(What::Write, &json!(null))
    });
}

#[test]
fn numbers_are_the_same_to_their_last_bit() {
    for number in [0.1 + 0.2, 1.0 / 3.0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 9.5e-5] {
        check(&some(What::Write, &json!(number)));
    }
    for seed in 0..2_000_u64 {
        let number = f64::from_bits(fastrand::Rng::with_seed(seed).u64(..));
        if number.is_finite() {
            check(&some(What::Write, &json!(number)));
        }
    }
}

#[test]
fn what_could_not_be_read_again_is_not_written() {
    let deep = |depth| (0..depth).fold(json!(1), |value, _| json!([value]));
    check(&some(What::Write, &deep(100)));
    assert!(to_record(&some(What::Write, &deep(130)), head()).is_err());
    // What a record holds, a checkpoint holds.
    let deepest = (100..130).rev().find(|depth| to_record(&some(What::Write, &deep(*depth)), head()).is_ok());
    check(&some(What::Write, &deep(deepest.unwrap())));
    let far = UNIX_EPOCH + Duration::from_secs(300_000_000_000);
    assert!(to_record(&Record { at: far, ..some(What::Write, &json!(1)) }, head()).is_err());
    let mut whole = Layers::default();
    whole.apply(&object(&deep(deepest.unwrap())));
    assert_eq!(layers(&to_layers(&whole, head()).unwrap()), Some((head(), whole)));
}

#[test]
fn layers_and_confirmations_are_read_as_they_were_written() {
    let mut whole = Layers::default();
    assert_eq!(layers(&to_layers(&whole, head()).unwrap()), Some((head(), whole.clone())));
    whole.apply(&object(&json!({ "hostname": "a.test" })));
    assert_eq!(layers(&to_layers(&whole, head()).unwrap()), Some((head(), whole)));
    let written = Confirmation { at: UNIX_EPOCH + Duration::from_millis(1), by: "me".into() };
    let body = to_confirmation(head(), &written).unwrap();
    assert_eq!(confirmation(&body), Some((head(), written)));
}

#[test]
fn one_kind_of_file_is_not_taken_for_another() {
    let bodies = [
        to_record(&some(What::Write, &json!(1)), head()).unwrap(),
        to_layers(&Layers::default(), head()).unwrap(),
        to_confirmation(head(), &Confirmation { at: UNIX_EPOCH, by: String::new() }).unwrap(),
    ];
    for (number, body) in bodies.iter().enumerate() {
        assert_eq!(record(body).is_some(), number == 0);
        assert_eq!(layers(body).is_some(), number == 1);
        assert_eq!(confirmation(body).is_some(), number == 2);
    }
}

#[test]
fn undoing_leads_back() {
    let mut before = Layers::default();
    before.apply(&object(&json!(1)));
    let mut changes = object(&json!(2));
    changes.iter_mut().for_each(|change| change.layer = Layer::Api);
    changes.push(ObjectChange { after: None, ..object(&json!(1)).remove(3) });
    let undoing = before.undoing(&changes);
    let mut after = before.clone();
    after.apply(&changes);
    assert_ne!(after, before);
    after.apply(&undoing);
    assert_eq!(after, before);
}
