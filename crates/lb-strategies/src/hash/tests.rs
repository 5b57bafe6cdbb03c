use super::{hash_of, mix, token_of, word};
use std::collections::BTreeSet;

/// Cookies and the picks of other proxies depend on these: a change of any is a change that breaks both.
#[test]
fn hashes_never_change() {
    let long: Vec<u8> = (0..=255).collect();
    for (bytes, expected) in [
        (b"" as &[u8], 0xf56a_7383_e41e_5214),
        (b"a", 0x2fcc_ea48_07bf_8149),
        (b"192.0.2.7", 0xc92c_4bf7_3b0f_b416),
        (b"0123456789abcdef", 0xe6ee_3ced_6f18_974a),
        (b"0123456789abcdef0", 0x8dc4_351d_9b46_9f4e),
        (b"[2001:db8::1]:8080/session", 0xd41e_da18_56a2_a25b),
        (&long, 0x152a_4482_d79b_469e_u64),
    ] {
        assert_eq!(
            hash_of(bytes),
            expected,
            "{:?} is {:#018x}",
            bytes.escape_ascii().to_string(),
            hash_of(bytes)
        );
    }
}

#[test]
fn tokens_never_change() {
    for (secret, upstream, id, expected) in [
        (b"" as &[u8], "shop", "10.0.0.1:80", 0x7ffb_bd8a_84dd_5f43),
        (b"secret", "shop", "10.0.0.1:80", 0xedb3_ea67_e09b_f2b2),
        (b"secret", "shop", "10.0.0.2:80", 0xe356_72d0_932c_5122_u64),
    ] {
        let token = token_of(secret, upstream, id);
        assert_eq!(token, expected, "{secret:?} {upstream} {id} is {token:#018x}");
    }
}

/// What Vigna's `splitmix64.c` gives for the seed 1234567, whose words are counted from 1.
#[test]
fn the_stream_of_words_is_splitmix64() {
    let words = [1, 2, 3].map(|number| word(1_234_567, number));
    assert_eq!(words, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
}

#[test]
fn secret_upstream_and_id_are_told_apart() {
    let parts = ["", "a", "b", "ab", "ba", "aa"];
    let mut tokens = BTreeSet::new();
    for secret in parts {
        for upstream in parts {
            tokens.extend(parts.map(|id| token_of(secret.as_bytes(), upstream, id)));
        }
    }
    assert_eq!(tokens.len(), parts.len().pow(3));
}

#[test]
fn inputs_that_differ_in_length_or_place_alone_differ() {
    let zeros = [0; 100];
    let mut seen: BTreeSet<u64> = (0..=zeros.len()).map(|length| hash_of(&zeros[..length])).collect();
    for place in 0..zeros.len() {
        let mut bytes = zeros;
        bytes[place] = 1;
        seen.insert(hash_of(&bytes));
    }
    assert_eq!(seen.len(), 201);
}

/// Each of the 64 bits of the result changes with half of the flips of each bit of the input. Of 4,096
/// flips the share has a standard deviation of 0.0078; the bound is 6 of them for about 20,000 shares.
#[test]
fn each_bit_of_the_input_changes_each_bit_of_the_hash_half_of_the_time() {
    const SAMPLES: u64 = 4_096;
    for length in [1_usize, 4, 8, 16, 17, 40] {
        for bit in (0..length * 8).step_by(if length > 8 { 7 } else { 1 }) {
            let mut changed = [0_u32; 64];
            for sample in 0..SAMPLES {
                let mut bytes: Vec<u8> =
                    (0..length).map(|place| mix(sample * 64 + place as u64) as u8).collect();
                let before = hash_of(&bytes);
                bytes[bit / 8] ^= 1 << (bit % 8);
                let difference = before ^ hash_of(&bytes);
                changed
                    .iter_mut()
                    .enumerate()
                    .for_each(|(place, count)| *count += (difference >> place) as u32 & 1);
            }
            for (place, count) in changed.into_iter().enumerate() {
                let share = f64::from(count) / SAMPLES as f64;
                // A single byte has but 256 values.
                let bound = if length == 1 { 0.2 } else { 0.047 };
                assert!((share - 0.5).abs() < bound, "length {length}, bit {bit}, bit {place}: {share}");
            }
        }
    }
}

/// What keys look like: addresses in a row. Pearson's test over 256 buckets of the low and of the high
/// bits; 99.9th percentile of chi squared for 255 degrees of freedom.
#[test]
fn keys_in_a_row_spread_evenly() {
    for shift in [0, 56] {
        let mut buckets = [0.0_f64; 256];
        for n in 0..65_536_u32 {
            let key = format!("10.1.{}.{}", n >> 8, n & 255);
            buckets[(hash_of(key.as_bytes()) >> shift) as usize & 255] += 1.0;
        }
        let squared: f64 = buckets.iter().map(|count| (count - 256.0) * (count - 256.0) / 256.0).sum();
        assert!(squared < 330.5, "shift {shift}: {squared}");
    }
}
