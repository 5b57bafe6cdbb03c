//! The terminal, taken and given back.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;

use rustix::fs::OFlags;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::net::unix::pipe::Receiver;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::screen::Size;

/// The alternate screen, cleared; no cursor; lines that are too long are cut rather than wrapped.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
/// All of that taken back.
const LEAVE: &str = "\x1b[?7h\x1b[?25h\x1b[?1049l";

/// What happens to a terminal.
pub(super) enum Happening {
    Typed(Vec<u8>),
    Resized,
    /// The user, or the system, wants an end.
    Ended,
}

/// The terminal in raw mode with its alternate screen. Dropping it gives it back as it was.
pub(super) struct Terminal {
    /// A description of our own, so that its not blocking is nobody else's business.
    tty: File,
    /// The same, as something that can be waited for: whatever bytes come out of can be read as a pipe is.
    typed: Receiver,
    before: Termios,
    resized: Signal,
    ending: [Signal; 4],
    is_taken: bool,
}

impl Terminal {
    /// Takes the terminal that standard input is. Signals that end a process end the watching from then on.
    ///
    /// # Errors
    /// It does not do as it is told.
    pub(super) fn take() -> io::Result<Self> {
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
        let tty = OpenOptions::new().read(true).write(true).custom_flags(flags).open("/proc/self/fd/0")?;
        let before = tcgetattr(&tty)?;
        let mut raw = before.clone();
        raw.make_raw();
        let ending = [
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
            signal(SignalKind::hangup())?,
            signal(SignalKind::quit())?,
        ];
        let resized = signal(SignalKind::window_change())?;
        let typed = Receiver::from_file_unchecked(tty.try_clone()?)?;
        let terminal = Self { tty, typed, before, resized, ending, is_taken: true };
        // From here on dropping it gives it back.
        tcsetattr(&terminal.tty, OptionalActions::Flush, &raw)?;
        write(ENTER)?;
        Ok(terminal)
    }

    /// Gives the terminal back, as it was.
    pub(super) fn give_back(&mut self) {
        if std::mem::take(&mut self.is_taken) {
            // Each is tried, whatever became of the other.
            let _ = write(LEAVE);
            let _ = tcsetattr(&self.tty, OptionalActions::Flush, &self.before);
        }
    }

    /// How large it is now.
    pub(super) fn size(&self) -> Size {
        let size = tcgetwinsize(&self.tty).ok();
        let size = size.filter(|size| size.ws_col > 0 && size.ws_row > 0);
        size.map_or(Size { width: 80, height: 24 }, |size| Size {
            width: usize::from(size.ws_col),
            height: usize::from(size.ws_row),
        })
    }

    /// Shows these lines, and nothing else.
    ///
    /// # Errors
    /// They cannot be written.
    pub(super) fn draw(&self, lines: &[String]) -> io::Result<()> {
        let mut text = String::from("\x1b[H");
        for (index, line) in lines.iter().enumerate() {
            if index > 0 {
                text.push_str("\r\n");
            }
            text.push_str(line);
            // Whatever the line had behind its end.
            text.push_str("\x1b[K");
        }
        text.push_str("\x1b[J");
        write(&text)
    }

    /// What happens next.
    ///
    /// # Errors
    /// The terminal cannot be read.
    ///
    /// # Cancel safety
    /// Nothing that was typed is lost.
    pub(super) async fn happening(&mut self) -> io::Result<Happening> {
        let [terminate, interrupt, hangup, quit] = &mut self.ending;
        tokio::select! {
            _ = self.resized.recv() => Ok(Happening::Resized),
            _ = terminate.recv() => Ok(Happening::Ended),
            _ = interrupt.recv() => Ok(Happening::Ended),
            _ = hangup.recv() => Ok(Happening::Ended),
            _ = quit.recv() => Ok(Happening::Ended),
            typed = typed(&self.typed) => typed,
        }
    }
}

async fn typed(tty: &Receiver) -> io::Result<Happening> {
    let mut bytes = [0; 256];
    let read = loop {
        tty.readable().await?;
        match tty.try_read(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            read => break read,
        }
    };
    match read {
        Ok(0) => Ok(Happening::Ended),
        Ok(read) => Ok(Happening::Typed(bytes.get(..read).unwrap_or_default().to_vec())),
        // The terminal has gone, as when its window was closed.
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => {
            Ok(Happening::Ended)
        }
        Err(error) => Err(error),
    }
}

fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.give_back();
    }
}
