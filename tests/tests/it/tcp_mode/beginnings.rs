//! Headers of the PROXY protocol before relayed connections.

use std::sync::{Arc, Mutex};

use harness::{Backend, Broken, Connection, Proxyd};

use super::place::{document, echo, echoes, greeted, is_echoed};
use crate::it::proxy_protocol::header::{ARRIVAL, CLIENT, Said, read_v1, read_v2, v1, v2};

type Read = fn(&mut Connection) -> Result<Said, Broken>;

const VERSIONS: [(&str, Read); 2] = [("v1", read_v1), ("v2", read_v2)];
const ALL: &str = "proxyProtocol: { from: [\"127.0.0.1\"] }";

/// Reads a header on each connection, and goes on as [`echo`].
fn announced(read: Read) -> (Backend, Arc<Mutex<Vec<Said>>>) {
    let heads: Arc<Mutex<Vec<Said>>> = Arc::default();
    let noting = Arc::clone(&heads);
    let backend = Backend::start(move |session| {
        let Ok(said) = read(&mut session.connection) else { return };
        noting.lock().unwrap().push(said);
        echoes(session, "e");
    });
    (backend, heads)
}

#[test]
fn a_backend_is_told_of_the_client_first() {
    for (version, read) in VERSIONS {
        let (backend, heads) = announced(read);
        let proxyd = Proxyd::start(&document(&[&backend], "", &format!("sendProxyProtocol: {version}")));
        let (mut client, _) = greeted(&proxyd);
        is_echoed(&mut client, "hello");
        let (own, other) = client.ends();
        assert_eq!(*heads.lock().unwrap(), [Said::Ends(own, other)]);
    }
}

#[test]
fn a_client_that_is_announced_is_announced_on() {
    for (version, read) in VERSIONS {
        let (backend, heads) = announced(read);
        let proxyd = Proxyd::start(&document(&[&backend], ALL, &format!("sendProxyProtocol: {version}")));
        for header in [v1(CLIENT, ARRIVAL), v2(CLIENT, ARRIVAL)] {
            // With what follows in one write, and byte by byte.
            let whole = [&header[..], b"hello"].concat();
            for size in [1, whole.len()] {
                let mut client = proxyd.connect();
                whole.chunks(size).for_each(|part| client.send(part));
                assert_eq!(client.exactly(6).unwrap(), b"ehello");
            }
        }
        let heads = heads.lock().unwrap().clone();
        let expected = Said::Ends(CLIENT.parse().unwrap(), ARRIVAL.parse().unwrap());
        assert_eq!(heads, vec![expected; 4], "{version}");
    }
}

#[test]
fn a_backend_that_wants_no_header_sees_none() {
    let backend = echo("e");
    let proxyd = Proxyd::start(&document(&[&backend], ALL, ""));
    let mut client = proxyd.connect();
    client.send([&v2(CLIENT, ARRIVAL)[..], b"hello"].concat());
    client.half_close();
    assert_eq!(client.rest().0, b"ehello");
    assert_eq!(backend.bytes(), [b"hello"]);
    // Without a header, nobody is asked.
    let mut client = proxyd.connect();
    let _ = client.try_send("hello there, this is no header");
    assert_eq!(client.rest().0, b"");
    assert_eq!(backend.connections(), 1);
    assert_eq!(proxyd.stop().connections("bad_proxy_header"), 1);
}
