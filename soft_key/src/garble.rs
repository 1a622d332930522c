//! A key whose frames arrive spoilt: for what reads them, the hostile input there is.

use crate::Frame;

/// Mistakes drawn from a number: the same number, the same mistakes.
#[derive(Debug, Clone, Copy)]
pub struct Garble(u64);

impl Garble {
    /// Mistakes drawn from this number.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Spoils about every other frame; the four bytes of the channel stay, or nobody would read it.
    pub fn spoil(&mut self, frame: &mut Frame) {
        match self.draw() % 8 {
            0..=3 => {}
            // A bit.
            4 | 5 => {
                let place = self.place();
                frame[place] ^= 1 << (self.draw() % 8);
            }
            // Command, sequence or length (CTAP 2.1, section 11.2.4).
            6 => frame[4 + self.draw() % 3] = self.byte(),
            // The rest is noise.
            _ => {
                let begin = self.place();
                for byte in &mut frame[begin..] {
                    *byte = self.byte();
                }
            }
        }
    }

    fn place(&mut self) -> usize {
        4 + self.draw() % 60
    }

    fn byte(&mut self) -> u8 {
        self.draw().to_le_bytes()[0]
    }

    /// SplitMix64.
    fn draw(&mut self) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 8).unwrap_or_default()
    }
}
