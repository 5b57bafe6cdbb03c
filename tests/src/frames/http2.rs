//! One end of an HTTP/2 connection.

use std::collections::BTreeMap;

use crate::connection::Filled;
use crate::frames::hpack::Decoder;
use crate::frames::{Event, Fields, Frame, PREFACE, Received, bytes_of, flag, kind, setting};
use crate::{Broken, Connection, Ending, Socket, latin1};

/// How many bytes of bodies come before the other end is told that it may send more.
const OWED: u32 = 16 * 1024;

/// One end of an HTTP/2 connection. SETTINGS and PING of the other end are answered as they are read.
pub struct Http2 {
    /// What it runs over.
    pub connection: Connection,
    /// What the other end has set so far, the latest last.
    pub settings: Vec<(u16, u32)>,
    /// Whether the other end may always send more.
    pub replenishes: bool,
    /// What has come on each stream.
    pub(crate) streams: BTreeMap<u32, Received>,
    decoder: Decoder,
    /// A field block that has not come whole: its first frame, and its bytes.
    block: Option<(Frame, Vec<u8>)>,
    owed: BTreeMap<u32, u32>,
    /// What has been sent of bodies, and how much more than at first may be sent, of each stream and of the connection.
    pub(crate) sent: BTreeMap<u32, u64>,
    pub(crate) granted: BTreeMap<u32, u64>,
    next: u32,
}

impl Http2 {
    /// A client's connection whose settings are in force on both sides.
    ///
    /// # Panics
    /// Nobody listens there, or nobody speaks HTTP/2 there.
    #[track_caller]
    pub fn to(address: &Socket) -> Self {
        Self::with(address, &[])
    }

    /// A client's connection with these settings, which are in force on both sides.
    ///
    /// # Panics
    /// Nobody listens there, or nobody speaks HTTP/2 there.
    #[track_caller]
    pub fn with(address: &Socket, settings: &[(u16, u32)]) -> Self {
        let mut client = Self::silent(address);
        client.shake_hands(settings).unwrap_or_else(|event| panic!("no HTTP/2 at {address:?}: {event:?}"));
        client
    }

    /// A client's connection on which nothing has been sent.
    ///
    /// # Panics
    /// Nobody listens there.
    #[track_caller]
    pub fn silent(address: &Socket) -> Self {
        Self::on(Connection::to(address))
    }

    /// A client's end of a connection, be it one of TLS, whose settings are in force on both sides.
    ///
    /// # Panics
    /// Nobody speaks HTTP/2 there.
    #[track_caller]
    pub fn over(connection: Connection) -> Self {
        let mut client = Self::on(connection);
        client.shake_hands(&[]).unwrap_or_else(|event| panic!("no HTTP/2: {event:?}"));
        client
    }

    /// Sends the preface with these settings, and waits until each side has taken the other's.
    ///
    /// # Errors
    /// Something else came.
    pub fn shake_hands(&mut self, settings: &[(u16, u32)]) -> Result<(), Event> {
        let _ = self.connection.try_send([PREFACE, &Frame::settings(settings).bytes()].concat());
        self.wait_for_settings()
    }

    /// A backend's connection: the preface has come, and each side has taken the other's settings.
    ///
    /// # Errors
    /// Something else came.
    pub(crate) fn accept(mut connection: Connection, settings: &[(u16, u32)]) -> Result<Self, String> {
        match connection.exactly(PREFACE.len()) {
            Ok(preface) if preface == PREFACE => {}
            Ok(other) => return Err(latin1(&other)),
            Err(Broken::Cut(_, so_far)) if so_far.is_empty() => return Err(String::new()),
            Err(broken) => return Err(format!("{broken:?}")),
        }
        let mut backend = Self::on(connection);
        let _ = backend.try_send(&Frame::settings(settings));
        backend.wait_for_settings().map_err(|event| format!("{event:?}"))?;
        Ok(backend)
    }

    fn on(connection: Connection) -> Self {
        Self {
            connection,
            settings: Vec::new(),
            replenishes: true,
            streams: BTreeMap::new(),
            decoder: Decoder::new(),
            block: None,
            owed: BTreeMap::new(),
            sent: BTreeMap::new(),
            granted: BTreeMap::new(),
            next: 1,
        }
    }

    fn wait_for_settings(&mut self) -> Result<(), Event> {
        let (mut has_settings, mut has_ack) = (false, false);
        while !(has_settings && has_ack) {
            match self.read() {
                Event::Settings(_) => has_settings = true,
                Event::SettingsAck => has_ack = true,
                Event::WindowUpdate { .. } | Event::Ping(_) | Event::Headers { .. } | Event::Data { .. } => {}
                other => return Err(other),
            }
        }
        Ok(())
    }

    /// Sends a frame.
    ///
    /// # Panics
    /// The other side takes no more.
    #[track_caller]
    pub fn send(&mut self, frame: &Frame) {
        self.connection.send(frame.bytes());
    }

    /// Sends frames at once.
    ///
    /// # Panics
    /// The other side takes no more.
    #[track_caller]
    pub fn send_all(&mut self, frames: &[Frame]) {
        self.connection.send(bytes_of(frames));
    }

    /// Sends a frame to a side that may take no more.
    ///
    /// # Errors
    /// It takes no more.
    pub fn try_send(&mut self, frame: &Frame) -> std::io::Result<()> {
        self.connection.try_send(frame.bytes())
    }

    /// The next stream of a client.
    pub fn stream(&mut self) -> u32 {
        self.next += 2;
        self.next - 2
    }

