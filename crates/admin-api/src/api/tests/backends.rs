use super::*;

async fn with_route() -> Served {
    let served = Served::with(&format!(
        "{UPSTREAM}routes:\n- {{ id: file, path: /file, upstream: app }}\n- {{ id: tea, path: /tea, respond: {{}} }}\n"
    ));
    let backends = json!([{ "id": "node-1", "hostname": "10.0.0.1", "port": 3000 }]);
    served.post("/routes", json!({ "id": "own", "vHost": "a.test", "backends": backends })).await.is(201);
    served
}

#[tokio::test]
async fn a_backend_without_an_id_gets_one_and_can_be_removed_by_it() {
    let served = with_route().await;
    let added =
        served.post("/routes/a.test/backends", json!({ "hostname": "10.0.0.2", "port": 3000 })).await.is(201);
    assert_eq!(added.body["id"], "10.0.0.2:3000");
    assert_eq!(added.field("location"), "/api/v1/routes/a.test/backends/10.0.0.2%3A3000");
    let one = served.get("/routes/own/backends/10.0.0.2%3A3000").await.is(200);
    assert_eq!(one.body, added.body);
    assert_eq!(served.get("/routes/own/backends").await.is(200).body.as_array().unwrap().len(), 2);
    served
        .post("/routes/own/backends", json!({ "hostname": "10.0.0.2", "port": 3000 }))
        .await
        .refuses(409, "exists");
    served.delete("/routes/own/backends/10.0.0.2:3000").await.is(204);
    served.delete("/routes/own/backends/10.0.0.2:3000").await.refuses(404, "not_found");
    // The last one cannot go.
    served.delete("/routes/own/backends/node-1").await.refuses(422, "invalid");
}

#[tokio::test]
async fn a_backend_with_nulls_gets_the_same_id_as_one_without() {
    let served = with_route().await;
    let nulls = json!({ "hostname": "10.0.0.2", "port": 3000, "id": null, "priority": null, "backup": null });
    let added = served.post("/routes/own/backends", nulls.clone()).await.is(201);
    assert_eq!(added.body["id"], "10.0.0.2:3000");
    assert_eq!(added.field("location"), "/api/v1/routes/own/backends/10.0.0.2%3A3000");
    served.post("/routes/own/backends", nulls).await.refuses(409, "exists");
}

