//! Commands that end by themselves.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::PATIENCE;
use crate::binary::binary;
use crate::log::Log;

/// How a command ended, and what it said.
#[derive(Debug)]
pub struct Finished {
    /// The exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub output: String,
    /// Standard error.
    pub errors: String,
}

/// A command that goes on, killed when it is dropped.
pub struct Started {
    child: Child,
    /// Standard output.
    pub output: Log,
    /// Standard error.
    pub errors: Log,
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `proxyd` with these arguments to its end, without any configuration of the environment.
///
/// # Panics
/// It cannot be run, or does not end.
#[track_caller]
pub fn proxyd(arguments: &[&str]) -> Finished {
    finish(command().args(arguments))
}

/// Runs `proxyd` in a folder and with these variables of the environment to its end.
///
/// # Panics
/// It cannot be run, or does not end.
#[track_caller]
pub fn proxyd_in(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Finished {
    finish(command().current_dir(folder).envs(variables.iter().copied()).args(arguments))
}

/// Starts `proxyd` with these variables of the environment.
///
/// # Panics
/// It cannot be run.
#[track_caller]
pub fn start_proxyd(variables: &[(&str, &str)], arguments: &[&str]) -> Started {
    let (child, output, errors) = spawn(command().envs(variables.iter().copied()).args(arguments));
    Started { child, output, errors }
}

#[track_caller]
fn finish(command: &mut Command) -> Finished {
    let (mut child, output, errors) = spawn(command);
    let code = wait(&mut child);
    Finished { code, output: output.whole().join("\n"), errors: errors.whole().join("\n") }
}

#[track_caller]
fn spawn(command: &mut Command) -> (Child, Log, Log) {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary can be run");
    let output = Log::of(child.stdout.take().unwrap());
    let errors = Log::of(child.stderr.take().unwrap());
    (child, output, errors)
}

/// The path of a file in `tests/fixtures`.
pub fn fixture(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "fixtures", name].iter().collect();
    path.into_os_string().into_string().expect("the path is text")
}

/// The binary, in an environment that names no configuration.
pub(crate) fn command() -> Command {
    let mut command = Command::new(binary());
    command.env_remove("PROXYD_CONFIG");
    command
}

/// The same, with so many descriptors at the most.
pub(crate) fn command_with_descriptors(most: u32) -> Command {
    let mut command = Command::new("sh");
    command.env_remove("PROXYD_CONFIG");
    command.args(["-c", &format!("ulimit -n {most}; exec \"$0\" \"$@\"")]).arg(binary());
    command
}

/// The same, run by a program with arguments.
pub(crate) fn command_within(program: &[String]) -> Command {
    let mut command = Command::new(&program[0]);
    command.env_remove("PROXYD_CONFIG");
    command.args(&program[1..]).arg(binary());
    command
}

/// Waits for a process to end. There is no wait with a bound in the standard library; the state of a child is looked
/// at again after a short pause.
#[track_caller]
pub(crate) fn wait(child: &mut Child) -> Option<i32> {
    let ends = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().expect("the child can be waited for") {
            return status.code();
        }
        if Instant::now() > ends {
            // Whoever waits gives up, and nobody else would end it.
            let _ = child.kill();
            panic!("the process does not end");
        }
        std::thread::park_timeout(std::time::Duration::from_millis(2));
    }
}
