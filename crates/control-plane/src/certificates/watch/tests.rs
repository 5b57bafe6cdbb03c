use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::timeout;

use super::{Dirs, Watch};
use crate::certificates::changes::Changes;

/// A folder whose files are watched, by their names.
struct Watched {
    root: PathBuf,
    watch: Watch,
    _folder: TempDir,
}

impl Watched {
    fn new(make: impl FnOnce(&Path), files: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        make(&root);
        let watch = Watch::default();
        let files: Vec<Arc<Path>> = files.iter().map(|file| root.join(file).into()).collect();
        watch.follow(&files);
        let watched = Self { root, watch, _folder: folder };
        watched.watch.changes().take();
        watched
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Waits until a change of this file is heard of, and attends to it as a round does.
    #[track_caller]
    fn hears(&self, file: &str) -> impl Future<Output = ()> {
        let at = std::panic::Location::caller();
        async move {
            loop {
                let gathered = timeout(Duration::from_secs(10), self.watch.changes().gathered());
                gathered.await.unwrap_or_else(|_| panic!("nothing is heard of {file} at {at}"));
                let changed = self.watch.changes().take();
                self.watch.attend(changed.files.iter().cloned().collect(), &changed.lost);
                if changed.files.contains(&*self.path(file)) {
                    return;
                }
            }
        }
    }

    fn dirs(&self) -> HashSet<PathBuf> {
        self.watch.changes().index(|index| index.dirs())
    }
}

fn write(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, "text").unwrap();
}

#[tokio::test]
async fn every_way_to_change_a_file_is_heard_of() {
    let watched = Watched::new(|root| write(&root.join("a.pem")), &["a.pem"]);
    let path = watched.path("a.pem");
    write(&path);
    watched.hears("a.pem").await;
    write(&watched.path("next"));
    fs::rename(watched.path("next"), &path).unwrap();
    watched.hears("a.pem").await;
    fs::remove_file(&path).unwrap();
    watched.hears("a.pem").await;
    write(&path);
    watched.hears("a.pem").await;
    fs::rename(&path, watched.path("other")).unwrap();
    watched.hears("a.pem").await;
    symlink("other", &path).unwrap();
    watched.hears("a.pem").await;
    // What the link leads to is watched from then on.
    write(&watched.path("other"));
    watched.hears("a.pem").await;
}

#[tokio::test]
async fn a_link_on_the_way_may_be_swapped() {
    let make = |root: &Path| {
        write(&root.join("mount/..1/tls.crt"));
        symlink("..1", root.join("mount/..data")).unwrap();
        symlink("..data/tls.crt", root.join("mount/tls.crt")).unwrap();
        symlink("mount", root.join("current")).unwrap();
    };
    let watched = Watched::new(make, &["current/tls.crt"]);
    for number in 2..5 {
        let data = format!("mount/..{number}");
        write(&watched.path(&data).join("tls.crt"));
        symlink(format!("..{number}"), watched.path("mount/..next")).unwrap();
        fs::rename(watched.path("mount/..next"), watched.path("mount/..data")).unwrap();
        fs::remove_dir_all(watched.path(&format!("mount/..{}", number - 1))).unwrap();
        watched.hears("current/tls.crt").await;
        // The directory that it leads to is watched, and the former one is not.
        write(&watched.path(&data).join("tls.crt"));
        watched.hears("current/tls.crt").await;
        let expected = ["", "mount", &data].map(|dir| watched.path(dir).components().collect());
        assert_eq!(watched.dirs(), HashSet::from(expected));
    }
    // A link further up.
    write(&watched.path("second/tls.crt"));
    symlink("second", watched.path("next")).unwrap();
    fs::rename(watched.path("next"), watched.path("current")).unwrap();
    watched.hears("current/tls.crt").await;
    write(&watched.path("second/tls.crt"));
    watched.hears("current/tls.crt").await;
}

