//! TLS of the control plane's own listener.

use std::time::SystemTime;

use config::AdminTls as Written;
use tls_sni::{
    Certificate, Certificates, ClientAuth, ClientAuthMode, Protocol, Served, Server, ServerSettings,
    TicketKeys, UnknownName,
};

use super::Text;

/// TLS of the control plane's own listener. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct AdminTls {
    server: Server,
    certificates: Certificates,
    keys: TicketKeys,
    chain: Text,
    key: Text,
    authorities: Option<Text>,
}

/// What its certificate is known by.
const ID: &str = "admin";

impl AdminTls {
    /// As a document says. Reads the files that it names.
    ///
    /// # Errors
    /// What is wrong with them, in a sentence.
    pub fn new(written: &Written) -> Result<Self, String> {
        let chain = Text::of(&written.cert);
        let key = match (&written.key_file, &written.key) {
            (Some(path), _) => Text::File(path.clone()),
            (None, Some(key)) => Text::of(key.expose()),
            // One file may hold both.
            (None, None) => chain.clone(),
        };
        let authorities = written.client_ca.as_deref().map(Text::of);
        let (certificates, keys) = (Certificates::new(), TicketKeys::random());
        certificates.put(ID, served(&chain, &key)?);
        let settings = settings(authorities.as_ref(), keys.clone())?;
        let server = Server::new(certificates.clone(), &settings).map_err(|error| error.to_string())?;
        Ok(Self { server, certificates, keys, chain, key, authorities })
    }

    /// What speaks TLS.
    pub fn server(&self) -> Server {
        self.server.clone()
    }

    /// Goes by what the files say now.
    ///
    /// # Errors
    /// What is wrong with them; what was gone by before still is.
    pub fn refresh(&self) -> Result<(), String> {
        let (served, settings) =
            (served(&self.chain, &self.key)?, settings(self.authorities.as_ref(), self.keys.clone())?);
        self.certificates.put(ID, served);
        self.server.replace(&settings).map_err(|error| error.to_string())
    }
}

fn served(chain: &Text, key: &Text) -> Result<Served, String> {
    let (chain, key) = (chain.read()?, key.read()?);
    let certificate = Certificate::parse(&chain, &key, SystemTime::now())
        .map_err(|error| format!("the certificate: {error}"))?;
    let mut served = Served::new(certificate);
    served.is_default = true;
    Ok(served)
}

/// Whoever connects by an address alone gets the certificate too.
fn settings(authorities: Option<&Text>, keys: TicketKeys) -> Result<ServerSettings, String> {
    let mut settings = ServerSettings::new(keys);
    settings.unknown_name = UnknownName::Default;
    settings.protocols = vec![Protocol::Http1];
    if let Some(authorities) = authorities {
        let authorities = authorities.read()?;
        let auth = ClientAuth::new(&authorities, &[], ClientAuthMode::Optional);
        settings.client_auth = Some(auth.map_err(|error| format!("the authorities of clients: {error}"))?);
    }
    Ok(settings)
}
