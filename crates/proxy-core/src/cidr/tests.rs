use super::*;

fn set(blocks: &[&str]) -> AddressSet {
    blocks.iter().map(|block| block.parse::<IpNet>().unwrap()).collect()
}

#[track_caller]
fn check(blocks: &[&str], inside: &[&str], outside: &[&str]) {
    let set = set(blocks);
    for address in inside {
        assert!(set.contains(address.parse().unwrap()), "{address} is not in {blocks:?}");
    }
    for address in outside {
        assert!(!set.contains(address.parse().unwrap()), "{address} is in {blocks:?}");
    }
}

#[test]
fn an_empty_set_holds_nothing() {
    assert!(set(&[]).is_empty());
    check(&[], &[], &["0.0.0.0", "::", "255.255.255.255"]);
}

#[test]
fn blocks_hold_their_ends_and_nothing_beyond() {
    check(
        &["10.0.0.0/8", "10.0.0.0/32", "10.3.0.0/16", "192.0.2.5/32"],
        &["10.0.0.0", "10.255.255.255", "192.0.2.5"],
        &["9.255.255.255", "11.0.0.0", "192.0.2.4", "192.0.2.6", "::a00:1"],
    );
    check(
        &["2001:db8::/32", "::1/128"],
        &["2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "::1"],
        &["2001:db7:ffff::", "2001:db9::", "::", "::2", "10.0.0.1"],
    );
    check(&["0.0.0.0/0"], &["0.0.0.0", "255.255.255.255", "::ffff:1.2.3.4"], &["::1"]);
}

#[test]
fn bits_beyond_the_prefix_do_not_matter() {
    check(&["10.1.2.3/8", "2001:db8::1/32"], &["10.9.9.9", "2001:db8:5::"], &["11.0.0.1"]);
}

#[test]
fn mapped_addresses_are_the_ipv4_addresses_that_they_carry() {
    check(&["10.0.0.0/8"], &["::ffff:10.1.1.1"], &["::ffff:11.1.1.1", "::10.1.1.1"]);
    check(&["::ffff:10.0.0.0/104"], &["10.1.1.1", "::ffff:10.1.1.1"], &["11.1.1.1"]);
    check(&["::ffff:0:0/96"], &["0.0.0.0", "255.255.255.255"], &["::1"]);
    check(&["::/0"], &["::1", "2001:db8::1"], &["10.1.1.1", "::ffff:10.1.1.1"]);
    check(&["::ffff:0:0/95"], &["::fffe:1.2.3.4"], &["1.2.3.4"]);
}

#[test]
fn random_sets_agree_with_their_blocks_asked_one_by_one() {
    let seed = 5;
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    // Few high and few low bits, so that blocks nest, touch and meet the questions.
    let address = |random: &mut fastrand::Rng| -> IpAddr {
        let low = random.u32(..) & 0x0300_0103;
        if random.bool() {
            IpAddr::from(low.to_be_bytes())
        } else {
            IpAddr::from(u128::from(low).to_be_bytes())
        }
    };
    for _ in 0..3_000 {
        let mut block = || {
            let ip = address(&mut random);
            let most = if ip.is_ipv4() { 32 } else { 128 };
            IpNet::new(ip, most - random.u8(0..=12) * random.u8(0..=2)).unwrap()
        };
        let blocks: Vec<IpNet> = (0..6).map(|_| block()).collect();
        let set: AddressSet = blocks.iter().copied().collect();
        for _ in 0..30 {
            let ip = address(&mut random);
            assert_eq!(set.contains(ip), blocks.iter().any(|block| block.contains(&ip)), "{ip} {blocks:?}");
        }
    }
}
