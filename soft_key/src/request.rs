//! The log of CTAP2 commands: what a client asked, for tests to look at.

use minicbor::Decoder;
use minicbor::data::Type;
use minicbor::decode::Error;
use serde::{Deserialize, Serialize};

/// One command (CTAP 2.1, section 6).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// `make-credential`, `get-assertion`, `get-info`, `client-pin`, `selection`, `reset`, or its number.
    pub command: String,
    /// The relying party.
    pub rp_id: Option<String>,
    /// Length of the allow list or the exclude list; none was sent if `None`.
    pub listed: Option<u64>,
    /// The option `up`, if sent.
    pub up: Option<bool>,
    /// The option `uv`, if sent.
    pub uv: Option<bool>,
    /// The option `rk`, if sent.
    pub rk: Option<bool>,
    /// Whether a PIN or verification token came along.
    pub token: bool,
    /// The level of credProtect that was asked.
    pub protection: Option<u64>,
}

impl Request {
    /// What can be read of a command's bytes; a malformed one keeps what came before the fault.
    pub fn read(bytes: &[u8]) -> Self {
        let (command, parameters) = bytes.split_first().unwrap_or((&0, &[]));
        let mut request = Self {
            command: match command {
                1 => "make-credential".to_owned(),
                2 => "get-assertion".to_owned(),
                4 => "get-info".to_owned(),
                6 => "client-pin".to_owned(),
                7 => "reset".to_owned(),
                11 => "selection".to_owned(),
                other => format!("{other:#04x}"),
            },
            ..Self::default()
        };
        if matches!(command, 1 | 2) {
            // OpenSK refuses what is malformed; here it is only shorter.
            let _ = request.read_parameters(*command == 1, &mut Decoder::new(parameters));
        }
        request
    }

    fn read_parameters(&mut self, makes: bool, from: &mut Decoder<'_>) -> Result<(), Error> {
        for _ in 0..from.map()?.unwrap_or(0) {
            match (from.u64()?, makes) {
                (1, false) => self.rp_id = Some(from.str()?.to_owned()),
                (2, true) => self.read_relying_party(from)?,
                (3, false) | (5, true) => {
                    self.listed = from.array()?;
                    for _ in 0..self.listed.unwrap_or(0) {
                        from.skip()?;
                    }
                }
                (5, false) | (7, true) => self.read_options(from)?,
                (6, true) => self.read_extensions(from)?,
                (6, false) | (8, true) => {
                    self.token = true;
                    from.skip()?;
                }
                _ => from.skip()?,
            }
        }
        Ok(())
    }

    fn read_relying_party(&mut self, from: &mut Decoder<'_>) -> Result<(), Error> {
        for _ in 0..from.map()?.unwrap_or(0) {
            match from.str()? {
                "id" => self.rp_id = Some(from.str()?.to_owned()),
                _ => from.skip()?,
            }
        }
        Ok(())
    }

    fn read_options(&mut self, from: &mut Decoder<'_>) -> Result<(), Error> {
        for _ in 0..from.map()?.unwrap_or(0) {
            match from.str()? {
                "up" => self.up = Some(from.bool()?),
                "uv" => self.uv = Some(from.bool()?),
                "rk" => self.rk = Some(from.bool()?),
                _ => from.skip()?,
            }
        }
        Ok(())
    }

    fn read_extensions(&mut self, from: &mut Decoder<'_>) -> Result<(), Error> {
        for _ in 0..from.map()?.unwrap_or(0) {
            match (from.str()?, from.datatype()?) {
                ("credProtect", Type::U8) => self.protection = Some(from.u64()?),
                _ => from.skip()?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_look_is_told_from_a_real_request() {
        let mut bytes = b"\x02\xa4\x01\x6bexample.org\x02\x58\x20".to_vec();
        bytes.extend([7; 32]);
        bytes.extend(b"\x03\x81\xa1\x62id\x41\x01\x05\xa1\x62up\xf4");
        let request = Request::read(&bytes);
        assert_eq!(request.command, "get-assertion");
        assert_eq!(request.rp_id.as_deref(), Some("example.org"));
        assert_eq!((request.listed, request.up, request.uv), (Some(1), Some(false), None));
        assert_eq!(Request::read(&bytes[..20]).rp_id.as_deref(), Some("example.org"));
        assert_eq!(Request::read(&[]).command, "0x00");
    }
}
