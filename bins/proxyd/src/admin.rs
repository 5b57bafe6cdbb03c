//! The API's own listener, on a thread of its own.
