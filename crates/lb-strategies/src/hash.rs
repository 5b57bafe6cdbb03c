//! The hash of ids and of what requests have in common, the same on every machine and in every version.

#[cfg(test)]
mod tests;

/// 2^64 divided by the golden ratio: SplitMix64's step.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
/// The first bits of pi's fraction, chosen by nobody.
const PI: [u64; 3] = [0x243F_6A88_85A3_08D3, 0x1319_8A2E_0370_7344, 0xA409_3822_299F_31D0];

/// A well mixed 64-bit hash of these bytes, for [`PickContext::affinity`](crate::PickContext::affinity).
///
/// It depends on the bytes alone: it is the same on every machine, in every process and in every later
/// version of this crate, so that several proxies send a key to the same backend. Any changed bit of the
/// input changes each bit of the result with a probability of one half.
///
/// It is no cryptographic hash: who can choose the bytes can find two of the same hash.
///
/// Sixteen bytes at a time, read as little-endian, are folded in by one multiplication to 128 bits, as in
/// wyhash, and what comes out goes through the finalizer of SplitMix64.
///
/// ```
/// use lb_strategies::hash_of;
///
/// assert_eq!(hash_of(b"192.0.2.7"), 0xc92c_4bf7_3b0f_b416);
/// ```
#[must_use]
pub fn hash_of(bytes: &[u8]) -> u64 {
    let (blocks, rest) = bytes.as_chunks::<16>();
    let seed = PI[0] ^ bytes.len() as u64;
    let state = blocks.iter().fold(seed, |state, block| absorb(state, *block));
    let mut last = [0; 16];
    last.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
    mix(absorb(state, last))
}

/// The token that stands for a backend in a cookie of [`Sticky`](crate::Sticky): a hash of the secret, the
/// upstream's name and the backend's id.
///
/// Without the secret (an empty one is none) anybody who guesses the names can compute it; with a secret that
/// is long and random it tells nothing of the names. It is no signature: who holds a token may use it, and
/// all that it gives is a wish for one backend of the set.
#[must_use]
pub fn token_of(secret: &[u8], upstream: &str, id: &str) -> u64 {
    let key = hash_of(secret);
    let name = join(hash_of(upstream.as_bytes()), hash_of(id.as_bytes()));
    join(join(key, name), key)
}

/// One word of two, in this order.
fn join(first: u64, second: u64) -> u64 {
    mix(fold(first ^ PI[2], second.wrapping_add(STEP)))
}

/// The word of this number in the random stream of a seed (SplitMix64).
#[inline]
pub(crate) const fn word(seed: u64, number: u64) -> u64 {
    mix(seed.wrapping_add(number.wrapping_mul(STEP)))
}

/// Each bit of the result depends on every bit of the value: the finalizer of SplitMix64, a bijection.
#[inline]
pub(crate) const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

const fn absorb(state: u64, block: [u8; 16]) -> u64 {
    let block = u128::from_le_bytes(block);
    fold(state ^ block as u64, PI[1] ^ (block >> 64) as u64)
}

/// The halves of the product, with the factors put back: otherwise a factor of zero would wipe out the other.
const fn fold(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    a ^ b ^ product as u64 ^ (product >> 64) as u64
}
