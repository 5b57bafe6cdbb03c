//! Stub.
use crate::spec::ProxyVersion;
use std::net::SocketAddr;
pub(crate) enum Parsed {
    Partial,
    Complete { len: usize, header: Header },
}
pub(crate) struct Header {
    pub(crate) source: Option<(SocketAddr, SocketAddr)>,
}
pub(crate) struct Malformed;
pub(crate) fn parse(_: &[u8]) -> Result<Parsed, Malformed> {
    Err(Malformed)
}
pub(crate) fn header(_: ProxyVersion, _: Option<(SocketAddr, SocketAddr)>) -> Vec<u8> {
    Vec::new()
}
