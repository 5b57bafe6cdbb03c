//! Requests as such: what is malformed, what comes twice, what is long.

use super::*;

#[tokio::test]
async fn bodies_that_are_no_json_are_refused_with_their_place() {
    let served = Served::new();
    let refused = served.ask("POST", "/routes", &[], "{\n  \"id\": }").await.refuses(400, "invalid_json");
    assert_eq!((&refused.body["line"], &refused.body["column"]), (&json!(2), &json!(9)));
    served.ask("POST", "/routes", &[], "").await.refuses(400, "invalid_json");
    served.ask("POST", "/routes", &[], r#"{"id":"a","id":"b"}"#).await.refuses(400, "invalid_json");
    served.ask("POST", "/routes", &[], &"[".repeat(10_000)).await.refuses(400, "invalid_json");
    for body in ["null", "[]", "7", "\"x\""] {
        for (method, path) in [
            ("POST", "/routes"),
            ("PUT", "/routes/a"),
            ("POST", "/upstreams"),
            ("PUT", "/document"),
            ("POST", "/plan"),
            ("POST", "/certificates"),
            ("POST", "/confirm"),
        ] {
            served.ask(method, path, &[], body).await.refuses(422, "invalid");
        }
    }
}

#[tokio::test]
async fn a_hundred_errors_are_told_and_no_more_of_a_key_than_can_be_read() {
    let served = Served::new();
    let keys: serde_json::Map<_, _> = (0..1000).map(|number| (format!("k{number}"), json!(0))).collect();
    for path in ["/confirm", "/plan", "/routes"] {
        let refused = served.post(path, keys.clone().into()).await.refuses(422, "invalid");
        assert_eq!(refused.pointers().len(), 100, "{path}");
    }
    let long = json!({ "\u{e9}".repeat(100_000): 0 });
    for path in ["/confirm", "/plan", "/routes", "/upstreams/app/backends"] {
        let refused = served.post(path, long.clone()).await.refuses(422, "invalid");
        assert!(refused.body.to_string().len() < 20_000, "{path}");
    }
}

#[tokio::test]
async fn bodies_that_are_too_large_are_refused() {
    let settings = ApiSettings { max_body: 100, ..ApiSettings::default() };
    let served = Served::with_settings(UPSTREAM, settings);
    served.ask("POST", "/routes", &[], &" ".repeat(101)).await.refuses(413, "body_too_large");
}

#[tokio::test]
async fn what_is_not_there_is_told_apart_from_what_cannot_be_done() {
    let served = Served::new();
    served.get("/nothing").await.refuses(404, "not_found");
    served.ask_at("GET", "/", &[], "").await.refuses(404, "not_found");
    let refused = served.ask("DELETE", "/routes", &[], "").await.refuses(405, "method_not_allowed");
    assert_eq!(refused.field("allow"), "GET, POST, HEAD");
    let refused = served.ask("POST", "/document", &[], "{}").await.refuses(405, "method_not_allowed");
    assert_eq!(refused.field("allow"), "GET, PUT, PATCH, HEAD");
    served.get("/routes/%ff").await.refuses(400, "invalid_path");
}

#[tokio::test]
async fn unknown_parameters_are_refused() {
    let served = Served::new();
    for path in [
        "/routes?x=1",
        "/routes?limit=0",
        "/routes?dryRun=true",
        "/routes?after=nobody",
        "/document?layer=both",
        "/events?types=x",
    ] {
        served.get(path).await.refuses(400, "invalid_parameter");
    }
}

#[tokio::test]
async fn long_lists_come_in_pages() {
    let served = Served::new();
    for number in 0..5 {
        served.post("/routes", teapot(&format!("r/{number}"), &format!("/{number}"))).await.is(201);
    }
    let mut path = "/routes?limit=2".to_owned();
    let mut ids = Vec::new();
    loop {
        let page = served.get(&path).await.is(200);
        ids.extend(
            page.body.as_array().unwrap().iter().map(|route| route["id"].as_str().unwrap().to_owned()),
        );
        let Some(link) = page.fields.get("link") else { break };
        let link = link.to_str().unwrap().strip_prefix("</api/v1").unwrap();
        path = link.strip_suffix(">; rel=\"next\"").unwrap().to_owned();
    }
    assert_eq!(ids, ["r/0", "r/1", "r/2", "r/3", "r/4"]);
    let page = served.get("/upstreams?limit=1").await.is(200);
    assert!(page.fields.get("link").is_none());
}

#[tokio::test]
async fn a_write_that_is_sent_again_is_answered_again() {
    let served = Served::new();
    let key = [("idempotency-key", "k1")];
    let body = teapot("tea", "/tea").to_string();
    let first = served.ask("POST", "/routes", &key, &body).await.is(201);
    let again = served.ask("POST", "/routes", &key, &body).await.is(201);
    assert_eq!((&again.body, again.field("location")), (&first.body, first.field("location")));
    assert_eq!(again.field("idempotency-replayed"), "true");
    assert!(first.fields.get("idempotency-replayed").is_none());
    assert_eq!(served.documents.view().revision, 2);
    let other = teapot("tea", "/other").to_string();
    served.ask("POST", "/routes", &key, &other).await.refuses(422, "idempotency_mismatch");
    served.ask("PUT", "/routes/tea", &key, &body).await.refuses(422, "idempotency_mismatch");
    served
        .ask("POST", "/routes", &[("idempotency-key", "a b")], &body)
        .await
        .refuses(400, "invalid_idempotency_key");
    let dry = [("idempotency-key", "a b")];
    served.ask("POST", "/routes?dryRun=true", &dry, &body).await.refuses(400, "invalid_idempotency_key");
    // What failed has changed nothing, and may do better.
    let other_key = [("idempotency-key", "k2")];
    served.ask("POST", "/routes", &other_key, &body).await.refuses(409, "exists");
    served.delete("/routes/tea").await.is(204);
    served.ask("POST", "/routes", &other_key, &body).await.is(201);
}

#[tokio::test]
async fn nobody_may_ask_whom_nobody_knows() {
    let served = Served::new();
    let request = Request::get("/api/v1/routes").body(Body::empty()).unwrap();
    let response = served.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 500);
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let served = Served::new();
    let request = Request::head("/api/v1/routes").extension(Caller::new("tester", Role::Read));
    let response = served.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (200, &"application/json".parse().unwrap())
    );
    assert!(response.into_body().collect().await.unwrap().to_bytes().is_empty());
}

