//! What outlives the process: the account with an authority, and certificates with their keys.
//!
//! `<state>/acme/<authority>/account.pem` is the account's URL with its key, `certificates/<name>.pem` a key with its chain,
//! in one file so that they always belong together. All of it is its owner's alone, and whole at every moment.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use aws_lc_rs::digest::{SHA256, digest};
use http::Uri;
use rcgen::KeyPair;
use tls_sni::{Certificate, CertificateError};
use zeroize::Zeroizing;

use super::name;
use crate::durable::DurableFile;

/// More is not read of a file, in bytes.
const LARGEST: u64 = 1 << 20;
const ENDING: &str = ".pem";
/// What stands before the account's URL.
const ACCOUNT: &str = "Account: ";

/// The files of one authority.
#[derive(Clone)]
pub(super) struct Store {
    dir: PathBuf,
}

/// An account: who it is, and the key that proves it.
#[derive(Clone)]
pub(super) struct Identity {
    /// Its URL.
    pub(super) url: String,
    /// Its key, PKCS#8 in DER.
    pub(super) key: Zeroizing<Vec<u8>>,
}

/// Tells one version of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

/// What a certificate's file holds.
#[derive(Debug)]
pub(super) enum Found {
    /// A certificate that can be served.
    Certificate(Certificate),
    /// The same as before.
    Unchanged,
    /// No file, or one that is of no use; the log tells more of the latter.
    Nothing,
}

impl Store {
    /// The files of the authority with this directory.
    pub(super) fn new(acme: &Path, directory: &str) -> Self {
        Self { dir: acme.join(folder(directory)) }
    }

    /// The account, if there is one. A file that is no account is set aside, which the log tells.
    ///
    /// # Errors
    /// It cannot be read, or not be set aside.
    pub(super) fn account(&self) -> io::Result<Option<Identity>> {
        let file = self.account_file();
        let Some(bytes) = file.read(LARGEST)?.map(Zeroizing::new) else { return Ok(None) };
        let identity = Identity::parse(&bytes);
        if identity.is_none() {
            set_aside(&file, &"it is no account")?;
        }
        Ok(identity)
    }

    /// Keeps an account in place of any other.
    ///
    /// # Errors
    /// It cannot be written, or its key is none.
    pub(super) fn keep_account(&self, identity: &Identity) -> io::Result<()> {
        let key = KeyPair::try_from(identity.key.as_slice()).map(Zeroizing::new).map_err(io::Error::other)?;
        let pem = Zeroizing::new(key.serialize_pem());
        let text = Zeroizing::new(format!("{ACCOUNT}{}\n{}", identity.url, *pem));
        self.account_file().write(text.as_bytes())
    }

    /// Puts away an account that is of no use any more.
    ///
    /// # Errors
    /// It cannot be renamed.
    pub(super) fn forget_account(&self) -> io::Result<()> {
        match self.account_file().set_aside() {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The certificate of a name, unless its file has this stamp; and the file's stamp. A file that holds none is set
    /// aside, which the log tells; one whose time is over is left to be replaced.
    pub(super) fn certificate(
        &self,
        name: &str,
        known: Option<Stamp>,
        now: SystemTime,
    ) -> (Found, Option<Stamp>) {
        let file = self.certificate_file(name);
        let stamp = fs::metadata(file.path()).ok().map(|metadata| Stamp::of(&metadata));
        if stamp.is_some() && stamp == known {
            return (Found::Unchanged, stamp);
        }
        let found = read(&file, name, now).unwrap_or_else(|error| {
            let (path, error) = (file.path().display(), &error as &dyn std::error::Error);
            tracing::error!(%path, error, "a certificate cannot be read");
            Found::Nothing
        });
        (found, stamp)
    }

    /// Keeps the key and the chain of a name, PEM, in place of any others.
    ///
    /// # Errors
    /// They cannot be written.
    pub(super) fn keep_certificate(&self, name: &str, pem: &[u8]) -> io::Result<()> {
        self.certificate_file(name).write(pem)
    }

    /// Deletes the certificate of a name.
    ///
    /// # Errors
    /// It cannot be deleted.
    pub(super) fn forget_certificate(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.certificate_file(name).path()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The names that there are certificates of.
    ///
    /// # Errors
    /// They cannot be listed.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(self.certificates()) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            let file = entry?.file_name();
            let name = file.to_str().and_then(|file| file.strip_suffix(ENDING));
            names.extend(
                name.filter(|&name| name::canonical(name).as_deref() == Some(name)).map(str::to_owned),
            );
        }
        Ok(names)
    }

    fn account_file(&self) -> DurableFile {
        DurableFile::new(&self.dir, "account.pem")
    }

    fn certificate_file(&self, name: &str) -> DurableFile {
        DurableFile::new(&self.certificates(), format!("{name}{ENDING}"))
    }

    fn certificates(&self) -> PathBuf {
        self.dir.join("certificates")
    }
}

impl Identity {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = str::from_utf8(bytes).ok()?;
        let (first, key) = text.split_once('\n')?;
        let url = first.strip_prefix(ACCOUNT)?.trim();
        let key = Zeroizing::new(KeyPair::from_pem(key).ok()?);
        url.parse::<Uri>().ok().filter(|uri| uri.host().is_some())?;
        Some(Self { url: url.to_owned(), key: Zeroizing::new(key.serialize_der()) })
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        Self { inode: metadata.ino(), size: metadata.size(), modified }
    }
}

fn read(file: &DurableFile, name: &str, now: SystemTime) -> io::Result<Found> {
    let Some(pem) = file.read(LARGEST)?.map(Zeroizing::new) else { return Ok(Found::Nothing) };
    match Certificate::parse(&pem, &pem, now) {
        Ok(certificate) if certificate.covers(name) => Ok(Found::Certificate(certificate)),
        Ok(_) => set_aside(file, &"it is for another name").map(|()| Found::Nothing),
        Err(error @ (CertificateError::Expired { .. } | CertificateError::NotYetValid { .. })) => {
            tracing::warn!(domain = name, %error, "a certificate that was kept is not served");
            Ok(Found::Nothing)
        }
        Err(error) => set_aside(file, &error).map(|()| Found::Nothing),
    }
}

fn set_aside(file: &DurableFile, why: &dyn std::fmt::Display) -> io::Result<()> {
    let aside = file.set_aside()?;
    let (path, aside) = (file.path().display(), aside.display());
    tracing::error!(%path, %aside, %why, "a file is of no use: it is set aside");
    Ok(())
}

/// A folder for each directory: its host, for who looks, and what tells it from others at the same host.
fn folder(directory: &str) -> String {
    let uri: Option<Uri> = directory.parse().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
    let is_plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '-');
    let host: String = host.chars().filter(|&character| is_plain(character)).take(100).collect();
    let sum = digest(&SHA256, directory.as_bytes());
    let sum = sum.as_ref().iter().take(8).map(|byte| format!("{byte:02x}"));
    format!("{host}-{}", sum.collect::<String>())
}

#[cfg(test)]
mod tests;
