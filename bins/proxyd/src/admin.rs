//! The API, on a thread and a runtime of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use admin_api::{
    AdminAddress, AdminServer, AdminSettings, ApiSettings, ClientSettings, Rate, Role, TokenSettings,
};
use config::{Address, Admin as Written};
use control_plane::{AdminTls, Documents};
use tokio::sync::oneshot;

use crate::exit::Failure;
use crate::{background, socket};

/// How often the files of its TLS are looked at.
const LOOK: Duration = Duration::from_secs(5);

/// The API that is served; nothing where there is none.
#[derive(Default)]
pub(crate) struct Admin(Option<Running>);

struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Admin {
    /// Serves the API of documents as their configuration says. Where that says nothing, a socket that cannot be had keeps
    /// nobody from serving traffic.
    ///
    /// # Errors
    /// It cannot listen where it is told to; the log says why.
    pub(crate) fn start(documents: &Documents) -> Result<Self, Failure> {
        let view = documents.view();
        let written = view.loaded.document.admin.as_ref();
        if written.is_some_and(|written| !written.enabled) {
            return Ok(Self::default());
        }
        match Self::serve(documents, written.unwrap_or(&Written::default())) {
            Ok(admin) => Ok(admin),
            Err(error) if written.is_none() => {
                tracing::warn!(error, "there is no API: traffic is served all the same");
                Ok(Self::default())
            }
            Err(error) => {
                tracing::error!(error, "the API cannot be served");
                Err(Failure::RunTimeLogged)
            }
        }
    }

    /// Ends it once the requests in flight have ended.
    pub(crate) fn stop(self) {
        let Some(Running { stop, thread }) = self.0 else { return };
        let _ = stop.send(());
        let _ = thread.join();
    }

    fn serve(documents: &Documents, written: &Written) -> Result<Self, String> {
        let address = address(written)?;
        let tls = written.tls.as_ref().map(AdminTls::new).transpose()?;
        let server =
            AdminServer::bind(settings(written, address, tls.as_ref())?).map_err(|error| told(&error))?;
        let address = server.local_address();
        match &address {
            AdminAddress::Tcp(address) => documents.control().never_dial(*address),
            AdminAddress::Unix(path) => documents.control().never_dial_socket(path),
        }
        let mut api = ApiSettings::default();
        api.require_if_match = written.require_if_match;
        api.max_body = usize::try_from(written.max_body_size.get()).unwrap_or(usize::MAX);
        api.version = env!("CARGO_PKG_VERSION").to_owned();
        api.tracker = Some(Arc::clone(documents.control().tracker()));
        let router = admin_api::router(documents.clone(), api);
        let (stop, stopped) = oneshot::channel();
        let work = move || {
            background::give_way();
            // Its threads for what blocks inherit that.
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let served = runtime.and_then(|runtime| {
                let served = runtime.block_on(async {
                    let shutdown = async {
                        let _ = stopped.await;
                    };
                    tokio::select! {
                        served = server.run(router, shutdown) => served,
                        never = refresh(tls) => match never {},
                    }
                });
                runtime.shutdown_background();
                served
            });
            if let Err(error) = served {
                tracing::error!(%error, "the API is not served any more");
            }
        };
        let thread = std::thread::Builder::new()
            .name("admin".into())
            .spawn(work)
            .map_err(|error| error.to_string())?;
        tracing::info!(%address, "the API is served");
        Ok(Self(Some(Running { stop, thread })))
    }
}

/// Reads the files of its TLS again and again, for ever.
async fn refresh(tls: Option<AdminTls>) -> std::convert::Infallible {
    let Some(tls) = tls else { return std::future::pending().await };
    let mut last = Ok(());
    loop {
        tokio::time::sleep(LOOK).await;
        let reading = tls.clone();
        let Ok(now) = tokio::task::spawn_blocking(move || reading.refresh()).await else { continue };
        if let Err(error) = now.as_ref()
            && last != now
        {
            tracing::error!(error, "the API's TLS cannot be renewed: the former certificate is served");
        }
        last = now;
    }
}

fn address(written: &Written) -> Result<AdminAddress, String> {
    match &written.address {
        Some(Address::Tcp(address)) => Ok(AdminAddress::Tcp(*address)),
        Some(Address::Unix(path)) => Ok(AdminAddress::Unix(path.clone())),
        None => {
            let is_root = rustix::process::geteuid().is_root();
            let socket: Option<PathBuf> = socket::own(&|name| std::env::var_os(name), is_root);
            socket.map(AdminAddress::Unix).ok_or_else(|| {
                "no runtime directory is known ($RUNTIME_DIRECTORY, $XDG_RUNTIME_DIR); write `admin: { address: ... }`".into()
            })
        }
    }
}

fn settings(
    written: &Written,
    address: AdminAddress,
    tls: Option<&AdminTls>,
) -> Result<AdminSettings, String> {
    let mut settings = AdminSettings::new(address);
    settings.tls = tls.map(AdminTls::server);
    for token in &written.tokens {
        let hash = token.hash.as_ref().and_then(|hash| sha256(hash.expose()));
        let hash = hash.ok_or_else(|| format!("the hash of the token `{}` is none", token.name))?;
        settings.tokens.push(TokenSettings::new(token.name.clone(), hash, role(token.role)));
    }
    if let Some(tls) = &written.tls {
        for client in &tls.clients {
            // A bare name is one of the subject, or an alternative one.
            for name in ["", "CN=", "DNS:", "URI:", "email:"].map(|kind| format!("{kind}{}", client.name)) {
                settings.clients.push(ClientSettings::new(name, role(client.role)));
            }
        }
        settings.any_client = (tls.client_ca.is_some() && tls.clients.is_empty()).then_some(Role::Read);
    }
    settings.hosts.clone_from(&written.hosts);
    settings.max_body = usize::try_from(written.max_body_size.get()).unwrap_or(usize::MAX);
    let most = u32::try_from(written.rate_limit.max).unwrap_or(u32::MAX);
    settings.rate = Rate::new(most, written.rate_limit.window_ms.get());
    settings.max_connections = usize::try_from(written.max_connections).unwrap_or(usize::MAX);
    Ok(settings)
}

const fn role(role: config::Role) -> Role {
    match role {
        config::Role::Write => Role::Write,
        _ => Role::Read,
    }
}

/// The bytes of `sha256:` and 64 hexadecimal digits.
fn sha256(text: &str) -> Option<[u8; 32]> {
    let digits = text.strip_prefix("sha256:")?.as_bytes();
    let mut hash = [0; 32];
    if digits.len() != 2 * hash.len() {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(hash)
}

fn told(error: &dyn std::error::Error) -> String {
    let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    format!("{error}{source}")
}
