use super::*;

#[track_caller]
fn check(served: &Served, id: &str, condition: Condition) -> Result<Applied, ChangeError> {
    served.documents.apply(&put(route(id), to_app(&format!("{id}.changed")), condition), &How::by("tester"))
}

fn tag(served: &Served, id: &str) -> String {
    served.view().entry(&route(id)).unwrap().tag().to_owned()
}

#[test]
fn what_is_to_be_there_or_not_must_be_so() {
    let place = Place::new();
    let served = place.open_with("routes: [{ id: old, vHost: old.test, upstream: app }]");
    assert!(
        matches!(check(&served, "old", Condition::Absent), Err(ChangeError::Exists { key }) if key == route("old"))
    );
    assert!(matches!(
        check(&served, "new", Condition::Present),
        Err(ChangeError::Condition { tag: None, .. })
    ));
    check(&served, "new", Condition::Absent).unwrap();
    check(&served, "old", Condition::Present).unwrap();
}

#[test]
fn of_two_writers_with_the_same_tag_one_is_too_late() {
    let place = Place::new();
    let served = place.open_with("routes: [{ id: a, vHost: old.test, upstream: app }]");
    let before = tag(&served, "a");
    check(&served, "a", Condition::Tag(vec!["0".repeat(32), before.clone()])).unwrap();
    let now = tag(&served, "a");
    assert_ne!(now, before);
    let refused = check(&served, "a", Condition::Tag(vec![before]));
    assert!(matches!(refused, Err(ChangeError::Condition { tag: Some(tag), .. }) if tag == now));
}

#[test]
fn a_tag_is_of_what_an_object_says() {
    let place = Place::new();
    let served = place.open_with("");
    served.put(route("a"), json!({ "upstream": "app", "vHost": "a.test" }));
    let first = tag(&served, "a");
    served.put(route("a"), json!({ "upstream": "app", "vHost": "b.test" }));
    assert_ne!(tag(&served, "a"), first);
    served.put(route("a"), json!({ "id": "a", "vHost": "a.test", "upstream": "app", "source": "api" }));
    assert_eq!(tag(&served, "a"), first);
}

#[test]
fn a_hundred_writers_at_once_lose_nothing() {
    let place = Place::new();
    let served = place.open_with("");
    served.put(route("counter"), json!({ "respond": { "status": 200, "body": "0" } }));
    let documents = &served.documents;
    let written: u32 = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..100)
            .map(|_| {
                scope.spawn(move || {
                    let mut tries = 0_u32;
                    loop {
                        tries += 1;
                        let view = documents.view();
                        let entry = view.entry(&route("counter")).unwrap();
                        let count: u32 = entry.value()["respond"]["body"].as_str().unwrap().parse().unwrap();
                        let value = json!({ "respond": { "status": 200, "body": (count + 1).to_string() } });
                        let condition = Condition::Tag(vec![entry.tag().to_owned()]);
                        match documents.apply(&put(route("counter"), value, condition), &How::by("w")) {
                            Ok(_) => return tries,
                            Err(ChangeError::Condition { .. }) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).sum()
    });
    assert!(written >= 100);
    let body = served.view().entry(&route("counter")).unwrap().value()["respond"]["body"].clone();
    assert_eq!(body, "100");
    // The first document, the first counter, and each change once; the oldest are forgotten.
    assert_eq!(served.view().revision, 102);
    let numbers: Vec<u64> = served.documents.revisions().iter().map(|revision| revision.number).collect();
    let expected: Vec<u64> = (3..=102).rev().collect();
    assert_eq!(numbers, expected);
}
