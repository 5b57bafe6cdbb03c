use super::*;

const TWO: &str =
    "routes: [{ id: a, vHost: a.test, upstream: app }, { id: b, vHost: b.test, upstream: app }]";

impl Place {
    fn rewrite(&self, text: &str) {
        self.write(&format!("{UPSTREAM}{text}"));
    }
}

#[test]
fn a_file_that_changed_is_served_once_it_is_read() {
    let place = Place::new();
    let served = place.open_with(TWO);
    served.put(route("x"), to_app("x.test"));
    place.rewrite("routes: [{ id: b, vHost: b2.test, upstream: app }, { id: c, upstream: app }]");
    let applied = served.documents.reload("tester").unwrap();
    let changes: Vec<_> =
        applied.changes.iter().map(|change| format!("{} {}", change.kind.as_str(), change.key.id)).collect();
    assert_eq!(changes, ["removed a", "changed b", "added c"]);
    assert_eq!(served.listed(Kind::Route), ["b file", "c file", "x api"]);
    assert_eq!(served.documents.revisions()[0].what.as_str(), "file");
}

#[test]
fn a_file_that_is_wrong_changes_nothing() {
    let place = Place::new();
    let served = place.open_with(TWO);
    for wrong in ["routes: [{ id: a, upstream: nobody }]", "routes: {{", "colour: 1"] {
        place.rewrite(wrong);
        assert!(matches!(served.documents.reload("tester"), Err(ChangeError::Invalid { .. })), "{wrong}");
        assert_eq!(served.listed(Kind::Route), ["a file", "b file"]);
    }
    fs::remove_file(place.file()).unwrap();
    assert!(served.documents.reload("tester").is_err());
    assert_eq!(served.listed(Kind::Route), ["a file", "b file"]);
}

#[test]
fn comments_and_order_of_keys_are_no_change() {
    let place = Place::new();
    let served = place.open_with(TWO);
    place.rewrite(&format!("# a comment\n{TWO}"));
    assert!(!served.documents.reload("tester").unwrap().is_changed);
}

#[test]
fn going_back_behind_a_change_of_the_file_passes_the_file_over() {
    let place = Place::new();
    let served = place.open_with(TWO);
    let document = served.view().document(None);
    place.rewrite("routes: [{ id: bad, upstream: app }]");
    served.documents.reload("tester").unwrap();
    served.documents.roll_back(1, &How::by("tester")).unwrap();
    assert_eq!(served.view().document(None), document);
    drop(served);
    let again = place.open();
    assert_eq!(again.view().document(None), document, "the file is passed over after a restart too");
    again.documents.reload("tester").unwrap();
    assert_eq!(again.listed(Kind::Route), ["bad file"], "who asks for the file gets it");
}

#[test]
fn a_file_that_changes_again_is_served_again() {
    let place = Place::new();
    let served = place.open_with(TWO);
    place.rewrite("routes: [{ id: bad, upstream: app }]");
    served.documents.reload("tester").unwrap();
    served.documents.roll_back(1, &How::by("tester")).unwrap();
    drop(served);
    place.rewrite("routes: [{ id: good, upstream: app }]");
    assert_eq!(place.open().listed(Kind::Route), ["good file"]);
}

#[test]
fn a_file_that_changed_while_nothing_ran_is_a_revision() {
    let place = Place::new();
    let served = place.open_with(TWO);
    served.put(route("x"), to_app("x.test"));
    drop(served);
    place.rewrite("routes: [{ id: a, vHost: a.test, upstream: app }]");
    let again = place.open();
    let last = &again.documents.revisions()[0];
    assert_eq!((last.number, last.what.as_str()), (3, "file"));
    again.put(route("y"), to_app("y.test"));
    drop(again);
    assert_eq!(place.open().listed(Kind::Route), ["a file", "x api", "y api"]);
}

#[test]
fn who_may_change_what_is_the_files_to_say_as_it_is_now() {
    let place = Place::new();
    let token = |name: &str| {
        format!(
            "admin: {{ tokens: [{{ name: {name}, hash: \"sha256:{}\", role: write }}] }}\n{TWO}",
            "0".repeat(64)
        )
    };
    let served = place.open_with(&token("old"));
    place.rewrite(&token("new"));
    let refused = served.documents.reload("tester");
    assert!(matches!(refused, Err(ChangeError::NeedsRestart { what }) if what == "`admin`"));
    place.rewrite(&token("old").replace("b.test", "b2.test"));
    served.documents.reload("tester").unwrap();
    served.documents.roll_back(1, &How::by("tester")).unwrap();
    drop(served);
    // Nothing but the token differs from what is passed over: that is a change of the file.
    place.rewrite(&token("new").replace("b.test", "b2.test"));
    let again = place.open();
    assert_eq!(again.view().loaded.document.admin.as_ref().unwrap().tokens[0].name, "new");
    again.documents.roll_back(2, &How::by("tester")).unwrap();
    assert_eq!(again.view().loaded.document.admin.as_ref().unwrap().tokens[0].name, "new");
}

#[test]
fn a_file_that_says_nothing_or_is_a_pipe_is_no_file() {
    let place = Place::new();
    let served = place.open_with(TWO);
    fs::write(place.file(), "").unwrap();
    assert!(served.documents.reload("tester").is_err());
    fs::remove_file(place.file()).unwrap();
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mkfifoat(rustix::fs::CWD, place.file(), mode).unwrap();
    assert!(served.documents.reload("tester").is_err());
    assert_eq!(served.listed(Kind::Route), ["a file", "b file"]);
}
