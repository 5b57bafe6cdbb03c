//! The crate as an embedder sees it.

use egress::{
    Denial, Destination, Egress, EgressError, Named, Policy, Resolve, ResolveFuture, Socket, Timeouts,
};
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};
use tokio::{io::AsyncReadExt, runtime::Builder};

/// Answers every name with loopback, and counts.
struct Loopback(Arc<AtomicUsize>);

impl Resolve for Loopback {
    fn resolve<'a>(&'a self, _name: &'a str) -> ResolveFuture<'a> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(async {
            tokio::task::yield_now().await;
            Ok(vec![SocketAddr::from(([127, 0, 0, 1], 0))])
        })
    }
}

/// Greets so many clients, and ends when each of them has gone.
fn greet(listener: &TcpListener, clients: usize) -> io::Result<()> {
    for _ in 0..clients {
        let (mut stream, _) = listener.accept()?;
        stream.write_all(b"hello")?;
        stream.read_to_end(&mut Vec::new())?;
    }
    Ok(())
}

#[test]
fn workers_with_runtimes_of_their_own_share_one_egress() -> io::Result<()> {
    const WORKERS: usize = 4;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let backend = Destination::host("backend.example", listener.local_addr()?.port());
    let lookups = Arc::new(AtomicUsize::new(0));
    let egress = Egress::with_resolver(Policy::default(), Loopback(Arc::clone(&lookups)));

    let work = || -> io::Result<Vec<u8>> {
        Builder::new_current_thread().enable_all().build()?.block_on(async {
            let connected = egress.connect(&backend, Named::ByOperator, Timeouts::default()).await;
            let Ok(Socket::Tcp(mut stream)) = connected else { return Err(io::ErrorKind::Other.into()) };
            let mut greeting = vec![0; 5];
            stream.read_exact(&mut greeting).await?;
            Ok(greeting)
        })
    };
    let greetings: Vec<_> = thread::scope(|scope| {
        scope.spawn(|| greet(&listener, WORKERS));
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()?.ok()).collect()
    });
    assert_eq!(greetings, vec![b"hello".to_vec(); WORKERS]);
    assert!((1..=WORKERS).contains(&lookups.load(Ordering::Relaxed)));
    Ok(())
}

#[tokio::test]
async fn a_denial_says_which_address_and_which_rule() {
    let egress = Egress::new(Policy::default());
    let metadata = Destination::host("64:ff9b::a9fe:a9fe", 80);
    let outcome = egress.connect(&metadata, Named::ByOperator, Timeouts::default()).await;
    match outcome {
        Err(error @ EgressError::Denied { .. }) => {
            assert!(error.is_denial() && !error.is_backend_failure());
            assert_eq!(error.to_string(), "\"64:ff9b::a9fe:a9fe\" is not allowed");
            let EgressError::Denied { denial: Denial::Address { address, network }, .. } = error else {
                panic!("not for its address")
            };
            assert_eq!(address.to_string(), "64:ff9b::a9fe:a9fe");
            assert_eq!(network.to_string(), "169.254.169.254/32");
        }
        other => panic!("not denied: {other:?}"),
    }
}
