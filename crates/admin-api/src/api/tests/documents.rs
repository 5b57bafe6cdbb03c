use super::*;

#[tokio::test]
async fn a_plan_says_what_would_change_and_changes_nothing() {
    let served = Served::new();
    let body = json!({ "routes": [teapot("tea", "/tea")] });
    let planned = served.post("/plan", body.clone()).await.is(200).body;
    assert_eq!(
        (&planned["changes"][0]["kind"], &planned["changes"][0]["change"]),
        (&json!("route"), &json!("added"))
    );
    assert_eq!(served.get("/routes").await.is(200).body, json!([]));
    let dry = served.post("/apply?dryRun=true", body.clone()).await.is(200).body;
    assert_eq!(dry["changes"], planned["changes"]);
    let applied = served.post("/apply", body).await.is(200).body;
    assert_eq!((&applied["changed"], &applied["changes"]), (&json!(true), &planned["changes"]));
}

#[tokio::test]
async fn every_change_can_be_planned() {
    let served = Served::new();
    served.post("/routes", teapot("tea", "/tea")).await.is(201);
    let revision = served.documents.view().revision;
    for (method, path, body) in [
        ("POST", "/routes", teapot("b", "/b")),
        ("PUT", "/routes/tea", teapot("tea", "/b")),
        ("PATCH", "/routes/tea", json!({ "path": "/b" })),
        ("DELETE", "/routes/tea", json!({})),
        ("POST", "/upstreams", json!({ "name": "b", "url": "http://127.0.0.1:1" })),
        ("POST", "/upstreams/app/backends", json!({ "hostname": "x" })),
        ("PUT", "/document", json!({ "routes": [] })),
        ("PATCH", "/document", json!({ "routes": [] })),
        ("POST", "/rollback", json!({ "revision": 1 })),
    ] {
        let plan = served.ask(method, &format!("{path}?dryRun=true"), &[], &body.to_string()).await.is(200);
        assert_eq!(plan.body["changes"].as_array().unwrap().len(), 1, "{method} {path}");
        assert_eq!(served.documents.view().revision, revision, "{method} {path}");
    }
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once_and_nothing_has_changed() {
    let served = Served::new();
    let wrong = json!({
        "routes": [
            { "id": "a", "path": "no-slash", "upstream": "app" },
            { "id": "b", "upstream": "nobody" },
            { "id": "c", "respond": { "status": 42 }, "tiemout": 7 },
        ],
    });
    for (method, path) in
        [("PUT", "/document"), ("POST", "/apply"), ("POST", "/plan"), ("PATCH", "/document")]
    {
        let refused = served.ask(method, path, &[], &wrong.to_string()).await.refuses(422, "invalid");
        let mut pointers = refused.pointers();
        pointers.sort_unstable();
        assert!(pointers.contains(&"/routes/0/path"), "{method} {path}: {:#}", refused.body);
        assert!(pointers.contains(&"/routes/2/tiemout"), "{method} {path}: {:#}", refused.body);
    }
    let one = served.post("/routes", json!({ "id": "b", "upstream": "ap" })).await.refuses(422, "invalid");
    assert_eq!(one.pointers(), ["/upstream"]);
    assert!(one.body["errors"][0]["hint"].as_str().unwrap().contains("app"));
    assert_eq!(served.documents.view().revision, 1);
}

#[tokio::test]
async fn layers_are_shown_apart() {
    let served = Served::with(&format!("{UPSTREAM}routes: [{{ id: file, path: /f, upstream: app }}]\n"));
    served.post("/routes", teapot("tea", "/tea")).await.is(201);
    let ids = |document: &Value| -> Vec<String> {
        let routes = document["routes"].as_array().unwrap().iter();
        routes.map(|route| route["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&served.get("/document").await.is(200).body), ["file", "tea"]);
    assert_eq!(ids(&served.get("/document?layer=file").await.is(200).body), ["file"]);
    let api = served.get("/document?layer=api").await.is(200).body;
    assert_eq!(ids(&api), ["tea"]);
    assert!(api.get("upstreams").is_none());
}

#[tokio::test]
async fn the_files_objects_are_shadowed_and_never_removed() {
    let served = Served::with(&format!("{UPSTREAM}routes: [{{ id: file, path: /f, upstream: app }}]\n"));
    let refused = served.delete("/routes/file").await.refuses(409, "file_owned");
    assert!(refused.body["detail"].as_str().unwrap().contains("proxyd.yaml"), "{:#}", refused.body);
    let patched = served.patch("/routes/file", json!({ "path": "/g" })).await.is(200).body;
    assert_eq!((&patched["source"], &patched["shadows"]), (&json!("api"), &json!(true)));
    served.delete("/routes/file").await.is(204);
    assert_eq!(served.get("/routes/file").await.is(200).body["path"], "/f");
}

#[tokio::test]
async fn secrets_are_never_shown_and_markers_keep_them() {
    let served = Served::new();
    let auth = json!({ "apiKeys": [{ "id": "k", "hash": "hmac-sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" }] });
    let put = served.patch("/document", json!({ "security": { "auth": auth } })).await;
    // What can be built says what it is; none of it tells the secret.
    let shown = served.get("/document").await.is(200).body.to_string();
    assert!(
        !shown.contains("0123456789abcdef0123") && !put.body.to_string().contains("0123456789abcdef0123")
    );
}

#[tokio::test]
async fn a_patch_of_what_is_not_there_is_refused() {
    let served = Served::new();
    served.patch("/routes/nobody", json!({})).await.refuses(404, "not_found");
    served.patch("/upstreams/nobody", json!({})).await.refuses(404, "not_found");
    let renamed = served.patch("/upstreams/app", json!({ "name": "other" })).await.refuses(422, "invalid");
    assert_eq!(renamed.pointers(), ["/name"]);
    served.patch("/upstreams/app", json!({ "retries": 1 })).await.is(200);
    let reset = served.patch("/upstreams/app", json!({ "retries": null })).await.is(200).body;
    assert!(reset.get("retries").is_none());
}
