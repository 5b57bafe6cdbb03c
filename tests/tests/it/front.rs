//! A proxy in front of one backend that answers everything, and what becomes of hostile bytes there.

use harness::{Backend, Connection, Document, Message, Proxyd, latin1};

/// What must never reach a backend stands behind this path.
pub(crate) const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n";

pub(crate) struct Front {
    pub(crate) backend: Backend,
    pub(crate) proxyd: Proxyd,
}

impl Front {
    pub(crate) fn new() -> Self {
        Self::with(Backend::ok(), Document::to)
    }

    pub(crate) fn with(backend: Backend, document: impl FnOnce(&Backend) -> Document) -> Self {
        let proxyd = Proxyd::start(&document(&backend));
        Self { backend, proxyd }
    }

    /// Sends bytes that must be refused before a backend sees anything of them: the answer has one of these statuses
    /// and ends the connection.
    #[track_caller]
    pub(crate) fn refuses(&self, bytes: impl AsRef<[u8]>, statuses: &[u16]) -> Message {
        let before = self.backend.bytes();
        let answer = self.stops(bytes.as_ref(), statuses);
        assert_eq!(self.backend.bytes(), before, "a backend saw something of {:?}", latin1(bytes.as_ref()));
        answer
    }

    /// Sends bytes whose head is right and whose body is not: the answer has one of these statuses and ends the
    /// connection, and the backend never has a whole request.
    #[track_caller]
    pub(crate) fn cuts(&self, bytes: impl AsRef<[u8]>, statuses: &[u16]) -> Message {
        let before = self.backend.request_count();
        let answer = self.stops(bytes.as_ref(), statuses);
        self.backend.wait_for_ends(self.backend.connections());
        let after = self.backend.requests();
        assert_eq!(after.len(), before, "{:?} came whole: {:?}", latin1(bytes.as_ref()), after.last());
        answer
    }

    #[track_caller]
    fn stops(&self, bytes: &[u8], statuses: &[u16]) -> Message {
        let mut client = self.proxyd.connect();
        client.ask(bytes);
        let answer = client.response();
        let answer = answer.unwrap_or_else(|broken| panic!("no answer to {:?}: {broken:?}", latin1(bytes)));
        assert!(statuses.contains(&answer.status()), "{:?} has {answer:?}", latin1(bytes));
        assert!(answer.closes(), "{:?} goes on: {answer:?}", latin1(bytes));
        let (rest, _) = client.rest();
        assert_eq!(latin1(&rest), "", "a second answer to {:?}", latin1(bytes));
        answer
    }

    /// Sends a legal request: it is answered with 200, and this is what the backend saw.
    #[track_caller]
    pub(crate) fn passes(&self, bytes: impl AsRef<[u8]>) -> Message {
        let before = self.backend.request_count();
        let answer = self.proxyd.ask(bytes.as_ref());
        assert_eq!(answer.status(), 200, "{:?} has {answer:?}", latin1(bytes.as_ref()));
        let mut requests = self.backend.requests();
        assert_eq!(requests.len(), before + 1, "not one request of {:?}", latin1(bytes.as_ref()));
        requests.remove(before)
    }

    /// Sends bytes, and reads answers until the connection ends.
    #[track_caller]
    pub(crate) fn answers(&self, bytes: impl AsRef<[u8]>) -> Vec<Message> {
        let mut client = self.proxyd.connect();
        client.ask(bytes);
        client.half_close();
        answers(&mut client)
    }
}

/// All answers until the connection ends.
#[track_caller]
pub(crate) fn answers(client: &mut Connection) -> Vec<Message> {
    std::iter::from_fn(|| client.response().ok()).collect()
}
