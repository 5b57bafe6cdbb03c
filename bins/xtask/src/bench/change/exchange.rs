//! One request over HTTP/1.1 and its answer, for who can wait for it.

use std::io::{Read, Write};

use anyhow::{Context, Result, bail};

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The lines of its fields.
    fields: String,
    pub(super) body: String,
}

impl Answer {
    /// The value of the field `name`.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// Sends `request` and reads the answer, whose length must be told.
///
/// # Errors
/// When there is none, or it makes no sense.
pub(super) fn exchange(stream: &mut (impl Read + Write), request: &[u8]) -> Result<Answer> {
    stream.write_all(request).context("a request could not be sent")?;
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let received = stream.read(&mut part).context("no answer")?;
        if received == 0 {
            bail!("a connection was closed before its answer");
        }
        bytes.extend_from_slice(part.get(..received).unwrap_or_default());
        if let Some(answer) = answer_in(&bytes)? {
            return Ok(answer);
        }
    }
}

/// The answer, once it is whole.
fn answer_in(bytes: &[u8]) -> Result<Option<Answer>> {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return Ok(None) };
    let (line, fields) = head.split_once("\r\n").unwrap_or((head, ""));
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.with_context(|| format!("an odd answer: {line}"))?;
    let mut answer = Answer { status, fields: fields.to_owned(), body: String::new() };
    let length = match answer.field("content-length") {
        Some(length) => length.parse().context("an odd length")?,
        // RFC 9110 section 15.3.5: it has no content.
        None if status == 204 => 0,
        None => bail!("an answer does not tell its length"),
    };
    if body.len() < length {
        return Ok(None);
    }
    body.clone_into(&mut answer.body);
    Ok(Some(answer))
}

#[cfg(test)]
mod tests;