#[tokio::test]
async fn a_backend_is_known_by_texts_alone() {
    let served = with_route().await;
    for (name, other) in
        [("hostname", json!(false)), ("hostname", json!(7)), ("id", json!(7)), ("id", json!(true))]
    {
        let mut backend = json!({ "hostname": "10.0.0.2" });
        backend[name] = other;
        let refused = served.post("/routes/own/backends", backend).await.refuses(422, "invalid");
        assert_eq!(refused.pointers(), [format!("/{name}")]);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_backend_is_told_where_it_stands_in_the_body() {
    let served = with_route().await;
    let wrong = json!({ "hostname": "10.0.0.2", "port": 0, "weight": 70_000, "colour": "red" });
    let refused = served.post("/routes/own/backends", wrong).await.refuses(422, "invalid");
    let mut pointers = refused.pointers();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/colour", "/port", "/weight"], "{:#}", refused.body);
    served.post("/routes/own/backends", json!({})).await.refuses(422, "invalid");
    served.post("/routes/own/backends", json!({ "id": 7, "hostname": "x" })).await.refuses(422, "invalid");
    served.post("/routes/own/backends", json!([])).await.refuses(422, "invalid");
}

#[tokio::test]
async fn a_route_passes_on_to_its_upstream() {
    let served = with_route().await;
    let added =
        served.post("/routes/file/backends", json!({ "id": "b", "hostname": "10.0.0.2" })).await.is(201);
    assert_eq!(added.field("location"), "/api/v1/routes/file/backends/b");
    let upstream = served.get("/upstreams/app").await.is(200).body;
    assert_eq!((&upstream["source"], &upstream["shadows"]), (&json!("api"), &json!(true)));
    assert_eq!(upstream["backends"][1]["id"], "b");
    assert_eq!(served.get("/upstreams/app/backends/b").await.is(200).body, added.body);
    // The file's own is served again.
    served.delete("/upstreams/app").await.is(204);
    let upstream = served.get("/upstreams/app").await.is(200).body;
    assert_eq!((&upstream["source"], upstream.get("shadows")), (&json!("file"), None));
    served.delete("/upstreams/app").await.refuses(409, "file_owned");
    assert_eq!(served.get("/routes/tea/backends").await.is(200).body, json!([]));
    served.post("/routes/tea/backends", json!({ "hostname": "10.0.0.2" })).await.refuses(422, "invalid");
    served.get("/routes/nobody/backends").await.refuses(404, "not_found");
    served.get("/upstreams/nobody/backends").await.refuses(404, "not_found");
}

#[tokio::test]
async fn an_upstream_with_a_url_says_what_to_do() {
    let served = Served::with("upstreams: [{ name: one, url: \"http://127.0.0.1:9002\" }]\n");
    let backends = served.get("/upstreams/one/backends").await.is(200).body;
    assert_eq!((&backends[0]["id"], &backends[0]["port"]), (&json!("127.0.0.1:9002"), &json!(9002)));
    let refused = served.post("/upstreams/one/backends", json!({ "hostname": "10.0.0.2" })).await;
    refused.refuses(409, "has_url");
    served.delete("/upstreams/one/backends/127.0.0.1:9002").await.refuses(409, "has_url");
}

#[tokio::test]
async fn backends_are_set_by_hand() {
    let served = with_route().await;
    let path = "/routes/own/backends/node-1";
    let revision = served.documents.view().revision;
    for (what, body, status, outages, is_dead) in [
        ("dead", "", "dead", json!(["set_dead"]), true),
        ("drain", "{}", "draining", json!(["draining"]), false),
        ("drain?keepSticky=true", " ", "draining", json!(["draining_keeps_sticky"]), false),
        ("ready", "", "ready", json!([]), false),
    ] {
        let set = served.ask("POST", &format!("{path}/{what}"), &[], body).await.is(200).body;
        assert_eq!(
            (&set["status"], &set["outages"], &set["isDead"]),
            (&json!(status), &outages, &json!(is_dead))
        );
        assert_eq!(served.get(path).await.is(200).body["status"], status);
    }
    assert_eq!(served.documents.view().revision, revision);
    served.post("/upstreams/app/backends/a/dead", json!({})).await.is(200);
    assert_eq!(served.get("/upstreams/app").await.is(200).body["backends"][0]["isDead"], true);
    served.post(&format!("{path}/dead"), json!({ "force": true })).await.refuses(422, "invalid");
    served.post("/routes/own/backends/x/dead", json!({})).await.refuses(404, "not_found");
}

#[tokio::test]
async fn a_process_all_of_whose_backends_are_dead_is_not_ready() {
    let served = Served::new();
    served.post("/upstreams/app/backends/a/dead", json!({})).await.is(200);
    let ready = served.ask_at("GET", "/health/ready", &[], "").await.is(503).body;
    assert_eq!(ready["checks"]["upstreams"], "DOWN");
    assert_eq!(served.get("/health").await.is(200).body["status"], "DOWN");
}

#[tokio::test]
async fn backends_that_are_added_at_once_are_all_there() {
    let served = Arc::new(with_route().await);
    let adding = (0..32).map(|number| {
        let served = Arc::clone(&served);
        tokio::spawn(async move {
            let backend = json!({ "hostname": "10.0.1.1", "port": 3000 + number });
            served.post("/routes/own/backends", backend).await.is(201);
        })
    });
    for added in adding.collect::<Vec<_>>() {
        added.await.unwrap();
    }
    assert_eq!(served.get("/routes/own/backends").await.is(200).body.as_array().unwrap().len(), 33);
}
