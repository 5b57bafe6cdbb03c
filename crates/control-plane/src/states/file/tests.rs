use std::fs;
use std::os::unix::fs::PermissionsExt;

use config::BackendState;
use config::backend_states::BackendStates;

use super::StateFile;

fn states(state: BackendState) -> BackendStates {
    let mut states = BackendStates::default();
    states.set("app", "a", state);
    states
}

#[track_caller]
fn check_mode(path: &std::path::Path, expected: u32) {
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, expected, "{}", path.display());
}

#[test]
fn a_file_is_its_owners_alone_in_a_directory_that_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("state/proxyd");
    let file = StateFile::new(&dir);
    assert_eq!(file.read().unwrap(), BackendStates::default());
    file.write(&states(BackendState::Dead).to_text()).unwrap();
    assert_eq!(file.read().unwrap(), states(BackendState::Dead));
    check_mode(&dir, 0o700);
    check_mode(file.path(), 0o600);
}

#[test]
fn who_dies_before_the_new_file_has_its_name_leaves_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = StateFile::new(folder.path());
    file.write(&states(BackendState::Drain).to_text()).unwrap();
    file.0.stage(states(BackendState::Dead).to_text().as_bytes()).unwrap();
    let again = StateFile::new(folder.path());
    assert_eq!(again.read().unwrap(), states(BackendState::Drain));
    again.write(&states(BackendState::Ready).to_text()).unwrap();
    assert_eq!(again.read().unwrap(), states(BackendState::Ready));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn what_cannot_be_understood_is_set_aside_and_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let file = StateFile::new(folder.path());
    for (number, bytes) in [(1, &b"half a fi"[..]), (2, &[0xff, 0][..]), (3, &b""[..])] {
        fs::write(file.path(), bytes).unwrap();
        assert_eq!(file.read().unwrap(), BackendStates::default());
        let aside = folder.path().join(format!("backends.json.corrupt-{number}"));
        assert_eq!(fs::read(aside).unwrap(), bytes);
        assert!(!file.path().exists());
    }
}
