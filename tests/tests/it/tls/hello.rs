//! A ClientHello as no library writes it (RFC 5246 section 7.4.1.2), and what comes back.

use harness::{Connection, Socket};

/// A ClientHello of TLS 1.2 or older, to which certificates come in the clear.
pub(crate) struct Hello {
    version: [u8; 2],
    suites: Vec<u16>,
    extensions: Vec<u8>,
}

/// What comes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// An alert: its level and its description.
    Alert(u8, u8),
    /// A handshake: what came of it so far, at least its certificates.
    Handshake(Vec<u8>),
    /// The end of the connection.
    End,
}

/// `unrecognized_name`, `protocol_version` and others: RFC 8446 section 6.2, RFC 6066 section 3.
pub(crate) mod alert {
    pub(crate) const HANDSHAKE_FAILURE: u8 = 40;
    pub(crate) const PROTOCOL_VERSION: u8 = 70;
    pub(crate) const UNRECOGNIZED_NAME: u8 = 112;
}

impl Hello {
    /// Without a name.
    pub(crate) fn new() -> Self {
        // ECDHE with AES-128-GCM for ECDSA and RSA, and one for TLS 1.1.
        let suites = vec![0xc02b, 0xc02f, 0xc013];
        let mut hello = Self { version: [3, 3], suites, extensions: Vec::new() };
        // The groups x25519 and secp256r1, their points uncompressed, ECDSA, Ed25519 and RSA, and the extended master secret.
        hello.extension(10, &[0, 4, 0, 29, 0, 23]);
        hello.extension(11, &[1, 0]);
        hello.extension(13, &[0, 10, 4, 3, 8, 7, 8, 4, 4, 1, 5, 1]);
        hello.extension(23, &[]);
        hello
    }

    /// For a name: the bytes as they are.
    pub(crate) fn of(name: impl AsRef<[u8]>) -> Self {
        let name = name.as_ref();
        // RFC 6066 section 3.
        let mut one = vec![0];
        one.extend(sized(name));
        Self::new().with(0, &sized(&one))
    }

    /// As a client of TLS 1.1 writes it.
    pub(crate) fn old(mut self) -> Self {
        self.version = [3, 2];
        self
    }

    /// Which offers these cipher suites alone.
    pub(crate) fn suites(mut self, suites: &[u16]) -> Self {
        self.suites = suites.to_vec();
        self
    }

    pub(crate) fn with(mut self, kind: u16, content: &[u8]) -> Self {
        self.extension(kind, content);
        self
    }

    fn extension(&mut self, kind: u16, content: &[u8]) {
        self.extensions.extend(kind.to_be_bytes());
        self.extensions.extend(sized(content));
    }

    /// The message, its own head included.
    pub(crate) fn message(&self) -> Vec<u8> {
        let mut body = self.version.to_vec();
        body.extend([7; 32]);
        body.push(0);
        body.extend(sized(&self.suites.iter().flat_map(|suite| suite.to_be_bytes()).collect::<Vec<u8>>()));
        body.extend([1, 0]);
        body.extend(sized(&self.extensions));
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&[1], &length[1..], &body].concat()
    }

    /// The message in one record.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        record(&self.message())
    }

    /// What comes back for it.
    #[track_caller]
    pub(crate) fn ask(&self, address: &Socket) -> Heard {
        let mut client = Connection::to(address);
        client.send(self.bytes());
        hear(&mut client)
    }
}

impl Heard {
    /// Whether it shows this certificate.
    pub(crate) fn shows(&self, der: &[u8]) -> bool {
        matches!(self, Self::Handshake(flight) if flight.windows(der.len()).any(|window| window == der))
    }
}

/// A record of a handshake.
pub(crate) fn record(message: &[u8]) -> Vec<u8> {
    [&[22, 3, 1][..], &sized(message)].concat()
}

/// Reads records up to an alert, or up to the end of the server's first flight.
#[track_caller]
pub(crate) fn hear(client: &mut Connection) -> Heard {
    let mut flight = Vec::new();
    loop {
        let Ok(head) = client.exactly(5) else { return Heard::End };
        let length = usize::from(u16::from_be_bytes([head[3], head[4]]));
        let content = client.exactly(length).unwrap_or_else(|broken| panic!("half a record: {broken:?}"));
        match head[0] {
            21 => return Heard::Alert(content[0], content[1]),
            22 => flight.extend(content),
            other => panic!("a record of kind {other}"),
        }
        // ServerHelloDone is the last message of the flight, and is empty.
        if flight.ends_with(&[14, 0, 0, 0]) {
            return Heard::Handshake(flight);
        }
    }
}

fn sized(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&length[..], content].concat()
}
