use super::*;

#[test]
fn a_rollback_serves_a_former_document_again() {
    let place = Place::new();
    let served = place.open_with("routes: [{ id: a, vHost: file.test, upstream: app }]");
    let documents: Vec<Value> = [("x", "x.test"), ("a", "api.test"), ("y", "y.test"), ("x", "x2.test")]
        .into_iter()
        .map(|(id, host)| {
            let before = served.view().document(None);
            served.put(route(id), to_app(host));
            before
        })
        .collect();
    for (number, document) in (1_u64..).zip(&documents) {
        let applied = served.documents.roll_back(number, &How::by("tester")).unwrap();
        assert!(applied.revision > 5);
        assert_eq!(served.view().document(None), *document, "revision {number}");
    }
    drop(served);
    assert_eq!(place.open().view().document(None), *documents.last().unwrap());
}

#[test]
fn a_rollback_can_be_taken_back() {
    let place = Place::new();
    let served = place.open_with("");
    served.put(route("x"), to_app("x.test"));
    let document = served.view().document(None);
    served.documents.roll_back(1, &How::by("tester")).unwrap();
    assert_eq!(served.listed(Kind::Route), Vec::<String>::new());
    let applied = served.documents.roll_back(2, &How::by("tester")).unwrap();
    assert_eq!((served.view().document(None), applied.revision), (document, 4));
}

#[test]
fn a_rollback_to_where_one_is_changes_nothing() {
    let place = Place::new();
    let served = place.open_with("");
    served.put(route("x"), to_app("x.test"));
    let applied = served.documents.roll_back(2, &How::by("tester")).unwrap();
    assert_eq!((applied.is_changed, applied.revision), (false, 2));
}

#[test]
fn what_is_not_remembered_cannot_come_back() {
    let place = Place::new();
    let served = place.open_with("");
    let refused = served.documents.roll_back(9, &How::by("tester"));
    assert!(matches!(refused, Err(ChangeError::UnknownRevision { revision: 9 })));
}

#[test]
fn a_rollback_works_over_a_restart() {
    let place = Place::new();
    let served = place.open_with("routes: [{ id: a, vHost: file.test, upstream: app }]");
    served.put(route("x"), to_app("x.test"));
    let document = served.view().document(None);
    served.put(route("y"), to_app("y.test"));
    drop(served);
    let again = place.open();
    again.documents.roll_back(2, &How::by("tester")).unwrap();
    assert_eq!(again.view().document(None), document);
}

#[test]
fn a_revision_tells_what_differs() {
    let place = Place::new();
    let served = place.open_with("");
    let backends = |ports: &[u16]| -> Value {
        ports.iter().map(|port| json!({ "hostname": "127.0.0.1", "port": port })).collect()
    };
    served.put(upstream("more"), json!({ "backends": backends(&[1, 2]) }));
    served.put(upstream("more"), json!({ "backends": backends(&[2, 3]), "retries": 1 }));
    let revision = served.documents.revision(3).unwrap();
    assert_eq!((revision.what.as_str(), revision.by.as_str()), ("write", "tester"));
    assert_eq!(revision.changes[0].fields, ["/backends/127.0.0.1:1", "/backends/127.0.0.1:3", "/retries"]);
}
