use super::*;

const TWELVE: [u32; 12] = [7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];

fn changing(layout: Layout) -> Changing<'static> {
    let folder = Path::new("/f");
    Changing { port: 1, http2_port: 2, backend: 3, folder, layout, numbers: &TWELVE }
}

/// Whether `text` has all of `parts`, in this order.
#[track_caller]
fn check(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let at = rest.find(part).unwrap_or_else(|| panic!("no `{part}` in its place in {text}"));
        rest = &rest[at + part.len()..];
    }
}

#[test]
fn proxyd_has_an_api_a_state_and_a_number_for_each_route() {
    let text = proxyd::configuration(changing(Layout::Paths));
    check(&text, &["127.0.0.1:1\"", "127.0.0.1:2\"", "unix:/f/admin.sock", "dir: \"/f/state\"", "port: 3"]);
    let first = "id: r0, vHost: host-0.example.test, path: \"/service-0/*\", upstream: app, ";
    let last = "id: r11, vHost: host-1.example.test, path: \"/service-1/*\", upstream: app, ";
    let set = |number| format!("responseHeaders: {{ set: {{ X-Change: \"{number}\" }} }} }}\n");
    check(&text, &[first, &set(7), last, &set(9)]);
}

#[test]
fn proxyd_takes_what_it_is_told() {
    for layout in [Layout::Paths, Layout::Hosts] {
        let text = proxyd::configuration(changing(layout));
        let document = config::parse(&text, "proxyd.yaml");
        assert!(document.is_ok(), "{text}");
    }
}

#[test]
fn a_route_of_the_api_is_that_of_the_file() {
    let route = Changing::route(Layout::Hosts, 11, 9);
    let edit = json!({ "set": { "X-Change": "9" } });
    let expected = json!({
        "id": "r11", "vHost": "host-11.example.test", "path": "/*", "upstream": "app", "responseHeaders": edit,
    });
    assert_eq!(route, expected);
    assert_eq!(Changing::patch(9), json!({ "responseHeaders": edit }));
}

#[test]
fn haproxy_finds_each_route_in_a_map() {
    let text = haproxy::configuration(changing(Layout::Paths));
    let binds = ["bind 127.0.0.1:1 backlog 4096\n", "bind 127.0.0.1:2 backlog 4096 proto h2\n"];
    let routes = ["backend r0\n", "set-header X-Change 7\n", "backend r11\n", "set-header X-Change 9\n"];
    check(&text, &[binds[0], binds[1], "use_backend %[base,map_beg(/f/routes.map)]\n", routes[0], routes[1]]);
    check(&text, &routes);
    let map = haproxy::map(changing(Layout::Paths));
    check(&map, &["host-0.example.test/service-0/ r0\n", "host-1.example.test/service-1/ r11\n"]);
}

#[test]
fn nginx_has_a_server_for_each_host_and_tells_of_its_sockets_once() {
    let text = nginx::configuration(changing(Layout::Paths));
    let sockets = "listen 127.0.0.1:1 reuseport backlog=4096;\n";
    let first = ["server_name host-0.example.test;\n", "location /service-0/ {\n", "add_header X-Change 7 "];
    let last = ["listen 127.0.0.1:1;\n", "server_name host-1.example.test;\n", "add_header X-Change 9 "];
    check(&text, &[sockets, first[0], first[1], first[2], last[0], last[1], last[2]]);
    assert_eq!(text.matches("reuseport").count(), 2, "one for each address");
    assert_eq!(text.matches("server_name").count(), 2);
    assert_eq!(text.matches('{').count(), text.matches('}').count());
}

#[test]
fn a_changed_configuration_takes_the_place_of_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let told = Changing { folder: folder.path(), ..changing(Layout::Paths) };
    let before = told.write(Subject::Haproxy).unwrap();
    let after = Changing { numbers: &[8], ..told }.write(Subject::Haproxy).unwrap();
    assert_eq!(before, after);
    check(&fs::read_to_string(after).unwrap(), &["set-header X-Change 8\n"]);
    let map = fs::read_to_string(folder.path().join("routes.map")).unwrap();
    assert_eq!(map, "host-0.example.test/service-0/ r0\n");
}
