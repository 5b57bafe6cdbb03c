use super::*;
use crate::{Destination, Egress, EgressError, Named, Policy, Resolve, ResolveFuture, Socket, Timeouts};
use std::time::Duration;
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, UnixListener},
};

const REFUSED: &str = "it is an address of the program's own";
const BOTH: [Named; 2] = [Named::ByOperator, Named::Dynamically];
const SECOND: Duration = Duration::from_secs(1);

/// Every name has these addresses.
struct Always(&'static [&'static str]);

impl Resolve for Always {
    fn resolve<'a>(&'a self, _: &'a str) -> ResolveFuture<'a> {
        let parse = |text: &&str| SocketAddr::new(text.parse().expect("an address"), 0);
        Box::pin(async move { Ok(self.0.iter().map(parse).collect()) })
    }
}

/// One that may go anywhere, by every exception that there is, but to these.
fn anywhere_but(own: impl IntoIterator<Item = Own>) -> Egress {
    let egress = Egress::new(Policy::unrestricted());
    egress.never_dial(own);
    egress
}

#[track_caller]
fn assert_refused<T: std::fmt::Debug>(outcome: Result<T, EgressError>, what: &str) {
    match outcome {
        Err(EgressError::Denied { denial, .. }) => assert_eq!(denial.to_string(), REFUSED, "{what}"),
        other => panic!("{what}: {other:?}"),
    }
}

async fn listening(at: &str) -> (TcpListener, u16) {
    let listener = TcpListener::bind(at).await.expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    (listener, port)
}

async fn connect(egress: &Egress, host: &str, port: u16, named: Named) -> Result<Socket, EgressError> {
    egress.connect(&Destination::host(host, port), named, Timeouts::default()).await
}

async fn connect_unix(egress: &Egress, path: &Path, named: Named) -> Result<Socket, EgressError> {
    egress.connect(&Destination::unix(path), named, Timeouts::default()).await
}

/// Nobody waits to be accepted.
async fn is_left_alone(listener: &TcpListener) -> bool {
    tokio::time::timeout(Duration::from_millis(20), listener.accept()).await.is_err()
}

#[test]
fn an_address_tells_whether_it_is_ones_own() {
    #[track_caller]
    fn check(own: &str, address: &str, expected: bool) {
        let is_refused = check_address(&[own.parse::<SocketAddr>().expect("an address").into()], {
            address.parse().expect("an address")
        })
        .is_err();
        assert_eq!(is_refused, expected, "{address} where {own} is one's own");
    }
    let loopback = [
        "127.0.0.1:9",
        "127.1.2.3:9",
        "[::1]:9",
        "[::ffff:127.0.0.1]:9",
        "[::127.0.0.1]:9",
        "[64:ff9b::127.0.0.1]:9",
        "[2002:7f00:1::]:9",
        "0.0.0.0:9",
        "[::]:9",
        "[::ffff:0.0.0.0]:9",
    ];
    for own in ["127.0.0.1:9", "[::1]:9", "[::ffff:127.0.0.1]:9", "0.0.0.0:9", "[::]:9"] {
        for address in loopback {
            check(own, address, true);
        }
        for other in ["127.0.0.1:10", "[::1]:10", "0.0.0.0:10", "10.0.0.1:9", "[fd00::1]:9"] {
            check(own, other, false);
        }
    }
    check("10.0.0.1:9", "10.0.0.1:9", true);
    check("10.0.0.1:9", "[::ffff:10.0.0.1]:9", true);
    check("[::ffff:10.0.0.1]:9", "10.0.0.1:9", true);
    check("[fd00::1]:9", "[fd00::1]:9", true);
    for other in ["10.0.0.1:10", "10.0.0.2:9", "127.0.0.1:9", "0.0.0.0:9", "[fd00::2]:9"] {
        check("10.0.0.1:9", other, false);
    }
}

