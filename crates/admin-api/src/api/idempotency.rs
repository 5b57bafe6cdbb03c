//! Writes that a client sends again, since it has not seen their answer.
//!
//! Of a write with an `Idempotency-Key`, a success is remembered for a while, and answered again to the same caller for the same
//! key. What failed has changed nothing, and is tried again.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};

use super::reply::{Content, Reply};
use crate::Problem;

/// How long an answer is remembered.
const MEMORY: Duration = Duration::from_secs(600);
/// So many answers are remembered at the most; the oldest go first.
const ANSWERS_MAX: usize = 1000;
/// So many bytes of answers and keys are remembered at the most.
const BYTES_MAX: usize = 16 << 20;
/// The longest key.
const KEY_MAX: usize = 128;
/// What an answer takes beside its bytes, about.
const OVERHEAD: usize = 512;

pub(crate) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The answers that are remembered. Cheap to clone; all clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Shared>);

#[derive(Default)]
struct Shared {
    held: Mutex<Held>,
    /// Random, so that nobody can make two requests look the same.
    hashers: [RandomState; 2],
}

#[derive(Default)]
struct Held {
    answers: HashMap<Name, Known>,
    /// Finished ones, the oldest first.
    order: VecDeque<(Name, Instant)>,
    bytes: usize,
}

/// Whose key.
type Name = (String, String);
/// What a request is told from another one by.
type Print = [u64; 2];

enum Known {
    UnderWay(Print),
    Done(Print, Answer),
}

#[derive(Clone)]
struct Answer {
    status: StatusCode,
    fields: HeaderMap,
    body: Bytes,
}

/// What is to be done with a request.
pub(crate) enum Begun {
    /// What it asks for; the ticket is to be told the answer.
    New(Ticket),
    /// Nothing: this was the answer.
    Replayed(Reply),
}

/// A request under way. Another one with the same key is refused while it lives.
pub(crate) struct Ticket {
    memory: Memory,
    name: Name,
    print: Print,
}

impl Memory {
    /// Begins a request of a caller with a key; what it asks for is told apart by these parts.
    ///
    /// # Errors
    /// 400 where the key is none, 409 where a request of the key is under way, 422 where the key was another request's.
    pub(crate) fn begin(
        &self,
        caller: &str,
        key: &HeaderValue,
        asked: [&[u8]; 3],
        now: Instant,
    ) -> Result<Begun, Problem> {
        let name = (caller.to_owned(), check(key)?.to_owned());
        let [first, second] = &self.0.hashers;
        let print = [first.hash_one(asked), second.hash_one(asked)];
        let mut held = self.held();
        held.forget(now);
        match held.answers.get(&name) {
            Some(Known::UnderWay(known) | Known::Done(known, _)) if *known != print => Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_mismatch",
                "the key in `Idempotency-Key` was used for another request",
            )),
            Some(Known::UnderWay(_)) => Err(Problem::new(
                StatusCode::CONFLICT,
                "idempotency_in_progress",
                "a request with the same `Idempotency-Key` is under way",
            )),
            Some(Known::Done(_, answer)) => Ok(Begun::Replayed(answer.reply())),
            None => {
                held.answers.insert(name.clone(), Known::UnderWay(print));
                Ok(Begun::New(Ticket { memory: self.clone(), name, print }))
            }
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// Remembers a success.
    pub(crate) fn succeeded(&self, reply: &Reply, now: Instant) {
        let Content::Whole(body) = &reply.content else { return };
        let answer = Answer { status: reply.status, fields: reply.fields.clone(), body: body.clone() };
        let mut held = self.memory.held();
        held.bytes = held.bytes.saturating_add(size(&self.name, body));
        held.answers.insert(self.name.clone(), Known::Done(self.print, answer));
        held.order.push_back((self.name.clone(), now));
        held.forget(now);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut held = self.memory.held();
        if let Some(Known::UnderWay(_)) = held.answers.get(&self.name) {
            held.answers.remove(&self.name);
        }
    }
}

impl Held {
    /// Forgets what is too old, and the oldest where it is too much.
    fn forget(&mut self, now: Instant) {
        while let Some((_, at)) = self.order.front() {
            let is_old = now.saturating_duration_since(*at) >= MEMORY;
            if !is_old && self.order.len() <= ANSWERS_MAX && self.bytes <= BYTES_MAX {
                return;
            }
            let Some((name, _)) = self.order.pop_front() else { return };
            if let Some(Known::Done(_, answer)) = self.answers.remove(&name) {
                self.bytes = self.bytes.saturating_sub(size(&name, &answer.body));
            }
        }
    }
}

impl Answer {
    fn reply(&self) -> Reply {
        let mut fields = self.fields.clone();
        fields.insert(REPLAYED, HeaderValue::from_static("true"));
        Reply { status: self.status, fields, content: Content::Whole(self.body.clone()), made: None }
    }
}

fn size((caller, key): &Name, body: &Bytes) -> usize {
    OVERHEAD + 2 * (caller.len() + key.len()) + body.len()
}

/// The key that a field has.
///
/// # Errors
/// 400 where it is none.
pub(crate) fn check(key: &HeaderValue) -> Result<&str, Problem> {
    let text = key.to_str().ok().filter(|text| (1..=KEY_MAX).contains(&text.len()));
    text.filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic())).ok_or_else(|| {
        let detail = format!("`Idempotency-Key` must have from 1 to {KEY_MAX} visible ASCII characters");
        Problem::new(StatusCode::BAD_REQUEST, "invalid_idempotency_key", detail)
    })
}

#[cfg(test)]
mod tests;
