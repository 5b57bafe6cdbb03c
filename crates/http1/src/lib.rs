//! Strict HTTP/1.1 messages and framing without I/O: heads as ordered field lists, bodies, interim responses.
