//! Contract A, call by call, with its bodies as they stand.

use super::*;

const ROUTE: &str = r#"{
  "id": "service-a",
  "vHost": "api.myapp.com",
  "strategy": "ROUND_ROBIN",
  "autoHttps": true,
  "reqActiveLength": 50,
  "reqQueueLength": 100,
  "backends": [
    { "id": "node-1", "hostname": "10.0.0.1", "port": 3000, "isDead": false, "failureCount": 0 },
    { "id": "node-2", "hostname": "10.0.0.2", "port": 3000, "isDead": false, "failureCount": 0 }
  ]
}"#;

/// With a listener that speaks TLS, as `autoHttps` needs one.
fn served() -> Served {
    Served::with("upstreams: []\n")
}

fn plain() -> Value {
    let mut route: Value = serde_json::from_str(ROUTE).unwrap();
    route["autoHttps"] = false.into();
    route
}

/// True where the one has all that the other has.
fn has(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(value), Value::Object(wanted)) => {
            wanted.iter().all(|(name, wanted)| value.get(name).is_some_and(|value| has(value, wanted)))
        }
        (Value::Array(value), Value::Array(wanted)) => {
            value.len() == wanted.len() && value.iter().zip(wanted).all(|(value, wanted)| has(value, wanted))
        }
        _ => value == wanted,
    }
}

#[tokio::test]
async fn a_route_comes_back_as_it_was_sent() {
    let served = served();
    assert_eq!(served.get("/routes").await.is(200).body, json!([]));
    let created = served.post("/routes", plain()).await.is(201);
    assert_eq!(created.field("location"), "/api/v1/routes/service-a");
    assert!(has(&created.body, &plain()), "{:#}", created.body);
    assert_eq!(created.body["source"], "api");
    for path in ["/routes/service-a", "/routes/api.myapp.com", "/routes/API.MyApp.com"] {
        let got = served.get(path).await.is(200);
        assert_eq!((&got.body, got.field("etag")), (&created.body, created.field("etag")), "{path}");
    }
    assert_eq!(served.get("/routes").await.is(200).body, json!([created.body]));
    served.delete("/routes/api.myapp.com").await.is(204);
    served.get("/routes/service-a").await.refuses(404, "not_found");
    served.delete("/routes/service-a").await.refuses(404, "not_found");
}

#[tokio::test]
async fn a_route_that_is_there_already_is_refused() {
    let served = served();
    served.post("/routes", plain()).await.is(201);
    let mut same = plain();
    same["id"] = "another".into();
    let refused = served.post("/routes", same.clone()).await.refuses(409, "exists");
    assert_eq!(refused.body["candidates"], json!(["service-a"]));
    same["id"] = "service-a".into();
    same["path"] = "/other/*".into();
    served.post("/routes", same.clone()).await.refuses(409, "exists");
    same["id"] = Value::Null;
    let other = served.post("/routes", same).await.is(201);
    assert_eq!(other.body["id"], "api.myapp.com/other/*");
    assert_eq!(other.field("location"), "/api/v1/routes/api.myapp.com%2Fother%2F%2A");
    served.get("/routes/api.myapp.com%2Fother%2F%2A").await.is(200);
    let refused = served.get("/routes/api.myapp.com").await.refuses(409, "ambiguous");
    assert_eq!(refused.body["candidates"], json!(["service-a", "api.myapp.com/other/*"]));
    served.delete("/routes/api.myapp.com").await.refuses(409, "ambiguous");
}

#[tokio::test]
async fn routes_without_ids_get_those_that_the_document_gives() {
    let served = served();
    let route = |methods: Value| json!({ "vHost": "*.a.test", "methods": methods, "respond": {} });
    let ids = [route(json!([])), route(json!(["GET"])), json!({ "respond": {} })];
    for (route, id) in ids.into_iter().zip(["*.a.test/*", "*.a.test/*#2", "*/*"]) {
        assert_eq!(served.post("/routes", route).await.is(201).body["id"], id);
    }
    served.get("/routes/%2A.a.test").await.refuses(409, "ambiguous");
    served.get("/routes/*").await.is(200);
}

#[tokio::test]
async fn what_was_shown_can_be_put_and_changes_nothing() {
    let served = Served::with(
        "upstreams: [{ name: app, backends: [{ hostname: 127.0.0.1, port: 9001 }] }, { name: one, url: \"http://127.0.0.1:9002\" }]\nroutes: [{ path: /x, upstream: app }]\n",
    );
    served.post("/routes", plain()).await.is(201);
    let revision = served.documents.view().revision;
    for path in ["/routes/service-a", "/routes/*%2Fx", "/upstreams/app", "/upstreams/one", "/document"] {
        let shown = served.get(path).await.is(200);
        let put = served.put(path, shown.body.clone()).await.is(200);
        assert_eq!((put.field("etag"), &put.body), (shown.field("etag"), &shown.body), "{path}");
        assert_eq!(served.documents.view().revision, revision, "{path}");
    }
}

#[tokio::test]
async fn figures_have_their_shape_and_are_zero_where_nothing_is_known() {
    let served = served();
    served.post("/routes", plain()).await.is(201);
    for path in ["/stats", "/stats/api.myapp.com", "/stats/service-a"] {
        let stats = served.get(path).await.is(200).body;
        let zero = json!({ "mean": 0.0, "p50": 0.0, "p95": 0.0, "p99": 0.0 });
        assert_eq!(
            (&stats["latency"], &stats["requestsPerSecond"], &stats["errors"]),
            (&zero, &json!(0.0), &json!(0))
        );
    }
    assert_eq!(served.get("/stats?history=true").await.is(200).body["history"], json!([]));
    assert_eq!(served.get("/stats/routes").await.is(200).body[0]["id"], "service-a");
    served.get("/stats/nobody").await.refuses(404, "not_found");
    served.get("/stats/upstreams/nobody").await.refuses(404, "not_found");
}

#[tokio::test]
async fn figures_are_those_of_the_tracker() {
    let mut served = Served::new();
    let handle = served.documents.control().handle().clone();
    let tracker = Arc::new(Tracker::new(handle, metrics::Settings::default()));
    let settings = ApiSettings { tracker: Some(tracker), ..ApiSettings::default() };
    served.router = router(served.documents.clone(), settings);
    served.get("/stats").await.is(200);
    served.get("/stats?history=true").await.is(200);
    served.get("/stats/upstreams/app").await.is(200);
    served.get("/stats/upstreams/app/backends/a?history=true").await.is(200);
    served.get("/stats/upstreams/app/backends/b").await.refuses(404, "not_found");
}

#[tokio::test]
async fn the_process_says_how_it_is() {
    let served = served();
    let health = served.get("/health").await.is(200).body;
    assert_eq!((&health["status"], &health["revision"]), (&json!("UP"), &json!(1)));
    let live = served.ask_at("GET", "/health/live", &[], "").await.is(200).body;
    assert_eq!(live["status"], "UP");
    let ready = served.ask_at("GET", "/health/ready", &[], "").await.is(200).body;
    assert_eq!(ready, json!({ "status": "UP", "checks": { "config": "UP", "upstreams": "UP" } }));
}

#[tokio::test]
async fn the_openapi_document_is_answered() {
    let served = served();
    assert_eq!(served.get("/openapi.json").await.is(200).body["openapi"], "3.1.0");
}
