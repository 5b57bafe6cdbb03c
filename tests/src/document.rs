//! The text of a configuration.

use std::fmt::Write;

use crate::frames::Http2Backend;
use crate::{Backend, Socket};

/// A configuration in YAML, put together from what a test wants. Without a listener it listens on a free port of
/// `127.0.0.1`, with one worker.
#[derive(Clone, Debug, Default)]
pub struct Document {
    proxy: Vec<String>,
    listeners: Vec<String>,
    upstreams: Vec<String>,
    routes: Vec<String>,
    certificates: Vec<String>,
    more: Vec<String>,
}

impl Document {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every request goes to this backend, by the route `all` to the upstream `app`.
    pub fn to(backend: &Backend) -> Self {
        Self::new().upstream("app", &[backend], "").route("id: all, path: /*, upstream: app")
    }

    /// As [`to`](Self::to), for a backend that speaks HTTP/2.
    pub fn to_http2(backend: &Http2Backend) -> Self {
        Self::new()
            .upstream_at("app", &[backend.address().clone()], "protocol: http2")
            .route("id: all, path: /*, upstream: app")
    }

    /// With settings of the whole proxy: `timeout: 300ms, forwarded: true`.
    #[must_use]
    pub fn proxy(mut self, settings: &str) -> Self {
        self.proxy.push(settings.to_owned());
        self
    }

    /// With one more address to listen on.
    #[must_use]
    pub fn listener(self, address: &str) -> Self {
        self.listener_with(address, "")
    }

    /// With one more address to listen on, and settings of that listener: `tls: {}`.
    #[must_use]
    pub fn listener_with(mut self, address: &str, settings: &str) -> Self {
        self.listeners.push(format!("{{ address: \"{address}\", {settings} }}"));
        self
    }

    /// With one more certificate: `cert: /a.pem, key: /a.key`.
    #[must_use]
    pub fn certificate(mut self, text: &str) -> Self {
        self.certificates.push(format!("{{ {text} }}"));
        self
    }

    /// With an upstream of these backends, whose ids are `a`, `b` and so on, and further settings: `retries: 0`.
    #[must_use]
    pub fn upstream(self, name: &str, backends: &[&Backend], settings: &str) -> Self {
        let addresses: Vec<Socket> = backends.iter().map(|backend| backend.address().clone()).collect();
        self.upstream_at(name, &addresses, settings)
    }

    /// With an upstream whose backends are at these addresses.
    #[must_use]
    pub fn upstream_at(mut self, name: &str, addresses: &[Socket], settings: &str) -> Self {
        let mut text = format!("{{ name: {name}, backends: [");
        for (address, id) in addresses.iter().zip('a'..) {
            let _ = match address {
                Socket::Tcp(address) => {
                    write!(text, "{{ id: {id}, hostname: \"{}\", port: {} }}, ", address.ip(), address.port())
                }
                Socket::Unix(path) => write!(text, "{{ id: {id}, hostname: \"unix:{}\" }}, ", path.display()),
            };
        }
        let _ = write!(text, "], {settings} }}");
        self.upstreams.push(text);
        self
    }

    /// With an upstream as it is written: `name: app, url: "http://127.0.0.1:1"`.
    #[must_use]
    pub fn raw_upstream(mut self, text: &str) -> Self {
        self.upstreams.push(format!("{{ {text} }}"));
        self
    }

    /// With a route: `id: all, path: /*, upstream: app`.
    #[must_use]
    pub fn route(mut self, text: &str) -> Self {
        self.routes.push(format!("{{ {text} }}"));
        self
    }

    /// With a line of YAML at the top level: `logging: { level: debug }`.
    #[must_use]
    pub fn line(mut self, text: &str) -> Self {
        self.more.push(text.to_owned());
        self
    }

    /// The YAML.
    pub fn text(&self) -> String {
        let mut proxy = self.proxy.clone();
        if !proxy.iter().any(|settings| settings.contains("workers:")) {
            proxy.push("workers: 1".to_owned());
        }
        let mut text = format!("proxy: {{ {} }}\nlisteners:\n", proxy.join(", "));
        let mut listeners = self.listeners.clone();
        if listeners.is_empty() {
            listeners.push("{ address: \"127.0.0.1:0\" }".to_owned());
        }
        for listener in listeners {
            let _ = writeln!(text, "  - {listener}");
        }
        for (key, items) in
            [("upstreams", &self.upstreams), ("routes", &self.routes), ("certificates", &self.certificates)]
        {
            let _ = writeln!(text, "{key}:{}", if items.is_empty() { " []" } else { "" });
            for item in items {
                let _ = writeln!(text, "  - {item}");
            }
        }
        for line in &self.more {
            let _ = writeln!(text, "{line}");
        }
        text
    }
}
