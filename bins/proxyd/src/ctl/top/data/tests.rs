use super::*;
use serde_json::json;

#[test]
fn answers_become_rows() {
    let figures =
        json!({ "id": "api", "requestsPerSecond": 2.5, "errors": 1, "latency": { "p50": 1.0, "p99": 9.0 } });
    let mut data = Data::new(&json!({ "version": "1.2.3", "revision": 7 }), &figures, &json!([figures]));
    let expected = Figures { rate: 2.5, errors: 1, p50: 1.0, p99: 9.0 };
    assert_eq!((data.version.as_str(), data.revision, data.overall), ("1.2.3", Some(7), expected));
    assert_eq!(data.routes, [RouteRow { id: "api".into(), figures: expected }]);
    data.add_backends(
        &json!([{ "name": "app", "backends": [{ "id": "n1", "status": "ready", "inFlight": 3 }] }]),
        false,
    );
    data.add_backends(
        &json!([{ "id": "r", "backends": [{ "hostname": "h", "port": 1, "isDead": true }] }, { "id": "s", "upstream": "app", "backends": [{}] }]),
        true,
    );
    let rows: Vec<_> =
        data.backends.iter().map(|row| (&*row.upstream, &*row.id, &*row.state, row.in_flight)).collect();
    assert_eq!(rows, [("app", "n1", "ready", Some(3)), ("route:r", "h:1", "dead", None)]);
}

#[test]
fn answers_of_another_shape_are_nothing() {
    let mut data = Data::new(&json!(1), &json!([]), &json!("x"));
    data.add_backends(&json!({ "a": 1 }), false);
    data.add_backends(&json!([1, null]), true);
    assert_eq!(data, Data::default());
}
