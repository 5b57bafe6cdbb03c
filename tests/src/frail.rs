//! A backend in a process of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A backend that is a process: it can be killed, started again at its port, and stopped.
pub struct Frail {
    program: String,
    folder: TempDir,
    port: u16,
    child: Child,
}

impl Frail {
    /// Starts one on a free port; `program` is the path of the test crate's `frail`.
    ///
    /// # Panics
    /// It cannot be started.
    pub fn start(program: &str) -> Self {
        let folder = TempDir::new().expect("there is room for a folder");
        let (child, port) = spawn(program, 0, folder.path());
        Self { program: program.to_owned(), folder, port, child }
    }

    /// The TCP port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Kills it: SIGKILL.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it was started here");
    }

    /// Starts it again where it was.
    ///
    /// # Panics
    /// Its port is another's by now.
    pub fn start_again(&mut self) {
        (self.child, _) = spawn(&self.program, self.port, self.folder.path());
    }

    /// Has it stand still, SIGSTOP; the system goes on accepting connections for it.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Has it go on.
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    /// Has it answer 503 from now on, or 200 again.
    pub fn set_failing(&self, is_failing: bool) {
        let mark = self.folder.path().join("failing");
        if is_failing {
            fs::write(mark, "").expect("there is room for a file");
        } else {
            fs::remove_file(mark).expect("it was failing");
        }
    }

    /// The targets of all POST requests that came, as often as they came.
    pub fn posts(&self) -> Vec<String> {
        let posts = fs::read_to_string(self.folder.path().join("posts")).unwrap_or_default();
        posts.lines().map(str::to_owned).collect()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }
}

impl Drop for Frail {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(program: &str, port: u16, folder: &Path) -> (Child, u16) {
    let mut child = Command::new(program)
        .args([port.to_string().as_ref(), folder.as_os_str()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the backend can be run");
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
    output.read_line(&mut line).expect("it says where it listens");
    let port = line.trim().parse().expect("it says where it listens");
    (child, port)
}
