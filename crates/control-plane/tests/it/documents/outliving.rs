use super::*;

#[test]
fn what_was_acknowledged_is_there_after_a_restart() {
    let place = Place::new();
    let served = place.open_with("routes: [{ id: a, upstream: app }]");
    served.put(route("x"), to_app("x.test"));
    served.put(route("y"), to_app("y.test"));
    served.remove(route("x")).unwrap();
    served.put(route("a"), to_app("a.test"));
    let (document, revision) = (served.view().document(None), served.view().revision);
    drop(served);
    let again = place.open();
    assert_eq!(again.view().document(None), document);
    assert_eq!(again.view().revision, revision);
    assert_eq!(again.listed(Kind::Route), ["a api", "y api"]);
    assert!(again.is_served("y"));
}

#[test]
fn numbers_go_on_after_a_restart() {
    let place = Place::new();
    let first = place.open_with("").put(route("x"), to_app("x.test")).revision;
    let second = place.open().put(route("y"), to_app("y.test")).revision;
    assert_eq!((first, second), (2, 3));
    let told: Vec<_> =
        place.open().documents.revisions().iter().map(|one| (one.number, one.by.clone())).collect();
    assert_eq!(told, [(3, "tester".into()), (2, "tester".into()), (1, "file".into())]);
}

#[test]
fn nothing_is_written_before_the_first_change() {
    let place = Place::new();
    drop(place.open_with(""));
    assert!(!place.state().exists());
}

#[test]
fn one_process_at_a_time_has_the_directory() {
    let place = Place::new();
    let served = place.open_with("");
    served.put(route("x"), to_app("x.test"));
    let refused = place.try_open().err().unwrap();
    let told = refused.to_string();
    assert!(told.contains("another process has") && told.contains("state: none"), "{told}");
    drop(served);
    place.open();
}

#[test]
fn without_a_directory_changes_end_with_the_process() {
    let place = Place::new();
    let text = format!("listeners: [{{ address: 127.0.0.1:0 }}]\nstate: none\n{UPSTREAM}");
    fs::write(place.file(), &text).unwrap();
    let served = place.open();
    served.put(route("x"), to_app("x.test"));
    assert!(served.is_served("x"));
    drop(served);
    assert_eq!(place.open().listed(Kind::Route), Vec::<String>::new());
}

#[test]
fn a_file_that_no_longer_has_what_the_api_needs_is_refused_with_the_object() {
    let place = Place::new();
    let served = place.open_with("routes: [{ path: /old, respond: { status: 200 } }]");
    served.put(route("x"), to_app("x.test"));
    drop(served);
    place.write("routes: [{ path: /old, respond: { status: 200 } }]");
    let Err(OpenError::Document(errors)) = place.try_open() else { panic!() };
    let told = errors.to_string();
    assert!(told.contains("there is no upstream `app`") && told.contains("the API"), "{told}");
}

#[test]
fn a_damaged_revision_is_set_aside_and_the_one_before_it_served() {
    let place = Place::new();
    let served = place.open_with("");
    served.put(route("x"), to_app("x.test"));
    served.put(route("y"), to_app("y.test"));
    drop(served);
    let last = place.state().join("revisions/000000003.json");
    let mut bytes = fs::read(&last).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&last, bytes).unwrap();
    let opening = place.try_open().unwrap();
    assert!(
        opening.problems().iter().any(|problem| problem.contains("000000003.json")),
        "{:?}",
        opening.problems()
    );
    let served = Served::of(opening);
    assert_eq!(served.listed(Kind::Route), ["x api"]);
    let next = served.put(route("z"), to_app("z.test"));
    assert!(next.revision > 3, "a number is never used again: {}", next.revision);
}

#[test]
fn files_of_others_are_in_nobodys_way() {
    let place = Place::new();
    let served = place.open_with("");
    served.put(route("x"), to_app("x.test"));
    drop(served);
    fs::write(place.state().join("revisions/18446744073709551615.json"), "{}").unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, place.state().join("backends.json"), rustix::fs::Mode::RUSR)
        .unwrap();
    let again = place.open();
    assert_eq!(again.put(route("y"), to_app("y.test")).revision, 3);
}
