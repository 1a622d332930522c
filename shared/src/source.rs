//! Where a sign-in comes from: its door, its source, and the network that the source lies in.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The door through which somebody asks to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Door {
    /// A Linux login through PAM: ssh, sudo, su, login, a screen locker.
    Shell,
    /// A browser, through the OpenID Connect provider's pages.
    Web,
    /// The administrator's command on the machine itself.
    Command,
}

impl Door {
    /// The stable word for it in the store and in the audit trail.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::Web => "web",
            Self::Command => "command",
        }
    }
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a door is one of: shell, web, command")]
pub struct NotADoor;

impl FromStr for Door {
    type Err = NotADoor;

    fn from_str(text: &str) -> Result<Self, NotADoor> {
        [Self::Shell, Self::Web, Self::Command]
            .into_iter()
            .find(|door| door.as_str() == text)
            .ok_or(NotADoor)
    }
}

/// Who or what is at the other end, as far as the door can know it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A network address. An IPv4 address mapped into IPv6 is the same source as the IPv4 address (S14): make it
    /// through [`Source::address`].
    Address(IpAddr),
    /// The machine itself: its console, or a user already on it who calls sudo or su.
    Local {
        /// The login name of that user; `None` at the console, where nobody is signed in yet.
        by: Option<String>,
    },
    /// The door could not tell. Nothing is easier for it than for any known source.
    Unknown,
}

/// A text that is no plain IP address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an IPv4 or IPv6 address without port, brackets or zone")]
pub struct NotAnAddress;

impl Source {
    /// The source of this address; one mapped into IPv6 (`::ffff:192.0.2.1`) becomes the IPv4 address that it is.
    pub fn address(address: IpAddr) -> Self {
        Self::Address(address.to_canonical())
    }

    /// Reads an address in text. Host names, ports, brackets and zones (`fe80::1%eth0`) are refused.
    pub fn parse_address(text: &str) -> Result<Self, NotAnAddress> {
        text.parse().map(Self::address).map_err(|_| NotAnAddress)
    }

    /// What PAM_RHOST names: an address, or nothing that we know (a host name is only somebody's claim).
    pub fn remote_host(text: &str) -> Self {
        Self::parse_address(text).unwrap_or(Self::Unknown)
    }

    /// The address, where there is one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(address.to_canonical()),
            Self::Local { .. } | Self::Unknown => None,
        }
    }

    /// The network around the address: what counts as "the same place" from one day to the next.
    pub fn network(&self) -> Option<Network> {
        self.ip().map(Network::around)
    }
}

/// `192.0.2.7`, `console`, `local user alice` or `unknown`.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "{}", address.to_canonical()),
            Self::Local { by: Some(name) } => write!(f, "local user {name}"),
            Self::Local { by: None } => f.write_str("console"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// A /24 of IPv4 or a /48 of IPv6: about what one household or office is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// The network that this address lies in.
    pub fn around(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & (u32::MAX << 8))),
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 80))),
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = if self.0.is_ipv4() { 24 } else { 48 };
        write!(f, "{}/{prefix}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapped_address_is_the_address_it_maps() {
        let plain = Source::parse_address("192.0.2.7").unwrap();
        assert_eq!(Source::parse_address("::ffff:192.0.2.7"), Ok(plain.clone()));
        assert_eq!(Source::parse_address("::ffff:c000:207"), Ok(plain.clone()));
        assert_eq!(plain.network().unwrap().to_string(), "192.0.2.0/24");
        let smuggled = Source::Address("::ffff:192.0.2.7".parse().unwrap());
        assert_eq!(smuggled.network(), plain.network());
        assert_eq!(smuggled.to_string(), "192.0.2.7");
    }

    #[test]
    fn anything_but_a_plain_address_is_unknown() {
        for text in [
            "",
            "localhost",
            "fe80::1%eth0",
            "[::1]",
            "192.0.2.7:22",
            "192.0.2.07",
            "1",
            " ::1",
            "UNKNOWN",
        ] {
            assert_eq!(Source::remote_host(text), Source::Unknown, "{text:?}");
        }
    }

    #[test]
    fn a_network_of_ipv6_is_a_48() {
        let one = Source::parse_address("2001:db8:1:2::3").unwrap();
        let two = Source::parse_address("2001:db8:1:ffff::9").unwrap();
        let other = Source::parse_address("2001:db8:2::3").unwrap();
        assert_eq!(one.network(), two.network());
        assert_ne!(one.network(), other.network());
        assert_eq!(one.network().unwrap().to_string(), "2001:db8:1::/48");
    }

    #[test]
    fn doors_read_back_what_they_write() {
        for door in [Door::Shell, Door::Web, Door::Command] {
            assert_eq!(door.to_string().parse(), Ok(door));
        }
        assert_eq!("Shell".parse::<Door>(), Err(NotADoor));
    }
}
