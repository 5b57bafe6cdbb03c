//! `proxyd run`.

use std::io;
use std::path::Path;

use config::Errors;
use control_plane::{ControlPlane, Factories, Plan, compile};
use proxy_core::{Handle, Listeners, Proxy};

use crate::cli::FileOptions;
use crate::exit::Failure;
use crate::signals::Signals;
use crate::{descriptors, find, logging, summary};

/// Serves what a configuration says, until a signal ends it.
///
/// # Errors
/// The configuration is wrong, or something failed.
pub(crate) fn run(options: &FileOptions) -> Result<(), Failure> {
    let file = find::find_here(options.config.as_deref())?;
    let (plan, logs) = read(&file).map_err(|errors| Failure::Configuration(errors.to_string()))?;
    let _logging = logging::start(&logs).map_err(|source| Failure::run_time("cannot log", source))?;
    let files = descriptors::raise();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        config = %file.display(),
        workers = plan.workers,
        open_files = files,
        "starting"
    );
    for warning in &plan.warnings {
        tracing::warn!(path = warning.path, "{}", warning.message);
    }
    let listeners = bind(&plan)?;
    let (proxy, _control) =
        ControlPlane::build(plan).map_err(|error| Failure::Configuration(error.to_string()))?;
    serve(&proxy, listeners)
}

fn read(file: &Path) -> Result<(Plan, config::Logging), Errors> {
    let loaded = config::load(file)?;
    let plan = compile(&loaded, &Factories::default())?;
    Ok((plan, loaded.document.logging))
}

/// Binds every address of the plan, and says so.
///
/// # Errors
/// An address cannot be bound; the log says which.
pub(crate) fn bind(plan: &Plan) -> Result<Listeners, Failure> {
    let listeners = Listeners::bind(&plan.addresses, plan.workers).map_err(|error| {
        tracing::error!(address = %error.address, error = %error.source, "cannot listen");
        Failure::RunTimeLogged
    })?;
    for address in listeners.addresses() {
        tracing::info!(%address, "listening");
    }
    Ok(listeners)
}

/// Serves until signals end it. Traffic has threads of its own; this one has the signals and the probes.
fn serve(proxy: &Proxy, listeners: Listeners) -> Result<(), Failure> {
    let failed = |source| Failure::run_time("cannot serve", source);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let outcome = runtime.block_on(until_signals(proxy, listeners));
    summary::log(&proxy.handle());
    outcome.map_err(failed)
}

/// Serves until signals end it: after the first what is in flight may end, after the second nothing may.
///
/// # Errors
/// Signals cannot be had, or a worker cannot be started.
pub(crate) async fn until_signals(proxy: &Proxy, listeners: Listeners) -> io::Result<()> {
    let signals = Signals::take()?;
    let (first, second) = (signals.asked(), signals.asked());
    let drain = drain(proxy.handle(), first.times(1));
    tokio::select! {
        served = proxy.run_workers(listeners, drain) => served,
        () = second.times(2) => {
            tracing::warn!(connections = proxy.handle().connections(), "ending at once");
            Ok(())
        }
        never = signals.listen() => match never {},
    }
}

/// Waits for the end to be asked for, and says what is still in flight.
async fn drain(handle: Handle, asked: impl Future<Output = ()>) {
    asked.await;
    let patience = handle.blueprint().settings.drain_timeout;
    tracing::info!(
        connections = handle.connections(),
        timeout_ms = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX),
        "draining"
    );
}
