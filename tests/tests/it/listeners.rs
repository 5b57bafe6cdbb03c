//! Where clients connect, and where backends are.

use std::net::TcpListener;

use harness::{Backend, Document, Proxyd, Socket, fixture, proxyd};

#[test]
fn tcp_of_both_families_and_unix_sockets_serve_alike() {
    let backend = Backend::ok();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("http.sock");
    let document = Document::to(&backend)
        .listener("127.0.0.1:0")
        .listener("[::1]:0")
        .listener(&format!("unix:{}", path.display()));
    let proxyd = Proxyd::start(&document);
    for (nth, client) in [(1, Some("127.0.0.1")), (2, Some("::1")), (3, None)] {
        let mut connection = harness::Connection::to(&proxyd.nth_address(nth));
        connection.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
        assert_eq!(connection.response().unwrap().text(), "ok");
        if let Some(client) = client {
            assert_eq!(backend.requests().last().unwrap().all("X-Real-IP"), [client]);
        }
    }
    assert_eq!(proxyd.stop().code, Some(0));
}

#[test]
fn the_path_of_a_unix_socket_that_nobody_uses_any_more_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("http.sock");
    let document = Document::to(&Backend::ok()).listener(&format!("unix:{}", path.display()));
    // The first one is killed, and leaves its socket behind.
    drop(Proxyd::start(&document));
    assert!(path.exists());
    let proxyd = Proxyd::start(&document);
    assert_eq!(proxyd.address(), Socket::Unix(path.clone()));
    assert_eq!(proxyd.stop().code, Some(0));
}

#[test]
fn a_unix_socket_that_is_in_use_is_not_stolen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("http.sock");
    let backend = Backend::ok();
    let document = Document::to(&backend).listener(&format!("unix:{}", path.display()));
    let first = Proxyd::start(&document);
    let file = folder.path().join("second.yaml");
    std::fs::write(&file, document.text()).unwrap();
    let second = proxyd(&["run", "--config", file.to_str().unwrap()]);
    assert_eq!(second.code, Some(1), "{second:?}");
    assert_eq!(first.get("/").status(), 200);
}

#[test]
fn an_address_that_is_taken_ends_the_start_with_1() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("proxyd.yaml");
    std::fs::write(&file, Document::to(&Backend::ok()).listener(&address).text()).unwrap();
    let finished = proxyd(&["run", "--config", file.to_str().unwrap()]);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.errors.contains(&address), "{}", finished.errors);
}

#[test]
fn backends_may_have_a_unix_socket_or_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backend.sock");
    let unix = Backend::on_unix(&path, |session| {
        session.answer_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nunix");
    });
    let named = Backend::saying("name");
    let document = Document::new()
        .upstream("unix", &[&unix], "")
        .raw_upstream(&format!("name: url, url: \"unix:{}\"", path.display()))
        .raw_upstream(&format!("name: named, url: \"localhost:{}\"", named.port()))
        .route("path: /unix, upstream: unix")
        .route("path: /url, upstream: url")
        .route("path: /named, upstream: named");
    let proxyd = Proxyd::start(&document);
    assert_eq!(proxyd.get("/unix").text(), "unix");
    assert_eq!(proxyd.get("/url").text(), "unix");
    assert_eq!(proxyd.get("/named").text(), "name");
}

/// Contract B. The file itself is checked as it is; what runs has a free port in place of its backend's, and in place
/// of the default one that it listens on.
#[test]
fn the_minimal_file_of_the_gateway_runs() {
    let file = fixture("contract/b-minimal.yml");
    let checked = proxyd(&["check", "--config", &file]);
    assert_eq!((checked.code, checked.output.lines().next()), (Some(0), Some("ok")), "{checked:?}");
    let backend = Backend::ok();
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.replace("localhost:8080", &format!("localhost:{}", backend.port()));
    let proxyd = Proxyd::start_text(&format!("proxy: {{ port: 0 }}\n{text}"));
    let Socket::Tcp(address) = proxyd.address() else { panic!("{:?}", proxyd.address()) };
    assert!(address.ip().is_unspecified());
    let mut client = harness::Connection::to(&Socket::Tcp(([127, 0, 0, 1], address.port()).into()));
    client.ask("GET /any/path?x HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert_eq!(client.response().unwrap().text(), "ok");
    assert_eq!(backend.request().target(), "/any/path?x");
    assert_eq!(backend.request().all("Host"), [format!("localhost:{}", backend.port())]);
}

/// CWE-918: what the operator blocks is not dialled, whatever named it.
#[test]
fn blocked_addresses_are_never_dialled() {
    let backend = Backend::ok();
    let document = Document::new()
        .upstream("address", &[&backend], "")
        .raw_upstream(&format!("name: named, url: \"localhost:{}\"", backend.port()))
        .raw_upstream("name: metadata, url: \"http://169.254.169.254\"")
        .route("path: /address, upstream: address")
        .route("path: /named, upstream: named")
        .route("path: /metadata, upstream: metadata")
        .line("security: { blockedIPs: [\"127.0.0.0/8\", \"::1\"] }");
    let proxyd = Proxyd::start(&document);
    for path in ["/address", "/named", "/metadata"] {
        let answer = proxyd.get(path);
        assert_eq!((answer.status(), answer.reason()), (502, "egress_denied"), "{path}");
        assert_eq!(answer.proxy_error(), "destination_ip_prohibited");
        assert!(!answer.text().contains("127.0.0"), "an internal address is shown: {answer:?}");
    }
    assert_eq!(backend.connections(), 0);
}
