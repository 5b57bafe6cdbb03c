//! A proxy, its backend and its load generator, running.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::built::Built;
use super::certificates::Pair;
use super::load::{Order, Tally};
use super::scenario::Scenario;
use super::subject::{Assignment, Subject};
use super::{MEASURED_CORE, OTHER_CORE};
use crate::folder::Folder;
use crate::process::{self, Guarded};
use crate::procfs::{self, Memory};

/// How long a proxy may take until it accepts connections.
const START: Duration = Duration::from_secs(600);

/// How a backend takes its time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// What each request takes.
    pub(crate) delay: Duration,
    /// How many are worked on at once, the others waiting; `None` for all.
    pub(crate) at_a_time: Option<usize>,
}

/// A backend in a process of its own.
#[derive(Debug)]
pub(crate) struct Backend {
    pub(crate) port: u16,
    _process: Guarded,
}

impl Backend {
    /// Starts one that answers as `scenario` wants, at once unless there is a `pace`.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start(built: &Built, scenario: Scenario, pace: Option<Pace>) -> Result<Self> {
        let mut command = Command::new(&built.xtask);
        command.arg("bench-backend").args(["--cpu", &OTHER_CORE.to_string()]);
        command.args(["--protocol", scenario.protocol().name(), "--style", scenario.style().name()]);
        command.args(["--body", &scenario.body().to_string()]);
        command.args(scenario.has_websockets().then_some("--echo"));
        if let Some(Pace { delay, at_a_time }) = pace {
            command.args(["--delay-us", &delay.as_micros().to_string()]);
            command.args(at_a_time.map(|many| format!("--at-a-time={many}")));
        }
        let mut process = Guarded::spawn("the backend", command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
        let (_, output) = process.streams();
        let mut line = String::new();
        BufReader::new(output.context("the backend has no output")?)
            .read_line(&mut line)
            .context("the backend says nothing")?;
        let port = line.trim().parse().context("the backend did not start")?;
        Ok(Self { port, _process: process })
    }
}

/// A proxy that accepts connections.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) port: u16,
    pub(crate) process: Guarded,
    folder: Folder,
}

/// What runs a proxy's command line: nothing, or a program that counts.
pub(crate) type Wrapper<'a> = &'a dyn Fn(&[PathBuf]) -> Vec<PathBuf>;

impl Proxy {
    /// Starts the proxy of `work` in front of `backends`, on the core that is measured.
    ///
    /// # Errors
    /// When it does not start; the message ends with what it said.
    pub(crate) fn start(built: &Built, work: Work, backends: &[Backend], wrap: Wrapper<'_>) -> Result<Self> {
        let certificates = built.certificates.first(work.certificates)?;
        Self::certified(built, work, backends, &certificates, wrap)
    }

    /// The same with `certificates` of the caller's.
    ///
    /// # Errors
    /// When it does not start; the message ends with what it said.
    pub(crate) fn certified(
        built: &Built,
        work: Work,
        backends: &[Backend],
        certificates: &[Pair],
        wrap: Wrapper<'_>,
    ) -> Result<Self> {
        let ports: Vec<_> = backends.iter().map(|backend| backend.port).collect();
        let folder = Folder::new("proxyd-bench-")?;
        let port = free_port()?;
        let assignment = Assignment {
            port,
            backends: &ports,
            task: work.scenario.task(),
            protocol: work.scenario.protocol(),
            certificates,
            routes: work.scenario.routes(),
            folder: folder.path(),
        };
        let line = wrap(&work.subject.prepare(built, assignment)?);
        Self::run(built, work.subject, &line, port, folder)
    }

    /// Runs the command `line` of `subject`, which is to listen on `port` and has `folder`, on the core that is
    /// measured.
    ///
    /// # Errors
    /// When it does not start; the message ends with what it said.
    pub(crate) fn run(
        built: &Built,
        subject: Subject,
        line: &[PathBuf],
        port: u16,
        folder: Folder,
    ) -> Result<Self> {
        let (program, arguments) = line.split_first().context("no command")?;
        let said = std::fs::File::create(folder.path().join("output")).context("cannot keep its output")?;
        let mut command = process::pinned(&built.xtask, MEASURED_CORE, program);
        command.args(arguments).stdout(said.try_clone().context("cannot keep its output")?).stderr(said);
        let process = Guarded::spawn(subject.name(), &mut command)?;
        let mut proxy = Self { port, process, folder };
        proxy.wait_until_it_accepts().with_context(|| subject.name())?;
        Ok(proxy)
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The processor time of all its processes so far.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn run_time(&self) -> Result<Duration> {
        procfs::run_time(&procfs::tree(self.process.pid())?)
    }

    /// The memory of all its processes.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn memory(&self) -> Result<Memory> {
        procfs::memory(&procfs::tree(self.process.pid())?)
    }

