use rcgen::{CertificateParams, KeyPair};

use super::*;

fn made(names: &[&str]) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let certificate = CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

fn body(domain: &str) -> Value {
    let (cert, key) = made(&[domain]);
    json!({ "domain": domain, "key": key, "cert": cert })
}

#[tokio::test]
async fn a_certificate_is_added_replaced_shown_and_removed() {
    let served = Served::new();
    let first = served.post("/certificates", body("A.test")).await.is(201);
    assert_eq!(first.field("location"), "/api/v1/certificates/a.test");
    assert_eq!((&first.body["id"], &first.body["source"]), (&json!("a.test"), &json!("api")));
    assert_eq!((&first.body["isServed"], &first.body["names"]), (&json!(true), &json!(["a.test"])));
    let second = served.post("/certificates", body("a.test")).await.is(200);
    assert_ne!(first.body["fingerprint"], second.body["fingerprint"]);
    assert_eq!(served.get("/certificates").await.is(200).body, json!([second.body]));
    let shown = served.get("/certificates/a.test").await.is(200);
    assert_eq!((&shown.body, shown.field("etag")), (&second.body, second.field("etag")));
    served.ask("GET", "/certificates/a.test", &[("if-none-match", shown.field("etag"))], "").await.is(304);
    served.delete("/certificates/a.test").await.is(204);
    served.get("/certificates/a.test").await.refuses(404, "not_found");
    served.delete("/certificates/a.test").await.refuses(404, "not_found");
}

#[tokio::test]
async fn wildcards_are_percent_encoded() {
    let served = Served::new();
    let added = served.post("/certificates", body("*.a.test")).await.is(201);
    assert_eq!(added.field("location"), "/api/v1/certificates/%2A.a.test");
    served.get("/certificates/%2A.a.test").await.is(200);
    served.get("/certificates/*.A.test").await.is(200);
    served.delete("/certificates/%2A.a.test").await.is(204);
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_told() {
    let served = Served::new();
    let missing = served.post("/certificates", json!({ "domain": "a.test" })).await.refuses(422, "invalid");
    assert_eq!(missing.pointers(), ["/cert", "/key"]);
    let mut other = body("a.test");
    other["domain"] = "b.test".into();
    assert_eq!(served.post("/certificates", other).await.refuses(422, "invalid").pointers(), ["/domain"]);
    let mut odd = body("a.test");
    odd["password"] = "x".into();
    assert_eq!(served.post("/certificates", odd).await.refuses(422, "invalid").pointers(), ["/password"]);
    assert_eq!(served.documents.view().revision, 1);
}

#[tokio::test]
async fn keys_are_in_no_answer() {
    let served = Served::new();
    let sent = body("a.test");
    let secret = sent["key"].as_str().unwrap().lines().nth(1).unwrap().to_owned();
    served.post("/certificates", sent).await.is(201);
    let (cert, key) = made(&["b.test"]);
    let inline = key.lines().nth(1).unwrap().to_owned();
    let route = json!({ "id": "b", "vHost": "b.test", "respond": {}, "ssl": { "cert": cert, "key": key } });
    let created = served.post("/routes", route).await.is(201);
    assert!(created.body["ssl"]["key"].as_str().unwrap().starts_with("secret:"), "{:#}", created.body);
    // The marker keeps the key.
    served.put("/routes/b", created.body.clone()).await.is(200);
    for path in [
        "/certificates",
        "/certificates/a.test",
        "/certificates/b.test",
        "/document",
        "/routes",
        "/revisions",
    ] {
        let text = served.get(path).await.is(200).body.to_string();
        assert!(!text.contains(&secret) && !text.contains(&inline), "{path}");
    }
}

#[tokio::test]
async fn certificates_of_others_are_shown_and_not_removed() {
    let dir = TempDir::new().unwrap();
    let (cert, key) = made(&["a.test"]);
    let (cert_file, key_file) = (dir.path().join("a.pem"), dir.path().join("a.key"));
    fs::write(&cert_file, cert).unwrap();
    fs::write(&key_file, key).unwrap();
    let text = format!("certificates: [{{ cert: {}, key: {} }}]\n", cert_file.display(), key_file.display());
    let served = Served::with(&text);
    let all = served.get("/certificates").await.is(200).body;
    assert_eq!((&all[0]["source"], &all[0]["isServed"]), (&json!("file"), &json!(true)), "{all:#}");
    assert_eq!(served.get("/certificates/a.test").await.is(200).body, all[0]);
    let (cert, key) = made(&["b.test"]);
    let route = json!({ "id": "b", "vHost": "b.test", "respond": {}, "ssl": { "cert": cert, "key": key } });
    served.post("/routes", route).await.is(201);
    let of_route = served.get("/certificates/route:b").await.is(200).body;
    assert_eq!((&of_route["source"], &of_route["names"]), (&json!("route"), &json!(["b.test"])));
    served.delete("/certificates/route:b").await.refuses(409, "file_owned");
    let id = all[0]["id"].as_str().unwrap();
    served.delete(&format!("/certificates/{}", percent::encode(id))).await.refuses(409, "file_owned");
    served.delete("/certificates/a.test").await.refuses(409, "file_owned");
}
