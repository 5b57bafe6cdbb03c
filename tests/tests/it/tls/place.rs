//! A proxy that serves `a.test` over TLS.

use harness::tls::{Authority, Client, Files};
use harness::{Backend, Document, Proxyd, Socket};

/// An authority, the folder with its certificates, a backend, and the proxy that serves all names over TLS.
pub(crate) struct Place {
    pub(crate) authority: Authority,
    pub(crate) files: Files,
    pub(crate) backend: Backend,
    pub(crate) proxyd: Proxyd,
}

/// What a place is made of before the proxy runs.
pub(crate) struct Ground<'g> {
    pub(crate) authority: &'g Authority,
    pub(crate) files: &'g Files,
    pub(crate) backend: &'g Backend,
}

impl Ground<'_> {
    /// All requests go to the backend; one listener, with these settings of its TLS.
    pub(crate) fn tls(&self, settings: &str) -> Document {
        Document::to(self.backend).listener_with("127.0.0.1:0", &format!("tls: {{ {settings} }}"))
    }

    /// With a certificate for these names, whose file is called after the first.
    pub(crate) fn leaf(&self, names: &[&str]) -> String {
        self.files.put(names.first().unwrap_or(&"none"), &self.authority.leaf(names))
    }
}

impl Place {
    /// A certificate for `a.test` alone.
    pub(crate) fn new() -> Self {
        Self::with(|ground| ground.tls("").certificate(&ground.leaf(&["a.test"])))
    }

    /// As [`new`](Self::new), before a backend that answers each request with these bytes.
    pub(crate) fn answering(answer: &str) -> Self {
        Self::before(Backend::answering(answer), |ground| {
            ground.tls("").certificate(&ground.leaf(&["a.test"]))
        })
    }

    pub(crate) fn with(document: impl FnOnce(&Ground<'_>) -> Document) -> Self {
        Self::before(Backend::ok(), document)
    }

    pub(crate) fn before(backend: Backend, document: impl FnOnce(&Ground<'_>) -> Document) -> Self {
        let (authority, files) = (Authority::new("root"), Files::new());
        let document = document(&Ground { authority: &authority, files: &files, backend: &backend });
        let proxyd = Proxyd::start(&document);
        Self { authority, files, backend, proxyd }
    }

    pub(crate) fn address(&self) -> Socket {
        self.proxyd.address()
    }

    /// A client that believes the authority.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.authority)
    }
}
