//! Server-sent events, as the HTML standard has them (section 9.2.6).

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// Its type; `message` where it has none.
    pub(super) kind: String,
    pub(super) data: String,
    /// The last id that was told.
    pub(super) id: String,
}

/// More of a line, or of an event's data, is not held, in bytes.
const LONGEST: usize = 1 << 20;

/// A line or an event is longer than anything sensible.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event is longer than {LONGEST} bytes")]
pub(super) struct TooLong;

/// Makes events of bytes, wherever these are split.
#[derive(Debug, Default)]
pub(super) struct Parser {
    line: Vec<u8>,
    /// The last byte was a carriage return, which a line feed may follow.
    was_return: bool,
    is_begun: bool,
    kind: String,
    data: Option<String>,
    id: String,
}

impl Parser {
    /// The events that end in these bytes.
    ///
    /// # Errors
    /// Nothing sensible comes any more.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, TooLong> {
        let mut events = Vec::new();
        for byte in bytes {
            let was_return = std::mem::replace(&mut self.was_return, *byte == b'\r');
            match byte {
                b'\n' if was_return => {}
                b'\n' | b'\r' => events.extend(self.end_line()?),
                _ if self.line.len() >= LONGEST => return Err(TooLong),
                byte => self.line.push(*byte),
            }
        }
        Ok(events)
    }

    fn end_line(&mut self) -> Result<Option<Event>, TooLong> {
        let bytes = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&bytes);
        let line = match std::mem::replace(&mut self.is_begun, true) {
            true => &*text,
            false => text.strip_prefix('\u{feff}').unwrap_or(&text),
        };
        if line.is_empty() {
            return Ok(self.dispatch());
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => self.kind = value.to_owned(),
            "id" if !value.contains('\0') => self.id = value.to_owned(),
            "data" => self.add(value)?,
            _ => {}
        }
        Ok(None)
    }

    fn add(&mut self, value: &str) -> Result<(), TooLong> {
        match &mut self.data {
            None => self.data = Some(value.to_owned()),
            Some(data) if data.len() + value.len() >= LONGEST => return Err(TooLong),
            Some(data) => {
                data.push('\n');
                data.push_str(value);
            }
        }
        Ok(())
    }

    fn dispatch(&mut self) -> Option<Event> {
        let kind = std::mem::take(&mut self.kind);
        let data = self.data.take()?;
        let kind = if kind.is_empty() { "message".into() } else { kind };
        Some(Event { kind, data, id: self.id.clone() })
    }
}

#[cfg(test)]
mod tests;
