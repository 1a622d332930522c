//! Codes of letters that people read off one screen and type at another.

use crate::entropy::{Entropy, EntropyError};

/// Consonants that no font confuses; without vowels no code spells a word (RFC 8628, section 6.1).
pub const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// Letters in a group, as a code is shown.
const GROUP: usize = 4;

/// Draws that many letters.
pub fn draw<const N: usize>(entropy: &dyn Entropy) -> Result<[u8; N], EntropyError> {
    let mut letters = [0; N];
    for letter in &mut letters {
        *letter = ALPHABET[usize::from(below(entropy, 20)?)];
    }
    Ok(letters)
}

/// As people type it: small letters, spaces and hyphens anywhere.
pub fn typed<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut letters = text
        .bytes()
        .filter(|byte| !matches!(byte, b' ' | b'-'))
        .map(|byte| byte.to_ascii_uppercase());
    let mut code = [0; N];
    for place in &mut code {
        *place = letters.next().filter(|byte| ALPHABET.contains(byte))?;
    }
    letters.next().is_none().then_some(code)
}

/// As it is shown: `BCDF-GHJK`.
pub fn grouped(letters: &[u8], f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    use std::fmt::Write;
    for (index, letter) in letters.iter().enumerate() {
        if index > 0 && index % GROUP == 0 {
            f.write_char('-')?;
        }
        f.write_char(char::from(*letter))?;
    }
    Ok(())
}

/// A number below `limit`, each as likely as any other: bytes beyond the last whole multiple are thrown away.
pub fn below(entropy: &dyn Entropy, limit: u8) -> Result<u8, EntropyError> {
    let fair = u8::MAX - u8::MAX % limit;
    loop {
        let mut byte = [0];
        entropy.fill(&mut byte)?;
        if byte[0] < fair {
            return Ok(byte[0] % limit);
        }
    }
}
