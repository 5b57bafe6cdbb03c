//! The kinds of work that are measured.

use clap::ValueEnum;

use super::load::Handshakes;
use super::messages::Style;
use super::protocol::Protocol;
use super::subject::Subject;

/// One kind of work.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum Scenario {
    /// A request of 3 fields, a response of 6 fields and 13 bytes.
    Tiny,
    /// As a browser sends it: a request of 15 fields, a response of 12 fields and 1 kB.
    Browser,
    /// A response of 10,000 bytes.
    #[value(name = "10k")]
    TenKilobytes,
    /// A response of 1,048,576 bytes.
    #[value(name = "1m")]
    OneMegabyte,
    /// A new client connection for each tiny request; the proxy keeps its own to the backend.
    NewConnection,
    /// Tiny messages, HTTP/2 from clients with 10 streams on each connection, HTTP/1.1 to the backend.
    #[value(name = "h2-10")]
    TenStreams,
    /// The same with 100 streams on each connection.
    #[value(name = "h2-100")]
    HundredStreams,
    /// Unary calls of gRPC with messages of 8 bytes, HTTP/2 on both sides.
    Grpc,
    /// Tiny requests spread over all of 10 routes.
    #[value(name = "routes-10")]
    TenRoutes,
    /// Tiny requests spread over 1,000 of 100,000 routes.
    #[value(name = "routes-100k")]
    ManyRoutes,
    /// Memory of client connections that wait for their next request.
    Idle,
    /// Latency with four backends of which one is slow.
    Tail,
    /// Answers in time with three times as many requests as the backend can answer.
    Overload,
    /// Tiny messages over TLS 1.3, on connections that are kept.
    Tls,
    /// A new client connection over TLS for each tiny request, with a full handshake.
    TlsHandshake,
    /// The same with a handshake that resumes an earlier session.
    TlsResume,
    /// Tiny messages, HTTP/2 over TLS with 10 streams on each client connection, HTTP/1.1 to the backend.
    #[value(name = "tls-h2-10")]
    TlsTenStreams,
    /// The same with 100 streams on each connection.
    #[value(name = "tls-h2-100")]
    TlsHundredStreams,
    /// Starting, handshakes and memory with 10, 1,000 and 10,000 certificates.
    TlsCertificates,
    /// Memory of client connections over TLS that wait for their next request.
    TlsIdle,
    /// Handshakes while certificates are replaced, and how soon the new ones are served.
    TlsSwap,
    /// What 200 changes in 20 s cost clients of HTTP/1.1, of HTTP/2 and of WebSockets.
    Storm,
    /// 200 changes of one of 10,000 routes, and what they cost clients.
    #[value(name = "change-10k")]
    ChangeMany,
}

/// What a proxy is configured for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Task {
    /// To forward to one backend.
    Forward,
    /// To choose among backends so that clients wait as little as possible.
    Balance,
    /// To keep a backend from more requests than it can work on.
    Limit,
}

/// The most that proxyd's processor time may be, as a share of a peer's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Goal {
    /// Of the peer that is cheaper in this scenario.
    CheaperPeer(f64),
    /// Of one peer.
    Peer(Subject, f64),
}

