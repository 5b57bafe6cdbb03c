//! Sends bodies as the other end allows it: RFC 9113 section 6.9.

use crate::frames::{Event, Frame, Http2, setting};

/// The window of a connection, and of a stream where nobody has set another one.
const WINDOW: u32 = 65_535;

impl Http2 {
    /// Sends a whole body, in frames as long as they may be, and its END_STREAM.
    ///
    /// # Errors
    /// The stream is reset before or the connection ends; nobody gives a window within the time that anything is waited
    /// for.
    pub fn send_body(&mut self, stream: u32, mut body: &[u8]) -> Result<(), Event> {
        while !body.is_empty() {
            let part = self.allowance(stream).min(self.max_frame_size()).min(body.len());
            if part == 0 {
                match self.read() {
                    Event::Reset { stream: other, code } if other == stream => {
                        return Err(Event::Reset { stream, code });
                    }
                    event if event.is_last() => return Err(event),
                    _ => continue,
                }
            }
            let (sent, rest) = body.split_at(part);
            body = rest;
            for window in [0, stream] {
                *self.sent.entry(window).or_default() += part as u64;
            }
            let frame = Frame::data(stream, sent);
            let frame = if body.is_empty() { frame.end() } else { frame };
            self.try_send(&frame).map_err(|_| Event::End(crate::Ending::Reset))?;
        }
        Ok(())
    }

    /// How many bytes of a body may be sent.
    fn allowance(&self, stream: u32) -> usize {
        let first = u64::from(self.setting(setting::INITIAL_WINDOW_SIZE).unwrap_or(WINDOW));
        let left = |window: u32, first: u64| {
            let granted = self.granted.get(&window).copied().unwrap_or_default();
            (first + granted).saturating_sub(self.sent.get(&window).copied().unwrap_or_default())
        };
        let left = left(0, WINDOW.into()).min(left(stream, first));
        usize::try_from(left).unwrap_or(usize::MAX)
    }
}
