//! `proxyd run`.

use std::io;
use std::sync::Arc;

use control_plane::{Documents, Factories, Opening, Plan};
use proxy_core::{Handle, Listeners, Proxy};
use tokio::sync::Notify;

use crate::admin::Admin;
use crate::cli::RunOptions;
use crate::exit::Failure;
use crate::signals::Signals;
use crate::{background, descriptors, find, heap, logging, summary};

/// Serves what a configuration says, until a signal ends it.
///
/// # Errors
/// The configuration is wrong, or something failed.
pub(crate) fn run(options: &RunOptions) -> Result<(), Failure> {
    let file = find::find_here(options.file.config.as_deref())?;
    let opening = Opening::read(&file, Factories::default())?;
    let logs = &opening.loaded().document.logging;
    let _logging = logging::start(logs).map_err(|source| Failure::run_time("cannot log", source))?;
    let files = descriptors::raise();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        config = %file.display(),
        workers = opening.plan().workers,
        open_files = files,
        "starting"
    );
    for problem in opening.problems() {
        tracing::error!("{problem}");
    }
    for warning in &opening.plan().warnings {
        tracing::warn!(path = warning.path, "{}", warning.message);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_start(background::give_way)
        .build()
        .map_err(|error| log(&error))?;
    let served = runtime.block_on(serve(opening, !options.no_watch));
    // A look-up of a name that is under way is nobody's concern any more.
    runtime.shutdown_background();
    served
}

/// Once there is a log, it is what tells of failures.
fn log(error: &io::Error) -> Failure {
    tracing::error!(%error, "cannot serve");
    Failure::RunTimeLogged
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

/// Serves a document until signals end it. Traffic has threads of its own, and so has the API; this one has the signals, the
/// probes and the file.
async fn serve(opening: Opening, watches: bool) -> Result<(), Failure> {
    // Before anybody learns that it listens: a signal from then on drains.
    let signals = Signals::take().map_err(|error| log(&error))?;
    let reload = signals.reload();
    let listeners = bind(opening.plan())?;
    let (proxy, documents) = opening.build(&listeners)?;
    let admin = Admin::start(&documents)?;
    let following = async {
        if watches {
            documents.follow_file().await;
        }
        std::future::pending::<()>().await;
    };
    let served = tokio::select! {
        served = until_signals(&proxy, listeners, signals) => served,
        () = documents.run() => Ok(()),
        () = following => Ok(()),
        () = reload_on(&reload, &documents) => Ok(()),
    };
    admin.stop();
    summary::log(&proxy.handle());
    served.map_err(|error| log(&error))
}

/// Reads the configuration again whenever that is asked for.
async fn reload_on(asked: &Arc<Notify>, documents: &Documents) {
    loop {
        asked.notified().await;
        let reading = documents.clone();
        let outcome = tokio::task::spawn_blocking(move || {
            let outcome = reading.reload("SIGHUP");
            if let Err(error) = &outcome {
                reading.tell_refused(error);
            }
            outcome
        });
        if let Ok(Ok(applied)) = outcome.await
            && !applied.is_changed
        {
            tracing::info!(revision = applied.revision, "the configuration says what is served already");
        }
    }
}

/// Serves until signals end it: after the first what is in flight may end, after the second nothing may.
///
/// # Errors
/// A worker cannot be started.
pub(crate) async fn until_signals(proxy: &Proxy, listeners: Listeners, signals: Signals) -> io::Result<()> {
    proxy.on_released(heap::release);
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
