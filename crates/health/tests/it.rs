//! The crate as an embedder sees it, with a probe that really connects.

use health::{
    Backoff, CheckSettings, Checks, Monitor, Probe, ProbeError, ProbeFuture, Settings, State, Transition,
};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

struct TcpConnect;

impl Probe<SocketAddr> for TcpConnect {
    fn probe<'a>(&'a self, key: &'a SocketAddr) -> ProbeFuture<'a> {
        Box::pin(async move { TcpStream::connect(key).await.map(drop).map_err(ProbeError::failed) })
    }
}

#[tokio::test]
async fn a_backend_that_listens_comes_back_and_one_that_does_not_stays_dead() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let up = listener.local_addr()?;
    let down = refusing_address()?;

    let backoff = Backoff { first: Duration::from_millis(1), ..Backoff::default() };
    let (changed, mut changes) = mpsc::unbounded_channel();
    let monitor = Monitor::new(Settings::default().with_backoff(backoff), TcpConnect, move |key, state| {
        let _ = changed.send((*key, state));
    });
    let reporter = monitor.reporter();
    reporter.connect_failed(&up);
    reporter.connect_failed(&down);
    let came_back = async {
        while let Some(change) = changes.recv().await {
            if change == (up, State::Alive) {
                return;
            }
        }
    };
    monitor.run(came_back).await;
    assert_eq!((reporter.state(&up), reporter.state(&down)), (State::Alive, State::Dead));
    Ok(())
}

#[tokio::test]
async fn checks_tell_a_backend_that_listens_from_one_that_does_not() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let (up, down) = (listener.local_addr()?, refusing_address()?);

    let (told, mut results) = mpsc::unbounded_channel();
    let checks = Checks::new(move |key, outcome| {
        let _ = told.send((*key, outcome));
    });
    let watch = checks.watch();
    let settings = CheckSettings { interval: Duration::from_millis(2), fall: 2, ..CheckSettings::default() };
    [up, down].into_iter().for_each(|key| watch.watch(key, settings, Arc::new(TcpConnect)));
    let both_seen = async {
        let (mut is_up_seen, mut death) = (false, None);
        while let Some((key, outcome)) = results.recv().await {
            is_up_seen |= key == up;
            assert_eq!((key == up, outcome.error.is_none()), (outcome.succeeded, outcome.succeeded));
            if outcome.transition == Transition::Died {
                death = Some((key, watch.state(&key)));
            }
            if is_up_seen && death.is_some() {
                break;
            }
        }
        assert_eq!((death, watch.state(&up)), (Some((down, State::Dead)), State::Alive));
    };
    checks.run(both_seen).await;
    Ok(())
}

/// An address at which nobody listens: a socket has it, so that nobody else gets it, and does not listen.
fn refusing_address() -> io::Result<SocketAddr> {
    let socket = tokio::net::TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    let address = socket.local_addr();
    // Kept for the life of the test's process.
    std::mem::forget(socket);
    address
}
