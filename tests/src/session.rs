//! One connection of a backend.

use std::sync::Arc;

use crate::backend::Shared;
use crate::canonical::ambiguity;
use crate::locked::lock;
use crate::socket::Stream;
use crate::{Broken, Connection, Head, Message};

/// What a backend's connection is served with.
pub struct Session {
    /// The connection.
    pub connection: Connection,
    /// Which connection of the backend this is; the first is 0.
    pub number: usize,
    shared: Arc<Shared>,
}

impl Session {
    /// A session on a connection; `None` once the backend is dead.
    pub(crate) fn new(stream: Stream, shared: &Arc<Shared>) -> Option<Self> {
        let kept = stream.try_clone().ok()?;
        let connection = Connection::new(stream);
        let mut state = lock(&shared.state);
        if state.is_killed {
            return None;
        }
        let number = state.seen.len();
        state.seen.push(connection.seen());
        state.streams.push(kept);
        drop(state);
        shared.changed.notify_all();
        Some(Self { connection, number, shared: Arc::clone(shared) })
    }

    /// Reads the head of a request.
    ///
    /// # Errors
    /// The connection ends before.
    pub fn head(&mut self) -> Result<Head, Broken> {
        let head = self.connection.head()?;
        if let Some(ambiguity) = ambiguity(&head) {
            let mut state = lock(&self.shared.state);
            state.ambiguous.push(format!("{ambiguity}: {}", crate::latin1(&head.raw)));
        }
        Ok(head)
    }

    /// Reads a request with its body, and notes it.
    ///
    /// # Errors
    /// It does not come whole.
    pub fn request(&mut self) -> Result<Message, Broken> {
        let head = self.head()?;
        self.body(head)
    }

    /// Reads the body of a request whose head has been read, and notes the request.
    ///
    /// # Errors
    /// It does not come whole.
    pub fn body(&mut self, head: Head) -> Result<Message, Broken> {
        let read = self.connection.body_of_request(head);
        let mut state = lock(&self.shared.state);
        match &read {
            Ok(request) => state.requests.push(request.clone()),
            Err(Broken::Malformed(text)) => state.ambiguous.push(text.clone()),
            Err(_) => {}
        }
        drop(state);
        self.shared.changed.notify_all();
        read
    }

    /// Sends bytes to a proxy that may take no more.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.connection.try_send(bytes);
    }

    /// Answers each request with these bytes, to HEAD with those of the head.
    pub fn answer_all(&mut self, answer: &[u8]) {
        while let Ok(request) = self.request() {
            let head =
                answer.windows(4).position(|four| four == b"\r\n\r\n").map_or(answer.len(), |at| at + 4);
            self.send(if request.head.method() == "HEAD" { &answer[..head] } else { answer });
        }
    }

    /// Waits until the proxy ends the connection.
    pub fn hold(&mut self) {
        let _ = self.connection.count_rest();
    }

    /// Ends the connection by a reset.
    pub fn reset(&mut self) {
        let _ = self.connection.stream().reset_at_end();
        self.forget();
    }

    /// The backend holds a second handle of each stream, which would keep the connection open.
    fn forget(&self) {
        let mut state = lock(&self.shared.state);
        let own = self.connection.stream().identity();
        state.streams.retain(|stream| stream.identity() != own);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.forget();
        lock(&self.shared.state).ended += 1;
        self.shared.changed.notify_all();
    }
}
