//! Secrets that stand in files of their own: `keyFile` beside `key`.

use super::Outside;
use crate::{
    Document, Secret,
    report::{At, Report},
};
use std::{path::PathBuf, sync::Arc};
use zeroize::Zeroizing;

/// Reads every secret that a file holds.
pub(super) fn check(document: &mut Document, at: At<'_>, outside: &Outside<'_>, report: &mut Report<'_>) {
    let mut files = Files { outside, report };
    if let Some(admin) = &mut document.admin {
        if let Some(tls) = &mut admin.tls {
            files.fill(&mut tls.key, &tls.key_file, at.key("admin").key("tls"), "key");
        }
        for (token, at) in admin.tokens.iter_mut().zip(at.key("admin").key("tokens").items()) {
            files.fill(&mut token.hash, &token.hash_file, at, "hash");
        }
    }
    for (certificate, at) in document.certificates.iter_mut().zip(at.key("certificates").items()) {
        let certificate = Arc::make_mut(certificate);
        files.fill(&mut certificate.key, &certificate.key_file, at, "key");
    }
    for (upstream, at) in document.upstreams.iter_mut().zip(at.key("upstreams").items()) {
        let upstream = Arc::make_mut(upstream);
        if let Some(tls) = &mut upstream.tls {
            files.fill(&mut tls.key, &tls.key_file, at.key("tls"), "key");
        }
        if let Some(sticky) = &mut upstream.sticky {
            files.fill(&mut sticky.secret, &sticky.secret_file, at.key("sticky"), "secret");
        }
    }
    for (route, at) in document.routes.iter_mut().zip(at.key("routes").items()) {
        let route = Arc::make_mut(route);
        if let Some(ssl) = &mut route.ssl {
            files.fill(&mut ssl.key, &ssl.key_file, at.key("ssl"), "key");
        }
        if let Some(sticky) = &mut route.upstreams_sticky {
            files.fill(&mut sticky.secret, &sticky.secret_file, at.key("upstreamsSticky"), "secret");
        }
    }
    if let Some(account) = document.acme.as_mut().and_then(|acme| acme.external_account.as_mut()) {
        files.fill(&mut account.key, &account.key_file, at.key("acme").key("externalAccount"), "key");
    }
    if let Some(redis) = document.rate_limit.as_mut().and_then(|limits| limits.redis.as_mut()) {
        files.fill(&mut redis.url, &redis.url_file, at.key("rateLimit").key("redis"), "url");
    }
    if let Some(redis) = document.routes_from.as_mut().and_then(|from| from.redis.as_mut()) {
        let at = at.key("routesFrom").key("redis");
        files.fill(&mut redis.url, &redis.url_file, at, "url");
        files.fill(&mut redis.backup, &redis.backup_file, at, "backup");
    }
    if let Some(auth) = &mut document.security.auth {
        let at = at.key("security").key("auth");
        files.fill(&mut auth.secret, &auth.secret_file, at, "secret");
        for (key, at) in auth.keys.iter_mut().zip(at.key("keys").items()) {
            files.fill(&mut key.key, &key.key_file, at, "key");
        }
    }
}

struct Files<'r, 's, 't> {
    outside: &'r Outside<'s>,
    report: &'r mut Report<'t>,
}

impl Files<'_, '_, '_> {
    /// Puts what the file says into the secret; `at` is the map that holds both.
    fn fill(&mut self, secret: &mut Option<Secret>, file: &Option<PathBuf>, at: At<'_>, key: &str) {
        let Some(file) = file.as_ref().filter(|_| (self.outside.is_fresh)(at.id)) else { return };
        let file_at = at.key(&format!("{key}File"));
        if at.get(key).is_some() {
            let message = format!("`{key}` and `{key}File` are both given");
            self.report.add(file_at.id, message, Some("remove one of them".into()));
            return;
        }
        let message = match (self.outside.surroundings.files)(file).map(Zeroizing::new) {
            Ok(text) => match text.trim_end_matches(['\r', '\n']) {
                "" => format!("{} is empty", file.display()),
                text => {
                    *secret = Some(Secret::new(text));
                    return;
                }
            },
            Err(error) => format!("{} cannot be read: {error}", file.display()),
        };
        self.report.add(file_at.id, message, None);
    }
}
