use super::*;
use bytes::Bytes;
use http::StatusCode;
use serde_json::json;

fn answer(status: StatusCode, tag: Option<&str>) -> Answer {
    Answer { status, tag: tag.map(String::from), body: Bytes::new() }
}

#[track_caller]
fn check(view: &View, value: &Value, expected: &str) {
    let shown = text(view, &answer(StatusCode::OK, Some("\"t\"")), value, Paper::default());
    assert_eq!(shown, expected, "{shown}");
}

fn planned() -> Value {
    json!({
        "revision": 41,
        "changes": [
            { "kind": "route", "id": "api", "change": "added", "fields": [] },
            { "kind": "upstream", "id": "app", "change": "changed", "fields": ["/backends/a~1b", "/strategy"] },
            { "kind": "route", "id": "old", "change": "removed", "fields": [""] },
        ],
        "connections": { "requestsOfChanged": 3, "requestsOfRemoved": 0, "requestsOfBackends": 1, "connections": 12 },
        "warnings": [
            { "path": "routes[2].upstream", "detail": "it does nothing", "hint": "remove it" },
            { "path": "", "detail": "the file's stay" },
        ],
    })
}

#[test]
fn a_plan_reads_like_a_diff() {
    let expected = "\
+ route api
~ upstream app: backends.a/b, strategy
- route old
under way, and not broken:
  connections of clients, which stay: 12
  requests in flight on backends that go, which end there: 1
  requests in flight on routes that change: 3
warning: routes[2].upstream: it does nothing; remove it
warning: the file's stay
planned against revision 41, etag: \"t\"
";
    check(&View::Plan, &planned(), expected);
    check(
        &View::Plan,
        &json!({ "revision": 1, "changes": [], "connections": {}, "warnings": [] }),
        "nothing would change\nplanned against revision 1, etag: \"t\"\n",
    );
}

#[test]
fn colours_are_for_terminals_alone() {
    let paper = Paper { has_colours: true, width: None };
    let shown = text(&View::Plan, &answer(StatusCode::OK, None), &planned(), paper);
    assert!(shown.starts_with("\u{1b}[32m+ route api\u{1b}[0m\n"), "{shown:?}");
}

#[test]
fn what_was_applied_says_what_to_do_next() {
    let value = json!({
        "revision": 42, "changed": true, "warnings": [],
        "changes": [{ "kind": "section", "id": "proxy", "change": "changed", "fields": ["/drainTimeout"] }],
        "pending": { "revision": 42, "until": "10:00" },
    });
    let expected = "\
~ section proxy: drainTimeout
revision 42
revision 42 waits for its confirmation: `proxyd ctl confirm 42` before 10:00, or it is taken back
";
    check(&View::Applied, &value, expected);
    let same = json!({ "revision": 42, "changed": false, "changes": [], "warnings": [] });
    check(&View::Applied, &same, "nothing has changed\nrevision 42\n");
    assert_eq!(pending(&json!({ "status": "UP" })), "");
    assert!(pending(&value).contains("confirm 42"));
}

