use std::path::PathBuf;

use config::StateDir;

use super::find;

#[track_caller]
fn check(environment: &[(&str, &str)], is_root: bool, expected: Option<&str>) {
    let variable = |asked: &str| {
        environment.iter().find(|(name, _)| *name == asked).map(|(_, value)| std::ffi::OsString::from(value))
    };
    assert_eq!(find(&StateDir::default(), &variable, is_root), expected.map(PathBuf::from));
}

#[test]
fn the_service_manager_comes_before_root_and_root_before_home() {
    let service = ("STATE_DIRECTORY", "/var/lib/private/proxyd:/var/lib/other");
    let (xdg, home) = (("XDG_STATE_HOME", "/x"), ("HOME", "/home/me"));
    check(&[service, xdg, home], true, Some("/var/lib/private/proxyd"));
    check(&[xdg, home], true, Some("/var/lib/proxyd"));
    check(&[xdg, home], false, Some("/x/proxyd"));
    check(&[home], false, Some("/home/me/.local/state/proxyd"));
    check(&[], false, None);
}

#[test]
fn a_variable_that_is_no_absolute_path_counts_as_unset() {
    check(
        &[("STATE_DIRECTORY", ""), ("XDG_STATE_HOME", "relative"), ("HOME", "/h")],
        false,
        Some("/h/.local/state/proxyd"),
    );
}

#[test]
fn what_is_written_comes_before_everything() {
    let mut written = StateDir::default();
    written.dir = Some("/srv/state".into());
    let service = |_: &str| Some("/var/lib/private/proxyd".into());
    assert_eq!(find(&written, &service, true), Some("/srv/state".into()));
}
