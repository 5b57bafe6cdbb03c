//! The queue between those who log and the thread that writes.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// How many lines may wait.
const LINES: usize = 4096;
/// How long the end of the process waits for lines to be written.
const PATIENCE: Duration = Duration::from_millis(500);

/// Where lines are put.
pub(crate) struct Queue {
    lines: SyncSender<Order>,
    dropped: Arc<AtomicU64>,
}

enum Order {
    Write(Vec<u8>),
    /// All is to be written; the answer says that it is.
    Flush(SyncSender<()>),
}

/// The thread that writes. Dropping this waits a moment for what is in the queue.
#[derive(Debug)]
pub(crate) struct Writing {
    lines: SyncSender<Order>,
}

/// Starts a thread that writes lines to `sink`.
///
/// # Errors
/// The thread cannot be started.
pub(crate) fn queue(sink: impl Write + Send + 'static) -> io::Result<(Queue, Writing)> {
    let (lines, orders) = sync_channel(LINES);
    let dropped = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&dropped);
    std::thread::Builder::new().name("log".into()).spawn(move || write_all(sink, &orders, &counted))?;
    Ok((Queue { lines: lines.clone(), dropped }, Writing { lines }))
}

fn write_all(mut sink: impl Write, orders: &Receiver<Order>, dropped: &AtomicU64) {
    while let Ok(order) = orders.recv() {
        match order {
            Order::Write(line) => {
                // A sink that is gone stays gone: there is nobody to be told.
                let _ = sink.write_all(&line);
            }
            Order::Flush(done) => {
                let _ = sink.flush();
                let _ = done.try_send(());
            }
        }
        let lost = dropped.swap(0, Relaxed);
        if lost > 0 {
            let _ =
                writeln!(sink, "proxyd: {lost} lines of the log were dropped: standard error was too slow");
        }
    }
}

impl Queue {
    pub(crate) fn line(&self) -> Line<'_> {
        Line { queue: self, bytes: Vec::with_capacity(256) }
    }
}

/// One line; it is put into the queue when it is dropped.
pub(crate) struct Line<'a> {
    queue: &'a Queue,
    bytes: Vec<u8>,
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        let line = std::mem::take(&mut self.bytes);
        if !line.is_empty() && self.queue.lines.try_send(Order::Write(line)).is_err() {
            self.queue.dropped.fetch_add(1, Relaxed);
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let (done, written) = sync_channel(1);
        // A full queue means that nobody takes the lines: nothing is worth waiting for then.
        if self.lines.try_send(Order::Flush(done)).is_ok() {
            let waited: Result<(), RecvTimeoutError> = written.recv_timeout(PATIENCE);
            let _ = waited;
        }
    }
}

#[cfg(test)]
mod tests;
