//! The head that a backend gets: what the client said, less what is for neighbours only, plus what we vouch for.

use std::net::IpAddr;

use http1::framing::BodyLength;
use http1::{Name, NameSet, Version, push_decimal};

use crate::client::Facts;
use crate::forwarded::{By, Element, push_ip};
use crate::incoming::Incoming;
use crate::snapshot::{Compiled, Route};
use crate::spec::HostHeader;
use crate::template::Vars;
use crate::trace::RequestId;
use crate::upstream::{Member, Upstream};

/// Fields that we write ourselves, or that no client may speak through. `Proxy` would become the environment
/// variable by which CGI programs find their own proxy.
const OURS: NameSet = NameSet::HOP_BY_HOP
    .union(NameSet::of(&[
        Name::XForwardedFor,
        Name::XForwardedProto,
        Name::XForwardedHost,
        Name::XForwardedPort,
        Name::XRealIp,
        Name::Forwarded,
        Name::XRequestId,
        Name::Proxy,
    ]))
    .union(NameSet::CLIENT_CERT);

/// All that a head is written from.
pub(crate) struct Forwarding<'a> {
    pub(crate) incoming: &'a Incoming,
    pub(crate) facts: &'a Facts,
    pub(crate) settings: &'a Compiled,
    pub(crate) route: &'a Route,
    pub(crate) upstream: &'a Upstream,
    pub(crate) request_id: &'a RequestId,
}

