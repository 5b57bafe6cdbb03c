//! Sets of addresses written as CIDR blocks, such as the trusted proxies.

use std::net::IpAddr;

use ipnet::IpNet;

/// An immutable set of addresses with membership in logarithmic time and without allocation.
///
/// IPv4-mapped IPv6 addresses (`::ffff:192.0.2.1`) are the IPv4 addresses that they carry, in blocks as well as in
/// questions; a shorter IPv6 block such as `::/0` therefore holds no IPv4 address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AddressSet {
    /// Ranges with both ends included, sorted, without overlap.
    v4: Box<[(u32, u32)]>,
    v6: Box<[(u128, u128)]>,
}

impl AddressSet {
    /// Whether no address is in the set.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whether `address` is in the set.
    #[must_use]
    #[inline]
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        if self.is_empty() {
            return false;
        }
        match address.to_canonical() {
            IpAddr::V4(address) => holds(&self.v4, address.to_bits()),
            IpAddr::V6(address) => holds(&self.v6, address.to_bits()),
        }
    }
}

impl FromIterator<IpNet> for AddressSet {
    fn from_iter<I: IntoIterator<Item = IpNet>>(blocks: I) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for block in blocks {
            let (first, last) = (block.network(), block.broadcast());
            // Both ends are mapped for blocks within ::ffff:0:0/96 and no others.
            match (first.to_canonical(), last.to_canonical(), first, last) {
                (IpAddr::V4(first), IpAddr::V4(last), ..) => v4.push((first.to_bits(), last.to_bits())),
                (_, _, IpAddr::V6(first), IpAddr::V6(last)) => v6.push((first.to_bits(), last.to_bits())),
                // A block's ends are of one family.
                _ => {}
            }
        }
        Self { v4: merged(v4), v6: merged(v6) }
    }
}

fn merged<A: Ord + Copy>(mut ranges: Vec<(A, A)>) -> Box<[(A, A)]> {
    ranges.sort_unstable();
    ranges.dedup_by(|next, kept| {
        let overlaps = next.0 <= kept.1;
        if overlaps {
            kept.1 = kept.1.max(next.1);
        }
        overlaps
    });
    ranges.into()
}

fn holds<A: Ord + Copy>(ranges: &[(A, A)], address: A) -> bool {
    let after = ranges.partition_point(|range| range.0 <= address);
    after.checked_sub(1).and_then(|last| ranges.get(last)).is_some_and(|range| address <= range.1)
}

#[cfg(test)]
mod tests;
