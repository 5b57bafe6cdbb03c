use super::*;

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => panic!("no object"),
    }
}

#[test]
fn what_is_shown_alone_is_taken_off() {
    let mut object = map(json!({
        "id": "a", "source": "file", "shadows": true, "vHost": "a.test",
        "backends": [
            { "id": "b", "hostname": "h", "isDead": true, "deadSince": "x", "failureCount": 3, "inFlight": 1, "status": "dead",
              "outages": ["set_dead"], "latencyMs": 1.5, "state": "drain" },
            7,
        ],
    }));
    strip(&mut object);
    let expected = json!({
        "id": "a", "vHost": "a.test", "backends": [{ "id": "b", "hostname": "h", "state": "drain" }, 7]
    });
    assert_eq!(Value::Object(object), expected);
}

#[test]
fn what_was_shown_comes_back_as_it_was_written() {
    let written = json!({ "id": "a", "vHost": "a.test", "backends": [{ "hostname": "h" }, { "id": "c", "hostname": "i" }] });
    let shown = json!({
        "id": "a", "vHost": "a.test", "path": "/*", "autoHttps": false, "strategy": "ROUND_ROBIN",
        "backends": [{ "id": "h:80", "hostname": "h" }, { "id": "c", "hostname": "i" }],
    });
    let mut object = map(shown.clone());
    restore(&mut object, &shown, &written);
    assert_eq!(Value::Object(object), written);
}

#[test]
fn what_differs_from_what_was_shown_stays() {
    let written = json!({ "id": "a", "backends": [{ "hostname": "h" }] });
    let shown = json!({ "id": "a", "autoHttps": false, "strategy": "ROUND_ROBIN", "backends": [{ "id": "h:80", "hostname": "h" }] });
    let put = json!({
        "id": "a", "autoHttps": true, "strategy": "RANDOM",
        "backends": [{ "id": "new", "hostname": "h" }, { "id": "h:80", "hostname": "h", "weight": 2 }],
    });
    let mut object = map(put);
    restore(&mut object, &shown, &written);
    let expected = json!({
        "id": "a", "autoHttps": true, "strategy": "RANDOM",
        "backends": [{ "id": "new", "hostname": "h" }, { "hostname": "h", "weight": 2 }],
    });
    assert_eq!(Value::Object(object), expected);
}