#[test]
fn an_address_that_can_be_bound_is_of_this_machine() {
    for (peer, local, expected) in [
        ("127.0.0.1:9", "127.0.0.1:1", true),
        // The kernel chooses our end's address, and it need not be the same.
        ("127.0.0.2:9", "127.0.0.1:1", true),
        ("[::ffff:127.0.0.2]:9", "127.0.0.1:1", true),
        ("[::ffff:198.51.100.1]:9", "198.51.100.1:1", true),
        ("198.51.100.1:9", "198.51.100.2:1", false),
        ("[::ffff:198.51.100.1]:9", "198.51.100.2:1", false),
    ] {
        let parse = |text: &str| text.parse().expect("an address");
        assert_eq!(is_of_this_machine(parse(peer), parse(local)), expected, "{peer} from {local}");
    }
}

#[tokio::test]
async fn ones_own_address_is_refused_in_every_spelling_whoever_names_it() {
    let (listener, port) = listening("127.0.0.1:0").await;
    let (_other, other_port) = listening("127.0.0.1:0").await;
    let egress = anywhere_but([listener.local_addr().expect("it is bound").into()]);
    let hosts =
        ["127.0.0.1", "127.0.0.2", "::ffff:127.0.0.1", "[::ffff:7f00:1]", "0.0.0.0", "::", "localhost"];
    for host in hosts {
        for named in BOTH {
            assert_refused(connect(&egress, host, port, named).await, host);
        }
    }
    assert!(is_left_alone(&listener).await);
    for host in ["127.0.0.1", "::ffff:127.0.0.1", "localhost"] {
        assert!(connect(&egress, host, other_port, Named::Dynamically).await.is_ok(), "{host}");
    }
}

#[tokio::test]
async fn no_exception_of_the_policy_lets_ones_own_address_pass() {
    let (listener, port) = listening("127.0.0.1:0").await;
    let egress = anywhere_but([listener.local_addr().expect("it is bound").into()]);
    let allowing = Policy::unrestricted().allow_host("127.0.0.1".parse().expect("a pattern"));
    egress.replace_policy(allowing.clone());
    assert_refused(connect(&egress, "127.0.0.1", port, Named::Dynamically).await, "allowed");
    egress.clone().replace_policy(allowing);
    assert_refused(connect(&egress.clone(), "127.0.0.1", port, Named::ByOperator).await, "a clone");
    egress.never_dial([]);
    assert!(connect(&egress, "127.0.0.1", port, Named::ByOperator).await.is_ok(), "it is no more one's own");
}

#[tokio::test]
async fn no_way_to_an_address_leads_to_ones_own() {
    let (listener, port) = listening("127.0.0.1:0").await;
    let address = listener.local_addr().expect("it is bound");
    let egress = anywhere_but([address.into()]);
    for host in ["127.0.0.1", "localhost"] {
        assert_refused(egress.resolve_checked(host, port, Named::ByOperator, SECOND).await, host);
        assert_refused(egress.connect_to(host, address, Named::ByOperator, SECOND).await, host);
    }
    assert_refused(egress.look_up("localhost", port, Named::ByOperator, SECOND).await, "looked up anew");
    assert!(is_left_alone(&listener).await);
}

#[tokio::test]
async fn of_a_names_addresses_those_of_others_are_dialled() {
    let (own, port) = listening("127.0.0.1:0").await;
    let egress = Egress::with_resolver(Policy::unrestricted(), Always(&["127.0.0.1", "203.0.113.1"]));
    egress.never_dial([own.local_addr().expect("it is bound").into()]);
    let found = egress.resolve_checked("name.example", port, Named::ByOperator, SECOND).await;
    assert_eq!(found.expect("one is left"), [SocketAddr::from(([203, 0, 113, 1], port))]);
}

/// An address of this machine that is no loopback address, if it has one. Nothing is sent.
fn of_this_machine() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("198.51.100.1:9").ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|ip| !ip.is_loopback())
}

