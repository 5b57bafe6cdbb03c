use super::section::of_text;
use super::*;

/// What there is in a test.
#[derive(Default)]
struct World {
    environment: &'static [(&'static str, &'static str)],
    files: &'static [&'static str],
    section: Option<Section>,
    is_root: bool,
}

impl World {
    fn locate(&self, named: Option<&str>, config: Option<&str>) -> Result<String, String> {
        let environment = |name: &str| {
            self.environment.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        };
        let surroundings = Surroundings {
            environment: &environment,
            exists: &|path| self.files.iter().any(|file| Path::new(file) == path),
            section: &|_| self.section.clone().unwrap_or(Section::Default),
            is_root: self.is_root,
        };
        let named = named.map(|named| named.parse().unwrap());
        locate(named.as_ref(), config.map(Path::new), &surroundings)
            .map(|address| address.to_string())
            .map_err(|error| error.to_string())
    }

    #[track_caller]
    fn check(&self, expected: &str) {
        assert_eq!(self.locate(None, None).as_deref(), Ok(expected));
    }
}

const ENVIRONMENT: &[(&str, &str)] = &[
    ("PROXYD_ADMIN", "127.0.0.1:1"),
    ("RUNTIME_DIRECTORY", "/run/one:/run/two"),
    ("XDG_RUNTIME_DIR", "/run/user/7"),
];
const WITHOUT: &[(&str, &str)] =
    &[("RUNTIME_DIRECTORY", "/run/one:/run/two"), ("XDG_RUNTIME_DIR", "/run/user/7")];
const SOCKETS: &[&str] = &["/run/one/admin.sock", "/run/user/7/proxyd/admin.sock", "/run/proxyd/admin.sock"];

fn at(address: &str) -> Option<Section> {
    Some(Section::At(address.parse().unwrap()))
}

#[test]
fn the_command_line_comes_before_the_environment_and_that_before_the_configuration() {
    let world = World {
        environment: ENVIRONMENT,
        files: &["proxyd.yaml"],
        section: at("127.0.0.1:2"),
        is_root: false,
    };
    assert_eq!(world.locate(Some("127.0.0.1:3"), None).as_deref(), Ok("127.0.0.1:3"));
    assert_eq!(world.locate(Some("127.0.0.1:3"), Some("c.yaml")).as_deref(), Ok("127.0.0.1:3"));
    world.check("127.0.0.1:1");
    assert_eq!(
        world.locate(None, Some("c.yaml")).as_deref(),
        Ok("127.0.0.1:2"),
        "a file that is named is meant"
    );
    World { environment: WITHOUT, ..world }.check("127.0.0.1:2");
}

#[test]
fn the_first_default_socket_that_is_there_is_taken() {
    World { environment: WITHOUT, files: SOCKETS, ..World::default() }.check("unix:/run/one/admin.sock");
    World { environment: WITHOUT, files: &SOCKETS[1..], ..World::default() }
        .check("unix:/run/user/7/proxyd/admin.sock");
    World { environment: WITHOUT, files: &SOCKETS[2..], ..World::default() }
        .check("unix:/run/proxyd/admin.sock");
    World { environment: WITHOUT, files: &SOCKETS[1..], is_root: true, ..World::default() }
        .check("unix:/run/proxyd/admin.sock");
    World { environment: &[("PROXYD_ADMIN", "")], files: &SOCKETS[2..], ..World::default() }
        .check("unix:/run/proxyd/admin.sock");
}

#[test]
fn a_configuration_that_cannot_be_read_is_passed_over_unless_it_was_named() {
    let unreadable = Some(Section::Unreadable("proxyd.yaml cannot be read: no".into()));
    let files = &["proxyd.yaml", "/run/proxyd/admin.sock"];
    let world = World { files, section: unreadable, ..World::default() };
    world.check("unix:/run/proxyd/admin.sock");
    assert_eq!(world.locate(None, Some("c.yaml")).unwrap_err(), "proxyd.yaml cannot be read: no");
}

#[test]
fn what_was_tried_and_the_way_out_are_told() {
    let error =
        World { environment: WITHOUT, files: &["proxyd.yaml"], ..World::default() }.locate(None, None);
    let error = error.unwrap_err();
    for told in [
        "$PROXYD_ADMIN is not set",
        "proxyd.yaml has no `admin.address`",
        "/run/one/admin.sock",
        "/run/user/7/proxyd/admin.sock",
        "/run/proxyd/admin.sock",
        "--address",
    ] {
        assert!(error.contains(told), "{told} in {error}");
    }
    let error = World::default().locate(None, None).unwrap_err();
    assert!(error.contains("there is no configuration"), "{error}");
}

#[test]
fn what_names_a_proxy_wrongly_is_an_error_of_its_own() {
    let told = |world: World| world.locate(None, None).unwrap_err();
    let environment = &[("PROXYD_ADMIN", "nonsense")];
    assert!(told(World { environment, ..World::default() }).starts_with("$PROXYD_ADMIN: "));
    let files = &["proxyd.yaml", "/run/proxyd/admin.sock"];
    assert!(
        told(World { files, section: Some(Section::Off), ..World::default() })
            .contains("`admin.enabled: false`")
    );
    let any = Section::At(Address::Tcp { host: "127.0.0.1".into(), port: 0, is_secure: false });
    assert!(told(World { files, section: Some(any), ..World::default() }).contains("leaves the port"));
}

#[test]
fn a_section_says_where_the_api_is() {
    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let section = of_text(text, Path::new("x.yaml"));
        let address = match &section {
            Section::At(address) => Some(address.to_string()),
            Section::Default => None,
            other => Some(format!("{other:?}")),
        };
        assert_eq!(address.as_deref(), expected, "{text}");
    }
    check("", None);
    check("routes: []", None);
    check("admin:", None);
    check("admin: { tokens: [] }", None);
    check("admin: { address: 127.0.0.1:9901 }", Some("127.0.0.1:9901"));
    check("admin: { address: 0.0.0.0:9901, tls: { cert: a.pem } }", Some("https://127.0.0.1:9901"));
    check("{\"admin\": {\"address\": \"unix:/a.sock\"}}", Some("unix:/a.sock"));
    check("admin: { enabled: false, address: 127.0.0.1:9901 }", Some("Off"));
    assert!(matches!(of_text("a: [", Path::new("x.yaml")), Section::Unreadable(_)));
    assert!(matches!(of_text("admin: { address: nonsense }", Path::new("x.yaml")), Section::Unreadable(_)));
    assert!(matches!(of_text("admin: { address: 7 }", Path::new("x.yaml")), Section::Unreadable(_)));
}

#[test]
fn a_file_that_is_not_there_is_unreadable() {
    assert!(matches!(read_section(Path::new("/nowhere/at/all.yaml")), Section::Unreadable(_)));
}
