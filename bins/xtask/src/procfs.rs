//! What the kernel tells of processes: their children, run time and memory.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Serialize;

/// The process `root` and all its descendants.
///
/// # Errors
/// When `/proc` cannot be read.
pub(crate) fn tree(root: u32) -> Result<Vec<u32>> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc").context("cannot list /proc")? {
        let name = entry.context("cannot list /proc")?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // A process may end while the list is read.
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
        if let Some(parent) = parent_in(&stat) {
            parents.push((pid, parent));
        }
    }
    let mut found = vec![root];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    Ok(found)
}

/// The parent in the text of `/proc/<pid>/stat`; the program's name may hold spaces and brackets.
fn parent_in(stat: &str) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(1)?.parse().ok()
}

/// The processor time, user and system, of all threads of `pids` so far.
///
/// # Errors
/// When a process is gone or the kernel keeps no such figures.
pub(crate) fn run_time(pids: &[u32]) -> Result<Duration> {
    let mut total = Duration::ZERO;
    for pid in pids {
        let tasks = format!("/proc/{pid}/task");
        for entry in fs::read_dir(&tasks).with_context(|| format!("cannot list {tasks}"))? {
            let path = entry.with_context(|| format!("cannot list {tasks}"))?.path().join("schedstat");
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let nanos = text.split_whitespace().next().and_then(|first| first.parse().ok());
            total += Duration::from_nanos(nanos.with_context(|| format!("{} is odd", path.display()))?);
        }
    }
    Ok(total)
}

/// The processor time, user and system, of the children of `pid` that have ended, and of theirs.
///
/// # Errors
/// When the process is gone.
pub(crate) fn reaped_run_time(pid: u32) -> Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    reaped_in(&text).with_context(|| format!("{path} is odd"))
}

/// What `/proc/<pid>/stat` has as `cutime` and `cstime`, its fields 16 and 17.
fn reaped_in(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(13);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    // Linux counts in hundredths of a second here, whatever it counts in itself.
    Some(Duration::from_millis((ticks()? + ticks()?) * 10))
}

/// Resident memory, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Memory {
    /// Pages that are mapped.
    pub(crate) rss: u64,
    /// The same, with shared pages divided among those who share them.
    pub(crate) pss: u64,
}

/// The memory of `pids` together.
///
/// # Errors
/// When a process is gone or may not be looked at.
pub(crate) fn memory(pids: &[u32]) -> Result<Memory> {
    let mut total = Memory::default();
    for pid in pids {
        let path = format!("/proc/{pid}/smaps_rollup");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        let Some(memory) = memory_in(&text) else { bail!("{path} names no Rss or no Pss") };
        total.rss += memory.rss;
        total.pss += memory.pss;
    }
    Ok(total)
}

fn memory_in(rollup: &str) -> Option<Memory> {
    let bytes = |key: &str| {
        let line = rollup.lines().find_map(|line| line.strip_prefix(key))?;
        let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kilobytes * 1024)
    };
    Some(Memory { rss: bytes("Rss:")?, pss: bytes("Pss:")? })
}

#[cfg(test)]
mod tests;
