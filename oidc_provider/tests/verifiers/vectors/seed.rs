//! Where the vectors' random values come from: HKDF with SHA-256 over the text "WebAuthn test vectors", the vector's name
//! as info, and a counter as salt (WebAuthn Level 3, 16).

use ring::hkdf::{HKDF_SHA256, KeyType, Salt};

/// The values of one vector, one after the other.
pub struct Seed {
    name: &'static str,
    drawn: u8,
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

impl Seed {
    pub fn new(name: &'static str) -> Self {
        Self { name, drawn: 0 }
    }

    /// The next value of this many bytes.
    pub fn next(&mut self, length: usize) -> Vec<u8> {
        let key = Salt::new(HKDF_SHA256, &[self.drawn]).extract(b"WebAuthn test vectors");
        self.drawn += 1;
        let mut value = vec![0; length];
        let info = [self.name.as_bytes()];
        key.expand(&info, Length(length)).unwrap().fill(&mut value).unwrap();
        value
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        self.next(1)[0]
    }
}