impl Scenario {
    /// What the user calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tiny => "tiny",
            Self::Browser => "browser",
            Self::TenKilobytes => "10k",
            Self::OneMegabyte => "1m",
            Self::NewConnection => "new-connection",
            Self::TenStreams => "h2-10",
            Self::HundredStreams => "h2-100",
            Self::Grpc => "grpc",
            Self::TenRoutes => "routes-10",
            Self::ManyRoutes => "routes-100k",
            Self::Idle => "idle",
            Self::Tail => "tail",
            Self::Overload => "overload",
            Self::Tls => "tls",
            Self::TlsHandshake => "tls-handshake",
            Self::TlsResume => "tls-resume",
            Self::TlsTenStreams => "tls-h2-10",
            Self::TlsHundredStreams => "tls-h2-100",
            Self::TlsCertificates => "tls-certificates",
            Self::TlsIdle => "tls-idle",
            Self::TlsSwap => "tls-swap",
            Self::Storm => "storm",
            Self::ChangeMany => "change-10k",
        }
    }

    /// What is spoken on both sides of the proxy.
    pub(crate) fn protocol(self) -> Protocol {
        match self {
            Self::TenStreams | Self::HundredStreams | Self::TlsTenStreams | Self::TlsHundredStreams => {
                Protocol::Http2
            }
            Self::Grpc => Protocol::Grpc,
            _ => Protocol::Http1,
        }
    }

    /// What is asked of the clients' TLS; `None` for clear text.
    pub(crate) fn handshakes(self) -> Option<Handshakes> {
        match self {
            Self::Tls
            | Self::TlsHandshake
            | Self::TlsTenStreams
            | Self::TlsHundredStreams
            | Self::TlsCertificates
            | Self::TlsIdle
            | Self::TlsSwap => Some(Handshakes::Full),
            Self::TlsResume => Some(Handshakes::Resumed),
            _ => None,
        }
    }

    /// Whether each request has a client connection of its own.
    pub(crate) fn has_new_connections(self) -> bool {
        matches!(
            self,
            Self::NewConnection
                | Self::TlsHandshake
                | Self::TlsResume
                | Self::TlsCertificates
                | Self::TlsSwap
        )
    }

    /// The fields that requests and responses carry.
    pub(crate) fn style(self) -> Style {
        if self == Self::Browser { Style::Browser } else { Style::Tiny }
    }

    /// Bytes in a response's body, and in a call's.
    pub(crate) fn body(self) -> usize {
        match self {
            Self::Browser => 1_000,
            Self::TenKilobytes => 10_000,
            Self::OneMegabyte => 1 << 20,
            _ => 13,
        }
    }

    /// Client connections in use at the same time.
    ///
    /// Large bodies get fewer, so that it is the proxy that is measured and not the memory behind many
    /// full socket buffers. HTTP/2 gets few, so that many requests share one.
    pub(crate) fn connections(self) -> u32 {
        match self {
            Self::OneMegabyte => 16,
            Self::TenStreams | Self::TlsTenStreams | Self::Grpc => 4,
            Self::HundredStreams | Self::TlsHundredStreams => 2,
            // So many that no request has to wait for one.
            Self::Tail => 256,
            // As many as the backend works on.
            Self::Overload => 8,
            _ => 64,
        }
    }

    /// Requests under way at the same time on each connection.
    pub(crate) fn streams(self) -> u32 {
        match self {
            Self::TenStreams | Self::TlsTenStreams | Self::Grpc | Self::Storm => 10,
            Self::HundredStreams | Self::TlsHundredStreams => 100,
            _ => 1,
        }
    }

    /// Routes that proxyd is configured with; `None` for the one route of a plain proxy.
    pub(crate) fn routes(self) -> Option<u32> {
        match self {
            Self::TenRoutes => Some(10),
            Self::ManyRoutes => Some(100_000),
            _ => None,
        }
    }

    /// Whether there are WebSockets among the connections.
    pub(crate) fn has_websockets(self) -> bool {
        self == Self::Storm
    }

    /// What the proxies are configured for.
    pub(crate) fn task(self) -> Task {
        match self {
            Self::Tail => Task::Balance,
            Self::Overload => Task::Limit,
            _ => Task::Forward,
        }
    }

    /// Whether connections and rates are fixed by what is measured, which is not processor time alone.
    pub(crate) fn has_its_own_load(self) -> bool {
        matches!(
            self,
            Self::Idle
                | Self::Tail
                | Self::Overload
                | Self::TlsCertificates
                | Self::TlsIdle
                | Self::TlsSwap
                | Self::Storm
                | Self::ChangeMany
        )
    }

    /// Who is measured.
    pub(crate) fn subjects(self) -> &'static [Subject] {
        match self {
            Self::OneMegabyte => &[Subject::Proxyd, Subject::Haproxy, Subject::HaproxySplice, Subject::Nginx],
            // The peers have no list of routes of the same kind to compare with, and take new certificates
            // only when they are told to.
            Self::TenRoutes | Self::ManyRoutes | Self::TlsCertificates | Self::TlsSwap | Self::ChangeMany => {
                &[Subject::Proxyd]
            }
            Self::Tail => &[Subject::Proxyd, Subject::Haproxy, Subject::HaproxyRandom, Subject::Nginx],
            Self::Overload => &[Subject::Proxyd, Subject::ProxydAuto, Subject::Haproxy, Subject::Nginx],
            _ => &[Subject::Proxyd, Subject::Haproxy, Subject::Nginx],
        }
    }

    /// What proxyd must reach.
    pub(crate) fn goals(self) -> &'static [Goal] {
        match self {
            Self::Tiny | Self::Browser | Self::TenKilobytes | Self::Tls => &[Goal::CheaperPeer(0.75)],
            Self::OneMegabyte => &[Goal::Peer(Subject::HaproxySplice, 1.0), Goal::Peer(Subject::Nginx, 0.6)],
            Self::NewConnection | Self::TlsResume => &[Goal::CheaperPeer(1.0)],
            Self::TlsHandshake => &[Goal::CheaperPeer(0.6)],
            Self::TenStreams | Self::HundredStreams | Self::TlsTenStreams | Self::TlsHundredStreams => {
                &[Goal::CheaperPeer(0.95)]
            }
            Self::Grpc => &[Goal::Peer(Subject::Haproxy, 1.0)],
            _ => &[],
        }
    }

    /// The most user instructions that a request may take proxyd.
    pub(crate) fn instructions_goal(self) -> Option<f64> {
        match self {
            Self::Tiny => Some(14_000.0),
            Self::Browser => Some(24_000.0),
            _ => None,
        }
    }

    /// The most system calls that a request may take proxyd.
    pub(crate) fn syscalls_goal(self) -> Option<f64> {
        matches!(self, Self::Tiny | Self::Browser | Self::TenKilobytes).then_some(4.2)
    }

    /// Everything, in the order in which it is measured when the user does not choose.
    pub(crate) fn all() -> &'static [Self] {
        Self::value_variants()
    }
}
