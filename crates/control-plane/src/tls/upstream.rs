//! The TLS of an upstream, as a document asks for it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use tls_sni::{ClientSettings, Identity, Pin, Protocol, Roots};

use super::files::{Text, read};

/// The TLS of an upstream. The files that it names are read whenever settings are made of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct UpstreamTls {
    authorities: Option<Text>,
    revoked: Vec<PathBuf>,
    /// The chain and the key of the proxy's own certificate.
    own: Option<(Text, Text)>,
    server_name: Option<String>,
    pins: Vec<String>,
    skips_verification: bool,
    protocols: Vec<Protocol>,
}

impl UpstreamTls {
    pub(crate) fn of(upstream: &config::Upstream, is_relayed: bool) -> Self {
        let written = upstream.tls.clone().unwrap_or_default();
        let protocols = match upstream.protocol {
            // Nobody here knows what is spoken.
            _ if is_relayed => Vec::new(),
            config::Protocol::Http1 => vec![Protocol::Http1],
            config::Protocol::Http2 => vec![Protocol::Http2],
            // A connection that tells whose it is is for one request alone.
            _ if upstream.send_proxy_protocol.is_some() => vec![Protocol::Http1],
            _ => vec![Protocol::Http2, Protocol::Http1],
        };
        let key = match (&written.key_file, &written.key) {
            (Some(path), _) => Some(Text::File(path.clone())),
            (None, Some(key)) => Some(Text::of(key.expose())),
            (None, None) => None,
        };
        let own = written.cert.as_ref().map(|cert| {
            let chain = Text::of(cert);
            // One file may hold both.
            (chain.clone(), key.unwrap_or(chain))
        });
        Self {
            authorities: written.ca.as_deref().map(Text::of),
            revoked: written.crls,
            own,
            server_name: written.server_name,
            pins: written.pins,
            skips_verification: written.insecure_skip_verify,
            protocols,
        }
    }

    /// The settings, as the files are now.
    ///
    /// # Errors
    /// The key that is wrong, and what is wrong with it.
    pub(crate) fn settings(&self) -> Result<ClientSettings, (&'static str, String)> {
        let mut settings = ClientSettings::new();
        if let Some(authorities) = &self.authorities {
            let text = authorities.read().map_err(|error| ("ca", error))?;
            settings.roots = Roots::Pem(text.to_vec());
        }
        for path in &self.revoked {
            settings.crls.push(read(path).map_err(|error| ("crls", error))?.to_vec());
        }
        if let Some((chain, key)) = &self.own {
            let (chain, key) =
                (chain.read().map_err(|error| ("cert", error))?, key.read().map_err(|error| ("key", error))?);
            let identity = Identity::parse(&chain, &key).map_err(|error| ("cert", error.to_string()))?;
            settings.identity = Some(identity);
        }
        for pin in &self.pins {
            settings.pins.push(Pin::from_str(pin).map_err(|error| ("pins", error.to_string()))?);
        }
        settings.server_name.clone_from(&self.server_name);
        settings.skips_verification = self.skips_verification;
        settings.protocols.clone_from(&self.protocols);
        Ok(settings)
    }

    /// Tells one way of making connections from another. Files are told by their paths and by what stands in them: two that say
    /// the same now may differ later, and whom an upstream trusts is its own files' to say.
    pub(crate) fn identity(&self, settings: &ClientSettings) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.files().hash(&mut hasher);
        if let Roots::Pem(text) = &settings.roots {
            text.hash(&mut hasher);
        }
        settings.crls.hash(&mut hasher);
        settings.identity.as_ref().map(Identity::fingerprint).hash(&mut hasher);
        (&self.server_name, &self.pins, self.skips_verification).hash(&mut hasher);
        self.protocols.iter().for_each(|protocol| protocol.alpn().hash(&mut hasher));
        hasher.finish()
    }

    /// The files whose change makes other settings.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let own = self.own.iter().flat_map(|(chain, key)| [chain, key]);
        let texts = self.authorities.iter().chain(own).filter_map(Text::file);
        texts.chain(self.revoked.iter().map(PathBuf::as_path)).map(Path::to_owned).collect()
    }
}
