use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::{Step, follow};

/// The steps below a directory, as paths from there.
#[track_caller]
fn check(root: &Path, path: &str, expected: &[&str]) {
    let shown = |Step { dir, name }: Step| match dir.join(name).strip_prefix(root) {
        Ok(inside) => inside.display().to_string(),
        Err(_) => "outside".to_owned(),
    };
    let steps: Vec<_> = follow(&root.join(path)).unwrap().into_iter().map(shown).collect();
    assert_eq!(steps, expected, "{path}");
}

#[test]
fn every_link_on_the_way_is_a_step() {
    let folder = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(folder.path()).unwrap();
    fs::create_dir_all(root.join("archive/a")).unwrap();
    fs::create_dir_all(root.join("live/a")).unwrap();
    fs::write(root.join("archive/a/chain1.pem"), "").unwrap();
    check(&root, "archive/a/chain1.pem", &["archive/a/chain1.pem"]);
    check(&root, "live/../archive/./a/chain1.pem", &["archive/a/chain1.pem"]);
    symlink("../../archive/a/chain1.pem", root.join("live/a/chain.pem")).unwrap();
    check(&root, "live/a/chain.pem", &["live/a/chain.pem", "archive/a/chain1.pem"]);
    // As Kubernetes does it.
    fs::create_dir_all(root.join("mount/..1")).unwrap();
    fs::write(root.join("mount/..1/tls.crt"), "").unwrap();
    symlink("..1", root.join("mount/..data")).unwrap();
    symlink("..data/tls.crt", root.join("mount/tls.crt")).unwrap();
    check(&root, "mount/tls.crt", &["mount/tls.crt", "mount/..data", "mount/..1/tls.crt"]);
    // A link to a directory further up, by an absolute path.
    symlink(root.join("live"), root.join("current")).unwrap();
    check(&root, "current/a/chain.pem", &["current", "live/a/chain.pem", "archive/a/chain1.pem"]);
}

#[test]
fn a_trail_ends_where_something_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(folder.path()).unwrap();
    check(&root, "none/a.pem", &["none"]);
    check(&root, "none.pem", &["none.pem"]);
    symlink("gone/a.pem", root.join("a.pem")).unwrap();
    check(&root, "a.pem", &["a.pem", "gone"]);
    fs::write(root.join("file"), "").unwrap();
    check(&root, "file/a.pem", &["file"]);
}

#[test]
fn links_in_a_circle_end() {
    let folder = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(folder.path()).unwrap();
    symlink("b", root.join("a")).unwrap();
    symlink("a", root.join("b")).unwrap();
    assert_eq!(follow(&root.join("a")).unwrap().len(), 41);
    symlink("c/c", root.join("c")).unwrap();
    assert_eq!(follow(&root.join("c/x")).unwrap().len(), 41);
}
