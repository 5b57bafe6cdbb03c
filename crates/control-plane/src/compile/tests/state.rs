use super::{APP, plan};

#[track_caller]
fn check(key: &str, expected: Option<&str>) {
    assert_eq!(plan(&format!("{key}\n{APP}")).state_dir.as_deref(), expected.map(std::path::Path::new));
}

#[test]
fn state_is_kept_where_the_document_asks_for_it() {
    check("state: none", None);
    check("state: { dir: /srv/proxyd }", Some("/srv/proxyd"));
}

#[test]
fn without_a_word_it_is_kept_where_the_system_has_a_place_for_it() {
    assert_eq!(plan(APP).state_dir, plan(&format!("state: {{}}\n{APP}")).state_dir);
}
