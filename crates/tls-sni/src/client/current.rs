//! What a client goes by at the moment.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::sign::SingleCertAndKey;
use tokio_rustls::TlsConnector;

use super::verifier::Verifier;
use super::{ClientError, ClientSettings};
use crate::protocol::Protocol;
use crate::provider::provider;

/// So many names of backends are remembered with their sessions; for each there are up to [`TICKETS`].
const NAMES: usize = 64;
/// What the library keeps for a name; it divides by this number what it is asked to keep in all.
const TICKETS: usize = 8;

/// Settings, and what was made of them. The remembered sessions live and end with it.
pub(super) struct Current {
    settings: ClientSettings,
    name: Option<ServerName<'static>>,
    connector: TlsConnector,
    /// The same, which offers no HTTP/2; it has the same sessions.
    http1: TlsConnector,
}

impl Current {
    pub(super) fn new(settings: ClientSettings) -> Result<Self, ClientError> {
        let name = match &settings.server_name {
            Some(name) => Some(parsed(name).ok_or_else(|| ClientError::ServerName { name: name.clone() })?),
            None => None,
        };
        let config = configured(&settings)?;
        let mut http1 = config.clone();
        http1.alpn_protocols.retain(|protocol| *protocol != Protocol::Http2.alpn());
        let (connector, http1) = (Arc::new(config).into(), Arc::new(http1).into());
        Ok(Self { settings, name, connector, http1 })
    }

    pub(super) const fn settings(&self) -> &ClientSettings {
        &self.settings
    }

    pub(super) const fn connector(&self, with_http2: bool) -> &TlsConnector {
        if with_http2 { &self.connector } else { &self.http1 }
    }

    /// The name that the certificate of the backend at `host` must be for; `None` where none can be.
    pub(super) fn name_for(&self, host: &str) -> Option<ServerName<'static>> {
        self.name.clone().or_else(|| parsed(host))
    }
}

fn parsed(host: &str) -> Option<ServerName<'static>> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    ServerName::try_from(bare).ok().map(|name| name.to_owned())
}

fn configured(settings: &ClientSettings) -> Result<ClientConfig, ClientError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| ClientError::Unusable { detail: error.to_string() })?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier::new(settings)?));
    let mut config = match &settings.identity {
        Some(identity) => {
            let resolver = SingleCertAndKey::from(Arc::clone(identity.key()));
            builder.with_client_cert_resolver(Arc::new(resolver))
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = Protocol::names(&settings.protocols);
    config.resumption = Resumption::in_memory_sessions(NAMES * TICKETS);
    Ok(config)
}
