//! A proxy that is killed and started again, and what its API has acknowledged.

use std::collections::{BTreeMap, BTreeSet};

use harness::{Answer, Home, Proxyd};
use serde_json::{Value, json};

use super::model::{KEY, Objects, Write};
use crate::it::caller::Caller;

/// The file: one route of its own, which nobody changes.
const FILE: &str = "\
proxy: { workers: 1 }
listeners: [{ address: 127.0.0.1:0 }]
state: { history: 1000 }
admin: { rateLimit: { max: 1000000, windowMs: 1000 } }
routes: [{ id: file, vHost: file.test, respond: { status: 200, body: file } }]
";

/// A home whose proxy has one route.
pub(super) fn home() -> Home {
    let home = Home::new();
    home.write(FILE);
    home
}

/// What was acknowledged, and of which restarts know.
#[derive(Clone, Debug, Default)]
pub(super) struct Acknowledged {
    /// What a restart serves.
    pub(super) objects: Objects,
    /// What is served until somebody confirms it or the process ends, and its revision.
    pub(super) pending: Option<(u64, Objects)>,
    /// Revisions that stay.
    pub(super) revisions: BTreeSet<u64>,
    /// The highest number of a revision that anybody has seen.
    pub(super) highest: u64,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub(super) enum Ask {
    Write(Write),
    /// A write that waits for its confirmation.
    Trial(Write),
    Confirm(u64),
}

impl Ask {
    pub(super) fn send(&self, caller: &mut Caller) -> Option<Answer> {
        match self {
            Self::Write(write) => caller.try_ask(write.method, &write.path, &[], write.body.as_ref()),
            Self::Trial(write) => {
                let path = format!("{}?confirm=600s", write.path);
                caller.try_ask(write.method, &path, &[], write.body.as_ref())
            }
            Self::Confirm(number) => {
                caller.try_ask("POST", "/confirm", &[], Some(&json!({ "revision": number })))
            }
        }
    }

    /// What restarts serve once this has been done.
    pub(super) fn stays(&self, before: &Acknowledged) -> Objects {
        match (self, &before.pending) {
            (Self::Write(write), None) => write.applied(&before.objects),
            (Self::Confirm(_), Some((_, objects))) => objects.clone(),
            _ => before.objects.clone(),
        }
    }
}

impl Acknowledged {
    /// Takes an answer down. `number` is the revision that is served since.
    #[track_caller]
    pub(super) fn take(&mut self, ask: &Ask, answer: &Answer, number: u64) {
        if self.pending.is_some() && !matches!(ask, Ask::Confirm(_)) {
            assert_eq!(answer.status, 409, "{ask:?}: {answer:?}");
            return;
        }
        assert!((200..300).contains(&answer.status), "{ask:?}: {answer:?}");
        match ask {
            Ask::Trial(write) => self.pending = Some((number, write.applied(&self.objects))),
            _ => {
                self.objects = ask.stays(self);
                self.pending = None;
                self.revisions.insert(number);
            }
        }
        if !matches!(ask, Ask::Confirm(_)) {
            assert!(number > self.highest, "{number} was used before: {}", self.highest);
        }
        self.highest = number;
    }

    /// The process is gone: nobody can confirm any more.
    pub(super) fn end(&mut self) {
        self.pending = None;
    }
}

/// What there is after a start.
pub(super) struct Started {
    pub(super) proxyd: Proxyd,
    pub(super) caller: Caller,
    pub(super) objects: Objects,
}

/// Starts the proxy, and looks at what it serves.
#[track_caller]
pub(super) fn start(home: &Home, markers: &mut BTreeMap<String, Value>) -> Started {
    let proxyd = Proxyd::start_at(home);
    let mut caller = Caller::of(home);
    let objects = objects(&mut caller, markers);
    Started { proxyd, caller, objects }
}

/// What the API's layer has; `markers` knows which certificate's key has which, for ever.
#[track_caller]
pub(super) fn objects(caller: &mut Caller, markers: &mut BTreeMap<String, Value>) -> Objects {
    let document = caller.get("/document?layer=api");
    assert_eq!(document.status, 200, "{document:?}");
    let mut objects = Objects::new();
    for (list, items) in document.body.as_object().unwrap() {
        for mut item in items.as_array().unwrap_or_else(|| panic!("{list}: {items}")).iter().cloned() {
            let name = if list == "upstreams" { "name" } else { "id" };
            let name = item[name].as_str().unwrap().to_owned();
            if list == "certificates" {
                let marker = std::mem::replace(&mut item["key"], KEY.into());
                assert!(marker.as_str().unwrap().starts_with("secret:"), "{marker}");
                let cert = item["cert"].as_str().unwrap().to_owned();
                let known = markers.entry(cert).or_insert_with(|| marker.clone());
                assert_eq!(*known, marker, "the same secret has the same marker");
            }
            objects.insert((list.clone(), name), item);
        }
    }
    objects
}

/// The numbers of the revisions that are remembered. They only go up.
#[track_caller]
pub(super) fn revisions(caller: &mut Caller) -> BTreeSet<u64> {
    let told = caller.get("/revisions");
    let numbers: Vec<u64> =
        told.body.as_array().unwrap().iter().map(|one| one["revision"].as_u64().unwrap()).collect();
    assert!(numbers.is_sorted_by(|a, b| a > b), "{numbers:?}");
    numbers.into_iter().collect()
}
