//! Sources in selectors: addresses, CIDR blocks, named networks, and the machine itself.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// A block of addresses, kept as the bits that must be equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cidr {
    /// IPv4, also for addresses that arrive mapped into IPv6.
    V4 {
        /// First address.
        net: u32,
        /// How many leading bits count, at most 32.
        prefix: u8,
    },
    /// IPv6.
    V6 {
        /// First address.
        net: u128,
        /// How many leading bits count, at most 128.
        prefix: u8,
    },
}

fn mask4(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)
}

fn mask6(prefix: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0)
}

impl Cidr {
    /// Reads `10.0.0.0/8`, `2001:db8::/32` or a lone address; the message says what is wrong.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address
            .parse()
            .map_err(|_| format!("\"{text}\" is neither an address nor a block such as 10.0.0.0/8"))?;
        if address.to_canonical() != address {
            let plain = address.to_canonical();
            return Err(format!(
                "\"{text}\" is an IPv4 address mapped into IPv6: write {plain} and its IPv4 prefix"
            ));
        }
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => longest,
            Some(digits) => digits
                .parse::<u8>()
                .ok()
                .filter(|n| *n <= longest && n.to_string() == digits)
                .ok_or_else(|| format!("\"{text}\": the prefix must be from 0 to {longest}"))?,
        };
        let block = Self::around(address, prefix);
        if block.first() != address {
            return Err(format!(
                "\"{text}\" has bits behind its prefix: {block} is the block, {address} the address"
            ));
        }
        Ok(block)
    }

    fn around(address: IpAddr, prefix: u8) -> Self {
        match address {
            IpAddr::V4(v4) => Self::V4 {
                net: v4.to_bits() & mask4(prefix),
                prefix,
            },
            IpAddr::V6(v6) => Self::V6 {
                net: v6.to_bits() & mask6(prefix),
                prefix,
            },
        }
    }

    /// The block's first address.
    pub(super) fn first(self) -> IpAddr {
        match self {
            Self::V4 { net, .. } => IpAddr::V4(net.into()),
            Self::V6 { net, .. } => IpAddr::V6(net.into()),
        }
    }

    /// Whether the address lies in the block; one mapped into IPv6 counts as the IPv4 address that it is (S14).
    pub fn contains(self, address: IpAddr) -> bool {
        match (self, address.to_canonical()) {
            (Self::V4 { net, prefix }, IpAddr::V4(v4)) => v4.to_bits() & mask4(prefix) == net,
            (Self::V6 { net, prefix }, IpAddr::V6(v6)) => v6.to_bits() & mask6(prefix) == net,
            _ => false,
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::V4 { prefix, .. } | Self::V6 { prefix, .. }) = *self;
        write!(f, "{}/{prefix}", self.first())
    }
}

/// One entry of a `source` selector, its named network already looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceTerm {
    /// The machine itself: its console, or a user already on it.
    Local,
    /// A block or an address.
    Within(Cidr),
    /// A name of `[networks]` with its blocks.
    Named(Arc<str>, Arc<[Cidr]>),
}

impl SourceTerm {
    pub(super) fn holds(&self, address: Option<IpAddr>) -> bool {
        match (self, address) {
            (Self::Local, None) => true,
            (Self::Within(block), Some(address)) => block.contains(address),
            (Self::Named(_, blocks), Some(address)) => blocks.iter().any(|block| block.contains(address)),
            _ => false,
        }
    }
}

impl fmt::Display for SourceTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local"),
            Self::Within(block) => write!(f, "{block}"),
            Self::Named(name, _) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_their_addresses_and_no_others() {
        let cases = [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("198.51.100.7", "198.51.100.7", true),
            ("198.51.100.7/32", "198.51.100.8", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "203.0.113.9", false),
            ("2001:db8:100::/40", "2001:db8:1ff::1", true),
            ("2001:db8:100::/40", "2001:db8:200::1", false),
        ];
        for (block, address, inside) in cases {
            let block = Cidr::parse(block).unwrap();
            assert_eq!(block.contains(address.parse().unwrap()), inside, "{block} {address}");
        }
    }

    #[test]
    fn sloppy_blocks_are_refused() {
        for wrong in [
            "",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/08",
            "10.0.0.0/+8",
            "10.0.0.1/8",
            "10.0.0/8",
            "::ffff:10.0.0.0/104",
            "fe80::1%eth0",
            "2001:db8::/129",
            "10.0.0.0/8/8",
            "office",
        ] {
            assert!(Cidr::parse(wrong).is_err(), "{wrong}");
        }
    }
}
