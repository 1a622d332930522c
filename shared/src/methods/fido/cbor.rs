//! CBOR as CTAP2 writes it, and nothing wider: definite lengths, shortest heads, no tags, no floats, shallow nesting.
//!
//! `minicbor` reads more than that. Of two readers of one message, the laxer one is the attacker's: so whatever could be
//! written in two ways is refused here, before anybody compares.

use super::error::KeyError;
use minicbor::Decoder;
use minicbor::data::Type;

/// CTAP2's own limit is 4 levels; the attestation statement adds its array of certificates.
const DEEPEST: u8 = 6;
/// The most pairs in one map: what CTAP2 writes has a handful.
const MOST_PAIRS: u64 = 32;

/// Reads items one after another.
#[derive(Debug)]
pub(super) struct Reader<'b> {
    decoder: Decoder<'b>,
}

impl<'b> Reader<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self {
            decoder: Decoder::new(bytes),
        }
    }

    /// How many pairs the map has that begins here.
    pub(super) fn map(&mut self) -> Result<u64, KeyError> {
        let start = self.decoder.position();
        let pairs = self.decoder.map().map_err(malformed)?.ok_or(KeyError::Malformed)?;
        self.shortest(start, pairs, 0)?;
        Ok(pairs)
    }

    /// How many items the array has that begins here.
    pub(super) fn array(&mut self) -> Result<u64, KeyError> {
        let start = self.decoder.position();
        let items = self.decoder.array().map_err(malformed)?.ok_or(KeyError::Malformed)?;
        self.shortest(start, items, 0)?;
        Ok(items)
    }

    /// A number. Those beyond 64 bits with a sign have no use in this protocol.
    pub(super) fn int(&mut self) -> Result<i64, KeyError> {
        let start = self.decoder.position();
        let number = self.decoder.i64().map_err(malformed)?;
        // A negative number n is written as -1 - n.
        let written = if number < 0 { -1 - number } else { number };
        self.shortest(start, written.unsigned_abs(), 0)?;
        Ok(number)
    }

    /// Whether a number begins here.
    pub(super) fn at_int(&self) -> Result<bool, KeyError> {
        let here = self.decoder.datatype().map_err(malformed)?;
        Ok(matches!(
            here,
            Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64
        ))
    }

    /// A byte string.
    pub(super) fn bytes(&mut self) -> Result<&'b [u8], KeyError> {
        let start = self.decoder.position();
        let bytes = self.decoder.bytes().map_err(malformed)?;
        self.shortest(start, bytes.len() as u64, bytes.len())?;
        Ok(bytes)
    }

    /// A text string.
    pub(super) fn text(&mut self) -> Result<&'b str, KeyError> {
        let start = self.decoder.position();
        let text = self.decoder.str().map_err(malformed)?;
        self.shortest(start, text.len() as u64, text.len())?;
        Ok(text)
    }

    /// Passes over one item, whatever it is, as strictly as if it were read; gives its bytes.
    pub(super) fn item(&mut self) -> Result<&'b [u8], KeyError> {
        let start = self.decoder.position();
        self.pass(DEEPEST)?;
        self.since(start)
    }

    /// What has been read since that position.
    pub(super) fn since(&self, start: usize) -> Result<&'b [u8], KeyError> {
        let read = self.decoder.input().get(start..self.decoder.position());
        read.ok_or(KeyError::Malformed)
    }

    /// Nothing may follow.
    pub(super) fn finish(self) -> Result<(), KeyError> {
        if self.decoder.position() == self.decoder.input().len() {
            Ok(())
        } else {
            Err(KeyError::TrailingData)
        }
    }

    fn pass(&mut self, deeper: u8) -> Result<(), KeyError> {
        let deeper = deeper.checked_sub(1).ok_or(KeyError::Malformed)?;
        match self.decoder.datatype().map_err(malformed)? {
            Type::Map => self.pass_map(deeper),
            Type::Array => {
                for _ in 0..self.array()? {
                    self.pass(deeper)?;
                }
                Ok(())
            }
            Type::Bytes => self.bytes().map(drop),
            Type::String => self.text().map(drop),
            Type::Bool => self.decoder.bool().map(drop).map_err(malformed),
            Type::Null => self.decoder.null().map_err(malformed),
            Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64 => {
                self.int().map(drop)
            }
            _ => Err(KeyError::Malformed),
        }
    }

    /// Keys are numbers or texts, and each occurs once.
    fn pass_map(&mut self, deeper: u8) -> Result<(), KeyError> {
        let pairs = self.map()?;
        if pairs > MOST_PAIRS {
            return Err(KeyError::Malformed);
        }
        let first = self.decoder.position();
        for nth in 0..pairs {
            let start = self.decoder.position();
            match self.decoder.datatype().map_err(malformed)? {
                Type::String => self.text().map(drop)?,
                _ => self.int().map(drop)?,
            }
            let key = self.since(start)?;
            if self.occurs_before(first, nth, key)? {
                return Err(KeyError::Malformed);
            }
            self.pass(deeper)?;
        }
        Ok(())
    }

    /// Whether one of the first `count` keys of the map at `first` is this one. Shortest heads make equal keys equal
    /// bytes. Quadratic, without memory: [`MOST_PAIRS`] bounds it.
    fn occurs_before(&self, first: usize, count: u64, key: &[u8]) -> Result<bool, KeyError> {
        let mut again = self.decoder.clone();
        again.set_position(first);
        for _ in 0..count {
            let start = again.position();
            again.skip().map_err(malformed)?;
            if again.input().get(start..again.position()) == Some(key) {
                return Ok(true);
            }
            again.skip().map_err(malformed)?;
        }
        Ok(false)
    }

    /// The head that began at `start` was the shortest that can say `argument`; `body` bytes followed it.
    fn shortest(&self, start: usize, argument: u64, body: usize) -> Result<(), KeyError> {
        let least = match argument {
            0..=23 => 1,
            24..=0xff => 2,
            0x100..=0xffff => 3,
            0x1_0000..=0xffff_ffff => 5,
            _ => 9,
        };
        if self.decoder.position() - start == least + body {
            Ok(())
        } else {
            Err(KeyError::Malformed)
        }
    }
}

