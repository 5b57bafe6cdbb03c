//! The lines that the binary writes to standard error.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use crate::PATIENCE;

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
        change(&mut self.0.0.lock().unwrap());
        self.0.1.notify_all();
    }

    fn wait_while_blocked(&self) {
        let state = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(state, |state| state.is_blocked).unwrap());
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
        self.0.0.lock().unwrap().lines.clone()
    }

    /// Waits for the `count`th line in which `text` stands.
    ///
    /// # Panics
    /// The process ends without it, or takes too long.
    #[track_caller]
    pub fn wait_for(&self, text: &str, count: usize) -> String {
        let ends = Instant::now() + PATIENCE;
        let mut state = self.0.0.lock().unwrap();
        loop {
            if let Some(line) = state.lines.iter().filter(|line| line.contains(text)).nth(count - 1) {
                return line.clone();
            }
            let left = ends.saturating_duration_since(Instant::now());
            assert!(!state.has_ended && !left.is_zero(), "no line with {text:?} in {:#?}", state.lines);
            state = self.0.1.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Waits until the process writes no more, and gives all lines.
    ///
    /// # Panics
    /// It takes too long.
    #[track_caller]
    pub fn whole(&self) -> Vec<String> {
        let state = self.0.0.lock().unwrap();
        let (state, waited) = self.0.1.wait_timeout_while(state, PATIENCE, |state| !state.has_ended).unwrap();
        assert!(!waited.timed_out(), "the log does not end: {:#?}", state.lines);
        state.lines.clone()
    }
}

/// The value of a text in a line of JSON; the text has no escapes.
pub(crate) fn value_of<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let (_, rest) = line.split_once(&format!("\"{name}\":\""))?;
    rest.split_once('"').map(|(value, _)| value)
}
