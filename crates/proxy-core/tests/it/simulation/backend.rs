//! Backends: small servers of HTTP/1.1 that do to each request what the condition of their site says.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::ledger::{Id, Ledger};
use super::network::{Condition, Far, Site};

/// The field that carries a request's number.
pub(super) const FIELD: &str = "x-sim";

/// The number of the request whose head this is.
pub(super) fn id_of(head: &[u8]) -> Option<Id> {
    let text = String::from_utf8_lossy(head);
    let (_, rest) = text.split_once("x-sim: ")?;
    rest.split("\r\n").next()?.parse().ok()
}

/// The body of that request, where it has one.
pub(super) fn question(id: Id) -> String {
    format!("question {id};").repeat(1 + id as usize % 40)
}

/// The body of the answer to that request.
pub(super) fn answer(id: Id) -> String {
    format!("answer to {id};").repeat(1 + id as usize % 7)
}

/// Serves one connection until it ends or is cut.
pub(super) async fn serve(mut far: Far, site: Arc<Site>, ledger: Arc<Ledger>, mut random: fastrand::Rng) {
    let cut = far.cut();
    let number = far.number();
    let talking = async {
        let mut talk = Talk { far: &mut far, ahead: Vec::new(), ledger: &ledger, random: &mut random };
        let _ = talk.run(&site).await;
    };
    tokio::select! {
        biased;
        () = cut => {}
        () = talking => {}
    }
    // An answer that is under way is broken off with the connection.
    let is_reset = random.bool();
    ledger.cut(number, is_reset);
    if is_reset {
        far.reset();
    }
}

struct Talk<'a> {
    far: &'a mut Far,
    ahead: Vec<u8>,
    ledger: &'a Ledger,
    random: &'a mut fastrand::Rng,
}

impl Talk<'_> {
    async fn run(&mut self, site: &Site) -> io::Result<()> {
        let number = self.far.number();
        loop {
            if site.condition() == Condition::HangsUp {
                return Ok(());
            }
            let head = self.until(b"\r\n\r\n").await?;
            let Some(id) = id_of(&head) else { return Ok(()) };
            self.ledger.received(number, id);
            self.body(id, &String::from_utf8_lossy(&head).to_ascii_lowercase()).await?;
            let condition = site.condition();
            if !self.answer(id, condition).await? {
                return Ok(());
            }
            if condition == Condition::ClosesIdle {
                // In order: what was written arrives.
                self.far.io.shutdown().await?;
                return std::future::pending().await;
            }
        }
    }

    /// False where the connection ends without more.
    async fn answer(&mut self, id: Id, condition: Condition) -> io::Result<bool> {
        let number = self.far.number();
        let (head, body) = self.message(id, condition);
        let half = (head.len() / 2, body.len() / 2);
        match condition {
            Condition::Mute => return std::future::pending().await,
            Condition::HangsUp | Condition::BreaksBeforeHead => return Ok(false),
            Condition::BreaksInHead => {
                self.send(&head[..half.0]).await?;
                self.pause(5).await;
                return Ok(false);
            }
            Condition::BreaksInBody | Condition::StallsInBody => {
                self.ledger.breaks(id);
                self.send(&head).await?;
                self.send(&body[..half.1]).await?;
                self.pause(20).await;
                if condition == Condition::StallsInBody {
                    return std::future::pending().await;
                }
                return Ok(false);
            }
            Condition::Drips => {
                self.ledger.begins(number, id);
                let (most, last) = body.split_at(body.len() - 1);
                for piece in head.chunks(40).chain(most.chunks(9)) {
                    self.send(piece).await?;
                    self.pause(30).await;
                }
                self.ledger.answered(number);
                self.send(last).await?;
                return Ok(true);
            }
            Condition::Well(delay) => tokio::time::sleep(delay).await,
            _ => {}
        }
        let whole = [head, body].concat();
        // Nothing is between the two: whoever has the answer finds the request gone from here.
        self.ledger.answered(number);
        self.send(&whole).await?;
        Ok(true)
    }

    /// The head and the body of the answer.
    fn message(&mut self, id: Id, condition: Condition) -> (Vec<u8>, Vec<u8>) {
        let (status, after) = match condition {
            Condition::Busy(None) => ("503 Busy", String::new()),
            Condition::Busy(Some(seconds)) => ("503 Busy", format!("Retry-After: {seconds}\r\n")),
            _ => ("200 OK", String::new()),
        };
        let body = answer(id);
        let (framing, body) = if self.random.bool() {
            (format!("Content-Length: {}", body.len()), body)
        } else {
            ("Transfer-Encoding: chunked".to_owned(), format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()))
        };
        let head = format!("HTTP/1.1 {status}\r\n{FIELD}: {id}\r\n{after}{framing}\r\n\r\n");
        (head.into_bytes(), body.into_bytes())
    }

    /// Reads the request's body, which must be the whole one.
    async fn body(&mut self, id: Id, head: &str) -> io::Result<()> {
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
        let body = if let Some(length) = length {
            self.exactly(length.parse().unwrap()).await?
        } else if head.contains("transfer-encoding: chunked") {
            self.chunks().await?
        } else {
            return Ok(());
        };
        if body != question(id).as_bytes() {
            self.ledger.fault(format!("request {id} has the body {:?}", String::from_utf8_lossy(&body)));
        }
        Ok(())
    }

    async fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let size = self.until(b"\r\n").await?;
            let size = usize::from_str_radix(String::from_utf8_lossy(&size).trim_end(), 16).unwrap();
            body.extend(self.exactly(size).await?);
            self.exactly(2).await?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    async fn until(&mut self, end: &[u8]) -> io::Result<Vec<u8>> {
        loop {
            if let Some(at) = self.ahead.windows(end.len()).position(|part| part == end) {
                return Ok(self.ahead.drain(..at + end.len()).collect());
            }
            self.more().await?;
        }
    }

    async fn exactly(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.ahead.len() < count {
            self.more().await?;
        }
        Ok(self.ahead.drain(..count).collect())
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.far.io.read_buf(&mut self.ahead).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.far.io.write_all(bytes).await
    }

    async fn pause(&mut self, most: u64) {
        tokio::time::sleep(Duration::from_millis(self.random.u64(1..=most))).await;
    }
}
