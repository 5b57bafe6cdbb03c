//! Reading answers of any kind, as far as it must be known what they are and where they end.

use super::outcomes::Outcome;

/// The bytes of an answer so far.
#[derive(Debug, Default)]
pub(super) struct Answer(Vec<u8>);

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// What proxyd says in `Proxy-Status` when it refuses a request that it had not let wait.
const AT_ONCE: &str = "\"queue_full\"";

impl Answer {
    /// Takes in `bytes`: what the answer says and whether the connection ends with it, once it is whole.
    ///
    /// # Errors
    /// Says what is wrong with an answer that makes no sense.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Option<(Outcome, bool)>, String> {
        self.0.extend_from_slice(bytes);
        let end = self.0.windows(END_OF_HEAD.len()).position(|window| window == END_OF_HEAD);
        let Some(end) = end else { return Ok(None) };
        let head = String::from_utf8_lossy(self.0.get(..end).unwrap_or_default());
        let length: usize = field(&head, "content-length")
            .and_then(|value| value.parse().ok())
            .ok_or("an answer has no Content-Length")?;
        let whole = end + END_OF_HEAD.len() + length;
        if self.0.len() < whole {
            return Ok(None);
        }
        if self.0.len() > whole {
            return Err(format!("{} bytes too many in an answer", self.0.len() - whole));
        }
        let is_last = field(&head, "connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        Ok(Some((outcome(&head), is_last)))
    }
}

fn outcome(head: &str) -> Outcome {
    let line = head.lines().next().unwrap_or_default();
    match line.split(' ').nth(1) {
        Some("200") => Outcome::Good,
        Some("503") => {
            let reason = field(head, "proxy-status").unwrap_or_default();
            Outcome::Refused { at_once: reason.contains(AT_ONCE) }
        }
        _ => Outcome::Failed(format!("unexpected answer: {line}")),
    }
}

/// The value of the field `name` (in lower case) of a head.
fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    fields.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests;
