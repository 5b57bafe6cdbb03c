use std::os::unix::fs::PermissionsExt;

use rcgen::{CertificateParams, KeyPair};

use super::*;

pub(super) fn pair(name: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([name.to_owned()]).unwrap().self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

pub(super) fn key() -> Key {
    Key::new(Kind::Certificate, "a.test")
}

#[test]
fn a_key_is_shown_as_a_marker_and_kept_apart() {
    let place = Place::new();
    let served = place.open_with("");
    let (cert, secret) = pair("a.test");
    served.put(key(), json!({ "cert": cert, "key": secret }));
    let shown = served.view().entry(&key()).unwrap().value().clone();
    let marker = shown["key"].as_str().unwrap();
    assert!(marker.starts_with("secret:") && marker.len() == 39, "{marker}");
    let body = secret.lines().nth(1).unwrap();
    for entry in fs::read_dir(place.state().join("revisions")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!text.contains(body));
    }
    let kept = fs::metadata(place.state().join("secrets.json")).unwrap();
    assert_eq!(kept.permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_marker_that_comes_back_keeps_the_key() {
    let place = Place::new();
    let served = place.open_with("");
    let (cert, secret) = pair("a.test");
    served.put(key(), json!({ "cert": cert, "key": secret }));
    let shown = served.view().entry(&key()).unwrap().value().clone();
    assert!(!served.put(key(), shown.clone()).is_changed);
    drop(served);
    let again = place.open();
    assert_eq!(again.view().entry(&key()).unwrap().value(), &shown);
    assert_eq!(again.documents.control().certificates().list().len(), 1);
}

#[test]
fn a_marker_of_nothing_is_refused() {
    let place = Place::new();
    let served = place.open_with("");
    let (cert, _) = pair("a.test");
    let unknown = format!("secret:{}", "0".repeat(32));
    let faults = faults(served.try_put(key(), json!({ "cert": cert, "key": unknown })));
    assert_eq!(faults[0].0, "/key", "{faults:?}");
}

#[test]
fn a_rollback_brings_the_former_certificate_back() {
    let place = Place::new();
    let served = place.open_with("");
    let fingerprint = || {
        let list = served.documents.control().certificates().list();
        list[0].served.as_ref().map(|served| served.fingerprint.clone())
    };
    for _ in 0..2 {
        let (cert, secret) = pair("a.test");
        served.put(key(), json!({ "cert": cert, "key": secret }));
    }
    let second = fingerprint();
    served.documents.roll_back(2, &How::by("tester")).unwrap();
    assert_ne!(fingerprint(), second);
    served.documents.roll_back(3, &How::by("tester")).unwrap();
    assert_eq!(fingerprint(), second);
}

#[test]
fn files_of_this_machine_are_not_the_apis() {
    let place = Place::new();
    let served = place.open_with("");
    for value in [
        json!({ "cert": "/etc/passwd", "keyFile": "/etc/shadow" }),
        json!({ "cert": "/etc/passwd", "key": "/etc/shadow" }),
    ] {
        assert!(!faults(served.try_put(key(), value)).is_empty());
    }
    let tls = json!({ "url": "https://a.test", "tls": { "ca": "/etc/passwd" } });
    assert!(!faults(served.try_put(upstream("u"), tls)).is_empty());
}

#[test]
fn what_only_looks_like_a_secret_is_refused_where_it_could_not_be_sent_back() {
    let place = Place::new();
    let served = place.open_with("");
    let body = "-----BEGIN PRIVATE KEY-----\nQUJD\n-----END PRIVATE KEY-----\n";
    let refused = served.try_put(route("p"), json!({ "respond": { "status": 200, "body": body } }));
    assert_eq!(faults(refused)[0].0, "/respond/body");
    drop(served);
    place.open();
}

#[test]
fn where_secrets_are_lost_the_last_whole_revision_is_served() {
    let place = Place::new();
    let served = place.open_with("routes: [{ id: file, upstream: app }]");
    served.put(route("x"), to_app("x.test"));
    let (cert, secret) = pair("a.test");
    served.put(key(), json!({ "cert": cert, "key": secret }));
    served.put(route("y"), to_app("y.test"));
    drop(served);
    fs::write(place.state().join("secrets.json"), "damaged").unwrap();
    let opening = place.try_open().unwrap();
    let told = opening.problems().join("\n");
    assert!(told.contains("secrets.json") && told.contains("those of revision 2"), "{told}");
    let served = Served::of(opening);
    assert_eq!(served.listed(Kind::Route), ["file file", "x api"]);
    served.put(route("z"), to_app("z.test"));
    drop(served);
    assert_eq!(place.open().listed(Kind::Route), ["file file", "x api", "z api"]);
}

#[test]
fn secrets_that_no_remembered_revision_names_are_forgotten() {
    let place = Place::new();
    let state = place.state();
    let text = format!(
        "listeners: [{{ address: 127.0.0.1:0 }}]\nstate: {{ dir: {}, history: 3 }}\n{UPSTREAM}",
        state.display()
    );
    fs::write(place.file(), text).unwrap();
    let served = place.open();
    let (cert, secret) = pair("a.test");
    served.put(key(), json!({ "cert": cert, "key": secret }));
    served.remove(key()).unwrap();
    let before = fs::metadata(state.join("secrets.json")).unwrap().len();
    for number in 0..70 {
        served.put(route("x"), to_app(&format!("{number}.test")));
    }
    assert!(fs::metadata(state.join("secrets.json")).unwrap().len() < before);
}
