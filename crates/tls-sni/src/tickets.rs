//! Session tickets: a client that comes again shows one, and the costly half of the handshake is left out.
//!
//! One set of secrets serves all workers and all listeners. Each class of client authentication seals with keys of its own,
//! derived from them, so that a ticket from an open name opens nothing where a certificate is demanded.

mod holder;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;
use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::server::ProducesTickets;
use zeroize::Zeroizing;

/// A random secret seals for so long, and opens for as long again.
const TURN: Duration = Duration::from_secs(6 * 3600);
/// How long a ticket is good for at the most.
const LIFETIME: u32 = 12 * 3600;
/// Of a secret, in bytes: at least what the cipher's key has, at most what nginx takes.
const SECRET: std::ops::RangeInclusive<usize> = 32..=80;
/// The most secrets of a file.
const MOST: usize = 16;
/// The bytes by which a ticket tells its key.
const NAME: usize = 16;
const KEY: usize = 32;

/// The secrets that tickets are sealed with. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct TicketKeys {
    shared: Arc<Shared>,
}

struct Shared {
    secrets: ArcSwap<Secrets>,
    /// Turned by one at a time.
    turning: Mutex<()>,
}

struct Secrets {
    /// Tells one state from the next.
    number: u64,
    /// The first seals; all open.
    all: Vec<Zeroizing<Vec<u8>>>,
    /// When a random one takes the first's place; `None` for those of a file.
    turns: Option<Instant>,
}

/// Why a file of ticket keys is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TicketKeysError {
    /// No key stands in it.
    #[error("no ticket key stands in it; write one with `openssl rand -base64 48`")]
    Empty,
    /// A line is no key.
    #[error("line {line} is no ticket key: expected base64 of {} to {} bytes", SECRET.start(), SECRET.end())]
    Line {
        /// Which line, from 1.
        line: usize,
    },
    /// There are too many.
    #[error("more than {MOST} ticket keys stand in it")]
    TooMany,
}

impl TicketKeys {
    /// Random ones, which change every 6 hours and end with the process.
    pub fn random() -> Self {
        Self::of(Secrets { number: 0, all: vec![random()], turns: Some(Instant::now() + TURN) })
    }

    /// Those of a file that several instances share: a line of base64 each, 32 to 80 bytes. The first seals, all open; who
    /// changes them adds the new one behind the others everywhere first, and then moves it to the front.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, TicketKeysError> {
        Ok(Self::of(Secrets { number: 0, all: read(text)?, turns: None }))
    }

    /// Takes those of another text in their place: tickets that none of them opens are good for nothing any more.
    ///
    /// # Errors
    /// What is wrong with the text; nothing has changed then.
    pub fn replace(&self, text: &str) -> Result<(), TicketKeysError> {
        let all = read(text)?;
        let _one_at_a_time = self.shared.turning.lock().unwrap_or_else(PoisonError::into_inner);
        let number = self.shared.secrets.load().number + 1;
        self.shared.secrets.store(Arc::new(Secrets { number, all, turns: None }));
        Ok(())
    }

    fn of(secrets: Secrets) -> Self {
        let shared = Shared { secrets: ArcSwap::from_pointee(secrets), turning: Mutex::new(()) };
        Self { shared: Arc::new(shared) }
    }

    /// The secrets as they are at `now`.
    fn at(&self, now: Instant) -> Arc<Secrets> {
        let secrets = self.shared.secrets.load();
        if secrets.turns.is_none_or(|turns| now < turns) {
            return Arc::clone(&secrets);
        }
        drop(secrets);
        let _one_at_a_time = self.shared.turning.lock().unwrap_or_else(PoisonError::into_inner);
        let secrets = self.shared.secrets.load_full();
        if secrets.turns.is_none_or(|turns| now < turns) {
            return secrets;
        }
        // One that should have ended two turns ago opens nothing.
        let is_recent = secrets.turns.is_some_and(|turns| now < turns + TURN);
        let former = secrets.all.first().filter(|_| is_recent).cloned();
        let all = std::iter::once(random()).chain(former).collect();
        let turned = Arc::new(Secrets { number: secrets.number + 1, all, turns: Some(now + TURN) });
        self.shared.secrets.store(Arc::clone(&turned));
        turned
    }
}

