use super::{dial_tcp, dial_unix, interleave, is_connected_to_itself};
use crate::EgressError;
use socket2::{Domain, SockAddr, SockRef, Socket, Type};
use std::{io, net::SocketAddr, path::Path, time::Duration};
use tokio::{
    net::{TcpListener, TcpSocket},
    time::Instant,
};

/// Long enough never to matter.
const AMPLE: Duration = Duration::from_secs(60);

fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
    texts.iter().map(|text| SocketAddr::new(text.parse().expect("an address"), 0)).collect()
}

async fn listening() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    (listener, address)
}

/// A socket that has an address and does not listen: connects to it are refused for as long as it lives.
fn refusing() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let address = socket.local_addr().expect("it is bound");
    (socket, address)
}

/// A listener whose backlog is full: connects to it hang, since the kernel drops what it cannot queue.
fn hanging() -> (Vec<Socket>, SocketAddr) {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    listener.bind(&SockAddr::from(SocketAddr::from(([127, 0, 0, 1], 0)))).expect("a free port");
    listener.listen(0).expect("it listens");
    let address = listener.local_addr().expect("it is bound");
    let mut sockets = vec![listener];
    // One connection fits; that it is complete is seen by its connect coming back.
    let filler = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    filler.connect(&address).expect("one fits");
    sockets.push(filler);
    (sockets, address.as_socket().expect("it is an IP address"))
}

#[test]
fn families_take_turns_beginning_with_the_first() {
    for (given, expected) in [
        (
            &["::1", "::2", "1.1.1.1", "::3", "2.2.2.2"] as &[&str],
            &["::1", "1.1.1.1", "::2", "2.2.2.2", "::3"] as &[&str],
        ),
        (&["1.1.1.1", "2.2.2.2", "3.3.3.3", "::1"], &["1.1.1.1", "::1", "2.2.2.2", "3.3.3.3"]),
        (&["1.1.1.1", "2.2.2.2"], &["1.1.1.1", "2.2.2.2"]),
        (&["::2", "::1"], &["::2", "::1"]),
        (&[], &[]),
    ] {
        assert_eq!(interleave(&addresses(given)), addresses(expected));
    }
}

#[tokio::test]
async fn a_connection_has_no_delay_and_is_kept_alive() {
    let (_listener, address) = listening().await;
    let stream = dial_tcp(&[address], AMPLE, |_| Ok(())).await.expect("it listens");
    assert_eq!(stream.peer_addr().expect("connected"), address);
    assert!(stream.nodelay().expect("an option"));
    let socket = SockRef::from(&stream);
    assert!(socket.keepalive().expect("an option"));
    assert_eq!(socket.tcp_keepalive_time().expect("an option"), Duration::from_secs(60));
    assert_eq!(socket.tcp_keepalive_interval().expect("an option"), Duration::from_secs(10));
    assert_eq!(socket.tcp_keepalive_retries().expect("an option"), 3);
}

