//! The running binary.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::command::{command, command_with_descriptors, command_within, wait};
use crate::log::{Log, value_of};
use crate::{Api, Connection, Document, Home, Message, PATIENCE, Socket};
use rustix::process::{Pid, Signal, kill_process};

/// `proxyd run`, killed when it is dropped.
pub struct Proxyd {
    child: Child,
    log: Log,
    home: Home,
}

/// How `proxyd run` ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// All that it logged.
    pub log: Vec<String>,
}

impl Proxyd {
    /// Starts it with a configuration, and waits until it listens.
    ///
    /// # Panics
    /// It does not listen.
    #[track_caller]
    pub fn start(document: &Document) -> Self {
        Self::start_text(&document.text())
    }

    /// Starts it with a configuration in YAML.
    ///
    /// # Panics
    /// It does not listen.
    #[track_caller]
    pub fn start_text(text: &str) -> Self {
        let this = Self::spawn(command(), text);
        this.log.wait_for("\"listening\"", 1);
        this.log.wait_for("API", 1);
        this
    }

    /// Starts it where no more than so many descriptors may be open.
    ///
    /// # Panics
    /// It does not listen.
    #[track_caller]
    pub fn start_with_descriptors(document: &Document, most: u32) -> Self {
        let this = Self::spawn(command_with_descriptors(most), &document.text());
        this.log.wait_for("\"listening\"", 1);
        this
    }

    /// Starts it with a configuration in YAML that keeps it from logging where it listens: at this Unix socket.
    ///
    /// # Panics
    /// It does not listen.
    #[track_caller]
    pub fn start_silent(text: &str, socket: &Path) -> Self {
        let this = Self::spawn(command(), text);
        let ends = Instant::now() + PATIENCE;
        while UnixStream::connect(socket).is_err() {
            assert!(Instant::now() < ends, "it does not listen: {:#?}", this.log.lines());
            std::thread::yield_now();
        }
        this
    }

    /// Starts it with the file and the state that a home has, and waits until it listens and its API does.
    ///
    /// # Panics
    /// It does not listen.
    #[track_caller]
    pub fn start_at(home: &Home) -> Self {
        let this = Self::spawn_at(command(), home.clone());
        this.log.wait_for("\"the API is served\"", 1);
        this
    }

    /// The same, run by a program with arguments, which must become it: `nsenter -t 1 -m`.
    ///
    /// # Panics
    /// It does not listen.
    #[track_caller]
    pub fn start_at_within(home: &Home, program: &[String]) -> Self {
        let this = Self::spawn_at(command_within(program), home.clone());
        this.log.wait_for("\"the API is served\"", 1);
        this
    }

    /// Starts it with the file and the state that a home has, and waits for nothing.
    #[track_caller]
    pub fn launch_at(home: &Home) -> Self {
        Self::spawn_at(command(), home.clone())
    }

    #[track_caller]
    fn spawn(command: Command, text: &str) -> Self {
        let home = Home::new();
        home.write(text);
        Self::spawn_at(command, home)
    }

    #[track_caller]
    fn spawn_at(mut command: Command, home: Home) -> Self {
        let mut child = command
            .envs(home.environment())
            .args(["run".as_ref(), "--config".as_ref(), home.file().as_os_str()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary can be run");
        let log = Log::of(child.stderr.take().expect("it is piped"));
        Self { child, log, home }
    }

    /// Where its file, its state and its socket are.
    pub const fn home(&self) -> &Home {
        &self.home
    }

    /// Its API, once that is served.
    #[track_caller]
    pub fn api(&self) -> Api {
        self.log.wait_for("\"the API is served\"", 1);
        Api::at(self.home.socket())
    }

    /// Where its API listens, once it does.
    #[track_caller]
    pub fn api_address(&self) -> Socket {
        let line = self.log.wait_for("\"the API is served\"", 1);
        Socket::parse(value_of(&line, "address").expect("the line has the address"))
    }

    /// Kills it (SIGKILL) and waits for its end.
    #[track_caller]
    pub fn kill(mut self) {
        self.signal(Signal::KILL);
        wait(&mut self.child);
    }

    /// The first address that it listens on.
    #[track_caller]
    pub fn address(&self) -> Socket {
        self.nth_address(1)
    }

    /// The address that it listens on, counted from 1.
    #[track_caller]
    pub fn nth_address(&self, nth: usize) -> Socket {
        let line = self.log.wait_for("\"listening\"", nth);
        Socket::parse(value_of(&line, "address").expect("the line has the address"))
    }

    /// Its log.
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// A client's connection.
    #[track_caller]
    pub fn connect(&self) -> Connection {
        Connection::to(&self.address())
    }

    /// The answer to a request on a connection of its own.
    ///
    /// # Panics
    /// There is none.
    #[track_caller]
    pub fn ask(&self, request: impl AsRef<[u8]>) -> Message {
        let mut connection = self.connect();
        connection.ask(request);
        connection.response().expect("an answer comes whole")
    }

    /// The answer to GET of a path of `a.test`.
    #[track_caller]
    pub fn get(&self, path: &str) -> Message {
        self.ask(format!("GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n"))
    }

    #[track_caller]
    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    /// Sends SIGTERM.
    #[track_caller]
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Sends SIGINT.
    #[track_caller]
    pub fn interrupt(&self) {
        self.signal(Signal::INT);
    }

    /// Sends SIGHUP.
    #[track_caller]
    pub fn hang_up(&self) {
        self.signal(Signal::HUP);
    }

    /// Has it stand still until [`Proxyd::go_on`]; the system goes on accepting connections for it.
    #[track_caller]
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Has it go on.
    #[track_caller]
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    /// Waits until it has ended by itself.
    #[track_caller]
    pub fn wait(mut self) -> Ended {
        let code = wait(&mut self.child);
        Ended { code, log: self.log.whole() }
    }

    /// Sends SIGTERM and waits for the end.
    #[track_caller]
    pub fn stop(self) -> Ended {
        self.terminate();
        self.wait()
    }

    /// A figure of `/proc/<pid>/status` in bytes: `VmRSS` is the memory that it has, `VmHWM` the most that it had.
    #[track_caller]
    pub fn memory(&self, figure: &str) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix(figure)?.strip_prefix(':'));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kilobytes.expect("the system counts in kB") * 1024
    }
}

impl Drop for Proxyd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// How often a request ended for that reason.
    #[track_caller]
    pub fn requests(&self, reason: &str) -> u64 {
        self.count("request_reasons", reason)
    }

    /// How often a connection ended for that reason, outside of a request.
    #[track_caller]
    pub fn connections(&self, reason: &str) -> u64 {
        self.count("connection_reasons", reason)
    }

    #[track_caller]
    fn count(&self, list: &str, reason: &str) -> u64 {
        let line = self.log.iter().find(|line| line.contains("\"message\":\"ended\""));
        let line = line.unwrap_or_else(|| panic!("nothing was summed up: {:#?}", self.log));
        let counted = value_of(line, list).expect("the line has the list").split(' ');
        let count = counted.filter_map(|one| one.split_once('=')).find(|(name, _)| *name == reason);
        count.map_or(0, |(_, count)| count.parse().expect("a number"))
    }
}
