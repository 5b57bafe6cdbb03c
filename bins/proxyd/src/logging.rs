//! The log: lines on standard error, written by a thread of their own.
//!
//! Traffic never waits for the log. Lines go through a bounded queue; where standard error takes no more, further
//! lines are dropped and counted.

mod format;
mod queue;

use std::io::{self, IsTerminal};

use config::{Level, LogFormat, Logging};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use self::format::Clock;
pub(crate) use self::queue::Writing;
use self::queue::{Queue, queue};

/// Logs from now on, until what is returned is dropped.
///
/// # Errors
/// The thread that writes cannot be started.
pub(crate) fn start(logging: &Logging) -> io::Result<Writing> {
    let is_terminal = io::stderr().is_terminal();
    let (queue, writing) = queue(io::stderr())?;
    let level = filter(logging.level);
    let builder =
        tracing_subscriber::fmt().with_max_level(level).with_timer(Clock).log_internal_errors(false);
    // Somebody who embeds this has set a subscriber before; theirs stays.
    let _ = match logging.format {
        LogFormat::Text => builder.with_ansi(is_terminal).with_target(false).with_writer(queue).try_init(),
        _ => builder
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .with_writer(queue)
            .try_init(),
    };
    Ok(writing)
}

const fn filter(level: Level) -> LevelFilter {
    match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
        _ => LevelFilter::INFO,
    }
}

impl<'a> MakeWriter<'a> for Queue {
    type Writer = queue::Line<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        self.line()
    }
}
