//! A proxy that relays connections, and backends that show what came.

use harness::{Backend, Connection, Document, Proxyd, Session, latin1};

/// A listener that relays to the upstream `db`, with further settings of it.
pub(crate) fn document(backends: &[&Backend], listener: &str, settings: &str) -> Document {
    Document::new()
        .listener_with("127.0.0.1:0", &format!("mode: tcp, upstream: db, {listener}"))
        .upstream("db", backends, settings)
}

pub(crate) fn start(backends: &[&Backend]) -> Proxyd {
    Proxyd::start(&document(backends, "", ""))
}

/// Says who it is, sends back what comes as it comes, and ends when the client does.
pub(crate) fn echo(name: &'static str) -> Backend {
    Backend::start(move |session| echoes(session, name))
}

pub(crate) fn echoes(session: &mut Session, name: &str) {
    session.send(name);
    while let Ok(byte) = session.connection.exactly(1) {
        session.send(byte);
    }
    session.connection.half_close();
}

/// Whom a connection has reached, which goes on.
#[track_caller]
pub(crate) fn greeted(proxyd: &Proxyd) -> (Connection, String) {
    let mut client = proxyd.connect();
    let name = client.exactly(1).unwrap_or_else(|broken| panic!("nobody is there: {broken:?}"));
    (client, latin1(&name))
}

/// Says something and hears it again.
#[track_caller]
pub(crate) fn is_echoed(client: &mut Connection, text: &str) {
    client.send(text);
    assert_eq!(latin1(&client.exactly(text.len()).unwrap()), text);
}

/// Bytes that tell where they stand.
pub(crate) fn much(count: usize) -> Vec<u8> {
    (0..count).map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8).collect()
}

/// Sends `bytes` and reads as many of the other side's at the same time; ends its own side, and reads the other's end.
#[track_caller]
pub(crate) fn exchange(connection: &mut Connection, bytes: &[u8], expected: &[u8]) {
    let mut writer = connection.writer();
    let bytes = bytes.to_vec();
    let sending = std::thread::spawn(move || {
        let is_sent = writer.try_send(bytes).is_ok();
        writer.half_close();
        is_sent
    });
    let (came, ending) = connection.rest();
    assert!(came == expected, "{} of {} bytes came, or others", came.len(), expected.len());
    assert_eq!(ending, harness::Ending::Closed);
    assert!(sending.join().unwrap_or(false), "not all was taken");
}
