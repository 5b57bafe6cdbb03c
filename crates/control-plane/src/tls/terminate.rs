//! TLS of clients.

use std::sync::Arc;

use proxy_core::spec::{HostPattern, Protocol};
use proxy_core::{NotTerminated, Secured, Stream, Terminate, Terminating};
use tls_sni::{HandshakeFailure, Hosts, Server, ServerStream, Session, TlsVersion};

use super::client_fields::client_fields;
use super::over::{Over, Side};

/// Ends TLS at one listener.
#[derive(Debug)]
pub(crate) struct Termination(pub(crate) Server);

impl Terminate for Termination {
    fn terminate(&self, stream: Stream) -> Terminating {
        let server = self.0.clone();
        Box::pin(async move {
            match server.accept(stream).await {
                Ok(stream) => {
                    let agreed = Agreed::new(&stream, server);
                    Ok(Over::stream(stream, agreed))
                }
                Err(HandshakeFailure::Challenge) => Err(NotTerminated::Answered),
                Err(failure) => Err(NotTerminated::Failed(failure.code())),
            }
        })
    }
}

/// What was agreed with a client, as the engine asks for it.
struct Agreed {
    server: Server,
    session: Arc<Session>,
    fields: Box<[u8]>,
}

impl Agreed {
    fn new(stream: &ServerStream<Stream>, server: Server) -> Self {
        let session = Arc::clone(stream.session());
        let fields = session.client.as_ref().map(client_fields).unwrap_or_default().into();
        Self { server, session, fields }
    }
}

impl Secured for Agreed {
    fn protocol(&self) -> Option<Protocol> {
        match self.session.protocol? {
            tls_sni::Protocol::Http2 => Some(Protocol::Http2),
            _ => Some(Protocol::Http1),
        }
    }

    fn server_name(&self) -> Option<&str> {
        self.session.server_name.as_deref()
    }

    fn version(&self) -> Option<&'static str> {
        match self.session.version {
            TlsVersion::V12 => Some("TLSv1.2"),
            TlsVersion::V13 => Some("TLSv1.3"),
            _ => None,
        }
    }

    fn admits(&self, host: &str) -> bool {
        self.server.admits(&self.session, host)
    }

    fn reaches(&self, hosts: &HostPattern) -> bool {
        let hosts = match hosts {
            HostPattern::Any => Hosts::Any,
            HostPattern::Exact(name) => Hosts::Exact(name),
            HostPattern::Suffix(name) => Hosts::Below(name),
        };
        self.server.reaches(&self.session, hosts)
    }

    fn client_fields(&self) -> &[u8] {
        &self.fields
    }
}

impl Side for ServerStream<Stream> {
    fn below(&self) -> &Stream {
        self.get_ref()
    }

    fn has_buffered_input(&self) -> bool {
        self.has_buffered_input()
    }

    fn has_unsent(&self) -> bool {
        self.has_unsent()
    }
}
