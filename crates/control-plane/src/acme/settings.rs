//! What an operator asks of an authority.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use http::Uri;
use zeroize::Zeroizing;

use super::exchange;
use super::name;

/// Where certificates come from, and for whom. Plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AcmeSettings {
    /// The URL of the authority's directory: HTTPS, or HTTP to this machine.
    pub directory: String,
    /// Where the authority may write to.
    pub email: Option<String>,
    /// Whether the operator agrees to the authority's terms; nothing is issued otherwise.
    pub terms_agreed: bool,
    /// How control of a name is shown, the preferred first. Where one fails, the next is tried.
    pub challenges: Vec<ChallengeKind>,
    /// The names that are to have certificates, each one of its own.
    pub domains: Vec<String>,
    /// The account that the operator has with the authority by other means.
    pub external_account: Option<ExternalAccount>,
    /// How long before its end a certificate is renewed where the authority suggests nothing; at most half of its lifetime
    /// counts. `None`: a third of its lifetime.
    pub renew_before: Option<Duration>,
    /// Whom to ask whether a certificate may be had for a name that clients ask for: `GET <ask>?domain=<name>` must be
    /// answered with 200. `None`: only `domains` have certificates.
    pub ask: Option<String>,
    /// Where the account and the certificates are kept, below `acme`. Instances may share it: one of them issues.
    pub state_dir: PathBuf,
    /// How often those that do not issue look for what was issued, and whether somebody must take over.
    pub look_again: Duration,
}

/// How control of a name is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChallengeKind {
    /// A file over HTTP at port 80: RFC 8555 section 8.3.
    Http01,
    /// A certificate over TLS at port 443: RFC 8737.
    TlsAlpn01,
}

impl fmt::Display for ChallengeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http01 => "http-01",
            Self::TlsAlpn01 => "tls-alpn-01",
        })
    }
}

/// An account by other means: RFC 8555 section 7.3.4.
#[derive(Clone, PartialEq, Eq)]
pub struct ExternalAccount {
    /// What the authority calls it.
    pub key_id: String,
    /// Its MAC key, in base64url as authorities hand it out.
    pub key: Zeroizing<String>,
}

/// Never shows the key.
impl fmt::Debug for ExternalAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExternalAccount").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// What is wrong with settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The directory is no URL that may be asked.
    #[error("the directory {url:?} is no HTTPS URL")]
    Directory {
        /// What was written.
        url: String,
    },
    /// The operator does not agree to the terms.
    #[error("an authority issues nothing to who does not agree to its terms")]
    TermsNotAgreed,
    /// There is no challenge that may be answered.
    #[error("there is no challenge to show control of a name by")]
    NoChallenge,
    /// The external account's key is no base64.
    #[error("the key of the external account is not base64url")]
    ExternalAccountKey,
    /// The permission endpoint is no URL that may be asked.
    #[error("{url:?} cannot be asked for permission: it is no HTTP or HTTPS URL")]
    Ask {
        /// What was written.
        url: String,
    },
    /// A certificate can never be had for this.
    #[error("{name:?} is no name that a certificate can be had for by these challenges")]
    Domain {
        /// What was written.
        name: String,
    },
}

impl AcmeSettings {
    /// Certificates from the authority with this directory, kept below this one.
    ///
    /// # Defaults
    /// No email, terms agreed, HTTP-01 and then TLS-ALPN-01, no domains, a third of the lifetime before its end, every 30 s.
    pub fn new(directory: impl Into<String>, state_dir: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            email: None,
            terms_agreed: true,
            challenges: vec![ChallengeKind::Http01, ChallengeKind::TlsAlpn01],
            domains: Vec::new(),
            external_account: None,
            renew_before: None,
            ask: None,
            state_dir: state_dir.into(),
            look_again: Duration::from_secs(30),
        }
    }

    /// Finds what can never work.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), SettingsError> {
        if !self.terms_agreed {
            return Err(SettingsError::TermsNotAgreed);
        }
        if !exchange::is_trustworthy(&self.directory) {
            return Err(SettingsError::Directory { url: self.directory.clone() });
        }
        if self.challenges.is_empty() {
            return Err(SettingsError::NoChallenge);
        }
        if let Some(url) = self.ask.as_ref().filter(|url| !is_http(url)) {
            return Err(SettingsError::Ask { url: url.clone() });
        }
        if let Some(name) = self.domains.iter().find(|name| name::canonical(name).is_none()) {
            return Err(SettingsError::Domain { name: name.clone() });
        }
        self.external_account.as_ref().map_or(Ok(()), |account| account.decoded().map(drop))
    }
}

impl ExternalAccount {
    /// The MAC key itself.
    ///
    /// # Errors
    /// It is no base64.
    pub(super) fn decoded(&self) -> Result<Zeroizing<Vec<u8>>, SettingsError> {
        let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let base64url = GeneralPurpose::new(&base64::alphabet::URL_SAFE, lenient);
        let key = base64url.decode(self.key.trim()).map_err(|_| SettingsError::ExternalAccountKey)?;
        Ok(Zeroizing::new(key))
    }
}

fn is_http(url: &str) -> bool {
    let uri: Option<Uri> = url.parse().ok();
    uri.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
}

#[cfg(test)]
mod tests;