#[tokio::test]
async fn a_directory_may_go_and_come() {
    let watched = Watched::new(|root| write(&root.join("b/c/a.pem")), &["b/c/a.pem"]);
    for _ in 0..3 {
        fs::remove_dir_all(watched.path("b")).unwrap();
        watched.hears("b/c/a.pem").await;
        // The way there may be made in several steps.
        fs::create_dir(watched.path("b")).unwrap();
        watched.hears("b/c/a.pem").await;
        fs::create_dir(watched.path("b/c")).unwrap();
        watched.hears("b/c/a.pem").await;
        write(&watched.path("b/c/a.pem"));
        watched.hears("b/c/a.pem").await;
    }
    // Another directory takes its place.
    write(&watched.path("next/a.pem"));
    fs::rename(watched.path("b/c"), watched.path("b/old")).unwrap();
    fs::rename(watched.path("next"), watched.path("b/c")).unwrap();
    watched.hears("b/c/a.pem").await;
    write(&watched.path("b/c/a.pem"));
    watched.hears("b/c/a.pem").await;
}

#[tokio::test]
async fn a_directory_that_is_replaced_further_up_is_found() {
    let watched = Watched::new(|root| write(&root.join("b/c/a.pem")), &["b/c/a.pem"]);
    write(&watched.path("next/c/a.pem"));
    fs::rename(watched.path("b"), watched.path("old")).unwrap();
    fs::rename(watched.path("next"), watched.path("b")).unwrap();
    watched.watch.check();
    let changed = watched.watch.changes().take();
    assert_eq!(changed.lost, HashSet::from([watched.path("b/c")]));
    assert!(changed.files.contains(&*watched.path("b/c/a.pem")));
    watched.watch.attend(changed.files.into_iter().collect(), &changed.lost);
    write(&watched.path("b/c/a.pem"));
    watched.hears("b/c/a.pem").await;
    watched.watch.check();
    assert!(watched.watch.changes().take().lost.is_empty());
}

#[tokio::test]
async fn what_is_followed_no_longer_is_not_watched() {
    let make = |root: &Path| {
        write(&root.join("b/a.pem"));
        write(&root.join("c/a.pem"));
    };
    let watched = Watched::new(make, &["b/a.pem", "c/a.pem"]);
    watched.watch.follow(&[watched.path("c/a.pem").into()]);
    assert_eq!(watched.dirs(), HashSet::from([watched.path("c")]));
    write(&watched.path("b/a.pem"));
    write(&watched.path("c/a.pem"));
    watched.hears("c/a.pem").await;
    watched.watch.follow(&[]);
    assert!(watched.dirs().is_empty());
}

#[tokio::test]
async fn many_changes_at_once_are_all_heard_of() {
    let names: Vec<_> = (0..200).map(|number| format!("{}/{number}.pem", number % 20)).collect();
    let files: Vec<_> = names.iter().map(String::as_str).collect();
    let watched = Watched::new(|root| names.iter().for_each(|name| write(&root.join(name))), &files);
    names.iter().for_each(|name| write(&watched.path(name)));
    let mut heard = HashSet::new();
    while heard.len() < names.len() {
        timeout(Duration::from_secs(10), watched.watch.changes().gathered()).await.unwrap();
        heard.extend(watched.watch.changes().take().files);
    }
}

#[test]
fn what_cannot_be_watched_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let (there, missing) = (folder.path().to_owned(), folder.path().join("missing"));
    let wanted = || HashSet::from([there.clone(), missing.clone()]);
    let (mut dirs, changes) = (Dirs::default(), Arc::new(Changes::default()));
    assert_eq!(dirs.follow(wanted(), &changes), std::slice::from_ref(&there));
    assert_eq!(dirs.follow(wanted(), &changes), Vec::<PathBuf>::new(), "not before the next sweep");
    fs::create_dir(&missing).unwrap();
    assert!(dirs.replaced().is_empty() && dirs.is_due);
    assert_eq!(dirs.follow(wanted(), &changes), [missing]);
    assert!(dirs.replaced().is_empty() && !dirs.is_due);
}
