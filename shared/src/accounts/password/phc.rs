//! The text form of a hash: `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`, as every Argon2 library writes it.

use super::PasswordCost;
use crate::secrets::SecretText;
use data_encoding::BASE64_NOPAD;

/// Bytes of salt in new hashes (RFC 9106, section 3.1).
pub(super) const SALT_BYTES: usize = 16;
/// Bytes of output in new hashes.
pub(super) const OUTPUT_BYTES: usize = 32;
/// A stored hash may not make us spend more than this: 2 GiB, 64 passes, 16 lanes, as in the configuration.
const MOST: PasswordCost = PasswordCost {
    memory_kib: 2_097_152,
    passes: 64,
    lanes: 16,
};

/// A password's hash. No password, but whoever has it can guess at leisure: so it is not printed either.
#[derive(Debug, Clone)]
pub struct PasswordHash(SecretText);

pub(super) struct Parsed {
    pub(super) cost: PasswordCost,
    pub(super) salt: Vec<u8>,
    pub(super) output: Vec<u8>,
}

impl PasswordHash {
    /// What the store, or a file that is imported, holds.
    pub fn from_store(text: impl Into<SecretText>) -> Self {
        Self(text.into())
    }

    /// What the store keeps.
    pub fn as_str(&self) -> &str {
        self.0.expose()
    }

    pub(super) fn write(cost: &PasswordCost, salt: &[u8], output: &[u8]) -> Self {
        let PasswordCost {
            memory_kib,
            passes,
            lanes,
        } = cost;
        let (salt, output) = (BASE64_NOPAD.encode(salt), BASE64_NOPAD.encode(output));
        Self(format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${output}").into())
    }

    /// `None` for anything but Argon2id, version 19, within bounds.
    pub(super) fn parse(&self) -> Option<Parsed> {
        let rest = self.as_str().strip_prefix("$argon2id$v=19$")?;
        let mut parts = rest.split('$');
        let (costs, salt, output) = (parts.next()?, parts.next()?, parts.next()?);
        let mut costs = costs.split(',');
        let cost = PasswordCost {
            memory_kib: number(costs.next()?, "m=")?,
            passes: number(costs.next()?, "t=")?,
            lanes: number(costs.next()?, "p=")?,
        };
        let salt = BASE64_NOPAD.decode(salt.as_bytes()).ok()?;
        let output = BASE64_NOPAD.decode(output.as_bytes()).ok()?;
        let whole = parts.next().is_none() && costs.next().is_none();
        let paid = cost.memory_kib <= MOST.memory_kib && cost.passes <= MOST.passes && cost.lanes <= MOST.lanes;
        // An empty output would match everything.
        let sized = (8..=64).contains(&salt.len()) && (16..=64).contains(&output.len());
        (whole && paid && sized).then_some(Parsed { cost, salt, output })
    }
}

fn number(text: &str, name: &str) -> Option<u32> {
    let digits = text.strip_prefix(name)?;
    digits
        .bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let cost = PasswordCost::default();
        let hash = PasswordHash::write(&cost, &[1; SALT_BYTES], &[2; OUTPUT_BYTES]);
        let parsed = hash.parse().unwrap();
        assert_eq!((parsed.cost, parsed.salt), (cost, vec![1; SALT_BYTES]));
        assert_eq!(parsed.output, [2; OUTPUT_BYTES]);
    }

    #[test]
    fn refuses_other_kinds_and_any_bend_of_the_form() {
        let good = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzYWx0$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(PasswordHash::from_store(good).parse().is_some());
        for (from, to) in [
            ("argon2id", "argon2i"),
            ("v=19", "v=16"),
            ("m=64", "m=4294967295"),
            ("m=64", "m=+64"),
            ("m=64,t=1", "t=1,m=64"),
            ("p=1", "p=17"),
            ("p=1", "p=1,x=1"),
            ("$c29tZXNhbHRzYWx0", "$"),
            ("CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", ""),
            ("CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "CTE"),
            ("RPPc", "RPPc="),
            ("RPPc", "RPPc$"),
        ] {
            assert!(good.contains(from));
            let bent = good.replace(from, to);
            assert!(PasswordHash::from_store(bent.as_str()).parse().is_none(), "{bent}");
        }
        assert!(PasswordHash::from_store("").parse().is_none());
    }

    #[test]
    fn is_not_printed() {
        let hash = PasswordHash::from_store("$argon2id$v=19$m=64,t=1,p=1$c29t$CTFh");
        assert!(!format!("{hash:?}").contains("CTFh"));
    }
}
