//! Child processes that never outlive this program.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, set_parent_process_death_signal};
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::cli::ExecOptions;

/// How long a child may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(20);

/// A child that is ended, by its process id, when this value goes.
#[derive(Debug)]
pub(crate) struct Guarded {
    name: String,
    child: Child,
}

impl Guarded {
    /// Starts `command`; `name` is what messages call it.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub(crate) fn spawn(name: &str, command: &mut Command) -> Result<Self> {
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        Ok(Self { name: name.to_owned(), child })
    }

    /// The child's process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The child's standard streams, as far as they were piped and not taken yet.
    pub(crate) fn streams(
        &mut self,
    ) -> (Option<std::process::ChildStdin>, Option<std::process::ChildStdout>) {
        (self.child.stdin.take(), self.child.stdout.take())
    }

    /// How the child ended, or `None` while it runs.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("cannot ask after {}", self.name))
    }

    /// Asks the child to end and waits until it has.
    ///
    /// # Errors
    /// When it does not end in time; it is killed then.
    pub(crate) fn stop(mut self) -> Result<ExitStatus> {
        send(self.pid(), Signal::TERM);
        self.wait_for(GRACE)
    }

    /// Waits until the child ends by itself.
    ///
    /// # Errors
    /// When it does not end in time; it is killed then.
    pub(crate) fn wait_for(&mut self, grace: Duration) -> Result<ExitStatus> {
        let deadline = Instant::now() + grace;
        while Instant::now() < deadline {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        bail!("{} did not end within {} s and was killed", self.name, grace.as_secs())
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if !matches!(self.ended(), Ok(None)) {
            return;
        }
        send(self.pid(), Signal::TERM);
        let _ = self.wait_for(Duration::from_secs(3));
    }
}

/// Sends `signal` to the process `pid`; a process that is gone already is no failure.
pub(crate) fn send(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// A command that runs `program` on the core `cpu` and ends it when this program ends, however it ends.
///
/// `launcher` is this program, or another build of it.
pub(crate) fn pinned(launcher: &Path, cpu: usize, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(launcher);
    command.args(["bench-exec", "--cpu", &cpu.to_string(), "--"]).arg(program).stdin(Stdio::null());
    command
}

/// Becomes the program that `options` name, pinned to a core and tied to the life of its parent.
///
/// # Errors
/// When the core does not exist or the program cannot be run; on success it does not return.
pub(crate) fn become_program(options: &ExecOptions) -> Result<()> {
    pin_to(options.cpu)?;
    die_with_parent(Signal::TERM)?;
    let (program, arguments) = options.program.split_first().context("no program given")?;
    let error = Command::new(program).args(arguments).exec();
    Err(error).with_context(|| format!("cannot run {program}"))
}

/// Keeps this process on one core.
///
/// # Errors
/// When the core does not exist.
pub(crate) fn pin_to(cpu: usize) -> Result<()> {
    let mut set = CpuSet::new();
    if cpu >= CpuSet::MAX_CPU {
        bail!("there is no core {cpu}");
    }
    set.set(cpu);
    sched_setaffinity(None, &set).with_context(|| format!("cannot run on core {cpu}"))
}

/// Has the kernel send `signal` to this process when its parent ends.
///
/// # Errors
/// When the kernel refuses.
pub(crate) fn die_with_parent(signal: Signal) -> Result<()> {
    set_parent_process_death_signal(Some(signal)).context("cannot tie this process to its parent")
}