impl fmt::Debug for TicketKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TicketKeys").finish_non_exhaustive()
    }
}

/// # Panics
/// The system gives no randomness: nothing can be safe then.
#[expect(clippy::expect_used, reason = "aws-lc aborts the process before it would return an error here")]
fn random() -> Zeroizing<Vec<u8>> {
    let mut secret = Zeroizing::new(vec![0; KEY]);
    rand::fill(&mut secret).expect("the system gives randomness");
    secret
}

fn read(text: &str) -> Result<Vec<Zeroizing<Vec<u8>>>, TicketKeysError> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let mut all = Vec::new();
    for (line, text) in lines {
        let secret = STANDARD.decode(text.trim()).map(Zeroizing::new);
        let secret = secret.ok().filter(|secret| SECRET.contains(&secret.len()));
        all.push(secret.ok_or(TicketKeysError::Line { line })?);
    }
    match all.len() {
        0 => Err(TicketKeysError::Empty),
        1..=MOST => Ok(all),
        _ => Err(TicketKeysError::TooMany),
    }
}

/// The tickets of one class.
pub(crate) struct Tickets {
    keys: TicketKeys,
    class: u128,
    derived: ArcSwap<Derived>,
}

struct Derived {
    number: u64,
    keys: Vec<Key>,
}

struct Key {
    name: [u8; NAME],
    sealing: RandomizedNonceKey,
}

impl Tickets {
    pub(crate) fn new(keys: TicketKeys, class: u128) -> Self {
        let derived = ArcSwap::from_pointee(Derived::of(&keys.at(Instant::now()), class));
        Self { keys, class, derived }
    }

    fn derived(&self, now: Instant) -> Arc<Derived> {
        let secrets = self.keys.at(now);
        let derived = self.derived.load();
        if derived.number == secrets.number {
            return Arc::clone(&derived);
        }
        let fresh = Arc::new(Derived::of(&secrets, self.class));
        self.derived.store(Arc::clone(&fresh));
        fresh
    }

    fn seal(&self, plain: &[u8], now: Instant) -> Option<Vec<u8>> {
        let derived = self.derived(now);
        let key = derived.keys.first()?;
        let mut sealed = plain.to_vec();
        let nonce = key.sealing.seal_in_place_append_tag(Aad::from(&key.name), &mut sealed).ok()?;
        let mut ticket = Vec::with_capacity(NAME + NONCE_LEN + sealed.len());
        ticket.extend_from_slice(&key.name);
        ticket.extend_from_slice(nonce.as_ref());
        ticket.append(&mut sealed);
        Some(ticket)
    }

    fn open(&self, ticket: &[u8], now: Instant) -> Option<Vec<u8>> {
        let (name, rest) = ticket.split_at_checked(NAME)?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_LEN)?;
        let derived = self.derived(now);
        // The name is no secret: it goes over the wire.
        let key = derived.keys.iter().find(|key| key.name == name)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let length = key.sealing.open_in_place(nonce, Aad::from(&key.name), &mut sealed).ok()?.len();
        sealed.truncate(length);
        Some(sealed)
    }
}

impl Derived {
    fn of(secrets: &Secrets, class: u128) -> Self {
        let keys = secrets.all.iter().filter_map(|secret| Key::of(secret, class)).collect();
        Self { number: secrets.number, keys }
    }
}

impl Key {
    /// HKDF (RFC 5869) of the secret, for the class.
    fn of(secret: &[u8], class: u128) -> Option<Self> {
        let extracted = Salt::new(HKDF_SHA256, b"proxyd session tickets").extract(secret);
        let mut name = [0; NAME];
        let mut key = Zeroizing::new([0; KEY]);
        expand(&extracted, &[b"name", &class.to_be_bytes()], &mut name)?;
        expand(&extracted, &[b"key", &class.to_be_bytes()], &mut *key)?;
        Some(Self { name, sealing: RandomizedNonceKey::new(&AES_256_GCM_SIV, &*key).ok()? })
    }
}

