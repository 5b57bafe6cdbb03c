use super::*;

#[tokio::test]
async fn every_change_is_a_revision_and_leads_back() {
    let served = Served::new();
    served.post("/routes", teapot("tea", "/tea")).await.is(201);
    served.delete("/routes/tea").await.is(204);
    let all = served.get("/revisions").await.is(200).body;
    let numbers: Vec<_> =
        all.as_array().unwrap().iter().map(|one| one["revision"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [3, 2, 1]);
    assert_eq!((&all[1]["by"], &all[1]["what"]), (&json!("tester"), &json!("write")));
    let page = served.get("/revisions?limit=1&after=3").await.is(200);
    assert_eq!(page.body[0]["revision"], 2);
    assert_eq!(page.field("link"), "</api/v1/revisions?limit=1&after=2>; rel=\"next\"");
    assert_eq!(served.get("/revisions/2").await.is(200).body, all[1]);
    for unknown in ["9", "x", "-1", "99999999999999999999999"] {
        served.get(&format!("/revisions/{unknown}")).await.refuses(404, "not_found");
    }
    let back = served.post("/rollback", json!({ "revision": 2 })).await.is(200).body;
    assert_eq!(back["revision"], 4);
    served.get("/routes/tea").await.is(200);
    served.post("/rollback", json!({ "revision": 99 })).await.refuses(404, "not_found");
    for wrong in
        [json!({}), json!({ "revision": "2" }), json!({ "revision": -1 }), json!({ "revision": 2, "x": 1 })]
    {
        served.post("/rollback", wrong).await.refuses(422, "invalid");
    }
}

#[tokio::test]
async fn others_wait_while_a_revision_waits() {
    let served = Served::new();
    let body = json!({ "routes": [teapot("tea", "/tea")] });
    let applied = served.post("/apply?confirm=60s", body).await.is(200).body;
    let number = applied["revision"].clone();
    assert_eq!(applied["pending"]["revision"], number);
    assert_eq!(served.get("/health").await.is(200).body["pending"]["revision"], number);
    let refused = served.post("/routes", teapot("b", "/b")).await.refuses(409, "pending");
    assert_eq!((&refused.body["revision"], &refused.body["until"]), (&number, &applied["pending"]["until"]));
    served.post("/confirm", json!({ "revision": 99 })).await.refuses(409, "not_pending");
    let confirmed = served.post("/confirm", json!({ "revision": number })).await.is(200).body;
    assert!(confirmed.get("pending").is_none());
    served.post("/routes", teapot("b", "/b")).await.is(201);
    served.post("/confirm", json!({ "revision": number })).await.refuses(409, "not_pending");
}

#[tokio::test]
async fn reservations_are_read_strictly() {
    let served = Served::new();
    for query in
        ["confirm=soon", "confirm=0", "confirm=25h", "revertOn=errors", "confirm=60s&confirm=60s", "dryRun=1"]
    {
        let refused = served.post(&format!("/apply?{query}"), json!({})).await;
        refused.refuses(400, "invalid_parameter");
    }
    served
        .post("/apply?confirm=60s&revertOn=errors=5%25,p99=2x", json!({ "routes": [teapot("t", "/t")] }))
        .await
        .is(200);
}

#[tokio::test]
async fn the_file_is_read_again() {
    let served = Served::new();
    assert_eq!(served.ask("POST", "/reload", &[], "").await.is(200).body["changed"], false);
    let file = served.documents.file().to_owned();
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}routes: [{{ id: new, path: /new, upstream: app }}]\n")).unwrap();
    let reloaded = served.post("/reload", json!({})).await.is(200).body;
    assert_eq!((&reloaded["changed"], &reloaded["changes"][0]["source"]), (&json!(true), &json!("file")));
    fs::write(&file, format!("{text}routes: [{{ id: new, path: new, upstream: app }}]\n")).unwrap();
    let refused = served.post("/reload", json!({})).await.refuses(422, "invalid");
    assert!(
        refused.body["errors"][0]["detail"].as_str().unwrap().contains("routes[0].path"),
        "{:#}",
        refused.body
    );
}
