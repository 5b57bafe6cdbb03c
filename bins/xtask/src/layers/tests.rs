use serde_json::json;

use super::*;

const DOCUMENT: &str = "\
## Layers
| crate | floor | may use | must not know |
|---|---|---|---|
| proxyd | 5 | anything | |
| proxy-core | 1 | http1, metrics | `serde` |
| metrics | 1 | | |
| http1 | 0 | | `tokio` |
";

fn package(folder: &str, dependencies: &serde_json::Value) -> serde_json::Value {
    json!({ "manifest_path": format!("/w/{folder}/Cargo.toml"), "dependencies": dependencies })
}

fn inside(folder: &str, kind: Option<&str>) -> serde_json::Value {
    json!({ "name": format!("any-{folder}"), "path": format!("/w/crates/{folder}"), "kind": kind })
}

fn outside(name: &str, kind: Option<&str>) -> serde_json::Value {
    json!({ "name": name, "kind": kind, "source": "registry" })
}

/// The breaches when `proxy-core` has these dependencies.
#[track_caller]
fn check(core_dependencies: &serde_json::Value, expected: &[&str]) {
    let metadata = json!({ "packages": [
        package("bins/proxyd", &json!([inside("proxy-core", None), outside("serde", None)])),
        package("crates/proxy-core", core_dependencies),
        package("crates/metrics", &json!([])),
        package("crates/http1", &json!([])),
    ]});
    let rows = table::parse(DOCUMENT).unwrap();
    assert_eq!(breaches(&rows, &graph::members(&metadata).unwrap()), expected);
}

#[test]
fn what_the_table_lists_may_be_used() {
    check(&json!([inside("http1", None), outside("bytes", None)]), &[]);
}

#[test]
fn a_crate_that_the_line_does_not_list_is_a_breach() {
    check(
        &json!([inside("proxyd", Some("build"))]),
        &["docs/architecture.md:5: `proxy-core` depends on `proxyd`, which its line does not list"],
    );
}

#[test]
fn a_listed_crate_of_the_same_floor_is_a_breach() {
    check(
        &json!([inside("metrics", None)]),
        &["docs/architecture.md:5: `proxy-core` depends on `metrics`, which is on floor 1, not below 1"],
    );
}

#[test]
fn a_package_that_must_not_be_known_is_a_breach() {
    check(
        &json!([outside("serde", None)]),
        &["docs/architecture.md:5: `proxy-core` depends on `serde`, which it must not know"],
    );
}

#[test]
fn what_only_tests_depend_on_is_free() {
    check(&json!([outside("serde", Some("dev")), inside("proxyd", Some("dev"))]), &[]);
}

#[test]
fn the_table_and_the_workspace_must_name_the_same_crates() {
    let members = [
        Member { name: "proxyd".to_owned(), ..Member::default() },
        Member { name: "extra".to_owned(), ..Member::default() },
    ];
    let rows = table::parse(DOCUMENT).unwrap();
    assert_eq!(
        breaches(&rows, &members),
        [
            "docs/architecture.md:5: `proxy-core` is no crate of this workspace",
            "docs/architecture.md:6: `metrics` is no crate of this workspace",
            "docs/architecture.md:7: `http1` is no crate of this workspace",
            "docs/architecture.md: `extra` has no line in the table",
        ]
    );
}
