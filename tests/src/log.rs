//! The lines that the binary writes to standard error.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::locked::{lock, wait_until};

/// The lines of a process, as they come.
#[derive(Clone, Default)]
pub struct Log(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    lines: Vec<String>,
    has_ended: bool,
    is_blocked: bool,
}

impl Log {
    /// The lines that come out of `source`, read by a thread of its own until the end.
    pub(crate) fn of(source: impl Read + Send + 'static) -> Self {
        let log = Self::default();
        let writing = log.clone();
        std::thread::spawn(move || {
            let mut source = BufReader::new(source);
            let mut line = String::new();
            while source.read_line(&mut line).is_ok_and(|count| count > 0) {
                let line = std::mem::take(&mut line);
                writing.change(|state| state.lines.push(line.trim_end_matches('\n').to_owned()));
                writing.wait_while_blocked();
            }
            writing.change(|state| state.has_ended = true);
        });
        log
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut lock(&self.0.0));
        self.0.1.notify_all();
    }

    fn wait_while_blocked(&self) {
        let waited = self.0.1.wait_while(lock(&self.0.0), |state| state.is_blocked);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// From the next line on, nothing is read any more, until [`Log::unblock`]: the process meets a pipe that is full.
    pub fn block(&self) {
        self.change(|state| state.is_blocked = true);
    }

    /// Goes on reading.
    pub fn unblock(&self) {
        self.change(|state| state.is_blocked = false);
    }

    /// The lines so far.
    pub fn lines(&self) -> Vec<String> {
        lock(&self.0.0).lines.clone()
    }

    /// Waits for the `count`th line in which `text` stands.
    ///
    /// # Panics
    /// The process ends without it, or takes too long.
    #[track_caller]
    pub fn wait_for(&self, text: &str, count: usize) -> String {
        let found =
            |state: &State| state.lines.iter().filter(|line| line.contains(text)).nth(count - 1).cloned();
        let (state, _) = wait_until(&self.0.0, &self.0.1, |state| state.has_ended || found(state).is_some());
        found(&state).unwrap_or_else(|| panic!("no line with {text:?} in {:#?}", state.lines))
    }

    /// Waits until the process writes no more, and gives all lines.
    ///
    /// # Panics
    /// It takes too long.
    #[track_caller]
    pub fn whole(&self) -> Vec<String> {
        let (state, ended) = wait_until(&self.0.0, &self.0.1, |state| state.has_ended);
        assert!(ended, "the log does not end: {:#?}", state.lines);
        state.lines.clone()
    }
}

/// The value of a text in a line of JSON; the text has no escapes.
pub(crate) fn value_of<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let (_, rest) = line.split_once(&format!("\"{name}\":\""))?;
    rest.split_once('"').map(|(value, _)| value)
}
