//! Opaque tokens: random, shown once, stored only as a hash (oidc.md, rows 11 and 14).

use super::SecretText;
use crate::entropy::{Entropy, EntropyError};
use data_encoding::BASE64URL_NOPAD;
use ring::digest::{SHA256, digest};
use zeroize::Zeroize;

/// A fresh token. Hand its text out once; store its hash.
#[derive(Debug, Clone)]
pub struct Token(SecretText);

impl Token {
    /// Draws a token of so many random bytes (16 and more for anything that a stranger may try).
    pub fn draw(entropy: &dyn Entropy, bytes: usize) -> Result<Self, EntropyError> {
        let mut random = vec![0; bytes];
        entropy.fill(&mut random)?;
        let text = BASE64URL_NOPAD.encode(&random);
        random.zeroize();
        Ok(Self(text.into()))
    }

    /// The token as its holder keeps it: base64url without padding.
    pub fn text(&self) -> &str {
        self.0.expose()
    }

    /// What the store keeps.
    pub fn hash(&self) -> [u8; 32] {
        hash(self.text())
    }
}

/// SHA-256 of the whole text as it came in: a cut, longer or differently cased token finds nothing. A token has at
/// least 128 random bits, so a fast hash is enough.
pub fn hash(text: &str) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    #[test]
    fn is_unguessable_and_unprintable() {
        let entropy = SeededEntropy::new(1);
        let (one, two) = (Token::draw(&entropy, 32).unwrap(), Token::draw(&entropy, 32).unwrap());
        assert_ne!(one.text(), two.text());
        assert_eq!(one.text().len(), 43);
        assert!(!format!("{one:?}").contains(one.text()));
    }

    #[test]
    fn any_change_of_the_text_finds_nothing() {
        let token = Token::draw(&SeededEntropy::new(1), 32).unwrap();
        let text = token.text();
        for other in [
            text.to_lowercase(),
            text[..42].to_owned(),
            format!("{text}="),
            format!(" {text}"),
        ] {
            assert_ne!(hash(&other), token.hash(), "{other}");
        }
        assert_eq!(hash(text), token.hash());
    }
}
