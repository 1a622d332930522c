//! The attestation object of a new credential, put together again from the pieces that the driver took it apart into.

use ctap_hid_fido2::fidokey::make_credential::Attestation;
use minicbor::Encoder;

/// The object as browsers send it (Web Authentication, section 6.5.4), or nothing if it cannot be written.
///
/// Formats of which the driver drops a part become `none`: the statement could not be checked by anybody.
pub fn object(made: &Attestation) -> Option<Vec<u8>> {
    let statement = Statement::of(made);
    let mut written = Vec::new();
    let mut encoder = Encoder::new(&mut written);
    encoder.map(3).ok()?.str("fmt").ok()?.str(statement.format()).ok()?;
    encoder.str("attStmt").ok()?;
    match statement {
        Statement::None => encoder.map(0).ok()?,
        Statement::Packed { alg, sig, x5c } => {
            encoder.map(if x5c.is_empty() { 2 } else { 3 }).ok()?;
            encoder
                .str("alg")
                .ok()?
                .i32(alg)
                .ok()?
                .str("sig")
                .ok()?
                .bytes(sig)
                .ok()?;
            certificates(&mut encoder, x5c)?
        }
        Statement::U2f { sig, x5c } => {
            encoder.map(2).ok()?.str("sig").ok()?.bytes(sig).ok()?;
            certificates(&mut encoder, x5c)?
        }
    };
    encoder.str("authData").ok()?.bytes(&made.auth_data).ok()?;
    Some(written)
}

type Written<'a> = Encoder<&'a mut Vec<u8>>;

fn certificates<'e, 'w>(encoder: &'e mut Written<'w>, x5c: &[Vec<u8>]) -> Option<&'e mut Written<'w>> {
    if x5c.is_empty() {
        return Some(encoder);
    }
    encoder.str("x5c").ok()?.array(u64::try_from(x5c.len()).ok()?).ok()?;
    for certificate in x5c {
        encoder.bytes(certificate).ok()?;
    }
    Some(encoder)
}

/// The statements that can be put together again.
enum Statement<'a> {
    None,
    Packed {
        alg: i32,
        sig: &'a [u8],
        x5c: &'a [Vec<u8>],
    },
    U2f {
        sig: &'a [u8],
        x5c: &'a [Vec<u8>],
    },
}

impl<'a> Statement<'a> {
    fn of(made: &'a Attestation) -> Self {
        let (sig, x5c) = (made.attstmt_sig.as_slice(), made.attstmt_x5c.as_slice());
        match made.fmt.as_str() {
            "packed" => Self::Packed {
                alg: made.attstmt_alg,
                sig,
                x5c,
            },
            "fido-u2f" => Self::U2f { sig, x5c },
            _ => Self::None,
        }
    }

    fn format(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Packed { .. } => "packed",
            Self::U2f { .. } => "fido-u2f",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minicbor::Decoder;

    fn made(fmt: &str, certificates: usize) -> Attestation {
        Attestation {
            fmt: fmt.into(),
            attstmt_alg: -7,
            attstmt_sig: vec![1, 2],
            attstmt_x5c: vec![vec![3]; certificates],
            auth_data: vec![9; 40],
            ..Attestation::default()
        }
    }

    #[test]
    fn every_format_is_well_formed_to_its_last_byte() {
        for (format, certificates, named) in [
            ("packed", 0, "packed"),
            ("packed", 2, "packed"),
            ("fido-u2f", 1, "fido-u2f"),
            ("none", 0, "none"),
            ("tpm", 1, "none"),
        ] {
            let bytes = object(&made(format, certificates)).unwrap();
            let mut decoder = Decoder::new(&bytes);
            assert_eq!(decoder.map().unwrap(), Some(3));
            assert_eq!((decoder.str().unwrap(), decoder.str().unwrap()), ("fmt", named));
            assert_eq!(decoder.str().unwrap(), "attStmt");
            decoder.skip().unwrap();
            assert_eq!(decoder.str().unwrap(), "authData");
            assert_eq!(decoder.bytes().unwrap(), [9; 40]);
            assert_eq!(decoder.position(), bytes.len());
        }
    }
}
