//! Requests as far as the demo's backends understand them. They come from the proxy, which is strict, so that this
//! need not be.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

/// The longest line that is read.
const LINE_MAX: u64 = 64 * 1024;

/// A request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// Its first line.
    pub(super) line: String,
    /// Its field lines.
    pub(super) fields: Vec<String>,
    /// Bytes of its body.
    pub(super) body: u64,
    /// Another request may follow.
    pub(super) is_kept_alive: bool,
}

impl Request {
    /// The path, without the query.
    pub(super) fn path(&self) -> &str {
        let target = self.line.split(' ').nth(1).unwrap_or_default();
        target.split('?').next().unwrap_or_default()
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find_map(|field| {
            let (held, value) = field.split_once(':')?;
            held.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

/// The next request, its body read and thrown away; `None` where the connection has ended.
///
/// # Errors
/// The connection broke, or what came is no request.
pub(super) async fn read(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Request>> {
    let line = line(from).await?;
    if line.is_empty() {
        return Ok(None);
    }
    let mut request = Request { line, fields: Vec::new(), body: 0, is_kept_alive: true };
    loop {
        let field = self::line(from).await?;
        if field.is_empty() {
            break;
        }
        request.fields.push(field);
    }
    request.is_kept_alive = !request.field("connection").is_some_and(|value| value.contains("close"));
    if request.field("transfer-encoding").is_some() {
        request.body = chunks(from).await?;
    } else if let Some(length) = request.field("content-length") {
        request.body = length.parse().map_err(|_| io::ErrorKind::InvalidData)?;
        skip(from, request.body).await?;
    }
    Ok(Some(request))
}

async fn chunks(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<u64> {
    let mut bytes = 0;
    loop {
        let size = line(from).await?;
        let size = size.split(';').next().unwrap_or_default();
        let size = u64::from_str_radix(size, 16).map_err(|_| io::ErrorKind::InvalidData)?;
        if size == 0 {
            break;
        }
        bytes += size;
        skip(from, size).await?;
        line(from).await?;
    }
    while !line(from).await?.is_empty() {}
    Ok(bytes)
}

async fn skip(from: &mut (impl AsyncBufRead + Unpin), bytes: u64) -> io::Result<()> {
    let skipped = tokio::io::copy_buf(&mut from.take(bytes), &mut tokio::io::sink()).await?;
    if skipped == bytes { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// A line without its end; empty at the end of the connection.
async fn line(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<String> {
    let mut line = Vec::new();
    from.take(LINE_MAX).read_until(b'\n', &mut line).await?;
    let text = String::from_utf8_lossy(&line);
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests;
