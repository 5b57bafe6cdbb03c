use super::Egress;
use crate::{Denial, Destination, EgressError, Named, Policy, Resolve, ResolveFuture, Socket, Timeouts};
use std::{
    future::pending,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::net::{TcpListener, UnixListener};

/// A resolver made of a function of the name and the number of the look-up.
struct Answer<F>(F, AtomicUsize);

impl<F: Fn(&str, usize) -> Vec<IpAddr> + Send + Sync + 'static> Resolve for Answer<F> {
    fn resolve<'a>(&'a self, name: &'a str) -> ResolveFuture<'a> {
        let addresses = (self.0)(name, self.1.fetch_add(1, Ordering::Relaxed));
        Box::pin(
            async move { Ok(addresses.into_iter().map(|address| SocketAddr::new(address, 0)).collect()) },
        )
    }
}

fn answer<F: Fn(&str, usize) -> Vec<IpAddr>>(answer: F) -> Answer<F> {
    Answer(answer, AtomicUsize::new(0))
}

fn always(addresses: &'static [&'static str]) -> Answer<impl Fn(&str, usize) -> Vec<IpAddr>> {
    answer(move |_, _| addresses.iter().map(|text| text.parse().expect("an address")).collect())
}

async fn listening() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    (listener, port)
}

async fn connect(egress: &Egress, host: &str, port: u16) -> Result<SocketAddr, EgressError> {
    match egress.connect(&Destination::host(host, port), Named::Dynamically, Timeouts::default()).await? {
        Socket::Tcp(stream) => Ok(stream.peer_addr().expect("connected")),
        Socket::Unix(_) => panic!("a host gives a TCP connection"),
    }
}

#[track_caller]
fn assert_denied<T: std::fmt::Debug>(outcome: Result<T, EgressError>, expected: &str) {
    match outcome {
        Err(EgressError::Denied { denial, .. }) => assert_eq!(denial.to_string(), expected),
        other => panic!("not denied: {other:?}"),
    }
}

#[tokio::test]
async fn an_address_is_dialled_without_a_resolver() {
    let (_listener, port) = listening().await;
    let egress =
        Egress::with_resolver(Policy::default(), answer(|_, _| panic!("nobody asks for an address")));
    for host in ["127.0.0.1", "::ffff:127.0.0.1", "[::ffff:127.0.0.1]"] {
        assert_eq!(connect(&egress, host, port).await.expect("it listens").port(), port, "{host}");
    }
}

#[tokio::test]
async fn a_name_is_resolved_and_dialled() {
    let (_listener, port) = listening().await;
    let egress = Egress::with_resolver(Policy::default(), always(&["127.0.0.1"]));
    assert_eq!(
        connect(&egress, "name.example", port).await.expect("it listens"),
        ([127, 0, 0, 1], port).into()
    );
}

#[tokio::test]
async fn the_systems_resolver_knows_localhost() {
    let (_listener, port) = listening().await;
    let egress = Egress::new(Policy::default());
    assert_eq!(connect(&egress, "localhost", port).await.expect("it listens").port(), port);
}

#[tokio::test]
async fn a_blocked_address_is_not_dialled() {
    let (listener, port) = listening().await;
    let policy = Policy::default().block("127.0.0.0/8".parse().expect("a network"));
    let egress = Egress::with_resolver(policy, always(&["127.0.0.1"]));
    for host in ["127.0.0.1", "::ffff:127.0.0.1", "name.example"] {
        let denied = connect(&egress, host, port).await;
        assert!(matches!(denied, Err(EgressError::Denied { .. })), "{host}: {denied:?}");
    }
    let listener = listener.into_std().expect("a listener");
    assert!(listener.accept().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock));
}

#[tokio::test]
async fn a_name_without_an_allowed_address_is_denied() {
    let egress = Egress::with_resolver(Policy::default(), always(&["0.0.0.0", "::ffff:169.254.169.254"]));
    assert_denied(
        connect(&egress, "name.example", 1).await,
        "::ffff:169.254.169.254 is blocked by 169.254.169.254/32",
    );
}

#[tokio::test]
async fn of_mixed_addresses_only_the_allowed_ones_are_dialled() {
    let (_listener, port) = listening().await;
    let egress =
        Egress::with_resolver(Policy::default(), always(&["169.254.169.254", "127.0.0.1", "fd00:ec2::254"]));
    assert_eq!(
        connect(&egress, "name.example", port).await.expect("it listens").ip().to_string(),
        "127.0.0.1"
    );
    let addresses = egress.resolve_checked("name.example", 7, Named::Dynamically, Duration::MAX).await;
    assert_eq!(addresses.expect("one is left"), [([127, 0, 0, 1], 7).into()]);
}