/// The parser's own words help nobody: what a key or a browser sent is not for a person to mend.
fn malformed(_error: minicbor::decode::Error) -> KeyError {
    KeyError::Malformed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(bytes: &[u8]) -> Result<(), KeyError> {
        let mut reader = Reader::new(bytes);
        reader.item()?;
        reader.finish()
    }

    #[test]
    fn takes_what_ctap2_writes() {
        // {1: 2, "a": [h'00', true, null], -1: {}}
        assert_eq!(
            whole(&[0xa3, 1, 2, 0x61, b'a', 0x83, 0x41, 0, 0xf5, 0xf6, 0x20, 0xa0]),
            Ok(())
        );
    }

    #[test]
    fn refuses_every_second_way_of_writing() {
        for (bytes, what) in [
            (&[0x18, 23][..], "a number with a head longer than needed"),
            (&[0x19, 0, 24], "the same, two bytes"),
            (&[0x38, 0], "a negative number with a head longer than needed"),
            (&[0x58, 1, 0], "a length with a head longer than needed"),
            (&[0x78, 1, b'a'], "the same for a text"),
            (&[0xb8, 0], "the same for a map"),
            (&[0x98, 0], "the same for an array"),
            (&[0x5f, 0x41, 0, 0xff], "a byte string in pieces"),
            (&[0x7f, 0x61, b'a', 0xff], "a text in pieces"),
            (&[0x9f, 0xff], "an array of open length"),
            (&[0xbf, 0xff], "a map of open length"),
            (&[0xa2, 1, 2, 1, 3], "a key twice"),
            (&[0xa2, 0x61, b'a', 2, 0x61, b'a', 3], "a key twice, text"),
            (&[0x81, 0xa2, 1, 2, 1, 3], "a key twice, further in"),
            (&[0xa1, 0x41, 0, 1], "a key that is neither number nor text"),
            (&[0xc0, 0x60], "a tag"),
            (&[0xf9, 0, 0], "a float"),
            (&[0xf7], "undefined"),
            (&[0x62, 0xc3, 0x28], "a text that is not UTF-8"),
            (&[0x81; 16], "deep nesting"),
            (&[0x82, 1], "an end too early"),
            (&[], "nothing"),
        ] {
            assert_eq!(whole(bytes), Err(KeyError::Malformed), "{what}");
        }
        assert_eq!(whole(&[0xa0, 0]), Err(KeyError::TrailingData));
    }
}