#[tokio::test]
async fn events_are_streamed_and_changes_are_told_to_the_audit_log() {
    let served = Served::new();
    let listen = Request::get("/api/v1/events?types=backend").extension(Caller::new("tester", Role::Read));
    let response = served.router.clone().oneshot(listen.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let create = Request::post("/api/v1/routes").extension(Caller::new("tester", Role::Write));
    let create = create.body(Body::from(teapot("tea", "/tea").to_string())).unwrap();
    let created = served.router.clone().oneshot(create).await.unwrap();
    let audited = created.extensions().get::<crate::Audited>().unwrap();
    assert_eq!((audited.revision, audited.summary.as_str()), (2, "added routes/tea"));
    served.post("/upstreams/app/backends/a/dead", json!({})).await.is(200);
    let mut body = response.into_body();
    let mut text = String::new();
    while !text.contains("data:") {
        let frame = body.frame().await.unwrap().unwrap();
        text.push_str(str::from_utf8(frame.data_ref().unwrap()).unwrap());
    }
    assert!(text.contains("event: backend.set\n") && text.contains("\"upstream\":\"app\""), "{text}");
}

#[tokio::test]
async fn few_may_listen_at_once() {
    let served = Served::new();
    let mut open = Vec::new();
    let listen = || {
        let request = Request::get("/api/v1/events").extension(Caller::new("tester", Role::Read));
        served.router.clone().oneshot(request.body(Body::empty()).unwrap())
    };
    for _ in 0..events::STREAMS_MAX {
        let response = listen().await.unwrap();
        assert_eq!(response.status(), 200);
        open.push(response);
    }
    assert_eq!(listen().await.unwrap().status(), 503);
    open.pop();
    assert_eq!(listen().await.unwrap().status(), 200);
}
