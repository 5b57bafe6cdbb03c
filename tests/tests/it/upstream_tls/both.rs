//! A proxy with clients of both kinds before a backend of TLS.

use harness::tls::{Client, Version};
use harness::{Connection, Proxyd, Session, TlsBackend, TlsServer};

use super::trust::Trust;

pub(crate) const VERSIONS: [Version; 2] = [Version::V12, Version::V13];
pub(crate) const GET: &str = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

/// Bytes that tell where they stand.
pub(crate) fn much() -> Vec<u8> {
    (0..1_usize << 20).map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8).collect()
}

/// A proxy that serves `a.test` over TLS and in the clear, in that order, before a backend of TLS.
pub(crate) struct Both {
    pub(crate) trust: Trust,
    pub(crate) proxyd: Proxyd,
    pub(crate) backend: TlsBackend,
}

impl Both {
    pub(crate) fn before(
        server: &TlsServer,
        trust: Trust,
        script: impl Fn(&mut Session) + Send + Sync + 'static,
    ) -> Self {
        let backend = server.start(script);
        let own = trust.files.put("a", &trust.authority.leaf(&["a.test"]));
        let document = trust
            .document(&backend, "")
            .listener_with("127.0.0.1:0", "tls: {}")
            .listener("127.0.0.1:0")
            .certificate(&own);
        let proxyd = Proxyd::start(&document);
        Self { trust, proxyd, backend }
    }

    /// Connections of clients: over TLS, and in the clear.
    pub(crate) fn clients(&self) -> [Connection; 2] {
        let tls = Client::new(&self.trust.authority).to(&self.proxyd.nth_address(1), "a.test");
        [tls, Connection::to(&self.proxyd.nth_address(2))]
    }
}

pub(crate) fn before(version: Version, script: impl Fn(&mut Session) + Send + Sync + 'static) -> Both {
    let trust = Trust::new();
    Both::before(&trust.server().version(version), trust, script)
}
