//! Files of the state are damaged between two processes: what is whole of them is served.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use harness::{Home, Proxyd};
use serde_json::{Value, json};

use super::model::{Objects, Writes, says};
use super::rig::{home, objects, revisions, start};
use crate::it::caller::Caller;
use crate::it::random::Random;

const SEED: u64 = 0x5eed_0003;
/// So many revisions need more than one file of all objects.
const REVISIONS: usize = 150;
/// From this revision on there are certificates, and with them secrets.
const FIRST_SECRET: usize = 100;

/// What is done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Damage {
    Emptied,
    Cut,
    Flipped,
    Removed,
}

const ALL: [Damage; 4] = [Damage::Emptied, Damage::Cut, Damage::Flipped, Damage::Removed];

impl Damage {
    fn is_done_to(self, path: &Path, random: &mut Random) {
        let mut bytes = fs::read(path).unwrap();
        let at = usize::try_from(random.below(bytes.len() as u64)).unwrap();
        match self {
            Self::Emptied => bytes.clear(),
            Self::Cut => bytes.truncate(at),
            Self::Flipped => bytes[at] ^= 1 << random.below(8),
            Self::Removed => return fs::remove_file(path).unwrap(),
        }
        fs::write(path, bytes).unwrap();
    }
}

/// A home with a long history, and what was served at each revision.
struct Past {
    home: Home,
    /// The directory of the state as the process left it.
    whole: PathBuf,
    /// By revision.
    served: BTreeMap<u64, Objects>,
    markers: BTreeMap<String, Value>,
    random: Random,
}

impl Past {
    /// Makes one. The last revision but one was confirmed, and a backend is set dead by hand.
    fn new() -> Self {
        let home = home();
        let (mut random, mut writes) = (Random::new(SEED), Writes::new());
        let (mut served, mut markers) = (BTreeMap::new(), BTreeMap::new());
        let proxyd = Proxyd::start_at(&home);
        let mut caller = Caller::of(&home);
        let mut now = Objects::new();
        served.insert(caller.revision(), now.clone());
        let backends = json!({ "backends": [{ "id": "a", "hostname": "127.0.0.1", "port": 9 }] });
        for number in 0..REVISIONS {
            let write = loop {
                let write = if number == FIRST_SECRET {
                    writes.certificate(&mut random)
                } else {
                    writes.next(&mut random, &now)
                };
                if number >= FIRST_SECRET || write.path != "/certificates" {
                    break write;
                }
            };
            let is_trial = number == REVISIONS - 2;
            let path = if is_trial { format!("{}?confirm=600s", write.path) } else { write.path.clone() };
            let answer = caller.ask(write.method, &path, &[], write.body.as_ref());
            assert!(answer.status < 300, "{write:?}: {answer:?}");
            now = write.applied(&now);
            let revision = caller.revision();
            if is_trial {
                let confirmed = caller.ask("POST", "/confirm", &[], Some(&json!({ "revision": revision })));
                assert_eq!(confirmed.status, 200);
            }
            served.insert(revision, now.clone());
        }
        assert_eq!(objects(&mut caller, &mut markers), now);
        assert_eq!(caller.ask("PUT", "/upstreams/by-hand", &[], Some(&backends)).status, 201);
        served.insert(caller.revision(), objects(&mut caller, &mut markers));
        assert_eq!(caller.ask("POST", "/upstreams/by-hand/backends/a/dead", &[], None).status, 200);
        assert_eq!(caller.ask("DELETE", "/upstreams/by-hand", &[], None).status, 204);
        served.insert(caller.revision(), now);
        proxyd.kill();
        let whole = home.state().with_extension("whole");
        copy(&home.state(), &whole);
        Self { home, whole, served, markers, random }
    }

    fn last(&self) -> u64 {
        *self.served.keys().next_back().unwrap()
    }

    /// The names of files below the directory of the state.
    fn files(&self) -> Vec<String> {
        let mut names = vec!["secrets.json".to_owned(), "backends.json".to_owned()];
        let revisions = fs::read_dir(self.whole.join("revisions")).unwrap();
        let revisions = revisions.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.extend(revisions.filter(|name| name != "lock").map(|name| format!("revisions/{name}")));
        names.sort();
        names
    }

