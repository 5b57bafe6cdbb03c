//! A client that behaves, while others do not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use harness::frames::{Fields, Http2};
use harness::{Connection, Socket};

/// How long a request may take while others misbehave.
const SLOWEST: Duration = Duration::from_secs(2);

/// Asks for `/canary` over HTTP/1.1 and over HTTP/2 in turn, from a thread of its own.
pub(crate) struct Canary {
    has_to_stop: Arc<AtomicBool>,
    running: Option<JoinHandle<usize>>,
}

struct Clients {
    plain: Connection,
    framed: Http2,
}

impl Canary {
    /// Begins once some requests have been answered.
    #[track_caller]
    pub(crate) fn start(address: &Socket) -> Self {
        let mut clients = Clients { plain: Connection::to(address), framed: Http2::to(address) };
        for _ in 0..20 {
            clients.ask();
        }
        let has_to_stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&has_to_stop);
        let running = std::thread::spawn(move || {
            let mut count = 0;
            while !stopping.load(Ordering::Relaxed) {
                clients.ask();
                count += 1;
                // A pace, not a wait.
                std::thread::park_timeout(Duration::from_millis(5));
            }
            count
        });
        Self { has_to_stop, running: Some(running) }
    }

    /// Ends it: it was served all along.
    #[track_caller]
    pub(crate) fn stop(mut self) {
        let count = self.join().unwrap_or_else(|| panic!("somebody else was not served"));
        assert!(count > 0, "nobody else asked for anything");
    }

    fn join(&mut self) -> Option<usize> {
        self.has_to_stop.store(true, Ordering::Relaxed);
        self.running.take()?.join().ok()
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        self.join();
    }
}

impl Clients {
    #[track_caller]
    fn ask(&mut self) {
        let began = Instant::now();
        self.plain.ask("GET /canary HTTP/1.1\r\nHost: a.test\r\n\r\n");
        assert_eq!(self.plain.response().unwrap().status(), 200);
        let stream = self.framed.ask(&Fields::request("GET", "/canary"));
        assert_eq!(self.framed.response(stream).status(), 200);
        assert!(began.elapsed() < SLOWEST, "somebody else waited for {:?}", began.elapsed());
    }
}
