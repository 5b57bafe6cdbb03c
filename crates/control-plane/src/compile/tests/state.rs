use super::{APP, plan};

#[track_caller]
fn check(key: &str, expected: Option<&str>) {
    assert_eq!(plan(&format!("{key}\n{APP}")).state_dir.as_deref(), expected.map(std::path::Path::new));
}

#[test]
fn state_is_kept_where_the_document_asks_for_it() {
    check("", None);
    check("state: none", None);
    check("state: { dir: /srv/proxyd }", Some("/srv/proxyd"));
}
