use std::fs;
use std::os::unix::fs::PermissionsExt;

use health::Manual;
use proxy_core::spec::{BackendSpec, Blueprint, UpstreamSpec};

use super::States;

const DRAIN: Manual = Manual::Drain { keeps_sticky: false };

/// A blueprint with one upstream, whose backend the document has in this state.
fn blueprint(written: Manual) -> Blueprint {
    let mut backend = BackendSpec::new("a", "127.0.0.1", 1);
    backend.state = written;
    let mut blueprint = Blueprint::default();
    blueprint.upstreams.push(UpstreamSpec::new("app").backend(backend).into());
    blueprint
}

/// The state of the backend once what was set is applied.
#[track_caller]
fn applied(states: &mut States, written: Manual) -> Manual {
    states.apply(&blueprint(written), blueprint(written)).upstreams[0].backends[0].state
}

#[test]
fn what_was_set_wins_over_the_document() {
    let mut states = States::read(None);
    assert_eq!(applied(&mut states, DRAIN), DRAIN);
    states.set("app", "a", Manual::Dead).unwrap();
    assert_eq!(applied(&mut states, DRAIN), Manual::Dead);
    assert_eq!(states.written("app", "a"), Some(DRAIN), "what the document says is not forgotten");
    states.set("app", "a", Manual::Ready).unwrap();
    assert_eq!(applied(&mut states, DRAIN), Manual::Ready);
}

#[test]
fn ready_is_forgotten_unless_the_document_says_something_else() {
    let folder = tempfile::tempdir().unwrap();
    let kept = |written, set| {
        let mut states = States::read(Some(folder.path()));
        applied(&mut states, written);
        states.set("app", "a", Manual::Dead).unwrap();
        states.set("app", "a", set).unwrap();
        States::read(Some(folder.path())).set.find("app", "a").map(super::manual)
    };
    assert_eq!(kept(Manual::Ready, Manual::Ready), None);
    assert_eq!(kept(Manual::Dead, Manual::Ready), Some(Manual::Ready));
    for set in [DRAIN, Manual::Drain { keeps_sticky: true }, Manual::Dead] {
        assert_eq!(kept(set, set), Some(set), "it holds once the document says something else");
    }
}

#[test]
fn the_documents_word_counts_again_once_nothing_is_remembered() {
    let mut states = States::read(None);
    applied(&mut states, Manual::Ready);
    states.set("app", "a", Manual::Ready).unwrap();
    assert!(states.take_overruled().is_empty(), "both say the same");
    for written in [DRAIN, Manual::Ready] {
        applied(&mut states, written);
        assert_eq!(states.take_overruled(), [("app".to_owned(), "a".to_owned(), written)]);
        assert!(states.take_overruled().is_empty(), "it is told once");
    }
    states.set("app", "a", Manual::Dead).unwrap();
    applied(&mut states, DRAIN);
    assert!(states.take_overruled().is_empty(), "what was set since holds");
}

#[test]
fn backends_that_the_document_does_not_have_are_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let mut states = States::read(Some(folder.path()));
    applied(&mut states, Manual::Ready);
    states.set("app", "a", Manual::Dead).unwrap();
    let mut again = States::read(Some(folder.path()));
    again.apply(&Blueprint::default(), Blueprint::default());
    assert_eq!(again.written("app", "a"), None);
    again.set("other", "b", DRAIN).unwrap();
    assert_eq!(applied(&mut States::read(Some(folder.path())), Manual::Ready), Manual::Dead);
}

#[test]
fn what_cannot_be_kept_is_not_set() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let mut states = States::read(Some(&file.join("below a file")));
    applied(&mut states, Manual::Ready);
    states.set("app", "a", Manual::Dead).unwrap_err();
    assert_eq!(applied(&mut states, Manual::Ready), Manual::Ready);
}

#[test]
fn what_cannot_be_read_is_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backends.json");
    // A directory cannot be read as a file, not even by root.
    fs::create_dir(&path).unwrap();
    let mut states = States::read(Some(folder.path()));
    applied(&mut states, Manual::Ready);
    states.set("app", "a", Manual::Dead).unwrap_err();
    fs::remove_dir(&path).unwrap();
    states.set("app", "a", Manual::Dead).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}
