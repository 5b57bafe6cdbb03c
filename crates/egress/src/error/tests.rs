use super::{Denial, EgressError};
use std::{io, sync::Arc};

#[test]
fn an_error_of_the_system_becomes_what_a_caller_can_act_upon() {
    let shown = |kind: io::ErrorKind| EgressError::from_connect(kind.into()).to_string();
    assert_eq!(shown(io::ErrorKind::ConnectionRefused), "connection refused");
    assert_eq!(shown(io::ErrorKind::ConnectionReset), "connection reset");
    assert_eq!(shown(io::ErrorKind::TimedOut), "connection not made in time");
    assert_eq!(shown(io::ErrorKind::AddrNotAvailable), "connection failed");
}

#[test]
fn a_failure_is_the_backends_only_if_it_tells_of_the_backend() {
    let denied = EgressError::Denied { host: "a".to_owned(), denial: Denial::Host };
    let unresolved =
        EgressError::Dns { name: "a".to_owned(), source: Arc::new(io::ErrorKind::NotFound.into()) };
    let system = |kind: io::ErrorKind| EgressError::Io(kind.into());
    for (error, expected) in [
        (EgressError::Refused, true),
        (EgressError::Timeout, true),
        (EgressError::Reset, true),
        (system(io::ErrorKind::HostUnreachable), true),
        (system(io::ErrorKind::NetworkUnreachable), true),
        (system(io::ErrorKind::NotFound), true),
        (system(io::ErrorKind::AddrNotAvailable), false),
        (EgressError::Io(io::Error::from_raw_os_error(24)), false),
        (denied, false),
        (unresolved, false),
        (EgressError::DnsTimeout, false),
    ] {
        assert_eq!(error.is_backend_failure(), expected, "{error:?}");
    }
}
