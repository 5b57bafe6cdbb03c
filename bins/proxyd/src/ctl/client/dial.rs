//! Connections to a proxy. The operator names where they lead: the policy of `egress` is about where traffic may lead.

use std::io;
use std::path::Path;

use tls_sni::{ClientSettings, Identity, Roots};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use super::AskError;
use crate::ctl::address::Address;
use crate::ctl::input::{Input, InputError};
use crate::ctl::options::Reach;

/// A connection.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// TLS as the user wants it.
pub(in crate::ctl) struct Tls(tls_sni::Client);

/// Why TLS cannot be had as the user wants it.
#[derive(Debug, thiserror::Error)]
pub(in crate::ctl) enum TlsError {
    /// A file cannot be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The certificate that is to be shown is wrong.
    #[error("--cert and --key: {0}")]
    Identity(#[from] tls_sni::CertificateError),
    /// The rest is wrong.
    #[error("TLS: {0}")]
    Settings(#[from] tls_sni::ClientError),
}

impl Tls {
    /// TLS of these options.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(in crate::ctl) fn new(reach: &Reach, input: &Input<'_>) -> Result<Self, TlsError> {
        let bytes = |path: &Path| input.text(path).map(String::into_bytes);
        let mut settings = ClientSettings::new();
        if let Some(ca) = &reach.ca {
            settings.roots = Roots::Pem(bytes(ca)?);
        }
        if let (Some(cert), Some(key)) = (&reach.cert, &reach.key) {
            settings.identity = Some(Identity::parse(&bytes(cert)?, &bytes(key)?)?);
        }
        settings.server_name.clone_from(&reach.server_name);
        Ok(Self(tls_sni::Client::new(settings)?))
    }
}

/// A connection to a proxy, with TLS where its address wants it.
///
/// # Errors
/// There is none.
pub(super) async fn dial(address: &Address, tls: Option<&Tls>) -> Result<Box<dyn Io>, AskError> {
    match address {
        Address::Unix(path) => match UnixStream::connect(path).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(AskError::connect(address, error)),
        },
        Address::Tcp { host, port, is_secure } => {
            let stream = TcpStream::connect((host.as_str(), *port)).await;
            let stream = stream.map_err(|error| AskError::connect(address, error))?;
            match (is_secure, tls) {
                (false, _) => Ok(Box::new(stream)),
                // Never in the clear what was to be secret.
                (true, None) => Err(AskError::connect(address, io::Error::other("TLS is not set up"))),
                (true, Some(tls)) => {
                    let secured = tls.0.connect(stream, host).await;
                    let told = |source| AskError::Tls { address: address.to_string(), source };
                    Ok(Box::new(secured.map_err(told)?))
                }
            }
        }
    }
}