#[test]
fn routes_say_where_they_lead() {
    let value = json!([
        { "id": "a", "vHost": "a.example", "path": "/x/*", "upstream": "app", "source": "file" },
        { "id": "b", "vHost": "b.example", "backends": [{}, {}], "source": "api", "shadows": true },
        { "id": "c", "upstreams": [{ "name": "x", "weight": 1 }, { "name": "y" }] },
        { "id": "d", "respond": { "status": 418 } },
        { "id": "e", "redirect": { "to": "https://e" } },
        { "id": "f", "backends": [{}] },
    ]);
    let expected = "\
ID  VHOST      PATH  TO                  SOURCE
a   a.example  /x/*  app                 file
b   b.example  /*    2 backends          api, shadows the file's
c   -          /*    x,y                 -
d   -          /*    respond 418         -
e   -          /*    redirect https://e  -
f   -          /*    1 backend           -
";
    check(&View::Routes, &value, expected);
    check(&View::Routes, &json!([]), "no routes\n");
}

#[test]
fn backends_say_how_they_are() {
    let value = json!([
        { "id": "n1", "hostname": "10.0.0.1", "port": 80, "weight": 2, "isDead": false, "inFlight": 3, "failureCount": 0 },
        { "hostname": "::1", "port": 80, "isDead": true, "deadSince": "10:00" },
        { "hostname": "unix:/a", "status": "draining", "state": "ready", "isDead": false, "outages": ["draining"] },
        { "id": "n4", "status": "dead", "isDead": true, "outages": ["check", "connect"] },
    ]);
    let expected = "\
ID        ADDRESS      WEIGHT  STATE                IN FLIGHT  FAILURES
n1        10.0.0.1:80       2  ready                        3         0
[::1]:80  [::1]:80          -  dead since 10:00             -         -
unix:/a   unix:/a           -  draining                     -         -
n4        -                 -  dead: check,connect          -         -
";
    check(&View::Backends, &value, expected);
    let upstreams = json!([{ "name": "app", "backends": [{ "id": "n1", "hostname": "a", "port": 1 }] }]);
    let routes = json!([
        { "id": "r", "backends": [{ "id": "n2", "hostname": "b", "port": 2 }] },
        { "id": "s", "upstream": "app", "backends": [{ "id": "n1", "hostname": "a", "port": 1 }] },
    ]);
    let shown = all_backends(&upstreams, &routes, Paper::default());
    let first: Vec<&str> = shown.lines().map(|line| line.split("  ").next().unwrap()).collect();
    assert_eq!(first, ["OF", "app", "route r"], "{shown}");
}

#[test]
fn the_other_lists_are_tables_too() {
    let upstreams = json!([
        { "name": "a", "url": "https://a", "source": "file" },
        { "name": "b", "strategy": "RANDOM", "backends": [{ "id": "x" }, { "hostname": "h", "port": 1 }] },
    ]);
    check(
        &View::Upstreams,
        &upstreams,
        "NAME  STRATEGY  BACKENDS   SOURCE\na     -         https://a  file\nb     RANDOM    x,h:1      -\n",
    );
    let certificates = json!([
        { "id": "a.example", "names": ["a.example", "b.example"], "notAfter": "2027", "source": "api", "isServed": true },
        { "id": "file:x", "names": [], "source": "file", "isServed": false, "lastError": "cannot be read" },
    ]);
    let expected = "\
ID         NAMES                VALID UNTIL  SOURCE  STATE
a.example  a.example,b.example  2027         api     served
file:x     -                    -            file    cannot be read
";
    check(&View::Certificates, &certificates, expected);
    let revisions = json!([
        { "revision": 3, "at": "10:02", "by": "ops", "what": "rollback", "of": 1, "changes": [],
          "pending": { "revision": 3, "until": "10:03" } },
        { "revision": 2, "at": "10:01", "by": "ops", "what": "write",
          "changes": [{ "change": "added" }, { "change": "added" }, { "change": "removed" }] },
        { "revision": 1, "at": "10:00", "by": "proxyd", "what": "revert", "of": 0, "why": "p99", "changes": [] },
    ]);
    let expected = "\
REVISION  AT     BY      WHAT                           CHANGES
       3  10:02  ops     rollback 1, waits until 10:03  -
       2  10:01  ops     write                          +2 -1
       1  10:00  proxyd  revert 0: p99                  -
";
    check(&View::Revisions, &revisions, expected);
}

#[test]
fn one_revision_is_told_with_its_changes() {
    let value = json!({
        "revision": 3, "at": "10:02", "by": "ops", "what": "write",
        "changes": [{ "kind": "route", "id": "a", "change": "added", "fields": [] }],
    });
    check(&View::Revision, &value, "revision 3 of 10:02 by ops: write\n+ route a\n");
}

#[test]
fn figures_are_told_with_their_units() {
    let figures = json!({
        "requestsPerSecond": 12.345, "errors": 2, "requests": 700, "inFlight": 1, "windowSeconds": 60.0,
        "latency": { "mean": 1.5, "p50": 1.0, "p95": 3.25, "p99": 123.4 },
    });
    let expected = "\
requests per second  12.3
errors               2
in flight            1
mean                 1.50 ms
p50                  1.00 ms
p95                  3.25 ms
p99                  123 ms
of the last          60.0 s
";
    check(&View::Stats, &figures, expected);
    let mut with_history = figures.clone();
    let mut point = figures.clone();
    point["at"] = json!("10:00");
    with_history["history"] = json!([point]);
    let shown = text(&View::Stats, &answer(StatusCode::OK, None), &with_history, Paper::default());
    assert!(shown.ends_with("\nAT      R/S  ERRORS  MEAN ms  P50 ms  P95 ms  P99 ms\n10:00  12.3       2     1.50    1.00    3.25     123\n"), "{shown}");
    let mut route = figures.clone();
    route["id"] = json!("api");
    for value in [json!([route]), json!({ "api": figures })] {
        let shown = text(&View::StatsOfRoutes, &answer(StatusCode::OK, None), &value, Paper::default());
        assert!(shown.contains("\napi    12.3       2     1.50    1.00    3.25     123\n"), "{shown}");
    }
}

#[test]
fn health_is_told_member_by_member() {
    let value = json!({ "status": "UP", "revision": 7, "pending": { "revision": 7, "until": "10:00" } });
    check(
        &View::Health,
        &value,
        "pending.revision  7\npending.until     10:00\nrevision          7\nstatus            UP\n",
    );
}

#[test]
fn what_was_put_is_told_with_its_tag() {
    let view = View::Put { noun: "route", key: "id" };
    let shown =
        |status| text(&view, &answer(status, Some("\"t\"")), &json!({ "id": "api" }), Paper::default());
    assert_eq!(shown(StatusCode::CREATED), "added route api\netag: \"t\"\n");
    assert_eq!(shown(StatusCode::OK), "replaced route api\netag: \"t\"\n");
    check(&View::Done("removed route \u{1b}x".into()), &Value::Null, "removed route \\u{1b}x\n");
    check(
        &View::Marked,
        &json!({ "id": "x", "isDead": false, "status": "draining" }),
        "backend x: draining\n",
    );
}

#[test]
fn answers_that_lack_everything_are_shown_all_the_same() {
    let views = [
        View::Routes,
        View::Upstreams,
        View::Backends,
        View::Certificates,
        View::Object,
        View::Put { noun: "route", key: "id" },
        View::Marked,
        View::Plan,
        View::Applied,
        View::Revisions,
        View::Revision,
        View::Stats,
        View::StatsOfRoutes,
        View::Health,
    ];
    let values = [
        json!(null),
        json!([]),
        json!([null, 1, "x", [], {}]),
        json!({}),
        json!("x"),
        json!({ "changes": [1], "warnings": [1], "connections": { "x": {} } }),
    ];
    for view in &views {
        for value in &values {
            let paper = Paper { width: Some(20), has_colours: false };
            let shown = text(view, &answer(StatusCode::OK, None), value, paper);
            assert!(!shown.contains('\u{1b}'));
        }
    }
}
