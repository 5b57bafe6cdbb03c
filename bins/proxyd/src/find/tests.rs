use super::*;

#[track_caller]
fn check(named: Option<&str>, environment: &[(&str, &str)], files: &[&str], expected: Option<&str>) {
    let surroundings = Surroundings {
        environment: &|name| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
        },
        exists: &|path| files.iter().any(|file| Path::new(file) == path),
    };
    let found = find(named.map(Path::new), &surroundings);
    assert_eq!(found.ok(), expected.map(PathBuf::from));
}

const ALL: [&str; 3] = ["proxyd.yaml", "/x/proxyd/proxyd.yaml", "/etc/proxyd/proxyd.yaml"];
const ENVIRONMENT: [(&str, &str); 2] = [("PROXYD_CONFIG", "/e.yaml"), ("XDG_CONFIG_HOME", "/x")];

#[test]
fn the_command_line_comes_before_the_environment_and_that_before_the_usual_places() {
    check(Some("/c.yaml"), &ENVIRONMENT, &ALL, Some("/c.yaml"));
    check(None, &ENVIRONMENT, &ALL, Some("/e.yaml"));
    check(None, &ENVIRONMENT[1..], &ALL, Some("proxyd.yaml"));
    check(None, &ENVIRONMENT[1..], &ALL[1..], Some("/x/proxyd/proxyd.yaml"));
    check(None, &ENVIRONMENT[1..], &ALL[2..], Some("/etc/proxyd/proxyd.yaml"));
}

#[test]
fn a_file_that_is_named_is_taken_even_if_it_is_not_there() {
    check(Some("/c.yaml"), &[], &ALL, Some("/c.yaml"));
    check(None, &[("PROXYD_CONFIG", "/e.yaml")], &ALL, Some("/e.yaml"));
}

#[test]
fn a_variable_without_a_value_counts_as_absent() {
    check(None, &[("PROXYD_CONFIG", ""), ("XDG_CONFIG_HOME", "")], &ALL, Some("proxyd.yaml"));
    check(None, &[("PROXYD_CONFIG", "")], &[], None);
}

#[test]
fn the_users_folder_has_its_usual_place_without_the_variable() {
    check(
        None,
        &[("HOME", "/home/ann")],
        &["/home/ann/.config/proxyd/proxyd.yaml"],
        Some("/home/ann/.config/proxyd/proxyd.yaml"),
    );
}

#[test]
fn every_place_that_was_looked_at_is_named() {
    let nothing = Surroundings { environment: &|_| None, exists: &|_| false };
    let message = find(None, &nothing).unwrap_err().to_string();
    assert!(
        message.contains("no proxyd.yaml") && message.contains("no /etc/proxyd/proxyd.yaml"),
        "{message}"
    );
}
