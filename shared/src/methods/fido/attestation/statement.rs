//! Reads attestation statements and checks their signatures (WebAuthn Level 3, 8).
//!
//! `none`, `packed` (self and with certificates) and `fido-u2f` are read. Statements of other formats are
//! [`AttestationKind::Unread`]: the credential stands, as one without attestation does; who wanted to cheat could have sent
//! `none` as well. A statement that is read and found false is refused.

use super::certificate::Leaf;
use super::{AttestationKind, Signed};
use crate::methods::fido::cbor::Reader;
use crate::methods::fido::cose::ES256;
use crate::methods::fido::error::KeyError;

/// Step 21 of 7.1.
pub fn check(format: &str, statement: &[u8], signed: &Signed<'_>) -> Result<AttestationKind, KeyError> {
    match format {
        "none" => none(statement),
        "packed" => packed(&Statement::read(statement)?, signed),
        "fido-u2f" => fido_u2f(&Statement::read(statement)?, signed),
        _ => Ok(AttestationKind::Unread),
    }
}

/// 8.7: an empty map.
fn none(statement: &[u8]) -> Result<AttestationKind, KeyError> {
    if Reader::new(statement).map()? == 0 {
        Ok(AttestationKind::None)
    } else {
        Err(KeyError::Malformed)
    }
}

/// 8.2.
fn packed(statement: &Statement<'_>, signed: &Signed<'_>) -> Result<AttestationKind, KeyError> {
    let message = [signed.authenticator_data, signed.client_data_hash].concat();
    let algorithm = statement.algorithm.ok_or(KeyError::Malformed)?;
    let Some(chain) = &statement.certificates else {
        // Self attestation: the credential's own key signed, by its own algorithm.
        if algorithm != signed.key.algorithm() {
            return Err(KeyError::Malformed);
        }
        signed.key.verify(&message, statement.signature)?;
        return Ok(AttestationKind::SelfSigned);
    };
    let Some(leaf) = chain.first().and_then(|leaf| Leaf::read(leaf)) else {
        return Ok(AttestationKind::Unread);
    };
    leaf.verify(algorithm, &message, statement.signature)?;
    leaf.check_packed(signed.credential.aaguid)?;
    Ok(certified(chain))
}

/// 8.6. One certificate, and no algorithm but ES256.
fn fido_u2f(statement: &Statement<'_>, signed: &Signed<'_>) -> Result<AttestationKind, KeyError> {
    let chain = statement.certificates.as_deref().unwrap_or_default();
    let (None, [leaf]) = (statement.algorithm, chain) else {
        return Err(KeyError::Malformed);
    };
    let point = signed.key.es256_point().ok_or(KeyError::Malformed)?;
    let message = [
        &[0],
        &signed.rp_id_hash[..],
        signed.client_data_hash,
        signed.credential.credential_id,
        point,
    ]
    .concat();
    let Some(leaf) = Leaf::read(leaf) else {
        return Ok(AttestationKind::Unread);
    };
    leaf.verify(ES256, &message, statement.signature)?;
    Ok(certified(chain))
}

fn certified(chain: &[&[u8]]) -> AttestationKind {
    AttestationKind::Certified(chain.iter().map(|certificate| certificate.to_vec()).collect())
}

/// The members of the statements that we read.
struct Statement<'a> {
    algorithm: Option<i64>,
    signature: &'a [u8],
    certificates: Option<Vec<&'a [u8]>>,
}

/// More certificates than this in a chain are none that anybody issues.
const LONGEST_CHAIN: u64 = 6;

impl<'a> Statement<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, KeyError> {
        let mut reader = Reader::new(bytes);
        let (mut algorithm, mut signature, mut certificates) = (None, None, None);
        for _ in 0..reader.map()? {
            let before = match reader.text()? {
                "alg" => algorithm.replace(reader.int()?).is_some(),
                "sig" => signature.replace(reader.bytes()?).is_some(),
                "x5c" => certificates.replace(chain(&mut reader)?).is_some(),
                _ => true,
            };
            if before {
                return Err(KeyError::Malformed);
            }
        }
        reader.finish()?;
        Ok(Self {
            algorithm,
            signature: signature.ok_or(KeyError::Malformed)?,
            certificates,
        })
    }
}

fn chain<'a>(reader: &mut Reader<'a>) -> Result<Vec<&'a [u8]>, KeyError> {
    let length = reader.array()?;
    if length == 0 || length > LONGEST_CHAIN {
        return Err(KeyError::Malformed);
    }
    (0..length).map(|_| reader.bytes()).collect()
}
