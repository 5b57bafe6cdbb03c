use super::*;

const OLD: &str =
    "routes: [{ id: a, vHost: file.test, upstream: app }, { id: b, vHost: b.test, upstream: app }]";

fn host(served: &Served, id: &str) -> Value {
    served.view().entry(&route(id)).unwrap().value()["vHost"].clone()
}

#[test]
fn the_apis_object_takes_the_place_of_the_files() {
    let place = Place::new();
    let served = place.open_with(OLD);
    served.put(route("a"), to_app("api.test"));
    assert_eq!(served.listed(Kind::Route), ["a api", "b file"]);
    let view = served.view();
    assert_eq!(view.shadowed(&route("a")).unwrap().value()["vHost"], "file.test");
    assert!(view.shadowed(&route("b")).is_none());
    assert_eq!(host(&served, "a"), "api.test");
}

#[test]
fn what_was_shadowed_comes_back() {
    let place = Place::new();
    let served = place.open_with(OLD);
    served.put(route("a"), to_app("api.test"));
    let applied = served.remove(route("a")).unwrap();
    assert_eq!(applied.changes[0].kind.as_str(), "changed");
    assert_eq!(
        (host(&served, "a"), served.listed(Kind::Route)),
        (json!("file.test"), vec!["a file".into(), "b file".into()])
    );
}

#[test]
fn what_is_the_files_is_removed_in_the_file() {
    let place = Place::new();
    let served = place.open_with(OLD);
    let Err(ChangeError::FileOwned { key, place: at }) = served.remove(route("b")) else { panic!() };
    assert_eq!(key, route("b"));
    assert!(at.ends_with("proxyd.yaml:4"), "{at}");
    assert!(matches!(served.remove(route("c")), Err(ChangeError::Missing { .. })));
}

#[test]
fn a_start_warns_of_shadows() {
    let place = Place::new();
    place.open_with(OLD).put(route("a"), to_app("api.test"));
    let opening = place.try_open().unwrap();
    let warnings: Vec<_> = opening.plan().warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert_eq!(warnings, ["`routes/a` of the file is shadowed: the API has another one, which is served"]);
}

#[test]
fn what_is_the_files_alone_is_not_the_apis() {
    let place = Place::new();
    let served = place.open_with("");
    for section in ["admin", "state"] {
        let faults = faults(served.try_put(Key::new(Kind::Section, section), json!({})));
        assert_eq!(faults[0].1, format!("`{section}` is the file's alone, and is changed there"));
    }
}

#[test]
fn a_whole_document_takes_over_what_differs_from_the_files() {
    let place = Place::new();
    let served = place.open_with(OLD);
    served.put(route("gone"), to_app("gone.test"));
    let mut document = served.view().document(None);
    assert_eq!(document["routes"].as_array().unwrap().len(), 3);
    document["routes"] = json!([
        { "id": "a", "vHost": "file.test", "upstream": "app" },
        { "id": "new", "vHost": "new.test", "upstream": "app" },
    ]);
    let change = Change::of(Edit::Document { value: document, condition: Condition::None });
    let applied = served.documents.apply(&change, &How::by("tester")).unwrap();
    assert_eq!(served.listed(Kind::Route), ["a file", "b file", "new api"]);
    let warnings: Vec<_> = applied.warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert_eq!(warnings, ["`routes/b` is the file's and stays, though it is not named"]);
}

#[test]
fn a_document_that_is_sent_back_as_it_is_changes_nothing() {
    let place = Place::new();
    let served = place.open_with(OLD);
    served.put(route("more"), to_app("more.test"));
    let change =
        Change::of(Edit::Document { value: served.view().document(None), condition: Condition::None });
    let applied = served.documents.apply(&change, &How::by("tester")).unwrap();
    assert!(!applied.is_changed, "{:?}", applied.changes);
}

#[test]
fn a_document_puts_routes_of_the_api_in_order() {
    let place = Place::new();
    let served = place.open_with(OLD);
    for id in ["x", "y", "z"] {
        served.put(route(id), to_app(&format!("{id}.test")));
    }
    let mut document = served.view().document(None);
    let routes = document["routes"].as_array_mut().unwrap();
    let moved = routes.remove(2);
    assert_eq!(moved["id"], "x");
    routes.push(moved);
    // The file's stand where they stand there.
    routes.swap(0, 1);
    let change = Change::of(Edit::Document { value: document.clone(), condition: Condition::None });
    let planned = served.documents.plan(&change).unwrap();
    let applied = served.documents.apply(&change, &How::by("tester")).unwrap();
    assert_eq!(planned.changes, applied.changes);
    let told: Vec<_> = applied
        .changes
        .iter()
        .map(|change| (change.key.to_string(), change.kind, change.fields.len()))
        .collect();
    assert_eq!(told, [("routes/x".to_owned(), DifferenceKind::Changed, 0)]);
    let expected = ["a file", "b file", "y api", "z api", "x api"];
    assert_eq!(served.listed(Kind::Route), expected);
    let again =
        Change::of(Edit::Document { value: served.view().document(None), condition: Condition::None });
    assert!(!served.documents.apply(&again, &How::by("tester")).unwrap().is_changed);
    drop(served);
    let served = place.open();
    assert_eq!(served.listed(Kind::Route), expected, "it is kept");
    served.documents.roll_back(applied.revision - 1, &How::by("tester")).unwrap();
    assert_eq!(served.listed(Kind::Route), ["a file", "b file", "x api", "y api", "z api"]);
}

#[test]
fn what_is_wrong_with_a_document_is_told_at_its_place_in_it() {
    let place = Place::new();
    let served = place.open_with(OLD);
    let document = json!({ "routes": [
        { "id": "x", "upstream": "app" },
        { "id": "y", "upstream": "nobody", "timeout": "soon" },
        { "id": "y", "upstream": "app" },
    ]});
    let change = Change::of(Edit::Document { value: document.clone(), condition: Condition::None });
    let first = faults(served.documents.apply(&change, &How::by("tester")));
    assert_eq!(
        first[0],
        ("/routes/2".to_owned(), "the route `y` is there twice; the first one is item 1".to_owned())
    );
    let mut fewer = document;
    fewer["routes"].as_array_mut().unwrap().pop();
    let change = Change::of(Edit::Document { value: fewer, condition: Condition::None });
    let faults = faults(served.documents.apply(&change, &How::by("tester")));
    let mut pointers: Vec<_> = faults.iter().map(|(pointer, _)| pointer.as_str()).collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/routes/1/timeout", "/routes/1/upstream"], "{faults:?}");
}

#[test]
fn a_check_looks_at_what_the_api_was_told() {
    let place = Place::new();
    let served = place.open_with(OLD);
    served.put(route("a"), to_app("api.test"));
    let checked = control_plane::check_file(&place.file(), &Factories::default()).unwrap();
    let warnings: Vec<_> = checked.warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert_eq!(warnings, ["`routes/a` of the file is shadowed: the API has another one, which is served"]);
    assert_eq!(checked.loaded.document.routes[0].v_host.to_string(), "api.test");
    place.write("routes: [{ path: /x, respond: { status: 200 } }]");
    let wrong = control_plane::check_file(&place.file(), &Factories::default()).unwrap_err();
    assert!(wrong.to_string().contains("there is no upstream `app`"), "{wrong}");
    served.put(route("b"), to_app("b.test"));
}
