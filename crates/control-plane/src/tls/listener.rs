//! The TLS of a listener, as a document asks for it.

use std::path::{Path, PathBuf};

use tls_sni::{
    ClientAuth, ClientAuthError, ClientAuthMode, Protocol, ServerSettings, TicketKeys, TicketKeysError,
    TlsVersion, UnknownName,
};

use super::files::{Text, read};

/// The TLS of a listener. The files that it names are read whenever settings are made of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ListenerTls {
    pub(crate) min_version: TlsVersion,
    pub(crate) unknown_name: UnknownName,
    pub(crate) protocols: Vec<Protocol>,
    pub(crate) client_auth: Option<Vouching>,
    /// Hosts with a rule of their own.
    pub(crate) client_auth_of: Vec<(String, Vouching)>,
    pub(crate) ticket_keys: Option<PathBuf>,
}

/// Who vouches for clients.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Vouching {
    mode: ClientAuthMode,
    authorities: Text,
    revoked: Vec<PathBuf>,
}

impl Vouching {
    pub(crate) fn of(written: &config::ClientAuth) -> Self {
        let mode = match written.mode {
            config::ClientAuthMode::Optional => ClientAuthMode::Optional,
            _ => ClientAuthMode::Required,
        };
        Self { mode, authorities: Text::of(&written.ca), revoked: written.crls.clone() }
    }

    pub(crate) fn read(&self) -> Result<ClientAuth, String> {
        let revoked = self.revoked.iter().map(|path| Ok(read(path)?.to_vec()));
        let revoked = revoked.collect::<Result<Vec<_>, String>>()?;
        let authorities = self.authorities.read()?;
        ClientAuth::new(&authorities, &revoked, self.mode).map_err(|error| self.blame(&error))
    }

    /// An error, and the files that it may be about.
    fn blame(&self, error: &ClientAuthError) -> String {
        let files: Vec<_> = match error {
            ClientAuthError::Authorities(_) | ClientAuthError::NoAuthority => {
                self.authorities.file().into_iter().collect()
            }
            _ => self.revoked.iter().map(PathBuf::as_path).collect(),
        };
        let files: Vec<_> = files.iter().map(|path| path.display().to_string()).collect();
        if files.is_empty() { error.to_string() } else { format!("{error} (in {})", files.join(", ")) }
    }

    fn files(&self) -> impl Iterator<Item = &Path> {
        self.authorities.file().into_iter().chain(self.revoked.iter().map(PathBuf::as_path))
    }
}

/// Rules that were read. Many hosts may share one, whose files are read once.
#[derive(Default)]
pub(crate) struct Rules(Vec<(Vouching, Result<ClientAuth, String>)>);

impl Rules {
    /// The rule that somebody's word amounts to.
    ///
    /// # Errors
    /// What is wrong with a file.
    pub(crate) fn of(&mut self, vouching: &Vouching) -> Result<ClientAuth, String> {
        if let Some((_, rule)) = self.0.iter().find(|(known, _)| known == vouching) {
            return rule.clone();
        }
        let rule = vouching.read();
        self.0.push((vouching.clone(), rule.clone()));
        rule
    }
}

impl ListenerTls {
    /// The settings, as the files are now.
    ///
    /// # Errors
    /// What is wrong with a file.
    pub(crate) fn settings(&self, ticket_keys: TicketKeys) -> Result<ServerSettings, String> {
        let mut settings = ServerSettings::new(ticket_keys);
        settings.min_version = self.min_version;
        settings.unknown_name = self.unknown_name;
        settings.protocols.clone_from(&self.protocols);
        let mut rules = Rules::default();
        settings.client_auth = self.client_auth.as_ref().map(|vouching| rules.of(vouching)).transpose()?;
        for (host, vouching) in &self.client_auth_of {
            settings.client_auth_of.push((host.clone(), Some(rules.of(vouching)?)));
        }
        Ok(settings)
    }

    /// The files whose change makes other settings.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let all = self.client_auth.iter().chain(self.client_auth_of.iter().map(|(_, vouching)| vouching));
        all.flat_map(Vouching::files).map(Path::to_owned).collect()
    }
}

/// The text of a file of ticket keys.
///
/// # Errors
/// Why it cannot be read.
pub(crate) fn ticket_text(path: &Path) -> Result<zeroize::Zeroizing<String>, String> {
    let bytes = read(path)?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(zeroize::Zeroizing::new(text.to_owned())),
        Err(_) => Err(ticket_error(path, &TicketKeysError::Line { line: 1 })),
    }
}

pub(crate) fn ticket_error(path: &Path, error: &TicketKeysError) -> String {
    format!("{}: {error}", path.display())
}