#[tokio::test]
async fn a_port_where_nobody_listens_refuses() {
    let (_socket, address) = refusing();
    assert!(matches!(dial_tcp(&[address], AMPLE, |_| Ok(())).await, Err(EgressError::Refused)));
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_refuses() {
    let (_socket, down) = refusing();
    let (_listener, up) = listening().await;
    let stream = dial_tcp(&[down, down, up], AMPLE, |_| Ok(())).await.expect("the last one listens");
    assert_eq!(stream.peer_addr().expect("connected"), up);
}

#[tokio::test]
async fn the_first_address_that_accepts_is_taken() {
    let ((_one, first), (_two, second)) = (listening().await, listening().await);
    let stream = dial_tcp(&[first, second], AMPLE, |_| Ok(())).await.expect("both listen");
    assert_eq!(stream.peer_addr().expect("connected"), first);
}

#[tokio::test]
async fn no_more_than_eight_addresses_are_tried() {
    let (_socket, down) = refusing();
    let (_listener, up) = listening().await;
    let with = |refusing: usize| [vec![down; refusing], vec![up]].concat();
    assert!(dial_tcp(&with(7), AMPLE, |_| Ok(())).await.is_ok());
    assert!(matches!(dial_tcp(&with(8), AMPLE, |_| Ok(())).await, Err(EgressError::Refused)));
}

#[tokio::test(start_paused = true)]
async fn a_connect_that_hangs_ends_at_the_limit() {
    let (_sockets, address) = hanging();
    let start = Instant::now();
    assert!(matches!(
        dial_tcp(&[address], Duration::from_secs(2), |_| Ok(())).await,
        Err(EgressError::Timeout)
    ));
    assert_eq!(start.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn an_address_that_hangs_leaves_a_fair_share_of_the_time_to_the_others() {
    let (_sockets, slow) = hanging();
    let (_listener, up) = listening().await;
    let start = Instant::now();
    let stream =
        dial_tcp(&[slow, slow, up], Duration::from_secs(9), |_| Ok(())).await.expect("the last one listens");
    assert_eq!(stream.peer_addr().expect("connected"), up);
    assert!(start.elapsed() >= Duration::from_secs(6) && start.elapsed() <= Duration::from_secs(9));
}

#[tokio::test(start_paused = true)]
async fn the_limit_bounds_all_addresses_together() {
    let (_sockets, slow) = hanging();
    let start = Instant::now();
    assert!(matches!(
        dial_tcp(&[slow; 4], Duration::from_secs(2), |_| Ok(())).await,
        Err(EgressError::Timeout)
    ));
    assert_eq!(start.elapsed(), Duration::from_secs(2));
}

#[tokio::test]
async fn no_time_at_all_is_a_timeout() {
    let (_sockets, slow) = hanging();
    assert!(matches!(dial_tcp(&[slow], Duration::ZERO, |_| Ok(())).await, Err(EgressError::Timeout)));
    assert!(matches!(dial_tcp(&[], AMPLE, |_| Ok(())).await, Err(EgressError::Timeout)));
}

#[tokio::test]
async fn a_socket_that_talks_to_itself_is_found_out() {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let address = socket.local_addr().expect("it is bound");
    let itself = socket.connect(address).await.expect("simultaneous open");
    assert!(is_connected_to_itself(&itself, address));

    let (_listener, address) = listening().await;
    let other = dial_tcp(&[address], AMPLE, |_| Ok(())).await.expect("it listens");
    assert!(!is_connected_to_itself(&other, address));
}

#[tokio::test]
async fn a_unix_socket_is_connected_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let _listener = tokio::net::UnixListener::bind(&path).expect("it listens");
    assert!(dial_unix(&path, AMPLE).await.is_ok());
}

#[tokio::test]
async fn a_unix_socket_without_listener_refuses_and_one_that_is_not_there_is_not_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    assert!(
        matches!(dial_unix(&path, AMPLE).await, Err(EgressError::Io(error)) if error.kind() == io::ErrorKind::NotFound)
    );
    drop(tokio::net::UnixListener::bind(&path).expect("it listens"));
    assert!(matches!(dial_unix(&path, AMPLE).await, Err(EgressError::Refused)));
}

fn full_unix_listener(path: &Path) -> (Socket, Socket) {
    let listener = Socket::new(Domain::UNIX, Type::STREAM, None).expect("a socket");
    let address = SockAddr::unix(path).expect("a path");
    listener.bind(&address).expect("a new path");
    listener.listen(0).expect("it listens");
    let filler = Socket::new(Domain::UNIX, Type::STREAM, None).expect("a socket");
    filler.connect(&address).expect("one fits");
    (listener, filler)
}

#[tokio::test(start_paused = true)]
async fn a_unix_socket_whose_backlog_is_full_is_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let (listener, _filler) = full_unix_listener(&path);

    let start = Instant::now();
    assert!(matches!(dial_unix(&path, Duration::from_secs(2)).await, Err(EgressError::Timeout)));
    assert_eq!(start.elapsed(), Duration::from_secs(2));

    let accepted = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        listener.accept().expect("one waits")
    };
    let (connected, _accepted) = tokio::join!(dial_unix(&path, Duration::from_secs(2)), accepted);
    assert!(connected.is_ok());
}
