//! TLS for tests: an authority that issues certificates, the files that they stand in, and clients that speak TLS.
//!
//! [`Authority`] issues what a test asks for, [`Files`] is a folder in which a certificate is replaced as a tool would do
//! it, and [`Client`] makes connections, which are [`Connection`](crate::Connection)s like any other: messages and HTTP/2 frames go over them.
//!
//! ```no_run
//! use harness::tls::{Authority, Client, Files};
//! use harness::{Backend, Document, Proxyd};
//!
//! let (authority, files, backend) = (Authority::new("root"), Files::new(), Backend::ok());
//! let document = Document::to(&backend)
//!     .listener_with("127.0.0.1:0", "tls: {}")
//!     .certificate(&files.put("a", &authority.leaf(&["a.test"])));
//! let proxyd = Proxyd::start(&document);
//! let mut connection = Client::new(&authority).to(&proxyd.address(), "a.test");
//! connection.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
//! assert_eq!(connection.response().unwrap().status(), 200);
//! ```

mod authority;
mod client;
mod facts;
mod files;
mod leaf;
mod port;
mod stream;
mod tickets;
mod verifying;

pub use authority::{Authority, Wish};
pub(crate) use client::of as refused_by;
pub use client::{Client, Version};
pub use facts::{Facts, Refused};
pub use files::Files;
pub use leaf::Leaf;
pub use port::Port;
pub use rustls::AlertDescription;
pub(crate) use stream::TlsStream;

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}
