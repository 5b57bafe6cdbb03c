//! Backends that are none, or bad ones: every byte of theirs is written here.

use tls_sni::{Client, ConnectFailure};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::net::TcpListener;

use super::rig::{Authority, NAME, trusting};

fn client() -> Client {
    Client::new(trusting(&Authority::new("ours"))).unwrap()
}

/// What a client says of a backend that answers its first bytes with these, and closes.
async fn answered(bytes: &[u8]) -> ConnectFailure {
    let (near, mut far) = duplex(64 * 1024);
    let backend = async move {
        far.read_exact(&mut [0; 64]).await.unwrap();
        far.write_all(bytes).await.unwrap();
    };
    let client = client();
    let (ours, ()) = tokio::join!(client.connect(near, NAME), backend);
    ours.map(|_| ()).unwrap_err()
}

/// A ServerHello of that version that chooses that suite. RFC 5246 section 7.4.1.3.
fn hello(version: u16, suite: u16) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    body.extend([7; 32]);
    body.push(0);
    body.extend(suite.to_be_bytes());
    body.push(0);
    let mut message = vec![2, 0, 0, u8::try_from(body.len()).unwrap()];
    message.extend(body);
    let mut record = vec![22, 3, 3, 0, u8::try_from(message.len()).unwrap()];
    record.extend(message);
    record
}

#[tokio::test]
async fn what_is_no_tls_is_told_apart() {
    for bytes in [
        &b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n"[..],
        b"SSH-2.0-OpenSSH_9.2p1\r\n",
        b"220 mail.test ESMTP\r\n",
        &[0; 64],
        &[0xff; 64],
    ] {
        assert_eq!(answered(bytes).await, ConnectFailure::NotTls);
    }
}

#[tokio::test]
async fn bad_tls_is_told_apart_from_none() {
    // A ServerHello that breaks off within, and one that chooses what was not offered.
    assert_eq!(answered(&[22, 3, 3, 0, 6, 2, 0, 0, 2, 3, 3]).await, ConnectFailure::BadTls);
    assert_eq!(answered(&hello(0x0303, 0x0005)).await, ConnectFailure::BadTls);
    // Application data before anything else.
    assert_eq!(answered(&[23, 3, 3, 0, 1, 0]).await, ConnectFailure::BadTls);
}

#[tokio::test]
async fn an_old_version_is_not_spoken() {
    for version in [0x0300, 0x0301, 0x0302] {
        assert_eq!(answered(&hello(version, 0xc013)).await, ConnectFailure::NoSharedParameters);
    }
}

#[tokio::test]
async fn an_alert_is_passed_on_by_name() {
    for (number, name) in [(40, "handshake_failure"), (70, "protocol_version"), (112, "unrecognized_name")] {
        let failure = answered(&[21, 3, 3, 0, 2, 2, number]).await;
        let ConnectFailure::Alert(alert) = failure else { panic!("{failure:?}") };
        assert_eq!((alert.number(), alert.name(), failure.code()), (number, name, "alert"));
    }
}

#[tokio::test]
async fn a_goodbye_or_warnings_in_place_of_a_handshake_end_it() {
    // `close_notify`, as a warning, and nothing more.
    assert_eq!(answered(&[21, 3, 3, 0, 2, 1, 0]).await, ConnectFailure::Closed);
    // A flood of them is not listened to for ever.
    let flood = [21, 3, 3, 0, 2, 1, 0].repeat(100);
    let failure = answered(&flood).await;
    assert!(matches!(failure, ConnectFailure::Closed | ConnectFailure::BadTls), "{failure:?}");
}

#[tokio::test]
async fn a_backend_that_closes_at_once_is_told_apart() {
    let (near, far) = duplex(64);
    drop(far);
    let failure = client().connect(near, NAME).await.map(|_| ()).unwrap_err();
    assert_eq!(failure, ConnectFailure::Io(std::io::ErrorKind::BrokenPipe));
    assert_eq!(answered(b"").await, ConnectFailure::Closed);
    assert_eq!(answered(&[22, 3]).await, ConnectFailure::Closed);
}

#[tokio::test]
async fn a_reset_is_a_broken_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let io = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (mut far, _) = listener.accept().await.unwrap();
    let backend = async move {
        // Closing with unread input is a reset.
        far.read_exact(&mut [0; 1]).await.unwrap();
    };
    let client = client();
    let (ours, ()) = tokio::join!(client.connect(io, NAME), backend);
    let failure = ours.map(|_| ()).unwrap_err();
    assert_eq!(failure, ConnectFailure::Io(std::io::ErrorKind::ConnectionReset));
    assert_eq!(failure.code(), "io");
}