impl Forwarding<'_> {
    /// Appends the head for `member`, its final empty line included.
    pub(crate) fn write(&self, member: &Member, out: &mut Vec<u8>) {
        self.write_request_line(out);
        let host = self.host_for(member);
        let mut skip = OURS;
        if let Some(host) = host {
            skip = skip.with(Name::Host);
            push(out, b"Host: ", host);
        }
        if !self.incoming.admitted.expects_continue {
            skip = skip.with(Name::Expect);
        }
        if self.incoming.admitted.max_forwards.is_some() {
            skip = skip.with(Name::MaxForwards);
        }
        self.incoming.fields().write_without(skip, out);
        self.write_neighbourly(out);
        self.write_identity(out);
        if let Some(edits) = &self.route.request_edits {
            edits.put_in(&self.vars(), out);
        }
        for (name, value) in &self.incoming.set_later {
            out.extend_from_slice(name.as_bytes());
            push(out, b": ", value.as_bytes());
        }
        out.extend_from_slice(b"\r\n");
    }

    fn write_request_line(&self, out: &mut Vec<u8>) {
        let incoming = self.incoming;
        out.extend_from_slice(incoming.method_text());
        out.push(b' ');
        if incoming.admitted.is_asterisk {
            out.push(b'*');
        } else {
            let is_rewritten = self.route.rewrite.is_some();
            out.extend_from_slice(if is_rewritten { &incoming.rewritten } else { &incoming.path });
            if let Some(query) = incoming.query() {
                out.push(b'?');
                out.extend_from_slice(query);
            }
        }
        out.extend_from_slice(b" HTTP/1.1\r\n");
    }

    /// What Host says; `None` where the client's own line goes on as it is.
    fn host_for<'m>(&'m self, member: &'m Member) -> Option<&'m [u8]> {
        match &self.upstream.spec.host_header {
            HostHeader::Preserve => {
                let authority = self.incoming.authority();
                match authority {
                    // HTTP/1.0 without Host: RFC 9112 section 3.2 has us send one.
                    b"" => Some(&member.host),
                    // RFC 9112 section 3.2.2: the target's authority replaces what Host said.
                    _ if self.incoming.admitted.is_absolute => Some(authority),
                    _ => None,
                }
            }
            HostHeader::Upstream => Some(&member.host),
            HostHeader::Name(name) => Some(name.as_bytes()),
        }
    }

    /// Fields between us and the backend only.
    fn write_neighbourly(&self, out: &mut Vec<u8>) {
        let admitted = &self.incoming.admitted;
        if admitted.body == BodyLength::Chunked {
            out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
        }
        if admitted.wants_upgrade {
            // RFC 9110 section 7.8: Upgrade is for neighbours, so we ask in our own name.
            for protocol in self.incoming.fields().all(Name::Upgrade) {
                push(out, b"Upgrade: ", protocol);
            }
            out.extend_from_slice(b"Connection: upgrade\r\n");
        } else if admitted.takes_trailers {
            // RFC 9110 section 10.1.4.
            out.extend_from_slice(b"TE: trailers\r\nConnection: TE\r\n");
        }
        if let Some(left) = admitted.max_forwards {
            out.extend_from_slice(b"Max-Forwards: ");
            push_decimal(out, left.saturating_sub(1));
            out.extend_from_slice(b"\r\n");
        }
    }

    /// Who asks, over what, and for whom. What a client says of itself is replaced, unless a trusted proxy says it.
    fn write_identity(&self, out: &mut Vec<u8>) {
        let sets = self.replaced();
        let client = self.client();
        if !sets.contains(Name::XForwardedFor) {
            self.write_forwarded_for(out);
        }
        if !sets.contains(Name::XRealIp) {
            out.extend_from_slice(b"X-Real-IP: ");
            push_ip(out, client);
            out.extend_from_slice(b"\r\n");
        }
        if !sets.contains(Name::XForwardedProto) {
            push(out, b"X-Forwarded-Proto: ", self.scheme().as_bytes());
        }
        if !sets.contains(Name::XForwardedHost) {
            let host = self.trusted(Name::XForwardedHost).unwrap_or_else(|| self.incoming.authority());
            if !host.is_empty() {
                push(out, b"X-Forwarded-Host: ", host);
            }
        }
        if !sets.contains(Name::XForwardedPort) {
            self.write_forwarded_port(out);
        }
        if self.settings.forwarded && !sets.contains(Name::Forwarded) {
            self.write_forwarded(out);
        }
        if !sets.intersects(NameSet::CLIENT_CERT) {
            self.write_client_certificate(out);
        }
        // RFC 9110 section 7.6.3: a gateway adds itself to the requests that it forwards.
        out.extend_from_slice(match self.incoming.head.version() {
            _ if self.facts.is_http2 => b"Via: 2.0 proxyd\r\n",
            Version::Http10 => b"Via: 1.0 proxyd\r\n",
            Version::Http11 => b"Via: 1.1 proxyd\r\n",
        });
        if !sets.contains(Name::XRequestId) {
            push(out, b"X-Request-Id: ", self.request_id.as_bytes());
        }
    }

    /// Fields of ours that the route or a guard has an own wish about.
    fn replaced(&self) -> NameSet {
        let sets = self.route.request_edits.as_ref().map_or(NameSet::EMPTY, |edits| edits.sets);
        self.incoming.set_later.iter().fold(sets, |sets, (name, _)| match Name::of(name.as_bytes()) {
            Name::Other => sets,
            known => sets.with(known),
        })
    }

    fn write_forwarded_for(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"X-Forwarded-For: ");
        if self.incoming.admitted.is_trusted {
            for line in self.incoming.fields().all(Name::XForwardedFor) {
                out.extend_from_slice(line);
                out.extend_from_slice(b", ");
            }
        }
        push_ip(out, self.facts.peer);
        out.extend_from_slice(b"\r\n");
    }

    /// Who the client is by the certificate that it has shown here. Nobody else is believed, not even a trusted proxy: who may
    /// say whose address it hands on need not drop such fields from what its clients send.
    fn write_client_certificate(&self, out: &mut Vec<u8>) {
        if let Some(secured) = &self.facts.secured {
            out.extend_from_slice(secured.client_fields());
        }
    }

    /// A Unix socket has no port, and a caller in this process need not tell one.
    fn write_forwarded_port(&self, out: &mut Vec<u8>) {
        if let Some(port) = self.trusted(Name::XForwardedPort) {
            push(out, b"X-Forwarded-Port: ", port);
        } else if self.facts.local_port != 0 {
            out.extend_from_slice(b"X-Forwarded-Port: ");
            push_decimal(out, u64::from(self.facts.local_port));
            out.extend_from_slice(b"\r\n");
        }
    }

    fn write_forwarded(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"Forwarded: ");
        // A trusted proxy that speaks through the older fields only is quoted in the newer one.
        let (from, proto) = match self.trusted(Name::Forwarded) {
            Some(_) => (self.facts.peer, self.facts.scheme()),
            None => (self.client(), self.scheme()),
        };
        if self.incoming.admitted.is_trusted {
            for line in self.incoming.fields().all(Name::Forwarded) {
                out.extend_from_slice(line);
                out.extend_from_slice(b", ");
            }
        }
        let told = self.trusted(Name::XForwardedHost).filter(|_| self.trusted(Name::Forwarded).is_none());
        let host = Some(told.unwrap_or_else(|| self.incoming.authority())).filter(|host| !host.is_empty());
        Element { from, host, proto, by: By::new("_proxyd") }.push(out);
        out.extend_from_slice(b"\r\n");
    }

    /// What a trusted proxy says in that field.
    fn trusted(&self, name: Name) -> Option<&[u8]> {
        if self.incoming.admitted.is_trusted { self.incoming.first(name) } else { None }
    }

    fn client(&self) -> IpAddr {
        self.incoming.admitted.client.unwrap_or(self.facts.peer)
    }

    fn scheme(&self) -> &str {
        scheme(self.incoming, self.facts)
    }

    /// What the variables of templates stand for.
    pub(crate) fn vars(&self) -> Vars<'_> {
        vars(self.incoming, self.facts, &self.route.spec.id, self.request_id)
    }
}

/// `http` or `https`, as the client's own connection has it.
pub(crate) fn scheme<'a>(incoming: &Incoming, facts: &'a Facts) -> &'a str {
    let told = if incoming.admitted.is_trusted { incoming.first(Name::XForwardedProto) } else { None };
    match told {
        Some(told) if told.eq_ignore_ascii_case(b"https") => "https",
        Some(told) if told.eq_ignore_ascii_case(b"http") => "http",
        _ => facts.scheme(),
    }
}

/// What the variables of templates stand for in a request.
pub(crate) fn vars<'a>(
    incoming: &'a Incoming,
    facts: &'a Facts,
    route: &'a str,
    request_id: &'a RequestId,
) -> Vars<'a> {
    Vars {
        ip: incoming.admitted.client.unwrap_or(facts.peer),
        host: &incoming.host,
        scheme: scheme(incoming, facts),
        path: &incoming.path,
        query: incoming.query(),
        request_id: request_id.as_bytes(),
        route,
    }
}

#[inline]
fn push(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests;
