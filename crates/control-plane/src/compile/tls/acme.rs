//! The authority that certificates are got from.

use std::collections::BTreeSet;

use config::{AcmeChallenge, Mode};
use tls_sni::{Client, ClientSettings, Protocol, Roots};
use zeroize::Zeroizing;

use super::super::Compiler;
use crate::acme::{AcmeSettings, ChallengeKind, ExternalAccount};
use crate::tls::{AcmePlan, Text};

impl Compiler<'_> {
    /// What the document asks of an authority; the directory of the state is known by then.
    pub(in super::super) fn acme(&mut self, state_dir: Option<&std::path::Path>) {
        let Some(written) = &self.document.acme else { return };
        let Some(state_dir) = state_dir else {
            let hint = "write `state: {}`, or `state: { dir: /var/lib/proxyd }`";
            return self.refuse("acme", "certificates that are got must be kept in a `state`", Some(hint));
        };
        let mut settings = AcmeSettings::new(written.directory.clone(), state_dir);
        settings.email.clone_from(&written.email);
        settings.terms_agreed = written.agree_to_terms;
        settings.challenges = self.challenges();
        settings.domains = self.domains().into_iter().collect();
        settings.external_account = written.external_account.as_ref().map(|account| ExternalAccount {
            key_id: account.key_id.clone(),
            key: Zeroizing::new(account.key.as_ref().map(|key| key.expose().to_owned()).unwrap_or_default()),
        });
        settings.renew_before = written.renew_before.map(config::Duration::get);
        settings.ask = written.on_demand.as_ref().map(|on_demand| on_demand.ask.clone());
        if let Err(error) = settings.check() {
            return self.refuse("acme", error.to_string(), None);
        }
        let mut tls = ClientSettings::new();
        tls.protocols = vec![Protocol::Http1];
        let ask_tls = tls.clone();
        if let Some(authorities) = &written.ca {
            match Text::of(authorities).read() {
                Ok(text) => tls.roots = Roots::Pem(text.to_vec()),
                Err(error) => return self.refuse("acme.ca", error, None),
            }
        }
        if let Err(error) = Client::new(tls.clone()) {
            return self.refuse("acme.ca", error.to_string(), None);
        }
        self.tls.acme = Some(AcmePlan { settings, tls, ask_tls });
    }

    /// How names are proved: as the document says, else as its listeners allow.
    fn challenges(&self) -> Vec<ChallengeKind> {
        let written = self.document.acme.as_ref().map(|acme| acme.challenges.as_slice()).unwrap_or_default();
        let kind = |challenge: &AcmeChallenge| match challenge {
            AcmeChallenge::TlsAlpn01 => ChallengeKind::TlsAlpn01,
            _ => ChallengeKind::Http01,
        };
        if !written.is_empty() {
            return written.iter().map(kind).collect();
        }
        let document = self.document;
        let has = |is_secure: bool| {
            let mut http = document.listeners.iter().filter(|listener| listener.mode == Mode::Http);
            http.any(|listener| listener.tls.is_some() == is_secure)
        };
        let has_plain = has(false) || document.proxy.port.is_some() || document.listeners.is_empty();
        let http = has_plain.then_some(ChallengeKind::Http01);
        http.into_iter().chain(has(true).then_some(ChallengeKind::TlsAlpn01)).collect()
    }

    /// The names that are to have certificates: those that are written, and hosts of `autoHttps` without another one.
    fn domains(&mut self) -> BTreeSet<String> {
        let written = self.document.acme.as_ref().map(|acme| acme.domains.as_slice()).unwrap_or_default();
        let mut domains: BTreeSet<String> = written.iter().map(|name| name.to_ascii_lowercase()).collect();
        let served = self.served_names();
        let mut warnings = Vec::new();
        for (index, route) in self.document.routes.iter().enumerate().filter(|(_, route)| route.auto_https) {
            let host = route.v_host.to_string();
            let parent = host.split_once('.').map(|(_, parent)| format!("*.{parent}"));
            let is_served = served.contains(&host) || parent.is_some_and(|parent| served.contains(&parent));
            if is_served {
                continue;
            }
            if host.starts_with('*') {
                let message = "no certificate is got for this host: the authority's challenges prove single names alone";
                let hint = Some("name the hosts in `acme.domains`, or write a certificate".to_owned());
                warnings.push(self.loaded.problem(&format!("routes[{index}].vHost"), message, hint));
                continue;
            }
            domains.insert(host);
        }
        self.warnings.extend(warnings);
        domains
    }
}
