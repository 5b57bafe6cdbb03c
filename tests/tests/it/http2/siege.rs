//! A proxy that is abused: others are served all along, and it costs little.

use std::time::{Duration, Instant};

use harness::frames::{Event, Fields, Http2, code};
use harness::{Backend, Document, Ending, PATIENCE, Proxyd, Session};

use super::canary::Canary;
use super::limits::{LEFT, MEMORY, STREAMS};

pub(crate) struct Siege {
    /// It is dropped first, while there is somebody to ask.
    canary: Canary,
    /// What the abuser's requests go to.
    pub(crate) backend: Backend,
    pub(crate) proxyd: Proxyd,
    /// What the others' requests go to.
    _quiet: Backend,
    before: u64,
}

/// How a connection ended that was abused.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The code of GOAWAY, if that came.
    pub(crate) code: Option<u32>,
    pub(crate) ending: Ending,
}

impl Siege {
    /// With a backend that never answers.
    pub(crate) fn new() -> Self {
        Self::with("workers: 1", |session| {
            let _ = session.head();
            session.hold();
        })
    }

    /// With settings of the whole proxy, and a backend of that kind.
    pub(crate) fn with(settings: &str, script: impl Fn(&mut Session) + Send + Sync + 'static) -> Self {
        let (backend, quiet) = (Backend::start(script), Backend::ok());
        let document = Document::new()
            .proxy(settings)
            .upstream("app", &[&backend], "")
            .upstream("quiet", &[&quiet], "")
            .route("id: quiet, path: /canary, upstream: quiet")
            .route("id: all, path: /*, upstream: app");
        let proxyd = Proxyd::start(&document);
        busy(&proxyd);
        let canary = Canary::start(&proxyd.address());
        let before = proxyd.memory("VmRSS");
        Self { backend, proxyd, _quiet: quiet, canary, before }
    }

    /// An abuser's connection.
    #[track_caller]
    pub(crate) fn client(&self) -> Http2 {
        Http2::to(&self.proxyd.address())
    }

    /// Sends all of it while what comes is read; how the connection ended.
    #[track_caller]
    pub(crate) fn flood(&self, bytes: &[u8]) -> Ended {
        let mut client = self.client();
        let mut writing = client.connection.writer();
        std::thread::scope(|scope| {
            scope.spawn(move || drop(writing.try_send(bytes)));
            ended(&mut client)
        })
    }

    /// Sends all of it before anything that comes is read; how the connection ended.
    #[track_caller]
    pub(crate) fn flood_unread(&self, bytes: &[u8]) -> Ended {
        let mut client = self.client();
        drop(client.connection.try_send(bytes));
        ended(&mut client)
    }

    /// Every abuser has gone: others were served, little memory was needed, and less is left.
    #[track_caller]
    pub(crate) fn end(self) {
        busy(&self.proxyd);
        self.canary.stop();
        let most = self.proxyd.memory("VmHWM");
        assert!(most < self.before + MEMORY, "{} bytes became {most}", self.before);
        let ends = Instant::now() + PATIENCE;
        while self.proxyd.memory("VmRSS") > self.before + LEFT {
            let now = self.proxyd.memory("VmRSS");
            assert!(Instant::now() < ends, "{} bytes stay {now}", self.before);
            // A pace, not a wait: the system tells nobody when memory is given back.
            std::thread::park_timeout(Duration::from_millis(50));
        }
        assert_eq!(self.proxyd.stop().code, Some(0));
    }
}

impl Ended {
    /// Whether the client was asked to calm down. Where bytes of it were not read, the system may have thrown that away.
    pub(crate) fn is_calm(&self) -> bool {
        self.code == Some(code::ENHANCE_YOUR_CALM) || (self.code.is_none() && self.ending == Ending::Reset)
    }
}

/// Has it serve as many requests at once as one connection may have, so that what it keeps for the next ones is there.
#[track_caller]
fn busy(proxyd: &Proxyd) {
    let mut client = Http2::to(&proxyd.address());
    let streams: Vec<u32> = (0..STREAMS).map(|_| client.ask(&Fields::request("GET", "/canary"))).collect();
    for stream in streams {
        assert_eq!(client.response(stream).status(), 200);
    }
}

/// Reads until the connection ends.
#[track_caller]
pub(crate) fn ended(client: &mut Http2) -> Ended {
    let mut code = None;
    loop {
        match client.read() {
            Event::GoAway { code: given, .. } => code = code.max(Some(given)),
            Event::End(ending) => return Ended { code, ending },
            Event::Silence => panic!("the connection goes on, after GOAWAY with {code:?}"),
            _ => {}
        }
    }
}
