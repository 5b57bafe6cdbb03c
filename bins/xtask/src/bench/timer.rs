//! A timer of the kernel.
//!
//! epoll counts milliseconds, which is too coarse for a fixed rate, so a timer of its own wakes it.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

/// Can be read from when its time has come. Watched for edges, it need not be read before it is set again.
#[derive(Debug)]
pub(crate) struct Timer(OwnedFd);

impl Timer {
    /// One that is not set.
    pub(crate) fn new() -> Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        timerfd_create(TimerfdClockId::Monotonic, flags).map(Self).context("cannot make a timer")
    }

    /// Has it go off after `wait`.
    pub(crate) fn set(&self, wait: Duration) -> Result<()> {
        // Zero would switch the timer off.
        let wait = wait.max(Duration::from_nanos(1));
        let wait = Timespec::try_from(wait).context("a wait is too long")?;
        let setting = Itimerspec { it_interval: Timespec::default(), it_value: wait };
        timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &setting).context("cannot set a timer")?;
        Ok(())
    }
}

impl AsFd for Timer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Timer {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
