//! Starts the real binary and speaks raw bytes to it, since proxies break on bytes.
//!
//! [`Proxyd`] is the running binary, [`Backend`] a scripted backend behind it, [`Connection`] one end of a connection,
//! the client's or the backend's; [`frames`] has the same for HTTP/2, [`tls`] has clients that speak TLS. Whatever waits does so for [`PATIENCE`] at the most and panics then: a hang fails.
//!
//! ```no_run
//! use harness::{Backend, Document, Proxyd};
//!
//! let backend = Backend::ok();
//! let proxyd = Proxyd::start(&Document::to(&backend));
//! let answer = proxyd.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
//! assert_eq!(answer.status(), 200);
//! ```

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "this is a test's code: whatever is not as expected fails the test"
)]

mod api;
mod binary;
mod command;
mod document;
mod events;
mod home;
mod log;
mod proxyd;

mod canonical;
mod connection;
mod locked;
mod message;
mod reading;
mod socket;

mod backend;
mod frail;
mod refusing;
mod session;

pub mod frames;
pub mod tls;
mod tls_backend;
pub mod websocket;

use std::time::Duration;

pub use api::{Answer, Api};
pub use backend::Backend;
pub use command::{Finished, Started, fixture, proxyd, proxyd_in, start_proxyd};
pub use connection::{Broken, Connection, Ending};
pub use document::Document;
pub use events::{Event, Events};
pub use frail::Frail;
pub use home::Home;
pub use log::Log;
pub use message::{Head, Message, latin1};
pub use proxyd::{Ended, Proxyd};
pub use refusing::{Refusing, Silent};
pub use session::Session;
pub use socket::Socket;
pub use tls_backend::{Handshake, TlsBackend, TlsServer};

/// How long anything is waited for.
pub const PATIENCE: Duration = Duration::from_secs(30);