fn expand(secret: &Prk, info: &[&[u8]], out: &mut [u8]) -> Option<()> {
    struct Length(usize);
    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    secret.expand(info, Length(out.len())).ok()?.fill(out).ok()
}

impl ProducesTickets for Tickets {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        LIFETIME
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.seal(plain, Instant::now())
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        self.open(cipher, Instant::now()).filter(|state| !holder::has_ended(state, SystemTime::now()))
    }
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tickets").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(begin: Instant, hours: u64) -> Instant {
        begin + Duration::from_secs(hours * 3600)
    }

    #[test]
    fn a_ticket_opens_in_its_own_class_alone() {
        let keys = TicketKeys::random();
        let (open, closed) = (Tickets::new(keys.clone(), 0), Tickets::new(keys, 1));
        let now = Instant::now();
        let ticket = open.seal(b"state", now).unwrap();
        assert_eq!(open.open(&ticket, now).as_deref(), Some(&b"state"[..]));
        assert_eq!(closed.open(&ticket, now), None);
        // Nor by the other class's name on it.
        let mut forged = closed.seal(b"state", now).unwrap();
        forged.splice(NAME.., ticket[NAME..].iter().copied());
        assert_eq!(closed.open(&forged, now), None);
    }

    #[test]
    fn a_ticket_opens_for_one_turn_more_than_its_secret_seals() {
        let begin = Instant::now();
        let tickets = Tickets::new(TicketKeys::random(), 0);
        let ticket = tickets.seal(b"state", begin).unwrap();
        assert!(tickets.open(&ticket, at(begin, 5)).is_some());
        assert!(tickets.open(&ticket, at(begin, 7)).is_some());
        assert!(tickets.open(&ticket, at(begin, 14)).is_none());
    }

    #[test]
    fn a_secret_that_was_not_used_for_long_opens_nothing() {
        let begin = Instant::now();
        let tickets = Tickets::new(TicketKeys::random(), 0);
        let ticket = tickets.seal(b"state", begin).unwrap();
        assert!(tickets.open(&ticket, at(begin, 13)).is_none());
    }

    #[test]
    fn instances_with_one_file_open_each_others_tickets() {
        let text = format!("{}\n\n{}\n", STANDARD.encode([1; 48]), STANDARD.encode([2; 80]));
        let here = Tickets::new(TicketKeys::parse(&text).unwrap(), 7);
        let there = Tickets::new(TicketKeys::parse(&text).unwrap(), 7);
        let now = Instant::now();
        let ticket = here.seal(b"state", now).unwrap();
        assert!(there.open(&ticket, at(now, 100)).is_some());
        there.keys.replace(&format!("{}\n{}", STANDARD.encode([3; 32]), STANDARD.encode([1; 48]))).unwrap();
        assert!(there.open(&ticket, now).is_some());
        there.keys.replace(&STANDARD.encode([3; 32])).unwrap();
        assert!(there.open(&ticket, now).is_none());
    }

    #[test]
    fn a_ticket_that_was_touched_opens_nothing() {
        let tickets = Tickets::new(TicketKeys::random(), 0);
        let now = Instant::now();
        let ticket = tickets.seal(b"state", now).unwrap();
        for index in 0..ticket.len() {
            let mut touched = ticket.clone();
            touched[index] ^= 1;
            assert_eq!(tickets.open(&touched, now), None, "{index}");
            assert_eq!(tickets.open(&ticket[..index], now), None, "{index}");
        }
    }

    #[test]
    fn a_file_without_keys_is_refused() {
        assert_eq!(TicketKeys::parse("\n").unwrap_err(), TicketKeysError::Empty);
        assert_eq!(TicketKeys::parse("\nabc").unwrap_err(), TicketKeysError::Line { line: 2 });
        let short = STANDARD.encode([0; 16]);
        assert_eq!(TicketKeys::parse(&short).unwrap_err(), TicketKeysError::Line { line: 1 });
        let many = format!("{}\n", STANDARD.encode([0; 32])).repeat(17);
        assert_eq!(TicketKeys::parse(&many).unwrap_err(), TicketKeysError::TooMany);
    }
}
