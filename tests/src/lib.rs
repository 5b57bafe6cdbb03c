//! Starts the real binary and speaks raw bytes to it.
