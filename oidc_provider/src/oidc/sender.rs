//! What a token is bound to: the key of a DPoP proof (RFC 9449), the certificate of the connection (RFC 8705 section 3), or
//! nothing, where the client may have bearer tokens.

use super::client_auth::Call;
use super::dpop::{self, DpopError, Expected, Unspent};
use super::errors::ProtocolError;
use crate::app::AppState;
use crate::clients::{Client, Profile};
use crate::grants::Binding;
use crate::http::Fault;
use data_encoding::BASE64URL_NOPAD;

/// Bytes of every thumbprint here: SHA-256.
const THUMBPRINT: usize = 32;

impl From<DpopError> for Fault {
    fn from(error: DpopError) -> Self {
        match error {
            DpopError::Invalid(what) => ProtocolError::InvalidDpopProof(what).into(),
            DpopError::UseNonce => ProtocolError::UseDpopNonce.into(),
            DpopError::Failure(failure) => Self::as_json(&failure),
        }
    }
}

/// What the tokens of this call to `/token` are bound to, and the proof of it that is still to be spent, with the tokens.
///
/// A proof that is sent is used; a client that must bind its tokens, and shows nothing to bind them to, gets none.
pub fn binding(app: &AppState, call: &Call, client: &Client) -> Result<(Binding, Option<Unspent>), Fault> {
    let proof = dpop::unspent(app, call, "POST")?;
    let binding = bound_to(proof.as_ref(), call, client)?;
    Ok((binding, proof))
}

fn bound_to(proof: Option<&Unspent>, call: &Call, client: &Client) -> Result<Binding, Fault> {
    let settings = &client.settings;
    match (proof, &call.certificate) {
        (Some(_), _) if settings.certificate_bound && !settings.dpop_bound => Err(ProtocolError::InvalidRequest(
            "the tokens of this client are bound to its certificate, not to a DPoP key",
        )
        .into()),
        (Some(proof), _) => Ok(Binding::Dpop(proof.jkt().to_owned())),
        (None, _) if settings.dpop_bound => {
            Err(ProtocolError::InvalidRequest("the tokens of this client need a DPoP proof").into())
        }
        (None, Some(certificate)) if settings.certificate_bound || must_bind(client) => {
            Ok(Binding::Certificate(certificate.thumbprint()))
        }
        (None, None) if settings.certificate_bound => {
            Err(ProtocolError::InvalidRequest("the tokens of this client need its certificate").into())
        }
        (None, None) if must_bind(client) => {
            Err(ProtocolError::InvalidRequest("the tokens of this client need a DPoP proof or a certificate").into())
        }
        (None, _) => Ok(Binding::None),
    }
}

/// FAPI 2.0 Security Profile section 5.3.2.1, 6: only sender-constrained tokens.
fn must_bind(client: &Client) -> bool {
    client.settings.profile != Profile::Plain
}

/// The key that an authorization request promises to redeem its code with: by `dpop_jkt`, at `/par` also by a proof of its own
/// (RFC 9449 section 10). Both must name one key.
pub fn promised(app: &AppState, call: &Call, dpop_jkt: Option<&str>) -> Result<Option<String>, Fault> {
    let expected = Expected {
        method: "POST",
        path: call.endpoint,
        access_token: None,
    };
    let proven = dpop::shown(app, &call.headers, &expected)?;
    let named = dpop_jkt.map(named).transpose()?;
    match (proven, named) {
        (Some(proven), Some(named)) if proven != named => {
            Err(ProtocolError::InvalidDpopProof("dpop_jkt is another key than the proof's").into())
        }
        (Some(jkt), _) | (None, Some(jkt)) => Ok(Some(jkt)),
        (None, None) => Ok(None),
    }
}

/// A `dpop_jkt` as far as it could be a thumbprint.
pub fn named(text: &str) -> Result<String, ProtocolError> {
    let decoded = BASE64URL_NOPAD.decode(text.as_bytes());
    let fits = decoded.is_ok_and(|bytes| bytes.len() == THUMBPRINT);
    fits.then(|| text.to_owned())
        .ok_or(ProtocolError::InvalidRequest("dpop_jkt is no SHA-256 in base64url"))
}

/// Whether what was promised with the authorization request is what came with the code.
pub fn keeps(promised: Option<&str>, binding: &Binding) -> bool {
    match (promised, binding) {
        (None, _) => true,
        (Some(promised), Binding::Dpop(jkt)) => promised == jkt,
        (Some(_), Binding::None | Binding::Certificate(_)) => false,
    }
}