    /// Sends a request without a body on a new stream, which is the result.
    ///
    /// # Panics
    /// The other side takes no more.
    #[track_caller]
    pub fn ask(&mut self, head: &Fields) -> u32 {
        let stream = self.stream();
        self.send(&Frame::headers(stream, head).end());
        stream
    }

    /// Sends a request with a body on a new stream, which is the result.
    ///
    /// # Panics
    /// The other side takes no more.
    #[track_caller]
    pub fn ask_with(&mut self, head: &Fields, body: impl AsRef<[u8]>) -> u32 {
        let stream = self.stream();
        self.send_all(&[Frame::headers(stream, head), Frame::data(stream, body).end()]);
        stream
    }

    /// The value that the other end has given to a setting.
    pub fn setting(&self, id: u16) -> Option<u32> {
        self.settings.iter().rev().find(|(other, _)| *other == id).map(|(_, value)| *value)
    }

    /// The longest payload of a frame that the other end takes.
    pub fn max_frame_size(&self) -> usize {
        self.setting(setting::MAX_FRAME_SIZE).unwrap_or(16_384) as usize
    }

    /// What has come on a stream so far.
    pub fn received(&self, stream: u32) -> Received {
        self.streams.get(&stream).cloned().unwrap_or_default()
    }

    /// Waits for what comes next.
    pub fn read(&mut self) -> Event {
        loop {
            let frame = match self.frame() {
                Ok(frame) => frame,
                Err(last) => return last,
            };
            let Some(event) = self.event(frame) else { continue };
            if let Event::Headers { stream, .. } | Event::Data { stream, .. } | Event::Reset { stream, .. } =
                event
            {
                self.streams.entry(stream).or_default().add(&event);
            }
            return event;
        }
    }

    fn frame(&mut self) -> Result<Frame, Event> {
        loop {
            if let Some(frame) = Frame::take(&mut self.connection.unread) {
                return Ok(frame);
            }
            match self.connection.fill_or_silence() {
                Filled::More => {}
                Filled::Ended(ending) => return Err(Event::End(ending)),
                Filled::Silent => return Err(Event::Silence),
            }
        }
    }

    /// What a frame says; `None` where more has to come.
    fn event(&mut self, frame: Frame) -> Option<Event> {
        let stream = frame.stream;
        Some(match frame.kind {
            kind::HEADERS => return self.begin(frame),
            kind::CONTINUATION => return self.go_on(&frame),
            kind::DATA => {
                self.replenish(&frame);
                Event::Data { stream, bytes: frame.content(), has_ended: frame.has(flag::END_STREAM) }
            }
            kind::RST_STREAM => Event::Reset { stream, code: frame.number(0) },
            kind::SETTINGS if frame.has(flag::ACK) => Event::SettingsAck,
            kind::SETTINGS => Event::Settings(self.take_settings(&frame)),
            kind::PING => self.ping(&frame),
            kind::GOAWAY => Event::GoAway { last: frame.number(0), code: frame.number(4) },
            kind::WINDOW_UPDATE => {
                *self.granted.entry(stream).or_default() += u64::from(frame.number(0));
                Event::WindowUpdate { stream, increment: frame.number(0) }
            }
            _ => Event::Other(frame),
        })
    }

    fn begin(&mut self, frame: Frame) -> Option<Event> {
        let block = frame.content();
        if frame.has(flag::END_HEADERS) {
            return Some(self.decode(&frame, &block));
        }
        self.block = Some((frame, block));
        None
    }

    fn go_on(&mut self, frame: &Frame) -> Option<Event> {
        let (first, mut block) = self.block.take().expect("HEADERS came before");
        block.extend_from_slice(&frame.payload);
        if frame.has(flag::END_HEADERS) {
            return Some(self.decode(&first, &block));
        }
        self.block = Some((first, block));
        None
    }

    fn decode(&mut self, first: &Frame, block: &[u8]) -> Event {
        let decoded = self.decoder.decode(block);
        let fields = decoded.unwrap_or_else(|error| panic!("a field block is broken: {error}"));
        Event::Headers { stream: first.stream, fields, has_ended: first.has(flag::END_STREAM) }
    }

    fn take_settings(&mut self, frame: &Frame) -> Vec<(u16, u32)> {
        let (settings, _) = frame.payload.as_chunks::<6>();
        let one =
            |&[a, b, c, d, e, f]: &[u8; 6]| (u16::from_be_bytes([a, b]), u32::from_be_bytes([c, d, e, f]));
        let settings: Vec<(u16, u32)> = settings.iter().map(one).collect();
        self.settings.extend(&settings);
        let _ = self.try_send(&Frame::settings_ack());
        settings
    }

    fn ping(&mut self, frame: &Frame) -> Event {
        let bytes = *frame.payload.first_chunk().expect("PING has eight bytes");
        if frame.has(flag::ACK) {
            return Event::Pong(bytes);
        }
        let _ = self.try_send(&Frame::pong(bytes));
        Event::Ping(bytes)
    }

    /// Gives back what DATA took of the windows.
    fn replenish(&mut self, frame: &Frame) {
        let length = u32::try_from(frame.payload.len()).expect("a frame has a length of 24 bits");
        for stream in [0, frame.stream] {
            let owed = self.owed.entry(stream).or_default();
            *owed += length;
            if self.replenishes && *owed >= OWED {
                let update = Frame::window_update(stream, std::mem::take(owed));
                let _ = self.try_send(&update);
            }
        }
    }

    /// Reads and forgets until the connection ends; how it ended.
    ///
    /// # Panics
    /// It does not end.
    #[track_caller]
    pub fn rest(&mut self) -> Ending {
        loop {
            match self.read() {
                Event::End(ending) => return ending,
                Event::Silence => panic!("the connection does not end"),
                _ => {}
            }
        }
    }
}
