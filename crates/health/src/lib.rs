//! Which backends may be used: marks, probe schedule, and a driver for any probe.
