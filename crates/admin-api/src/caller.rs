//! Who asks.

/// Who asks: what the server makes of a connection and its credentials. Every request that reaches the API carries one among
/// its extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Caller {
    /// The name of a token or of a client's certificate, `uid:1000` behind a Unix socket, else the address.
    pub name: String,
    /// What it may do.
    pub role: Role,
}

impl Caller {
    /// One of that name and role.
    pub fn new(name: impl Into<String>, role: Role) -> Self {
        Self { name: name.into(), role }
    }
}

/// What a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Role {
    /// Look.
    Read,
    /// Look and change.
    Write,
}
