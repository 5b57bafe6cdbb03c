//! An authority that vouches for backends, and documents that believe it.

use harness::tls::{Authority, Files, Leaf};
use harness::{Backend, Document, Proxyd, TlsServer};

/// An authority, and the folder with its certificate.
pub(crate) struct Trust {
    pub(crate) authority: Authority,
    pub(crate) files: Files,
}

impl Trust {
    pub(crate) fn new() -> Self {
        let (authority, files) = (Authority::new("backends"), Files::new());
        files.write("ca.pem", authority.pem());
        Self { authority, files }
    }

    /// What a document says to believe it: `ca: ..`.
    pub(crate) fn ca(&self) -> String {
        format!("ca: \"{}\"", self.files.path("ca.pem"))
    }

    /// A certificate for the address that backends of tests have.
    pub(crate) fn leaf(&self) -> Leaf {
        self.authority.leaf(&["127.0.0.1"])
    }

    /// A server with such a certificate.
    pub(crate) fn server(&self) -> TlsServer {
        TlsServer::new(&self.leaf())
    }

    /// All requests go to this backend over TLS that believes the authority, with further settings of the upstream.
    pub(crate) fn document(&self, backend: &Backend, settings: &str) -> Document {
        document(backend, &self.ca(), settings)
    }

    pub(crate) fn start(&self, backend: &Backend, settings: &str) -> Proxyd {
        Proxyd::start(&self.document(backend, settings))
    }
}

/// All requests go to this backend over TLS with these settings, with further settings of the upstream.
pub(crate) fn document(backend: &Backend, tls: &str, settings: &str) -> Document {
    let url = format!("https://127.0.0.1:{}", backend.port());
    Document::new()
        .raw_upstream(&format!("name: app, url: \"{url}\", tls: {{ {tls} }}, {settings}"))
        .route("id: all, path: /*, upstream: app")
}
