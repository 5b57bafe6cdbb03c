//! What the process is told from outside.

use std::io;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, watch};

/// The signals of the process.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    asked: watch::Sender<u32>,
    reload: Arc<Notify>,
}

/// How often the process was asked to end.
#[derive(Clone)]
pub(crate) struct Asked(watch::Receiver<u32>);

impl Signals {
    /// Takes the signals from the system: none of them ends the process by itself any more.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn take() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            asked: watch::Sender::new(0),
            reload: Arc::default(),
        })
    }

    /// What tells of requests to end.
    pub(crate) fn asked(&self) -> Asked {
        Asked(self.asked.subscribe())
    }

    /// What tells that the configuration is to be read again.
    pub(crate) fn reload(&self) -> Arc<Notify> {
        Arc::clone(&self.reload)
    }

    /// Listens for ever.
    pub(crate) async fn listen(mut self) -> std::convert::Infallible {
        loop {
            let name = tokio::select! {
                _ = self.terminate.recv() => "SIGTERM",
                _ = self.interrupt.recv() => "SIGINT",
                _ = self.hangup.recv() => {
                    tracing::info!(signal = "SIGHUP", "asked to read the configuration again");
                    self.reload.notify_one();
                    continue;
                }
            };
            self.asked.send_modify(|asked| *asked += 1);
            tracing::info!(signal = name, "asked to end");
        }
    }
}

impl Asked {
    /// Ends once the process was asked to end so many times.
    pub(crate) async fn times(mut self, times: u32) {
        // The sender lives as long as the listening does: without it, nobody asks any more.
        if self.0.wait_for(|asked| *asked >= times).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