    /// Damages files, starts a process, and sees that it says so and serves what was served once; gives which revision that was.
    #[track_caller]
    fn check(&mut self, files: &[String], damage: Damage) -> u64 {
        fs::remove_dir_all(self.home.state()).unwrap();
        copy(&self.whole, &self.home.state());
        for file in files {
            damage.is_done_to(&self.home.state().join(file), &mut self.random);
        }
        let what = format!("{damage:?} {files:?}");
        let mut started = start(&self.home, &mut self.markers);
        let lines = started.proxyd.log().lines();
        let mut newest = self.served.iter().rev();
        let Some((&revision, _)) = newest.find(|(_, served)| **served == started.objects) else {
            panic!("{what}: a part is served: {:#?}\n{lines:#?}", started.objects);
        };
        let errors: Vec<_> = lines.iter().filter(|line| line.contains("\"ERROR\"")).collect();
        for file in files.iter().filter(|_| damage != Damage::Removed) {
            assert!(
                errors.iter().any(|line| line.contains(file.as_str())),
                "{what}: nothing is said: {lines:#?}"
            );
            let aside = self.home.state().join(format!("{file}.corrupt-1"));
            assert!(aside.exists(), "{what}: it is not set aside: {lines:#?}");
        }
        let is_known = files.iter().all(|file| !file.contains(&format!("{:09}", self.last())));
        let before = started.caller.revision();
        let body = says(0, 999_999);
        let answer = started.caller.ask("PUT", "/routes/r0", &[], Some(&body));
        assert!(answer.status < 300, "{what}: {answer:?}");
        let after = started.caller.revision();
        assert!(after > before, "{what}: {after} after {before}");
        assert!(
            damage == Damage::Removed && !is_known || after > self.last(),
            "{what}: {after} is used again"
        );
        let expected = objects(&mut started.caller, &mut self.markers);
        started.proxyd.kill();
        let mut again = start(&self.home, &mut self.markers);
        let lines = again.proxyd.log().lines();
        assert_eq!(again.objects, expected, "{what}: {lines:#?}");
        assert!(!lines.iter().any(|line| line.contains("\"ERROR\"")), "{what}: {lines:#?}");
        assert!(revisions(&mut again.caller).contains(&after), "{what}");
        again.proxyd.kill();
        revision
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn a_damaged_revision_is_set_aside_and_an_older_whole_one_is_served() {
    let mut past = Past::new();
    let (files, last) = (past.files(), past.last());
    let named = |number: u64| format!("revisions/{number:09}.json");
    let checkpoints: Vec<_> = files.iter().filter(|file| file.contains(".layers.")).cloned().collect();
    let confirmed: Vec<_> = files.iter().filter(|file| file.contains(".confirmed.")).cloned().collect();
    assert!(checkpoints.len() > 1 && confirmed.len() == 1, "{files:?}");
    for damage in ALL {
        // An old one costs history alone, as all objects of a later revision are there.
        assert_eq!(past.check(&[named(10)], damage), last);
        assert_eq!(past.check(&checkpoints[..1], damage), last);
        assert_eq!(past.check(&checkpoints, damage), last);
        assert_eq!(past.check(&[named(last)], damage), last - 1);
        let middle = past.check(&[named(last - 5)], damage);
        assert!(middle < last - 5, "{middle}");
        past.check(&confirmed, damage);
    }
    for _ in 0..10 {
        let files: Vec<_> = (0..3).map(|_| past.random.one_of(&files).clone()).collect();
        let files: Vec<_> = files.into_iter().filter(|file| file.starts_with("revisions")).collect();
        let damage = *past.random.one_of(&[Damage::Cut, Damage::Flipped]);
        past.check(&files, damage);
    }
}

#[test]
fn without_any_whole_revision_the_file_is_served() {
    let mut past = Past::new();
    let mut files = past.files();
    files.retain(|file| file.starts_with("revisions"));
    for damage in [Damage::Emptied, Damage::Flipped] {
        assert_eq!(past.check(&files, damage), *past.served.keys().next().unwrap());
    }
}

/// The newest revision that can be served without them is.
#[test]
fn lost_secrets_cost_the_revisions_that_need_them() {
    let mut past = Past::new();
    let first_secret = past.served.iter().nth(FIRST_SECRET + 1).unwrap();
    assert!(first_secret.1.keys().any(|(list, _)| list == "certificates"));
    for damage in ALL {
        let revision = past.check(&["secrets.json".to_owned()], damage);
        let has_secrets = past.served[&revision].keys().any(|(list, _)| list == "certificates");
        assert!(!has_secrets, "{damage:?}: {revision}");
    }
}

#[test]
fn lost_states_of_backends_cost_nothing_else() {
    let mut past = Past::new();
    for damage in ALL {
        assert_eq!(past.check(&["backends.json".to_owned()], damage), past.last());
    }
}
