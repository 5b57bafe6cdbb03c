use super::*;

#[tokio::test]
async fn a_change_of_what_has_changed_is_refused() {
    let served = Served::new();
    let first = served.post("/routes", teapot("tea", "/tea")).await.is(201);
    let old = first.field("etag").to_owned();
    let is = |tag: &str| [("if-match", tag.to_owned())];
    let changed = teapot("tea", "/coffee").to_string();
    let ask = |method: &'static str, tag: String, body: String| {
        let served = &served;
        async move { served.ask(method, "/routes/tea", &[("if-match", &tag)], &body).await }
    };
    let second = ask("PUT", old.clone(), changed.clone()).await.is(200);
    let new = second.field("etag").to_owned();
    assert_ne!(old, new);
    for (method, body) in [("PUT", changed.as_str()), ("PATCH", "{}"), ("DELETE", "")] {
        let refused = ask(method, old.clone(), body.into()).await.refuses(412, "changed");
        assert_eq!(refused.field("etag"), new, "{method}");
        // A weak tag is none that a change could be made by.
        ask(method, format!("W/{new}"), body.into()).await.refuses(412, "changed");
    }
    ask("PATCH", format!("\"x\", {new}"), "{}".into()).await.is(200);
    let [(name, any)] = is("*");
    served.ask("DELETE", "/routes/tea", &[(name, &any)], "").await.is(204);
    served.ask("PUT", "/routes/tea", &[(name, &any)], &changed).await.refuses(412, "changed");
}

#[tokio::test]
async fn readers_are_told_that_they_have_it() {
    let served = Served::new();
    let created = served.post("/routes", teapot("tea", "/tea")).await.is(201);
    let tag = created.field("etag").to_owned();
    for value in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".into()] {
        let same = served.ask("GET", "/routes/tea", &[("if-none-match", &value)], "").await.is(304);
        assert_eq!(same.field("etag"), tag);
    }
    served.ask("GET", "/routes/tea", &[("if-none-match", "\"x\"")], "").await.is(200);
    served.ask("GET", "/routes/tea", &[("if-none-match", "x")], "").await.refuses(400, "invalid_condition");
    served.ask("GET", "/routes/tea", &[("if-match", "\"x\"")], "").await.refuses(412, "changed");
}

#[tokio::test]
async fn what_is_only_to_be_created_replaces_nothing() {
    let served = Served::new();
    let absent = [("if-none-match", "*")];
    let body = teapot("tea", "/tea").to_string();
    served.ask("PUT", "/routes/tea", &absent, &body).await.is(201);
    served.ask("PUT", "/routes/tea", &absent, &body).await.refuses(412, "changed");
    served.ask("PATCH", "/routes/tea", &absent, "{}").await.refuses(412, "changed");
    let tag = [("if-none-match", "\"x\"")];
    served.ask("PUT", "/routes/tea", &tag, &body).await.refuses(400, "invalid_condition");
    let both = [("if-match", "*"), ("if-none-match", "*")];
    for path in ["/routes/tea", "/routes/none"] {
        served.ask("PUT", path, &both, &body).await.refuses(412, "changed");
    }
}

#[tokio::test]
async fn changes_need_a_condition_where_that_is_wanted() {
    let settings = ApiSettings { require_if_match: true, ..ApiSettings::default() };
    let served = Served::with_settings(UPSTREAM, settings);
    // What is not there has no tag.
    let created = served.put("/routes/tea", teapot("tea", "/tea")).await.is(201);
    served.put("/routes/tea", teapot("tea", "/tea")).await.refuses(428, "precondition_required");
    served.patch("/routes/tea", json!({})).await.refuses(428, "precondition_required");
    served.delete("/routes/tea").await.refuses(428, "precondition_required");
    served
        .post("/upstreams/app/backends", json!({ "hostname": "x" }))
        .await
        .refuses(428, "precondition_required");
    served.put("/document", json!({})).await.refuses(428, "precondition_required");
    served.put("/routes/tea?dryRun=true", teapot("tea", "/tea")).await.is(200);
    served.post("/plan", json!({})).await.is(200);
    let tag = created.field("etag");
    served.ask("DELETE", "/routes/tea", &[("if-match", tag)], "").await.is(204);
}

#[tokio::test]
async fn the_document_has_a_tag_too() {
    let served = Served::new();
    let old = served.get("/document").await.is(200);
    let tag = old.field("etag").to_owned();
    served.ask("GET", "/document", &[("if-none-match", &tag)], "").await.is(304);
    served.post("/routes", teapot("tea", "/tea")).await.is(201);
    let body = old.body.to_string();
    for (method, path) in [("PUT", "/document"), ("POST", "/apply"), ("PATCH", "/document")] {
        served.ask(method, path, &[("if-match", &tag)], &body).await.refuses(412, "changed");
    }
}
