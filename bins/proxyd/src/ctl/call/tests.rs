use super::*;

#[track_caller]
fn check(segments: &[&str], expected: &str) {
    assert_eq!(Call::get(segments).target, expected);
}

#[test]
fn segments_are_encoded() {
    check(&["routes"], "/api/v1/routes");
    check(&["routes", "*.example.com"], "/api/v1/routes/%2A.example.com");
    check(&["routes", "a/b?c#d e%"], "/api/v1/routes/a%2Fb%3Fc%23d%20e%25");
    check(&["routes", "é\r\n"], "/api/v1/routes/%C3%A9%0D%0A");
    check(&["upstreams", "app", "backends", "10.0.0.1:80"], "/api/v1/upstreams/app/backends/10.0.0.1%3A80");
}

#[test]
fn a_segment_is_never_a_step_in_the_path() {
    check(&["routes", "..", "."], "/api/v1/routes/%2E%2E/%2E");
    check(&["routes", ""], "/api/v1/routes/");
}

#[test]
fn reservations_become_parameters_and_a_field() {
    let write = Write { if_match: Some("\"a\"".into()), dry_run: true, confirm: Some("60s".into()) };
    let call = Call::get(&["apply"]).under(&write).query("revertOn", "errors=5%,p99=2x");
    assert_eq!(call.target, "/api/v1/apply?dryRun=true&confirm=60s&revertOn=errors%3D5%25%2Cp99%3D2x");
    assert_eq!((call.if_match.as_deref(), call.waits), (Some("\"a\""), false));
    assert!(Call::get(&[]).under(&Write { dry_run: false, ..write }).waits);
}
