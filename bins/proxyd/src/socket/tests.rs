use super::*;

#[track_caller]
fn check(variables: &[(&str, &str)], is_root: bool, expected: Option<&str>) {
    let environment = |name: &str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| OsString::from(value))
    };
    let own = own(&environment, is_root);
    assert_eq!(own, expected.map(PathBuf::from));
    if let Some(own) = own {
        assert_eq!(all(&environment, is_root).first(), Some(&own), "it is looked for there first");
    }
}

#[test]
fn a_process_listens_where_it_is_looked_for_first() {
    check(
        &[("RUNTIME_DIRECTORY", "/run/a:/run/b"), ("XDG_RUNTIME_DIR", "/run/user/1")],
        true,
        Some("/run/a/admin.sock"),
    );
    check(&[("XDG_RUNTIME_DIR", "/run/user/1")], true, Some("/run/proxyd/admin.sock"));
    check(&[("XDG_RUNTIME_DIR", "/run/user/1")], false, Some("/run/user/1/proxyd/admin.sock"));
    check(&[("RUNTIME_DIRECTORY", "")], false, None);
}