    fn wait_until_it_accepts(&mut self) -> Result<()> {
        let deadline = Instant::now() + START;
        while Instant::now() < deadline {
            if let Some(status) = self.process.ended()? {
                bail!("it ended with {status}: {}", self.said());
            }
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        bail!("it accepts no connections after {} s: {}", START.as_secs(), self.said())
    }

    /// The end of what it wrote.
    fn said(&self) -> String {
        let files = ["output", "error.log"].map(|name| self.folder.path().join(name));
        let texts = files.iter().filter_map(|file| std::fs::read_to_string(file).ok());
        let all = texts.collect::<String>();
        let lines: Vec<_> = all.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

/// One proxy doing one kind of work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    pub(crate) scenario: Scenario,
    pub(crate) subject: Subject,
    /// Client connections in use at the same time.
    pub(crate) connections: u32,
    /// Hosts that clients ask for over TLS, each with a certificate of its own; none for clear text.
    pub(crate) certificates: u32,
}

impl Work {
    /// The work of `subject` at `scenario`, with as many connections as that has, and one certificate if it
    /// is over TLS.
    pub(crate) fn new(scenario: Scenario, subject: Subject) -> Self {
        let certificates = u32::from(scenario.handshakes().is_some());
        Self { scenario, subject, connections: scenario.connections(), certificates }
    }
}

/// A load generator in a process of its own.
#[derive(Debug)]
pub(crate) struct Load {
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    _process: Guarded,
}

impl Load {
    /// Starts one for `work` that talks to `proxy`.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start(built: &Built, work: Work, port: u16) -> Result<Self> {
        Self::spawn(Self::command(built, work, port))
    }

    /// What [`Load::start`] runs.
    pub(crate) fn command(built: &Built, work: Work, port: u16) -> Command {
        let scenario = work.scenario;
        let mut command = Command::new(&built.xtask);
        command.arg("bench-load").args(["--cpu", &OTHER_CORE.to_string()]);
        command.args(["--address", &format!("127.0.0.1:{port}")]);
        command.args(["--protocol", scenario.protocol().name(), "--style", scenario.style().name()]);
        command.args(["--body", &scenario.body().to_string()]);
        command.args(["--connections", &work.connections.to_string()]);
        command.args(["--streams", &scenario.streams().to_string()]);
        if let Some(routes) = scenario.routes() {
            command.args(["--routes", &routes.to_string()]);
        }
        if scenario.has_new_connections() {
            command.arg("--new-connections");
        }
        if let Some(handshakes) = scenario.handshakes() {
            command.args(["--handshakes", handshakes.name()]);
            command.args(["--certificates", &work.certificates.to_string()]);
        }
        command
    }

    /// Starts what [`Load::command`] made.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn spawn(mut command: Command) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Guarded::spawn("the load generator", &mut command)?;
        let (Some(orders), Some(answers)) = process.streams() else { bail!("a pipe is missing") };
        Ok(Self { orders, answers: BufReader::new(answers), _process: process })
    }

    /// Gives an order and waits for what comes of it.
    ///
    /// # Errors
    /// When the generator has ended, or a single request failed: a figure with errors in it is none.
    pub(crate) fn order(&mut self, order: Order) -> Result<Tally> {
        let mut line = serde_json::to_string(&order).context("cannot write an order")?;
        line.push('\n');
        self.orders.write_all(line.as_bytes()).context("the load generator has ended")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer).context("the load generator has ended")?;
        let tally: Tally = serde_json::from_str(&answer).context("the load generator has ended")?;
        if tally.errors > 0 {
            let first = tally.first_error.as_deref().unwrap_or("unknown");
            bail!("{} errors in {} requests; the first: {first}", tally.errors, tally.requests);
        }
        Ok(tally)
    }
}

/// A port that nobody listens on now.
pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    Ok(listener.local_addr().context("no free port")?.port())
}
