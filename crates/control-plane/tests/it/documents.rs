//! The owner of the document: changes, revisions, what outlives the process.

#[path = "documents/conditions.rs"]
mod conditions;
#[path = "documents/confirming.rs"]
mod confirming;
#[path = "documents/files.rs"]
mod files;
#[path = "documents/outliving.rs"]
mod outliving;
#[path = "documents/revisions.rs"]
mod revisions;
#[path = "documents/secrets.rs"]
mod secrets;
#[path = "documents/shadows.rs"]
mod shadows;
#[path = "documents/walk.rs"]
mod walk;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use config::{Key, Kind};
use control_plane::changes::{Applied, Change, ChangeError, Condition, DifferenceKind, Edit, How, View};
use control_plane::{Documents, Factories, OpenError, Opening};
use proxy_core::{Listeners, Proxy};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A directory with a file and a state.
struct Place {
    dir: TempDir,
}

/// A document that is served, though nobody connects.
struct Served {
    documents: Documents,
    _proxy: Proxy,
}

const UPSTREAM: &str = "upstreams: [{ name: app, backends: [{ id: a, hostname: 127.0.0.1, port: 9001 }] }]\n";

impl Place {
    fn new() -> Self {
        Self { dir: TempDir::new().unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("proxyd.yaml")
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    /// Writes the file: where it listens, where the state is, and this.
    fn write(&self, text: &str) {
        let state = self.state();
        let text =
            format!("listeners: [{{ address: 127.0.0.1:0 }}]\nstate: {{ dir: {} }}\n{text}", state.display());
        fs::write(self.file(), text).unwrap();
    }

    fn try_open(&self) -> Result<Opening, OpenError> {
        Opening::read(&self.file(), Factories::default())
    }

    #[track_caller]
    fn open(&self) -> Served {
        let opening = self.try_open().unwrap();
        assert_eq!(opening.problems(), Vec::<String>::new());
        Served::of(opening)
    }

    /// With one upstream, `app`, and this.
    #[track_caller]
    fn open_with(&self, text: &str) -> Served {
        self.write(&format!("{UPSTREAM}{text}"));
        self.open()
    }
}

impl Served {
    #[track_caller]
    fn of(opening: Opening) -> Self {
        let listeners = Listeners::bind(&opening.plan().addresses, 1).unwrap();
        let (proxy, documents) = opening.build(&listeners).unwrap();
        Self { documents, _proxy: proxy }
    }

    fn view(&self) -> Arc<View> {
        self.documents.view()
    }

    #[track_caller]
    fn put(&self, key: Key, value: Value) -> Applied {
        self.try_put(key, value).unwrap()
    }

    fn try_put(&self, key: Key, value: Value) -> Result<Applied, ChangeError> {
        self.documents.apply(&put(key, value, Condition::None), &How::by("tester"))
    }

    fn remove(&self, key: Key) -> Result<Applied, ChangeError> {
        let edit = Edit::Remove { key, condition: Condition::None };
        self.documents.apply(&Change::of(edit), &How::by("tester"))
    }

    /// The ids of what is served of a kind, each with its owner.
    fn listed(&self, kind: Kind) -> Vec<String> {
        let view = self.view();
        view.of_kind(kind).map(|entry| format!("{} {}", entry.key.id, entry.owner.as_str())).collect()
    }

    /// The host that the engine has for a route.
    fn is_served(&self, id: &str) -> bool {
        self.documents.control().handle().blueprint().routes.iter().any(|route| route.id == id)
    }
}

fn put(key: Key, value: Value, condition: Condition) -> Change {
    Change::of(Edit::Put { key, value, condition })
}

fn route(id: &str) -> Key {
    Key::new(Kind::Route, id)
}

fn upstream(id: &str) -> Key {
    Key::new(Kind::Upstream, id)
}

/// A route of that host to `app`.
fn to_app(host: &str) -> Value {
    json!({ "vHost": host, "upstream": "app" })
}

/// What is wrong: pointers and messages.
#[track_caller]
fn faults(refused: Result<Applied, ChangeError>) -> Vec<(String, String)> {
    match refused {
        Err(ChangeError::Invalid { faults }) => {
            faults.into_iter().map(|fault| (fault.pointer, fault.problem.message)).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_route_that_is_put_is_served_and_told() {
    let place = Place::new();
    let served = place.open_with("routes: [{ id: old, upstream: app }]");
    let applied = served.put(route("new"), to_app("new.test"));
    assert_eq!((applied.revision, applied.is_changed), (2, true));
    let changes: Vec<_> =
        applied.changes.iter().map(|change| format!("{} {}", change.kind.as_str(), change.key)).collect();
    assert_eq!(changes, ["added routes/new"]);
    assert_eq!(served.listed(Kind::Route), ["old file", "new api"]);
    assert!(served.is_served("new") && served.is_served("old"));
}

#[test]
fn the_same_again_changes_nothing() {
    let place = Place::new();
    let served = place.open_with("");
    served.put(route("new"), to_app("new.test"));
    let again = served.put(route("new"), to_app("new.test"));
    assert_eq!((again.revision, again.is_changed), (2, false));
    assert_eq!(served.documents.revisions().len(), 2);
}

#[test]
fn what_is_wrong_is_told_at_its_place_and_changes_nothing() {
    let place = Place::new();
    let served = place.open_with("");
    let wrong =
        json!({ "vHost": "a b", "upstream": "apq", "backends": [], "reqActiveLength": 0, "colour": 1 });
    let faults = faults(served.try_put(route("new"), wrong));
    let pointers: Vec<_> = faults.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert!(["/vHost", "/colour", "/reqActiveLength"].iter().all(|at| pointers.contains(at)), "{faults:?}");
    assert_eq!(served.listed(Kind::Route), Vec::<String>::new());
    assert_eq!(served.documents.revisions().len(), 1);
}

#[test]
fn an_upstream_that_a_route_needs_cannot_go() {
    let place = Place::new();
    let served = place.open_with("");
    served.put(upstream("more"), json!({ "backends": [{ "hostname": "127.0.0.1", "port": 9002 }] }));
    served.put(route("new"), json!({ "upstream": "more" }));
    let faults = faults(served.remove(upstream("more")));
    assert_eq!(faults, [(String::new(), "there is no upstream `more`".to_owned())]);
    served.remove(route("new")).unwrap();
    served.remove(upstream("more")).unwrap();
    assert_eq!(served.listed(Kind::Upstream), ["app file"]);
}

#[test]
fn a_plan_changes_nothing() {
    let place = Place::new();
    let served = place.open_with("");
    let planned = served.documents.plan(&put(route("new"), to_app("a.test"), Condition::None)).unwrap();
    assert_eq!((planned.revision, planned.changes.len()), (1, 1));
    assert_eq!(served.listed(Kind::Route), Vec::<String>::new());
    assert!(!served.is_served("new"));
    assert!(!place.state().exists(), "nothing was written");
}

#[test]
fn what_needs_a_restart_is_refused() {
    let place = Place::new();
    let served = place.open_with("");
    let refused = served.try_put(Key::new(Kind::Section, "proxy"), json!({ "workers": 7 }));
    let Err(ChangeError::NeedsRestart { what }) = refused else { panic!("{refused:?}") };
    assert_eq!(what, "the number of workers");
}