#[tokio::test]
async fn who_listens_everywhere_is_found_at_each_address_of_the_machine() {
    let (listener, port) = listening("0.0.0.0:0").await;
    for everywhere in ["0.0.0.0", "::"] {
        let own = SocketAddr::new(everywhere.parse().expect("an address"), port);
        let egress = anywhere_but([own.into()]);
        for host in ["127.0.0.1", "::ffff:127.0.0.1", "0.0.0.0", "localhost"] {
            assert_refused(connect(&egress, host, port, Named::ByOperator).await, host);
        }
        assert!(is_left_alone(&listener).await);
        let Some(address) = of_this_machine() else { continue };
        for host in [address.to_string(), format!("::ffff:{address}")] {
            assert_refused(connect(&egress, &host, port, Named::ByOperator).await, &host);
            // It was connected to, and got nothing.
            let (mut stream, _) = listener.accept().await.expect("it was connected to");
            assert_eq!(stream.read(&mut [0; 8]).await.ok(), Some(0), "{host}");
        }
    }
}

#[tokio::test]
async fn an_address_is_checked_again_once_it_is_connected_to() {
    let (listener, _port) = listening("127.0.0.1:0").await;
    let address = listener.local_addr().expect("it is bound");
    let stream = TcpStream::connect(address).await.expect("it listens");
    assert_eq!(check_connected(&[address.into()], &stream), Err(Denial::Own));
    assert_eq!(check_connected(&[], &stream), Ok(()));
    let everywhere = SocketAddr::from(([0, 0, 0, 0], address.port()));
    assert_eq!(check_connected(&[everywhere.into()], &stream), Err(Denial::Own));
    let elsewhere = SocketAddr::from(([127, 0, 0, 1], address.port() ^ 1));
    assert_eq!(check_connected(&[elsewhere.into(), Own::Unix("/own".into())], &stream), Ok(()));
}

#[tokio::test]
async fn ones_own_socket_is_refused_by_whatever_links_it_is_reached() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let egress = anywhere_but([Own::Unix(at("own"))]);
    // It is one's own before it is there.
    assert_refused(connect_unix(&egress, &at("own"), Named::ByOperator).await, "unbound");
    let own = UnixListener::bind(at("own")).expect("it is bound");
    let other = UnixListener::bind(at("other")).expect("it is bound");
    std::os::unix::fs::symlink(at("own"), at("link")).expect("a link");
    std::os::unix::fs::symlink(at("link"), at("link to the link")).expect("a link");
    std::os::unix::fs::symlink(folder.path(), at("folder")).expect("a link");
    std::fs::hard_link(at("own"), at("hard link")).expect("a link");
    let names = [
        "own",
        "link",
        "link to the link",
        "folder/own",
        "folder/link",
        "hard link",
        "./own",
        "folder/./own",
    ];
    for name in names {
        let path = at(name);
        egress.replace_policy(Policy::unrestricted().allow_socket(&path));
        for named in BOTH {
            assert_refused(connect_unix(&egress, &path, named).await, name);
        }
    }
    assert!(connect_unix(&egress, &at("other"), Named::ByOperator).await.is_ok());
    drop((own, other));
}

#[tokio::test]
async fn ones_own_socket_is_known_by_where_it_was_bound_when_it_was_moved() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let egress = anywhere_but([Own::Unix(at("own"))]);
    let own = UnixListener::bind(at("own")).expect("it is bound");
    std::fs::rename(at("own"), at("moved")).expect("it is moved");
    assert_refused(connect_unix(&egress, &at("moved"), Named::ByOperator).await, "moved");
    let (mut stream, _) = own.accept().await.expect("it was connected to");
    assert_eq!(stream.read(&mut [0; 8]).await.ok(), Some(0), "it got nothing");
    egress.never_dial([]);
    assert!(connect_unix(&egress, &at("moved"), Named::ByOperator).await.is_ok());
}
