//! What still has to happen when the user presses Ctrl-C.
//!
//! Children end by themselves, since each asks the kernel for a signal when its parent dies. What the
//! kernel does not put back, such as changed system settings, is registered here.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};

type CleanUp = Box<dyn FnOnce() + Send>;

static PENDING: Mutex<Vec<(u64, CleanUp)>> = Mutex::new(Vec::new());
static NEXT: AtomicU64 = AtomicU64::new(0);
static WATCH: Once = Once::new();

/// Runs its action exactly once: when dropped, or when the user interrupts the program.
#[derive(Debug)]
pub(crate) struct AtEnd(u64);

impl AtEnd {
    /// Registers `action`.
    pub(crate) fn run(action: impl FnOnce() + Send + 'static) -> Self {
        WATCH.call_once(|| {
            std::thread::spawn(|| {
                if let Err(error) = watch() {
                    eprintln!("warning: an interrupt will not restore system settings: {error:#}");
                }
            });
        });
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        PENDING.lock().unwrap_or_else(PoisonError::into_inner).push((id, Box::new(action)));
        Self(id)
    }
}

impl Drop for AtEnd {
    fn drop(&mut self) {
        let mut pending = PENDING.lock().unwrap_or_else(PoisonError::into_inner);
        let found = pending.iter().position(|(id, _)| *id == self.0);
        let action = found.map(|index| pending.swap_remove(index).1);
        drop(pending);
        if let Some(action) = action {
            action();
        }
    }
}

fn watch() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .context("cannot wait for signals")?;
    let kind = runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT")?;
        let mut terminate = signal(SignalKind::terminate()).context("SIGTERM")?;
        anyhow::Ok(tokio::select! {
            _ = interrupt.recv() => SignalKind::interrupt(),
            _ = terminate.recv() => SignalKind::terminate(),
        })
    })?;
    let pending = std::mem::take(&mut *PENDING.lock().unwrap_or_else(PoisonError::into_inner));
    for (_, action) in pending {
        action();
    }
    // As shells report a program that a signal ended.
    std::process::exit(128 + kind.as_raw_value());
}