/// A name whose owner answers with an allowed address first, for the check, and with a blocked one then, for
/// the connect.
#[tokio::test(start_paused = true)]
async fn an_answer_that_changes_is_checked_each_time() {
    let (_listener, port) = listening().await;
    let rebinding = answer(|_, number| {
        vec![if number == 0 { [127, 0, 0, 1].into() } else { [169, 254, 169, 254].into() }]
    });
    let egress = Egress::with_resolver(Policy::default(), rebinding);
    assert!(connect(&egress, "name.example", port).await.is_ok());
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert!(
        connect(&egress, "name.example", port).await.is_ok(),
        "the former answer, which was checked anew"
    );
    tokio::task::yield_now().await;
    assert_denied(
        connect(&egress, "name.example", port).await,
        "169.254.169.254 is blocked by 169.254.169.254/32",
    );
}

#[tokio::test]
async fn a_new_policy_holds_for_names_that_are_known_already() {
    let (_listener, port) = listening().await;
    let egress = Egress::with_resolver(Policy::default(), always(&["127.0.0.1"]));
    assert!(connect(&egress, "name.example", port).await.is_ok());
    let clone = egress.clone();
    egress.replace_policy(Policy::default().block("127.0.0.1".parse().expect("an address")));
    assert_denied(connect(&clone, "name.example", port).await, "127.0.0.1 is blocked by 127.0.0.1/32");
    egress.replace_policy(Policy::default());
    assert!(connect(&clone, "name.example", port).await.is_ok());
}

#[tokio::test]
async fn hosts_that_are_not_allowed_are_not_even_resolved() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let resolver = answer(move |_, _| {
        counted.fetch_add(1, Ordering::Relaxed);
        vec![[192, 0, 2, 1].into()]
    });
    let policy = Policy::default().allow_host("*.example.com".parse().expect("a pattern"));
    let egress = Egress::with_resolver(policy, resolver);
    let resolve = async |host: &str, named| egress.resolve_checked(host, 80, named, Duration::MAX).await;
    assert_denied(resolve("example.org", Named::Dynamically).await, "the host is not among the allowed ones");
    assert_denied(resolve("10.0.0.1", Named::Dynamically).await, "the host is not among the allowed ones");
    assert_denied(
        resolve("0x7f.1", Named::ByOperator).await,
        "neither an address in its usual form nor a host name",
    );
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    assert!(resolve("a.example.com", Named::Dynamically).await.is_ok());
    assert!(resolve("example.org", Named::ByOperator).await.is_ok());
}

#[tokio::test]
async fn addresses_come_in_the_order_in_which_they_are_tried() {
    let egress = Egress::with_resolver(Policy::default(), always(&["2001:db8::1", "2001:db8::2", "1.1.1.1"]));
    let addresses = egress.resolve_checked("name.example", 80, Named::ByOperator, Duration::MAX).await;
    let shown: Vec<String> = addresses.expect("resolved").iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["[2001:db8::1]:80", "1.1.1.1:80", "[2001:db8::2]:80"]);
}

#[tokio::test(start_paused = true)]
async fn a_resolver_that_hangs_is_a_dns_timeout() {
    struct Hanging;
    impl Resolve for Hanging {
        fn resolve<'a>(&'a self, _name: &'a str) -> ResolveFuture<'a> {
            Box::pin(pending())
        }
    }
    let egress = Egress::with_resolver(Policy::default(), Hanging);
    let timeouts = Timeouts { dns: Duration::from_secs(3), ..Timeouts::default() };
    let start = tokio::time::Instant::now();
    let outcome = egress.connect(&Destination::host("name.example", 80), Named::ByOperator, timeouts).await;
    assert!(matches!(outcome, Err(EgressError::DnsTimeout)));
    assert_eq!(start.elapsed(), timeouts.dns);
}

#[tokio::test]
async fn a_unix_socket_named_dynamically_must_be_listed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let _listener = UnixListener::bind(&path).expect("it listens");
    let egress = Egress::new(Policy::default());
    let destination = Destination::unix(&path);
    let connect = async |named| egress.connect(&destination, named, Timeouts::default()).await;
    assert!(matches!(connect(Named::ByOperator).await, Ok(Socket::Unix(_))));
    let outcome = connect(Named::Dynamically).await;
    assert!(
        matches!(&outcome, Err(EgressError::Denied { denial: Denial::Unix { path: denied }, .. }) if *denied == path)
    );
    egress.replace_policy(Policy::default().allow_socket(&path));
    assert!(matches!(connect(Named::Dynamically).await, Ok(Socket::Unix(_))));
}

#[test]
fn connecting_can_be_done_by_tasks_that_move_between_threads() {
    fn check<T: Send>(_: T) {}
    let (egress, destination) = (Egress::new(Policy::default()), Destination::host("localhost", 1));
    check(egress.connect(&destination, Named::ByOperator, Timeouts::default()));
    check(egress.resolve_checked("localhost", 1, Named::ByOperator, Duration::ZERO));
}
