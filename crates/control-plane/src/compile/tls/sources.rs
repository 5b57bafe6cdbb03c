//! Where the document's certificates come from.

use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

use config::{Secret, UnknownName};
use tls_sni::CertificateError;
use zeroize::Zeroizing;

use super::super::Compiler;
use crate::certificates::{Failure, LoadError, Loaded, Origin, Source, load, load_again};

impl Compiler<'_> {
    /// Reads all certificates of the document. What is wrong with one is a problem, but for its time: one that has expired
    /// is not served, and told. What `former` has too, and has not changed since, is not read again.
    pub(in super::super) fn certificates(&mut self, former: Option<&Loaded>) {
        let mut sources = Vec::new();
        // From an id to where it stands.
        let mut places = HashMap::new();
        for (index, written) in self.document.certificates.iter().enumerate() {
            let chain = origin(&written.cert);
            let id = match &chain {
                Origin::File(path) => unique(format!("file:{}", path.display()), &places),
                _ => format!("document:{}", written.id),
            };
            let mut source = Source::new(id, chain, key(written.key.as_ref(), written.key_file.as_ref()));
            source.names = Some(written.names.clone()).filter(|names| !names.is_empty());
            source.is_default = written.default;
            places.insert(source.id.clone(), format!("certificates[{index}]"));
            sources.push(source);
        }
        for (index, route) in self.document.routes.iter().enumerate() {
            let Some(ssl) = &route.ssl else { continue };
            let id = format!("route:{}", route.id);
            let mut source = Source::new(id, origin(&ssl.cert), key(ssl.key.as_ref(), ssl.key_file.as_ref()));
            let host = route.v_host.to_string();
            source.names = (host != "*").then(|| vec![host]);
            places.insert(source.id.clone(), format!("routes[{index}].ssl"));
            sources.push(source);
        }
        if self.serves_unknown_names()
            && !sources.iter().any(|source| source.is_default)
            && let Some(first) = sources.first_mut()
        {
            first.is_default = true;
        }
        let now = SystemTime::now();
        let loaded = match former {
            Some(former) => load_again(sources, now, former),
            None => load(sources, now),
        };
        for failure in loaded.failures() {
            let at = places.get(&failure.id).map(String::as_str).unwrap_or_default();
            self.refuse_certificate(at, failure);
        }
        self.tls.loaded = loaded;
        self.warn_of_uncovered();
    }

    fn serves_unknown_names(&self) -> bool {
        let mut all = self.document.listeners.iter().filter_map(|listener| listener.tls.as_ref());
        all.any(|tls| tls.unknown_name == UnknownName::Default)
    }

    fn refuse_certificate(&mut self, at: &str, failure: &Failure) {
        let is_of_time = matches!(
            failure.error,
            LoadError::Certificate(CertificateError::Expired { .. } | CertificateError::NotYetValid { .. })
        );
        let is_of_key = matches!(
            failure.error,
            LoadError::Certificate(
                CertificateError::KeyEncrypted
                    | CertificateError::KeyMismatch
                    | CertificateError::KeyUnusable
                    | CertificateError::NoKey
                    | CertificateError::SeveralKeys
            )
        );
        let key = if is_of_key { "key" } else { "cert" };
        let message = failure.to_string();
        if is_of_time {
            let hint =
                Some("it is not served; another one at its place is, as soon as it is there".to_owned());
            self.warnings.push(self.loaded.problem(&format!("{at}.{key}"), message, hint));
        } else {
            self.refuse(&format!("{at}.{key}"), message, None);
        }
    }

    /// A certificate that is served for a host that it is not for.
    fn warn_of_uncovered(&mut self) {
        let served: HashMap<&str, _> = self.tls.loaded.served().collect();
        let mut warnings = Vec::new();
        for (index, route) in self.document.routes.iter().enumerate() {
            if route.ssl.is_none() {
                continue;
            }
            let host = route.v_host.to_string();
            let Some(one) = served.get(format!("route:{}", route.id).as_str()) else { continue };
            let is_covered = one.certificate.covers(&host) || one.certificate.names().contains(&host);
            if host != "*" && !is_covered {
                let names = one.certificate.names().join(", ");
                let message = format!("the certificate is not for `{host}`, but for {names}");
                warnings.push(self.loaded.problem(&format!("routes[{index}].ssl.cert"), message, None));
            }
        }
        self.warnings.extend(warnings);
    }

    /// Names for which a certificate of the document is served.
    pub(in super::super) fn served_names(&self) -> HashSet<String> {
        self.tls.loaded.served().flat_map(|(_, served)| served.names().to_vec()).collect()
    }
}

fn origin(written: &str) -> Origin {
    if config::is_pem(written) {
        Origin::Pem(Zeroizing::new(written.as_bytes().to_vec()))
    } else {
        Origin::File(written.into())
    }
}

fn key(written: Option<&Secret>, file: Option<&std::path::PathBuf>) -> Option<Origin> {
    match (file, written) {
        (Some(file), _) => Some(Origin::File(file.clone())),
        (None, Some(written)) => Some(origin(written.expose())),
        (None, None) => None,
    }
}

fn unique(id: String, taken: &HashMap<String, String>) -> String {
    let others = (2_u32..).map(|number| format!("{id}#{number}"));
    std::iter::once(id.clone()).chain(others).find(|id| !taken.contains_key(id)).unwrap_or(id)
}
