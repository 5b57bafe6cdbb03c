//! Reads messages by their framing (RFC 9112 sections 6 and 7), and takes nothing that is not exactly right.

use crate::message::fields;
use crate::{Broken, Connection, Ending, Head, Message, latin1};

/// How long a body is.
#[derive(Clone, Copy)]
enum Length {
    Bytes(u64),
    Chunked,
    UntilClose,
}

impl Connection {
    /// Reads a request with its body.
    ///
    /// # Errors
    /// It does not come whole.
    pub fn request(&mut self) -> Result<Message, Broken> {
        let head = head(self)?;
        self.body_of_request(head)
    }

    /// Reads the body of a request whose head has been read.
    ///
    /// # Errors
    /// It does not come whole.
    pub fn body_of_request(&mut self, head: Head) -> Result<Message, Broken> {
        let length = length(&head, Length::Bytes(0))?;
        body(self, head, length, Vec::new())
    }

    /// Reads a response, for the request that was [asked](Connection::ask) first and not yet answered, and what interim
    /// responses come before it.
    ///
    /// # Errors
    /// It does not come whole.
    pub fn response(&mut self) -> Result<Message, Broken> {
        let mut interim = Vec::new();
        let method = self.answered();
        loop {
            let head = head(self)?;
            match head.status() {
                100 | 102..=199 => interim.push(head),
                101 | 204 | 304 => return body(self, head, Length::Bytes(0), interim),
                _ if method == "HEAD" => return body(self, head, Length::Bytes(0), interim),
                _ => {
                    let length = length(&head, Length::UntilClose)?;
                    return body(self, head, length, interim);
                }
            }
        }
    }
}

pub(crate) fn head(connection: &mut Connection) -> Result<Head, Broken> {
    loop {
        if let Some(at) = connection.unread.windows(4).position(|four| four == b"\r\n\r\n") {
            return Ok(Head::parse(&connection.unread.drain(..at + 4).collect::<Vec<u8>>()));
        }
        if let Some(ending) = connection.fill() {
            return Err(match std::mem::take(&mut connection.unread) {
                so_far if so_far.is_empty() => Broken::End(ending),
                so_far => Broken::Cut(ending, so_far),
            });
        }
    }
}

fn length(head: &Head, without: Length) -> Result<Length, Broken> {
    let (codings, lengths) = (head.all("Transfer-Encoding"), head.all("Content-Length"));
    match (codings.as_slice(), lengths.as_slice()) {
        ([], []) => Ok(without),
        ([], [length]) => match length.parse() {
            Ok(length) => Ok(Length::Bytes(length)),
            Err(_) => Err(Broken::Malformed(format!("Content-Length: {length}"))),
        },
        (["chunked"], []) => Ok(Length::Chunked),
        _ => Err(Broken::Malformed(latin1(&head.raw))),
    }
}

fn body(
    connection: &mut Connection,
    head: Head,
    length: Length,
    interim: Vec<Head>,
) -> Result<Message, Broken> {
    let mut trailers = Vec::new();
    let body = match length {
        Length::Bytes(count) => connection.exactly(usize::try_from(count).unwrap_or(usize::MAX))?,
        Length::Chunked => {
            let mut body = Vec::new();
            trailers = chunks(connection, &mut body)?;
            body
        }
        Length::UntilClose => match connection.rest() {
            (body, Ending::Closed) => body,
            (body, ending) => return Err(Broken::Cut(ending, body)),
        },
    };
    Ok(Message { head, body, trailers, interim })
}

/// Reads chunks up to the last one, and gives the trailers.
fn chunks(connection: &mut Connection, body: &mut Vec<u8>) -> Result<Vec<(String, String)>, Broken> {
    let cut = |body: &Vec<u8>| {
        let so_far = body.clone();
        move |broken: Broken| match broken {
            Broken::Cut(ending, _) | Broken::End(ending) => Broken::Cut(ending, so_far),
            malformed @ Broken::Malformed(_) => malformed,
        }
    };
    loop {
        let line = line(connection).map_err(cut(body))?;
        let is_hex = !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_hexdigit());
        let Some(size) = usize::from_str_radix(&line, 16).ok().filter(|_| is_hex) else {
            return Err(Broken::Malformed(format!("chunk size {line:?}")));
        };
        if size == 0 {
            break;
        }
        body.extend(connection.exactly(size).map_err(cut(body))?);
        let end = connection.exactly(2).map_err(cut(body))?;
        if end != b"\r\n" {
            return Err(Broken::Malformed(format!("a chunk ends in {:?}", latin1(&end))));
        }
    }
    let mut lines = Vec::new();
    loop {
        match line(connection).map_err(cut(body))? {
            end if end.is_empty() => return Ok(fields(lines.iter().map(String::as_str))),
            line => lines.push(line),
        }
    }
}

fn line(connection: &mut Connection) -> Result<String, Broken> {
    loop {
        if let Some(at) = connection.unread.windows(2).position(|two| two == b"\r\n") {
            let line = latin1(&connection.unread[..at]);
            connection.unread.drain(..at + 2);
            return Ok(line);
        }
        if let Some(ending) = connection.fill() {
            return Err(Broken::Cut(ending, std::mem::take(&mut connection.unread)));
        }
    }
}
