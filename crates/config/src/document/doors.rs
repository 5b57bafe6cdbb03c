//! Which ways in the listeners offer.

use super::{Document, Listener, Mode};

impl Listener {
    /// Whether it passes TLS on as it comes, by its server name.
    fn passes_on(&self) -> bool {
        self.mode == Mode::Tcp && self.upstream.is_none() && self.tls.is_none()
    }
}

impl Document {
    /// Whether requests come in the clear anywhere.
    pub(crate) fn has_plain(&self) -> bool {
        let is_plain = |listener: &Listener| listener.mode == Mode::Http && listener.tls.is_none();
        self.proxy.port.is_some() || self.listeners.is_empty() || self.listeners.iter().any(is_plain)
    }

    /// Whether TLS ends anywhere.
    pub(crate) fn has_tls(&self) -> bool {
        self.listeners.iter().any(|listener| listener.tls.is_some())
    }

    /// Whether requests come over TLS that ends anywhere.
    pub(crate) fn has_https(&self) -> bool {
        self.listeners.iter().any(|listener| listener.mode == Mode::Http && listener.tls.is_some())
    }

    /// Whether the server name of a client's TLS is looked at for routes with `mode: tcp`.
    pub(crate) fn has_passages(&self) -> bool {
        self.has_tls() || self.listeners.iter().any(Listener::passes_on)
    }
}
